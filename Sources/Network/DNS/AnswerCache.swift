/// Answers of other servers, until they are out of date.
struct AnswerCache {
    struct Key: Hashable {
        let name: String
        let type: UInt16
        let wantsDNSSEC: Bool
    }
    private struct Entry {
        let answer: ForeignAnswer
        /// Seconds of uptime.
        let stored: Double
        let expires: Double
    }
    static let capacity = 10_000
    /// However long others may keep an answer, in seconds, and that there is none (RFC 2308).
    static let longest = 300
    static let longestNegative = 30

    private var entries: [Key: Entry] = [:]
    /// In the order of their coming.
    private var order: [Key] = []

    var count: Int { entries.count }

    /// The answer with what is left of its time.
    func find(_ key: Key, now: Double) -> ForeignAnswer? {
        guard let entry = entries[key], entry.expires > now else { return nil }
        return entry.answer.aged(Int(now - entry.stored))
    }

    mutating func store(_ answer: ForeignAnswer, _ key: Key, now: Double) {
        guard let lifetime = answer.lifetime, lifetime > 0 else { return }
        let limit = answer.isNegative ? Self.longestNegative : Self.longest
        let entry = Entry(answer: answer, stored: now, expires: now + Double(min(lifetime, limit)))
        if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
        guard entries.count > Self.capacity else { return }
        // The oldest tenth, so that this costs little on the average.
        for old in order.prefix(Self.capacity / 10) { entries[old] = nil }
        order.removeFirst(Self.capacity / 10)
    }
}

/// Another server's answer, checked and without its additional section, which pointers of the other sections cannot lead
/// into. Its first bytes and its question are those of whoever asked.
struct ForeignAnswer: Sendable {
    private(set) var bytes: [UInt8]
    private let questionEnd: Int
    /// Where the times to live are.
    private let times: [Int]
    let isNegative: Bool
    let isTruncated: Bool
    /// Seconds; nil when it must not be kept.
    let lifetime: Int?
    /// The first answer records' addresses and aliases lie from here.
    var code: UInt8 { bytes[3] & 15 }

    /// Nil unless it is a well-formed answer to the question.
    init?(_ message: [UInt8], id: UInt16, question: [UInt8]) {
        guard message.count >= DNS.headerSize + question.count else { return nil }
        func word(_ at: Int) -> Int { Int(message[at]) << 8 | Int(message[at + 1]) }
        questionEnd = DNS.headerSize + question.count
        guard word(0) == Int(id), message[2] & 0x80 != 0, word(4) == 1,
            message[DNS.headerSize..<questionEnd].elementsEqual(question, by: Self.equalLetters)
        else { return nil }
        isTruncated = message[2] & 2 != 0
        var at = questionEnd
        var (times, lifetimes): ([Int], [Int]) = ([], [])
        let answers = word(6)
        var negativeTime: Int?
        for index in 0..<answers + word(8) {
            guard let end = Self.skipName(message, at), end + 10 <= message.count else {
                if message[2] & 2 != 0 { break }
                return nil
            }
            let length = word(end + 8)
            guard end + 10 + length <= message.count else { return nil }
            let time = word(end + 4) << 16 | word(end + 6)
            times.append(end + 4)
            lifetimes.append(time)
            if index >= answers, word(end) == Int(DNS.Kind.soa), length >= 20 {
                let minimum = end + 10 + length - 4
                negativeTime = min(time, word(minimum) << 16 | word(minimum + 2))
            }
            at = end + 10 + length
        }
        self.times = times
        var bytes = Array(message[..<at])
        (bytes[10], bytes[11]) = (0, 0)
        // Recursion is available; the answer is not ours.
        bytes[2] &= ~0x04
        bytes[3] |= 0x80
        self.bytes = bytes
        let code = message[3] & 15
        isNegative = answers == 0 || code == DNS.Code.nameError.rawValue
        if isTruncated || code != 0 && code != DNS.Code.nameError.rawValue {
            lifetime = nil
        } else {
            lifetime = isNegative ? negativeTime : lifetimes.min()
        }
    }

    private static func equalLetters(_ a: UInt8, _ b: UInt8) -> Bool {
        a == b || (a | 0x20 == b | 0x20 && (97...122).contains(a | 0x20))
    }

    private static func skipName(_ message: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < message.count {
            let length = Int(message[at])
            if length == 0 { return at + 1 }
            if length & 0xC0 == 0xC0 { return at + 2 <= message.count ? at + 2 : nil }
            if length > 63 { return nil }
            at += length + 1
        }
        return nil
    }

    func aged(_ seconds: Int) -> ForeignAnswer {
        if seconds <= 0 { return self }
        var copy = self
        for at in times {
            let time = (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
            let left = max(0, time - seconds)
            for index in 0..<4 { copy.bytes[at + index] = UInt8(left >> (24 - 8 * index) & 255) }
        }
        return copy
    }

    /// The message for one client.
    func encoded(to query: DNSQuery, limit: Int) -> [UInt8] {
        var message = bytes
        (message[0], message[1]) = (UInt8(query.id >> 8), UInt8(query.id & 255))
        message[2] = message[2] & ~1 | (query.isRecursionDesired ? 1 : 0)
        message.replaceSubrange(DNS.headerSize..<questionEnd, with: query.question)
        if message.count + (query.hasEDNS ? 11 : 0) > limit {
            message.removeLast(message.count - questionEnd)
            for index in 6..<10 { message[index] = 0 }
            message[2] |= 2
        }
        if query.hasEDNS { DNSWriter.appendOPT(&message) }
        return message
    }

    /// Its addresses of this type, for an alias of ours.
    func addresses(_ type: UInt16) -> [(time: UInt32, bytes: [UInt8])] {
        let length = type == DNS.Kind.a ? 4 : 16
        return times.compactMap { at in
            let kind = UInt16(bytes[at - 4]) << 8 | UInt16(bytes[at - 3])
            let size = Int(bytes[at + 4]) << 8 | Int(bytes[at + 5])
            guard kind == type, size == length else { return nil }
            let time = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[at + $1]) }
            return (time, Array(bytes[at + 6..<at + 6 + size]))
        }
    }
}
