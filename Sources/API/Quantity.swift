/// A resource quantity: an exact decimal with a suffix (apimachinery's `resource.Quantity`;
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/). Kept in units of 10^-9, the smallest
/// that the format knows; finer digits round away from zero, as upstream does.
public struct Quantity: Sendable, Hashable, Comparable {
    public enum Format: Sendable, Hashable {
        case decimalSI, binarySI, decimalExponent
    }
    private let nanos: Int128
    private let format: Format

    private static let nano: Int128 = 1_000_000_000
    private static let decimal: [(suffix: String, exponent: Int)] = [
        ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18),
    ]
    private static let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
    /// What upstream caps values at.
    private static let limit = Int128(Int64.max) * nano

    public static let zero = Quantity(nanos: 0, format: .decimalSI)

    private init(nanos: Int128, format: Format) { (self.nanos, self.format) = (nanos, format) }
    public init(_ value: Int, _ format: Format = .decimalSI) {
        self.init(nanos: Int128(value) * Self.nano, format: format)
    }
    public init(milli: Int) { self.init(nanos: Int128(milli) * 1_000_000, format: .decimalSI) }

    /// Nil when the text is not a quantity: `^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$` with a known suffix.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        var at = 0
        var negative = false
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            negative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        var mantissa: Int128 = 0
        var fraction = 0
        var digits = 0
        var seenDot = false
        var lost = false
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "."), !seenDot {
                seenDot = true
            } else if bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") {
                digits += 1
                let digit = Int128(bytes[at] - UInt8(ascii: "0"))
                // 28 digits hold every value below the cap; more only matter for rounding.
                if mantissa < 10_000_000_000_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + digit
                    if seenDot { fraction += 1 }
                } else if seenDot {
                    lost = lost || digit != 0
                } else {
                    return nil
                }
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        let suffix = String(decoding: bytes[at...], as: UTF8.self)
        var exponent = -fraction
        var multiplier: Int128 = 1
        if let power = Self.binary.firstIndex(of: suffix) {
            format = .binarySI
            multiplier = 1 << Int128(10 * (power + 1))
        } else if let known = Self.decimal.first(where: { $0.suffix == suffix }) {
            format = .decimalSI
            exponent += known.exponent
        } else if let first = suffix.first, first == "e" || first == "E",
            let power = Int(suffix.dropFirst().trimmingPlus),
            abs(power) < 100
        {
            format = .decimalExponent
            exponent += power
        } else {
            return nil
        }
        var value = mantissa
        var scale = exponent + 9
        while scale > 0, value != 0 {
            let (next, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow || next > Self.limit {
                value = Self.limit
                break
            }
            value = next
            scale -= 1
        }
        // Multiply before dividing, so that 0.5Ki stays exact.
        let (scaled, overflow) = value.multipliedReportingOverflow(by: multiplier)
        value = overflow ? Self.limit : scaled
        while scale < 0, value != 0 {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            lost = lost || remainder != 0
            value = quotient
            scale += 1
        }
        if lost { value += 1 }
        value = min(value, Self.limit)
        nanos = negative ? -value : value
    }

    /// The text that upstream's encoder would write: no fraction, the largest suffix that allows that.
    public var canonical: String {
        if nanos == 0 { return "0" }
        if format == .binarySI, nanos % Self.nano == 0, abs(nanos) >= 1024 * Self.nano {
            var value = nanos / Self.nano
            var power = 0
            while value % 1024 == 0, power < Self.binary.count {
                value /= 1024
                power += 1
            }
            return "\(value)" + (power == 0 ? "" : Self.binary[power - 1])
        }
        var value = nanos
        var exponent = -9
        while value % 1000 == 0, exponent < 18 {
            value /= 1000
            exponent += 3
        }
        if format == .decimalExponent { return "\(value)" + (exponent == 0 ? "" : "e\(exponent)") }
        return "\(value)" + (Self.decimal.first { $0.exponent == exponent }?.suffix ?? "")
    }

    public var isNegative: Bool { nanos < 0 }
    /// Whole units, rounded up.
    public var value: Int { rounded(to: Self.nano) }
    /// Thousandths, rounded up: millicores of a CPU.
    public var milliValue: Int { rounded(to: 1_000_000) }

    private func rounded(to unit: Int128) -> Int {
        let (quotient, remainder) = nanos.quotientAndRemainder(dividingBy: unit)
        return Int(clamping: remainder > 0 ? quotient + 1 : quotient)
    }

    public static func < (a: Quantity, b: Quantity) -> Bool { a.nanos < b.nanos }
    public static func == (a: Quantity, b: Quantity) -> Bool { a.nanos == b.nanos }
    public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
    /// The sum keeps the format of the left side, unless that is zero.
    public static func + (a: Quantity, b: Quantity) -> Quantity {
        Quantity(nanos: a.nanos + b.nanos, format: a.nanos == 0 ? b.format : a.format)
    }
    public static func - (a: Quantity, b: Quantity) -> Quantity {
        Quantity(nanos: a.nanos - b.nanos, format: a.nanos == 0 ? b.format : a.format)
    }
    public static func += (a: inout Quantity, b: Quantity) { a = a + b }
}

extension StringProtocol {
    /// `Int` reads a sign only when digits follow it; a leading plus is allowed in exponents.
    fileprivate var trimmingPlus: String { hasPrefix("+") ? String(dropFirst()) : String(self) }
}
