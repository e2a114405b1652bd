import FuzzSupport

/// Makes requests out of seeds: most are nearly right, so that they get far before something is wrong with them.
struct Mutator {
    private var random: SeededGenerator
    private let seeds: [Seeds.Seed]
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"]
    private static let types = [
        "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor", "text/plain",
        "",
    ]
    static let accepts = [
        "application/json", "application/yaml", "*/*", "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf", "x/y",
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", ";;,",
    ]
    /// What a value or a piece of text may become.
    private static let values = [
        "null", "true", "0", "-1", "9223372036854775807", "-9223372036854775808", "1e400", "0.5", "\"\"", "\"x\"", "{}",
        "[]", "[null]", "[{}]", "{\"a\":null}", "\"9999999999999999Ei\"", "\"-1\"", "\"9999-12-31T23:59:59Z\"",
        "\"0000-01-01T00:00:00Z\"", "\"50%\"", "\"/\"", "\"a/b/c\"", "\"::1\"", "\"255.255.255.255/33\"", "\"\\u0000\"",
        "\"$(A)\"", "\"metadata.labels['\"", "\"*\"", "\"@every 1h\"", "\"2026-13-45T99:99:99Z\"",
    ].map { Array($0.utf8) }
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "- ", "? ", "&a ", "*a ", "!!x ", "%", "\u{0}", "é", "$patch",
        "k8s\u{0}",
    ].map { Array($0.utf8) }

    init(seed: UInt64, seeds: [Seeds.Seed]) { (random, self.seeds) = (SeededGenerator(seed: seed), seeds) }

    private mutating func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }
    private mutating func one<Item>(of list: [Item]) -> Item { list[Int.random(in: 0..<list.count, using: &random)] }

    mutating func accept() -> String { one(of: Self.accepts) }

    mutating func request() -> Seeds.Seed {
        var seed = one(of: seeds)
        if chance(40) { seed.path = one(of: Seeds.otherPaths) }
        if chance(12) { seed.method = one(of: Self.methods) }
        if chance(12) { seed.contentType = one(of: Self.types + Seeds.patchTypes) }
        while chance(3) {
            let parameter = one(of: Seeds.parameters)
            seed.query.append((parameter.name, chance(10) ? "%" : one(of: parameter.values)))
        }
        if chance(15) { seed.path = String(decoding: mutated(Array(seed.path.utf8)), as: UTF8.self) }
        if chance(20) { seed.body = one(of: seeds).body }
        if !chance(3) {
            for _ in 0..<Int.random(in: 1...3, using: &random) { seed.body = changed(seed.body) }
        }
        return seed
    }

    /// Another value, a field more or less, or damage.
    private mutating func changed(_ body: [UInt8]) -> [UInt8] {
        guard body.count > 2, !chance(6) else { return mutated(body) }
        let marks = body.indices.filter { body[$0] == UInt8(ascii: ":") || body[$0] == UInt8(ascii: ",") }
        guard !marks.isEmpty else { return mutated(body) }
        let start = one(of: marks) + 1
        let end = Self.endOfValue(body, from: start)
        var body = body
        switch Int.random(in: 0..<4, using: &random) {
        case 0: body.removeSubrange(start..<end)
        case 1:
            // A value from elsewhere in the same body.
            let from = one(of: marks) + 1
            body.replaceSubrange(start..<end, with: Array(body[from..<Self.endOfValue(body, from: from)]))
        default: body.replaceSubrange(start..<end, with: one(of: Self.values))
        }
        return body
    }

    private static func endOfValue(_ body: [UInt8], from start: Int) -> Int {
        var depth = 0
        var isQuoted = false
        for at in start..<body.count {
            let byte = body[at]
            if byte == UInt8(ascii: "\""), at == 0 || body[at - 1] != UInt8(ascii: "\\") { isQuoted.toggle() }
            if isQuoted { continue }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at }
                depth -= 1
            case UInt8(ascii: ","): if depth == 0 { return at }
            default: break
            }
        }
        return body.count
    }

    private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let at = Int.random(in: 0...bytes.count, using: &random)
        let to = min(bytes.count, at + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.insert(contentsOf: one(of: Self.tokens), at: at)
        case 2: bytes.removeSubrange(at..<to)
        case 3: bytes.insert(contentsOf: bytes[at..<to], at: at)
        default: bytes.insert(contentsOf: Array(repeating: one(of: [91, 123, 32, 45]), count: 300), at: at)
        }
        return bytes
    }
}
