internal import Glibc

/// A point in time, UTC, in microseconds since 1970; RFC 3339 text in the API.
public struct Time: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let microsecondsSince1970: Int

    public init(microsecondsSince1970: Int) { self.microsecondsSince1970 = microsecondsSince1970 }
    public init(secondsSince1970: Int) { microsecondsSince1970 = secondsSince1970 * 1_000_000 }

    public static var now: Time {
        var spec = timespec()
        clock_gettime(CLOCK_REALTIME, &spec)
        return Time(microsecondsSince1970: spec.tv_sec * 1_000_000 + spec.tv_nsec / 1000)
    }

    public var secondsSince1970: Int { microsecondsSince1970.flooredQuotient(1_000_000) }

    /// Nil when the text is not RFC 3339 (any offset, any fraction).
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        var at = 0
        func number(_ count: Int) -> Int? {
            guard at + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[at..<at + count] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            at += count
            return value
        }
        func skip(_ character: Character) -> Bool {
            guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
            at += 1
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
            skip("T") || skip("t"), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
            let second = number(2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        var micro = 0
        if skip(".") || skip(",") {
            var scale = 100_000
            var digits = 0
            while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                micro += Int(bytes[at] - 48) * scale
                scale /= 10
                at += 1
                digits += 1
            }
            guard digits > 0 else { return nil }
        }
        var offset = 0
        if !(skip("Z") || skip("z")) {
            let sign = skip("+") ? 1 : skip("-") ? -1 : 0
            guard sign != 0, let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard at == bytes.count else { return nil }
        let days = Self.days(year, month, day)
        guard Self.date(days) == (year, month, day) else { return nil }
        microsecondsSince1970 = (days * 86400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + micro
    }

    /// Seconds precision: `2006-01-02T15:04:05Z`.
    public var description: String { text(fraction: false) }
    /// Six digits of fraction, as `MicroTime` fields have.
    public var microseconds: String { text(fraction: true) }

    private func text(fraction: Bool) -> String {
        let seconds = secondsSince1970
        let days = seconds.flooredQuotient(86400)
        let rest = seconds - days * 86400
        let (year, month, day) = Self.date(days)
        var out = ""
        out.reserveCapacity(32)
        func append(_ value: Int, _ width: Int) {
            let digits = String(value)
            out += String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        append(year, 4)
        out += "-"
        append(month, 2)
        out += "-"
        append(day, 2)
        out += "T"
        append(rest / 3600, 2)
        out += ":"
        append(rest / 60 % 60, 2)
        out += ":"
        append(rest % 60, 2)
        if fraction {
            out += "."
            append(microsecondsSince1970 - seconds * 1_000_000, 6)
        }
        return out + "Z"
    }

    public static func < (a: Time, b: Time) -> Bool { a.microsecondsSince1970 < b.microsecondsSince1970 }
    /// Seconds between two times.
    public static func - (a: Time, b: Time) -> Double {
        Double(a.microsecondsSince1970 - b.microsecondsSince1970) / 1_000_000
    }
    public func adding(seconds: Double) -> Time {
        Time(microsecondsSince1970: microsecondsSince1970 + Int(seconds * 1_000_000))
    }

    /// Days since 1970 of a date in the Gregorian calendar, and back (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = y.flooredQuotient(400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
    }

    public static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let z = days + 719468
        let era = z.flooredQuotient(146097)
        let dayOfEra = z - era * 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }
}

extension Int {
    fileprivate func flooredQuotient(_ divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
