/// The parts of RFC 1035's messages, with EDNS (RFC 6891), that a resolver for Pods needs.
enum DNS {
    enum Kind {
        static let a: UInt16 = 1
        static let ns: UInt16 = 2
        static let cname: UInt16 = 5
        static let soa: UInt16 = 6
        static let ptr: UInt16 = 12
        static let txt: UInt16 = 16
        static let aaaa: UInt16 = 28
        static let srv: UInt16 = 33
        static let opt: UInt16 = 41
        static let any: UInt16 = 255
    }
    enum Code: UInt8 {
        case noError = 0
        case formatError = 1
        case serverFailure = 2
        case nameError = 3
        case notImplemented = 4
        case refused = 5
    }
    /// What UDP answers hold at most without EDNS, and with: larger ones are fragmented on their way (dnsflagday.net/2020).
    static let plainSize = 512
    static let ednsSize = 1232
    static let headerSize = 12
    /// The longest query that is read. A name has at most 255 bytes.
    static let longestQuery = 1024
}

/// One question, as a client sent it.
struct DNSQuery: Sendable {
    let id: UInt16
    let isRecursionDesired: Bool
    /// Lower case. A label may hold any byte but what is not UTF-8 is replaced, so that no name of ours equals it.
    let labels: [String]
    let type: UInt16
    /// The question in the client's own letters, to be repeated.
    let question: [UInt8]
    let hasEDNS: Bool
    let wantsDNSSEC: Bool
    /// How long an answer by UDP may be.
    let udpSize: Int

    var name: String { labels.joined(separator: ".") }

    enum Failure: Error {
        /// Not to be answered at all: too short, or an answer itself.
        case ignored
        case refused(id: UInt16, DNS.Code)
    }

    init(_ bytes: some RandomAccessCollection<UInt8>) throws(Failure) {
        let bytes = Array(bytes)
        guard bytes.count >= DNS.headerSize, bytes[2] & 0x80 == 0 else { throw .ignored }
        func word(_ at: Int) -> UInt16 { UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }
        let id = word(0)
        self.id = id
        isRecursionDesired = bytes[2] & 1 != 0
        guard bytes[2] & 0x78 == 0 else { throw .refused(id: id, .notImplemented) }
        guard bytes.count <= DNS.longestQuery, word(4) == 1, word(6) == 0, word(8) == 0, word(10) <= 2 else {
            throw .refused(id: id, .formatError)
        }
        var labels: [String] = []
        var at = DNS.headerSize
        while at < bytes.count, bytes[at] != 0 {
            let length = Int(bytes[at])
            guard length < 64, at + length < bytes.count, at + length - DNS.headerSize < 254 else {
                throw .refused(id: id, .formatError)
            }
            let label = bytes[at + 1...at + length].map { (65...90).contains($0) ? $0 | 0x20 : $0 }
            labels.append(String(decoding: label, as: UTF8.self))
            at += 1 + length
        }
        guard at + 5 <= bytes.count else { throw .refused(id: id, .formatError) }
        self.labels = labels
        type = word(at + 1)
        guard word(at + 3) == 1 else { throw .refused(id: id, .refused) }
        at += 5
        question = Array(bytes[DNS.headerSize..<at])
        var (hasEDNS, wantsDNSSEC, size) = (false, false, DNS.plainSize)
        for _ in 0..<word(10) {
            guard at + 11 <= bytes.count, bytes[at] == 0 else { throw .refused(id: id, .formatError) }
            if word(at + 1) == DNS.Kind.opt {
                guard !hasEDNS else { throw .refused(id: id, .formatError) }
                (hasEDNS, wantsDNSSEC) = (true, bytes[at + 7] & 0x80 != 0)
                size = min(max(Int(word(at + 3)), DNS.plainSize), DNS.ednsSize)
            }
            at += 11 + Int(word(at + 9))
        }
        guard at <= bytes.count else { throw .refused(id: id, .formatError) }
        (self.hasEDNS, self.wantsDNSSEC, udpSize) = (hasEDNS, wantsDNSSEC, size)
    }
}

/// A resource record. Its owner is a name without the dot at the end; nil stands for the name that was asked for.
struct DNSRecord: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        /// 4 or 16 bytes.
        case address([UInt8])
        case cname(String)
        case ns(String)
        case ptr(String)
        case srv(priority: UInt16, weight: UInt16, port: UInt16, target: String)
        case txt(String)
        case soa(server: String, mailbox: String, serial: UInt32, minimum: UInt32)
    }
    var owner: String?
    var ttl: UInt32
    var content: Content

    var type: UInt16 {
        switch content {
        case .address(let bytes): bytes.count == 4 ? DNS.Kind.a : DNS.Kind.aaaa
        case .cname: DNS.Kind.cname
        case .ns: DNS.Kind.ns
        case .ptr: DNS.Kind.ptr
        case .srv: DNS.Kind.srv
        case .txt: DNS.Kind.txt
        case .soa: DNS.Kind.soa
        }
    }
}

/// An answer before it is encoded.
struct DNSAnswer: Sendable, Equatable {
    var code = DNS.Code.noError
    var isAuthoritative = true
    var answers: [DNSRecord] = []
    var authorities: [DNSRecord] = []
    var additional: [DNSRecord] = []
}

/// Writes messages; names that were written before become pointers to them.
struct DNSWriter {
    private(set) var bytes: [UInt8] = []
    private var names: [String: Int] = [:]

    /// - Parameter limit: the longest message; what does not fit is left out and the message marked as truncated.
    static func encode(_ answer: DNSAnswer, to query: DNSQuery, limit: Int) -> [UInt8] {
        var writer = DNSWriter()
        writer.bytes.reserveCapacity(DNS.plainSize)
        let flags: UInt16 =
            0x8080 | (answer.isAuthoritative ? 0x0400 : 0) | (query.isRecursionDesired ? 0x0100 : 0)
            | UInt16(answer.code.rawValue)
        writer.header(query.id, flags)
        writer.bytes += query.question
        writer.names[query.name] = DNS.headerSize
        let room = limit - (query.hasEDNS ? 11 : 0)
        var isFull = false
        for (section, records) in [answer.answers, answer.authorities, answer.additional].enumerated() {
            var count: UInt16 = 0
            for record in records where !isFull {
                let (length, names) = (writer.bytes.count, writer.names)
                writer.append(record)
                if writer.bytes.count > room {
                    writer.bytes.removeLast(writer.bytes.count - length)
                    writer.names = names
                    isFull = true
                    // What is only additional may be missing.
                    if section < 2 { writer.bytes[2] |= 2 }
                } else {
                    count += 1
                }
            }
            writer.set(count, at: 6 + 2 * section)
        }
        if query.hasEDNS { appendOPT(&writer.bytes) }
        return writer.bytes
    }

    /// The answer to what could not be read as a query.
    static func refusal(_ id: UInt16, _ code: DNS.Code) -> [UInt8] {
        var writer = DNSWriter()
        writer.header(id, 0x8000 | UInt16(code.rawValue))
        writer.set(0, at: 4)
        return writer.bytes
    }

    /// A query of our own.
    static func query(id: UInt16, question: [UInt8], wantsDNSSEC: Bool) -> [UInt8] {
        var writer = DNSWriter()
        writer.header(id, 0x0100)
        writer.bytes += question
        appendOPT(&writer.bytes, wantsDNSSEC: wantsDNSSEC)
        return writer.bytes
    }

    static func question(_ name: String, _ type: UInt16) -> [UInt8] {
        var writer = DNSWriter()
        writer.name(name)
        writer.word(type)
        writer.word(1)
        return writer.bytes
    }

    /// Adds an OPT record at the end and counts it.
    static func appendOPT(_ message: inout [UInt8], wantsDNSSEC: Bool = false) {
        message += [
            0, 0, 41, UInt8(DNS.ednsSize >> 8), UInt8(DNS.ednsSize & 255), 0, 0, wantsDNSSEC ? 0x80 : 0, 0, 0, 0,
        ]
        message[11] += 1
    }

    private mutating func header(_ id: UInt16, _ flags: UInt16) {
        for value in [id, flags, 1, 0, 0, 0] { word(value) }
    }
    private mutating func set(_ value: UInt16, at: Int) {
        (bytes[at], bytes[at + 1]) = (UInt8(value >> 8), UInt8(value & 255))
    }
    private mutating func word(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 255)] }
    private mutating func long(_ value: UInt32) {
        word(UInt16(value >> 16))
        word(UInt16(value & 0xFFFF))
    }

    private mutating func name(_ text: String) {
        var rest = text[...]
        while !rest.isEmpty {
            if let offset = names[String(rest)] { return word(0xC000 | UInt16(offset)) }
            if bytes.count < 0x4000 { names[String(rest)] = bytes.count }
            let label = rest.prefix { $0 != "." }
            bytes.append(UInt8(min(label.utf8.count, 63)))
            bytes += label.utf8.prefix(63)
            rest = rest.dropFirst(label.count + 1)
        }
        bytes.append(0)
    }

    private mutating func append(_ record: DNSRecord) {
        if let owner = record.owner { name(owner) } else { word(0xC000 | UInt16(DNS.headerSize)) }
        word(record.type)
        word(1)
        long(record.ttl)
        let start = bytes.count
        word(0)
        switch record.content {
        case .address(let address): bytes += address
        case .cname(let target), .ns(let target), .ptr(let target): name(target)
        case .srv(let priority, let weight, let port, let target):
            for value in [priority, weight, port] { word(value) }
            // RFC 2782: the target is not compressed.
            let known = names
            names = [:]
            name(target)
            names = known
        case .txt(let text): bytes += [UInt8(min(text.utf8.count, 255))] + text.utf8.prefix(255)
        case .soa(let server, let mailbox, let serial, let minimum):
            name(server)
            name(mailbox)
            for value in [serial, 7200, 1800, 86400, minimum] { long(value) }
        }
        set(UInt16(bytes.count - start - 2), at: start)
    }
}
