internal import Glibc

/// Changes of a table as messages to the kernel, without libnftables: that fetches all chains of all tables before each
/// change, so that a change would cost more with every Service. It takes the commands that come with most changes of
/// Services and endpoints; the rest is for `NFTables`.
/// https://docs.kernel.org/networking/netlink_spec/nftables.html, linux/netfilter/nf_tables.h
///
/// `commit` blocks: call it from a thread of one's own.
struct NetfilterBatch {
    private let family: Family
    private let table: String
    private var messages: [(type: UInt16, flags: UInt16, attributes: Attributes)] = []

    /// Larger ones are rare, and would not fit in the socket's buffer.
    private static let limit = 100_000

    private enum Message {
        static let newChain: UInt16 = 3
        static let deleteChain: UInt16 = 5
        static let newRule: UInt16 = 6
        static let deleteRule: UInt16 = 8
        static let newElement: UInt16 = 12
        static let deleteElement: UInt16 = 14
    }
    // NLM_F_CREATE, and with NLM_F_APPEND.
    private static let create: UInt16 = 0x400
    private static let append: UInt16 = 0xC00

    /// Nil when one of the commands is of a form that is not known here.
    init?(_ commands: [String], _ family: Family, table: String) {
        (self.family, self.table) = (family, table)
        let place = " \(family.table) \(table) "
        for command in commands {
            guard let range = command.firstRange(of: place) else { return nil }
            let rest = command[range.upperBound...]
            let name = String(rest.prefix { $0 != " " })
            let body = rest.dropFirst(name.count + 1)
            let isKnown =
                switch command[..<range.lowerBound] {
                case "add chain" where body.isEmpty: add(Message.newChain, Self.create, [(3, name)])
                case "flush chain": add(Message.deleteRule, 0, [(2, name)])
                case "delete chain": add(Message.deleteChain, 0, [(3, name)])
                case "add rule": addRule(name, body.split(separator: " "))
                case "add element": element(Message.newElement, Self.create, name, body)
                case "delete element": element(Message.deleteElement, 0, name, body)
                default: false
                }
            if !isKnown { return nil }
        }
    }

    private mutating func add(_ type: UInt16, _ flags: UInt16, _ names: [(UInt16, String)], _ more: Attributes? = nil)
        -> Bool
    {
        var attributes = Attributes()
        attributes.add(1, text: table)
        for (type, name) in names { attributes.add(type, text: name) }
        if let more { attributes.bytes += more.bytes }
        messages.append((type, flags, attributes))
        return true
    }

    // MARK: Elements of maps and sets

    /// - Parameter body: `{ KEY }` or `{ KEY : VALUE }`.
    private mutating func element(_ type: UInt16, _ flags: UInt16, _ map: String, _ body: Substring) -> Bool {
        let words = body.split(separator: " ")
        guard words.first == "{", words.last == "}" else { return false }
        let parts = words.dropFirst().dropLast().split(separator: ":").map { $0.filter { $0 != "." } }
        guard let key = parts.first, parts.count <= 2 else { return false }
        let isEndpoint = map.hasPrefix("endpoints-")
        guard let keyBytes = isEndpoint ? key.first.flatMap(Self.hostNumber) : fields(key) else { return false }
        var element = Attributes()
        element.nest(1) { $0.add(1, keyBytes) }
        if parts.count == 2 {
            let value = Array(parts[1])
            if isEndpoint {
                guard let data = fields(value) else { return false }
                element.nest(2) { $0.add(1, data) }
            } else {
                guard let (code, chain) = Self.verdict(value) else { return false }
                element.nest(2) { data in
                    data.nest(2) {
                        $0.add(1, number: UInt32(bitPattern: code))
                        if let chain { $0.add(2, text: chain) }
                    }
                }
            }
        }
        var list = Attributes()
        list.nest(3) { $0.nest(1) { $0.bytes += element.bytes } }
        return add(type, flags, [(2, map)], list)
    }

    private static func verdict(_ words: [Substring]) -> (Int32, String?)? {
        switch (words.first, words.count) {
        case ("drop", 1): (0, nil)
        case ("goto", 2): (-4, String(words[1]))
        default: nil
        }
    }

    /// The parts of a key or value one after another, each filled up to four bytes: addresses, protocols, ports.
    private func fields(_ words: [Substring]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for word in words {
            if let transport = Transport(String(word)) {
                bytes += [transport.number, 0, 0, 0]
            } else if let port = UInt16(word) {
                bytes += [UInt8(port >> 8), UInt8(port & 0xFF), 0, 0]
            } else if let address = address(word) {
                bytes += address
            } else {
                return nil
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private func address(_ text: some StringProtocol) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: family == .ipv4 ? 4 : 16)
        return inet_pton(family == .ipv4 ? AF_INET : AF_INET6, String(text), &bytes) == 1 ? bytes : nil
    }

    private static func hostNumber(_ word: Substring) -> [UInt8]? {
        UInt32(word).map { number in withUnsafeBytes(of: number) { Array($0) } }
    }

    // MARK: Rules

    private mutating func addRule(_ chain: String, _ words: [Substring]) -> Bool {
        var rule = Expressions()
        guard write(words, &rule) else { return false }
        var list = Attributes()
        list.nest(4) { $0.bytes += rule.list.bytes }
        return add(Message.newRule, Self.append, [(2, chain)], list)
    }

    private func write(_ words: [Substring], _ rule: inout Expressions) -> Bool {
        let ip = Substring(family.table)
        switch words.count {
        // ip saddr != CIDR fib saddr type != local meta mark set meta mark or MARK
        case 16 where words[0] == ip && words[1] == "saddr" && words[2] == "!=":
            let expected = "fib saddr type != local meta mark set meta mark or".split(separator: " ")
            let cidr = words[3].split(separator: "/")
            guard words[4..<15].elementsEqual(expected), cidr.count == 2, let network = address(cidr[0]),
                let length = Int(cidr[1]), words[15].hasPrefix("0x"),
                let mark = UInt32(words[15].dropFirst(2), radix: 16)
            else { return false }
            rule.loadSource(family)
            rule.bitwise(mask: Self.mask(length, network.count), xor: .init(repeating: 0, count: network.count))
            rule.compare(equal: false, network)
            rule.loadSourceType()
            // RTN_LOCAL
            rule.compare(equal: false, host: 2)
            rule.meta(load: Expressions.Meta.mark)
            rule.bitwise(mask: Self.host(~mark), xor: Self.host(mark))
            rule.meta(set: Expressions.Meta.mark)
            return true
        // meta l4proto TRANSPORT dnat to ADDRESS:PORT
        case 6 where words[0] == "meta" && words[1] == "l4proto" && words[3] == "dnat" && words[4] == "to":
            guard let transport = Transport(String(words[2])), let colon = words[5].lastIndex(of: ":"),
                let port = UInt16(words[5][words[5].index(after: colon)...]),
                let address = address(words[5][..<colon].filter { $0 != "[" && $0 != "]" })
            else { return false }
            rule.meta(load: Expressions.Meta.transport)
            rule.compare(equal: true, [transport.number])
            rule.immediate(1, address)
            rule.immediate(2, [UInt8(port >> 8), UInt8(port & 0xFF)])
            rule.destinationNAT(family, address: 1, port: 2)
            return true
        // meta l4proto TRANSPORT dnat ip to numgen random mod COUNT offset BASE map @endpoints-TRANSPORT
        case 14 where words[0] == "meta" && words[1] == "l4proto" && words[3] == "dnat" && words[4] == ip:
            guard let transport = Transport(String(words[2])),
                words[5..<9].elementsEqual(["to", "numgen", "random", "mod"]), let count = UInt32(words[9]),
                words[10] == "offset", let base = UInt32(words[11]), words[12] == "map", words[13].hasPrefix("@")
            else { return false }
            rule.meta(load: Expressions.Meta.transport)
            rule.compare(equal: true, [transport.number])
            rule.randomNumber(below: count, offset: base)
            rule.look(up: String(words[13].dropFirst()))
            // The address, and behind it the port, as the map has them side by side.
            rule.destinationNAT(family, address: 1, port: family == .ipv4 ? 9 : 12)
            return true
        default: return false
        }
    }

    private static func host(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    private static func mask(_ length: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { place in
            let bits = min(8, max(0, length - 8 * place))
            return UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
        }
    }

    // MARK: Sending

    /// Makes the changes as one transaction: all of them, or none. False when they are too many.
    func commit() throws(NFTables.Failure) -> Bool {
        // Between NFNL_MSG_BATCH_BEGIN and _END, which name the subsystem.
        var bytes = Self.message(type: 16, flags: 1, sequence: 0, [0, 0, 0, 10])
        for (index, message) in messages.enumerated() {
            // NLM_F_REQUEST; the answer to the last one, NLM_F_ACK, comes when all is done.
            let flags = message.flags | 1 | (index == messages.count - 1 ? 4 : 0)
            let header = [UInt8(family == .ipv4 ? AF_INET : AF_INET6), 0, 0, 0]
            bytes += Self.message(
                type: 10 << 8 | message.type, flags: flags, sequence: UInt32(index + 1),
                header + message.attributes.bytes)
        }
        bytes += Self.message(type: 17, flags: 1, sequence: UInt32(messages.count + 1), [0, 0, 0, 10])
        if bytes.count > Self.limit { return false }
        // NETLINK_NETFILTER
        let socket = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 12)
        guard socket >= 0 else { throw Self.failure("no netlink socket", errno) }
        defer { close(socket) }
        guard send(socket, bytes, bytes.count, 0) == bytes.count else { throw Self.failure("not sent", errno) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 20 else { throw Self.failure("no answer", errno) }
            // An error for the message that failed, or the answer to the last one.
            let code = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
            if code == 0 { return true }
            throw Self.failure("refused", -code)
        }
    }

    private static func failure(_ what: String, _ code: Int32) -> NFTables.Failure {
        NFTables.Failure(description: "nftables: a change was \(what): \(String(cString: strerror(code)))")
    }

    private static func message(type: UInt16, flags: UInt16, sequence: UInt32, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
        append(UInt32(16 + content.count))
        append(type)
        append(flags)
        append(sequence)
        append(UInt32(0))
        return bytes + content
    }
}

/// Netlink attributes: length, type, content, filled up to four bytes. Numbers are big-endian in nf_tables.
private struct Attributes {
    var bytes: [UInt8] = []

    mutating func add(_ type: UInt16, _ content: [UInt8]) {
        withUnsafeBytes(of: UInt16(4 + content.count)) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: type) { bytes.append(contentsOf: $0) }
        bytes += content
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    mutating func add(_ type: UInt16, text: String) { add(type, Array(text.utf8) + [0]) }

    mutating func add(_ type: UInt16, number: UInt32) { add(type, withUnsafeBytes(of: number.bigEndian) { Array($0) }) }

    /// With the bit that says that attributes are inside.
    mutating func nest(_ type: UInt16, _ fill: (inout Attributes) -> Void) {
        var inner = Attributes()
        fill(&inner)
        add(type | 0x8000, inner.bytes)
    }
}

/// The expressions of a rule, as the kernel evaluates them, on register 1.
private struct Expressions {
    enum Meta {
        static let mark: UInt32 = 3
        static let transport: UInt32 = 16
    }
    private(set) var list = Attributes()

    private mutating func add(_ name: String, _ fill: (inout Attributes) -> Void) {
        list.nest(1) { element in
            element.add(1, text: name)
            element.nest(2, fill)
        }
    }

    mutating func loadSource(_ family: Family) {
        add("payload") {
            $0.add(1, number: 1)
            $0.add(2, number: 1)
            $0.add(3, number: family == .ipv4 ? 12 : 8)
            $0.add(4, number: family == .ipv4 ? 4 : 16)
        }
    }

    mutating func loadSourceType() {
        add("fib") {
            $0.add(1, number: 1)
            $0.add(2, number: 3)
            $0.add(3, number: 1)
        }
    }

    mutating func bitwise(mask: [UInt8], xor: [UInt8]) {
        add("bitwise") {
            $0.add(1, number: 1)
            $0.add(2, number: 1)
            $0.add(3, number: UInt32(mask.count))
            $0.nest(4) { $0.add(1, mask) }
            $0.nest(5) { $0.add(1, xor) }
        }
    }

    mutating func compare(equal: Bool, _ value: [UInt8]) {
        add("cmp") {
            $0.add(1, number: 1)
            $0.add(2, number: equal ? 0 : 1)
            $0.nest(3) { $0.add(1, value) }
        }
    }

    mutating func compare(equal: Bool, host value: UInt32) {
        compare(equal: equal, withUnsafeBytes(of: value) { Array($0) })
    }

    mutating func meta(load key: UInt32) {
        add("meta") {
            $0.add(1, number: 1)
            $0.add(2, number: key)
        }
    }

    mutating func meta(set key: UInt32) {
        add("meta") {
            $0.add(2, number: key)
            $0.add(3, number: 1)
        }
    }

    mutating func immediate(_ register: UInt32, _ value: [UInt8]) {
        add("immediate") {
            $0.add(1, number: register)
            $0.nest(2) { $0.add(1, value) }
        }
    }

    mutating func randomNumber(below count: UInt32, offset: UInt32) {
        add("numgen") {
            $0.add(1, number: 1)
            $0.add(2, number: count)
            $0.add(3, number: 1)
            $0.add(4, number: offset)
        }
    }

    mutating func look(up map: String) {
        add("lookup") {
            $0.add(1, text: map)
            $0.add(2, number: 1)
            $0.add(3, number: 1)
        }
    }

    mutating func destinationNAT(_ family: Family, address: UInt32, port: UInt32) {
        add("nat") {
            $0.add(1, number: 1)
            $0.add(2, number: UInt32(family == .ipv4 ? AF_INET : AF_INET6))
            $0.add(3, number: address)
            $0.add(5, number: port)
        }
    }
}
