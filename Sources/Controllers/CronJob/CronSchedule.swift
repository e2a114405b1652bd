/// When a CronJob is due: five fields (minute, hour, day of month, month, day of week) with lists, ranges, steps and names, one of
/// `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly`, or `@every 90m`.
/// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
struct CronSchedule: Sendable {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private enum Kind {
        /// A bit for each minute, hour, day, month and weekday that fits.
        case fields([UInt64])
        /// Seconds.
        case every(Int)
    }
    private let kind: Kind
    private let zone: TimeZone

    /// Set when the field was `*`, which matters for days.
    private static let star: UInt64 = 1 << 63

    private static let bounds: [(low: Int, high: Int, names: [String])] = [
        (0, 59, []), (0, 23, []), (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]
    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    init(_ text: String, _ zone: TimeZone = .utc) throws(Problem) {
        self.zone = zone
        if text.hasPrefix("@every ") {
            guard let seconds = Self.duration(text.dropFirst(7)) else {
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

    /// Seconds of a text such as `1h30m`.
    private static func duration(_ text: Substring) -> Double? {
        let units: [(String, Double)] = [
            ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
        ]
        var rest = text
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

    /// The first moment after this one (seconds since 1970); nil when there is none within five years, such as of `0 0 30 2 *`.
    func next(after moment: Int) -> Int? {
        let masks: [UInt64]
        switch kind {
        case .every(let seconds): return moment + seconds
        case .fields(let fields): masks = fields
        }
        func has(_ field: Int, _ value: Int) -> Bool { masks[field] & (1 << UInt64(value)) != 0 }
        var at = moment + zone.offset(at: moment)
        at = moment + 60 - ((at % 60) + 60) % 60
        let end = moment + 5 * 366 * 86400
        while at <= end {
            let local = CivilTime(at + zone.offset(at: at))
            if !has(3, local.month) || !isDay(local, has, masks) {
                at = startOfNextDay(at, local)
            } else if !has(1, local.hour) {
                at += 3600 - local.secondOfDay % 3600
            } else if !has(0, local.minute) {
                at += 60
            } else {
                return at
            }
        }
        return nil
    }

    /// Where both the day of the month and of the week are restricted, one of them is enough.
    private func isDay(_ local: CivilTime, _ has: (Int, Int) -> Bool, _ masks: [UInt64]) -> Bool {
        let (month, week) = (has(2, local.day), has(4, local.weekday))
        return masks[2] & Self.star != 0 || masks[4] & Self.star != 0 ? month && week : month || week
    }

    private func startOfNextDay(_ at: Int, _ local: CivilTime) -> Int {
        let next = at + 86400 - local.secondOfDay
        // Not midnight where clocks were changed on the way.
        let there = CivilTime(next + zone.offset(at: next))
        if there.secondOfDay == 0 { return next }
        return there.secondOfDay > 43200 ? next + 86400 - there.secondOfDay : max(at + 60, next - there.secondOfDay)
    }
}
