internal import API
internal import Glibc

/// A zone of the tz database: how far its clocks are ahead of UTC, and when. Read from the system's TZif files (RFC 8536).
struct TimeZone: Sendable {
    private let transitions: [Int]
    /// Seconds ahead of UTC from each transition on.
    private let offsets: [Int]
    /// Before the first transition.
    private let first: Int
    /// After the last one.
    private let rule: TimeZoneRule?

    static let utc = TimeZone(transitions: [], offsets: [], first: 0, rule: nil)

    private init(transitions: [Int], offsets: [Int], first: Int, rule: TimeZoneRule?) {
        (self.transitions, self.offsets, self.first, self.rule) = (transitions, offsets, first, rule)
    }

    /// Nil when this machine's database has no such zone.
    init?(named name: String, database: String = "/usr/share/zoneinfo") {
        if name == "UTC" || name == "Etc/UTC" {
            self = .utc
            return
        }
        guard !name.isEmpty, !name.hasPrefix("/"), !name.contains(".."), let bytes = Self.read("\(database)/\(name)")
        else { return nil }
        self.init(tzif: bytes)
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // The largest zones have some 4 KiB.
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    init?(tzif bytes: [UInt8]) {
        guard let old = TZifHeader(bytes, at: 0) else { return nil }
        var header = old
        if old.version >= 2 {
            guard let new = TZifHeader(bytes, at: old.end(timeSize: 4)) else { return nil }
            header = new
        }
        let size = old.version >= 2 ? 8 : 4
        let end = header.end(timeSize: size)
        guard end <= bytes.count, header.types > 0 else { return nil }
        func integer(_ at: Int, _ size: Int) -> Int {
            var value: Int64 = bytes[at] >= 0x80 ? -1 : 0
            for byte in bytes[at..<at + size] { value = value << 8 | Int64(byte) }
            return Int(value)
        }
        let indices = header.start + header.times * size
        let types = (0..<header.types).map { integer(indices + header.times + $0 * 6, 4) }
        var offsets: [Int] = []
        for index in bytes[indices..<indices + header.times] {
            guard Int(index) < types.count else { return nil }
            offsets.append(types[Int(index)])
        }
        let footer = bytes[end...].dropFirst().prefix { $0 != UInt8(ascii: "\n") }
        self.init(
            transitions: (0..<header.times).map { integer(header.start + $0 * size, size) }, offsets: offsets,
            first: types[0], rule: TimeZoneRule(String(decoding: footer, as: UTF8.self)))
    }

    /// Seconds that local time is ahead of UTC at this moment (seconds since 1970).
    func offset(at seconds: Int) -> Int {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? first }
        if seconds >= last { return rule?.offset(at: seconds) ?? offsets[offsets.count - 1] }
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }
}

/// The counts at the head of a block of a TZif file.
private struct TZifHeader {
    let version: Int
    let start: Int
    private let counts: [Int]

    init?(_ bytes: [UInt8], at: Int) {
        guard at + 44 <= bytes.count, bytes[at..<at + 4].elementsEqual("TZif".utf8) else { return nil }
        version = bytes[at + 4] == 0 ? 1 : Int(bytes[at + 4]) - 48
        start = at + 44
        counts = (0..<6).map { index in
            bytes[(at + 20 + index * 4)..<(at + 24 + index * 4)].reduce(0) { $0 << 8 | Int($1) }
        }
    }

    var times: Int { counts[3] }
    var types: Int { counts[4] }

    /// Where the block ends, when its times have so many bytes.
    func end(timeSize: Int) -> Int {
        let leapSeconds = counts[2] * (timeSize + 4)
        return start + times * (timeSize + 1) + types * 6 + counts[5] + leapSeconds + counts[1] + counts[0]
    }
}

/// The rule for times that a file does not list, as in the variable TZ (POSIX.1-2017, section 8.3): `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable {
    private enum Day {
        /// The n-th such weekday of a month; 5 means the last.
        case weekday(month: Int, week: Int, day: Int)
        /// From 1, without 29 February.
        case julian(Int)
        /// From 0, with it.
        case ofYear(Int)
    }
    private let standard: Int
    private let daylight: Int
    /// When daylight time begins and ends, in seconds of local time after midnight of the day.
    private let change: (from: (Day, Int), to: (Day, Int))?

    init?(_ text: String) {
        var scanner = RuleScanner(text)
        guard scanner.name(), let west = scanner.time() else { return nil }
        standard = -west
        guard !scanner.isAtEnd else {
            (daylight, change) = (standard, nil)
            return
        }
        guard scanner.name() else { return nil }
        daylight = scanner.peek == "," ? standard + 3600 : -(scanner.time() ?? west - 3600)
        guard let from = Self.moment(&scanner), let to = Self.moment(&scanner), scanner.isAtEnd else { return nil }
        change = (from, to)
    }

    private static func moment(_ scanner: inout RuleScanner) -> (Day, Int)? {
        guard scanner.take(",") else { return nil }
        var day: Day
        if scanner.take("M") {
            guard let month = scanner.number(), scanner.take("."), let week = scanner.number(), scanner.take("."),
                let weekday = scanner.number(), (1...12).contains(month), (1...5).contains(week), weekday < 7
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if scanner.take("J") {
            guard let number = scanner.number() else { return nil }
            day = .julian(number)
        } else {
            guard let number = scanner.number() else { return nil }
            day = .ofYear(number)
        }
        if !scanner.take("/") { return (day, 7200) }
        return scanner.time().map { (day, $0) }
    }

    func offset(at seconds: Int) -> Int {
        guard let change else { return standard }
        let year = CivilTime(seconds + standard).year
        let from = Self.start(of: change.from.0, year) + change.from.1 - standard
        let to = Self.start(of: change.to.0, year) + change.to.1 - daylight
        // South of the equator summer goes over the turn of the year.
        let isDaylight = from < to ? (from..<to).contains(seconds) : !(to..<from).contains(seconds)
        return isDaylight ? daylight : standard
    }

    /// Seconds from 1970 to midnight of the day, local time.
    private static func start(of day: Day, _ year: Int) -> Int {
        func midnight(_ month: Int, _ day: Int) -> Int {
            func padded(_ number: Int, _ width: Int) -> String {
                let digits = String(number)
                return String(repeating: "0", count: max(0, width - digits.count)) + digits
            }
            return Time("\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T00:00:00Z")?.secondsSince1970 ?? 0
        }
        switch day {
        case .ofYear(let number): return midnight(1, 1) + number * 86400
        case .julian(let number):
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            return midnight(1, 1) + (number - 1 + (isLeap && number > 59 ? 1 : 0)) * 86400
        case .weekday(let month, let week, let weekday):
            let first = midnight(month, 1)
            let ahead = (weekday - CivilTime(first).weekday + 7) % 7
            var start = first + (ahead + (week - 1) * 7) * 86400
            if CivilTime(start).month != month { start -= 7 * 86400 }
            return start
        }
    }
}

private struct RuleScanner {
    private var rest: Substring
    init(_ text: String) { rest = text[...] }
    var isAtEnd: Bool { rest.isEmpty }
    var peek: Character? { rest.first }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// `CET` or `<+03>`.
    mutating func name() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix(while: \.isLetter)
        rest = rest[letters.endIndex...]
        return letters.count >= 3
    }

    mutating func number() -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[digits.endIndex...]
        return digits.count < 5 ? Int(digits) : nil
    }

    /// `-1`, `2:30`, `24:00:00`, in seconds.
    mutating func time() -> Int? {
        let sign = take("-") ? -1 : 1
        _ = take("+")
        guard let hours = number() else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where take(":") {
            guard let part = number() else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }
}

/// A moment as a calendar and a clock show it.
struct CivilTime {
    let year: Int, month: Int, day: Int
    /// 0 is Sunday.
    let weekday: Int
    let secondOfDay: Int

    /// `local`: seconds since 1970 in local time.
    init(_ local: Int) {
        let days = local >= 0 ? local / 86400 : -((-local + 86399) / 86400)
        (year, month, day) = Time.date(days)
        weekday = ((days + 4) % 7 + 7) % 7
        secondOfDay = local - days * 86400
    }
    var hour: Int { secondOfDay / 3600 }
    var minute: Int { secondOfDay / 60 % 60 }
}
