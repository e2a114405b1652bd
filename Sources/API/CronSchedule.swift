/// When a CronJob is due: five fields (minute, hour, day of month, month, day of week) with lists, ranges, steps and names, one of
/// `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly`, or `@every 90m`.
/// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
public struct CronSchedule: Sendable {
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    public enum Kind: Sendable {
        /// A bit for each minute, hour, day, month and weekday that fits.
        case fields([UInt64])
        /// Seconds.
        case every(Int)
    }
    public let kind: Kind

    /// Set when the field was `*`, which matters for days.
    public static let star: UInt64 = 1 << 63

    private static let bounds: [(low: Int, high: Int, names: [String])] = [
        (0, 59, []), (0, 23, []), (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]
    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    public init(_ text: String) throws(Problem) {
        if text.hasPrefix("@every ") {
            guard let seconds = Duration.seconds(of: text.dropFirst(7)) else {
                throw Problem(description: "failed to parse duration \(text)")
            }
            kind = .every(max(1, Int(seconds)))
            return
        }
        guard !text.hasPrefix("@") || Self.macros[text] != nil else {
            throw Problem(description: "unrecognized descriptor: \(text)")
        }
        let parts = (Self.macros[text] ?? text).split { $0 == " " || $0 == "\t" }
        guard parts.count == 5 else {
            throw Problem(description: "expected exactly 5 fields, found \(parts.count): [\(text)]")
        }
        var masks: [UInt64] = []
        for (part, bound) in zip(parts, Self.bounds) {
            var mask: UInt64 = 0
            for item in part.split(separator: ",") { mask |= try Self.mask(item, bound.low, bound.high, bound.names) }
            masks.append(mask)
        }
        kind = .fields(masks)
    }

    private static func mask(_ item: Substring, _ low: Int, _ high: Int, _ names: [String]) throws(Problem) -> UInt64 {
        let problem = Problem(
            description: "failed to parse \"\(item)\": it is not a number, name, range or step within \(low)-\(high)")
        let halves = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        func value(_ text: Substring) -> Int? {
            names.firstIndex(of: text.lowercased()).map { $0 + low }
                ?? (text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil)
        }
        var (from, to) = (low, high)
        var mask: UInt64 = 0
        if halves[0] == "*" || halves[0] == "?" {
            if halves.count == 1 || halves[1] == "1" { mask = star }
        } else {
            guard (1...2).contains(ends.count), let first = value(ends[0]), let last = value(ends[ends.count - 1])
            else {
                throw problem
            }
            // `5/10` goes on to the end.
            (from, to) = (first, ends.count == 1 && halves.count == 2 ? high : last)
        }
        var step = 1
        if halves.count == 2 {
            guard let given = Int(halves[1]), given > 0 else { throw problem }
            step = given
        }
        guard from >= low, to <= high, from <= to else { throw problem }
        for bit in stride(from: from, through: to, by: step) { mask |= 1 << UInt64(bit) }
        return mask
    }
}

extension Duration {
    /// Seconds of a text such as `1h30m` (Go's durations); nil for what is none, or longer than 30 years.
    public static func seconds(of text: some StringProtocol) -> Double? {
        let units: [(String, Double)] = [
            ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
        ]
        var rest = Substring(text)
        var sum = 0.0
        repeat {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest[number.endIndex...]
            guard let value = Double(number), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
                return nil
            }
            rest = rest.dropFirst(unit.0.count)
            sum += value * unit.1
        } while !rest.isEmpty
        return sum < 1e9 ? sum : nil
    }
}
