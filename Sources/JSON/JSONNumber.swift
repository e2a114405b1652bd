/// A number that keeps its text, so that no digit is lost between reading and writing.
///
/// Two are equal when their values are, however written: `1`, `1.0` and `10e-1`. (Exponents beyond 17 digits are
/// compared as text.)
public struct JSONNumber: Sendable {
    /// Valid JSON.
    public let text: String

    public init(_ value: Int) { text = String(value) }

    /// Nil unless the whole text is a JSON number.
    public init?(text: String) {
        let isNumber = text.withBytes { bytes in
            guard let base = bytes.baseAddress, !bytes.isEmpty else { return false }
            return (try? TapeParser.numberEnd(base, 0, bytes.count)) == bytes.count
        }
        guard isNumber else { return nil }
        self.text = text
    }

    init(validated text: String) { self.text = text }

    /// The value of a number that is written as an integer and fits; nil of `1.0` and `1e2`.
    public var int: Int? { text.withBytes { Bytes.int($0) } }

    /// The nearest `Double`; infinite when the number is beyond them.
    public var double: Double { Double(text) ?? .nan }
}

extension JSONNumber: Hashable {
    public static func == (a: JSONNumber, b: JSONNumber) -> Bool {
        if a.text.sameBytes(b.text) { return true }
        if let a = a.int, let b = b.int { return a == b }
        guard let a = a.decimal, let b = b.decimal else { return false }
        return a == b
    }

    public func hash(into hasher: inout Hasher) {
        if let decimal { hasher.combine(decimal) } else { hasher.combine(text) }
    }

    /// The one way to write a value: digits without zeros at either end, times a power of ten. Zero has no digits.
    private struct Decimal: Hashable {
        var negative = false
        var digits: [UInt8] = []
        var exponent = 0
    }

    /// Nil when the exponent is too large to compute with.
    private var decimal: Decimal? {
        let parts = text.utf8.split(omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        var decimal = Decimal()
        var fraction: Int?
        for byte in parts[0] {
            switch byte {
            case UInt8(ascii: "-"): decimal.negative = true
            case UInt8(ascii: "."): fraction = 0
            default:
                if let digits = fraction { fraction = digits + 1 }
                if byte != UInt8(ascii: "0") || !decimal.digits.isEmpty { decimal.digits.append(byte) }
            }
        }
        guard !decimal.digits.isEmpty else { return Decimal() }
        if parts.count > 1 {
            let negative = parts[1].first == UInt8(ascii: "-")
            let digits = parts[1].drop { !(UInt8(ascii: "1")...UInt8(ascii: "9") ~= $0) }
            guard digits.count <= 17 else { return nil }
            decimal.exponent = digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            if negative { decimal.exponent.negate() }
        }
        decimal.exponent -= fraction ?? 0
        while decimal.digits.last == UInt8(ascii: "0") {
            decimal.digits.removeLast()
            decimal.exponent += 1
        }
        return decimal
    }
}
