import FuzzSupport

/// Makes new texts out of those of the corpus.
struct Mutator {
    var random: SeededGenerator
    private let seeds = (Corpus.accepted + Corpus.rejected).map(\.bytes).filter { $0.count < 4096 }
    private static let tokens: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "0", "-", ".", "e", "E+9", "true", "false", "null",
            "\"\":", "\"a\":",
            "[]", "{}", "\\u", "\\ud800", "\\udc00", "\\n", "\\\"", "é", "😀", "12345678", "\"abcdefgh\"", ",\"a\":1",
        ].map { Array($0.utf8) } + [[0], [0x1F], [0x7F], [0x80], [0xC0], [0xED, 0xA0], [0xF4, 0x90], [0xFF]]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func text() -> [UInt8] {
        var text = seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...text.count, using: &random)
            let to = min(text.count, at + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0 where at < text.count: text[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: text.insert(contentsOf: Self.tokens.randomElement(using: &random) ?? [], at: at)
            case 2: text.removeSubrange(at..<to)
            case 3: text.insert(contentsOf: text[at..<to], at: at)
            case 4: text.replaceSubrange(at..<to, with: seeds.randomElement(using: &random) ?? [])
            case 5: text.removeSubrange(at...)
            default: text = Array("[{\"a\":".utf8) + text + Array("},7]".utf8)
            }
            if text.count > 4096 { text.removeSubrange(4096...) }
        }
        return text
    }
}

enum Fuzz {
    /// Checks so many mutants of the corpus. Returns the first bad one, with what is wrong about it.
    static func run(iterations: Int, seed: UInt64) -> (text: [UInt8], violation: String)? {
        var mutator = Mutator(seed: seed)
        for _ in 0..<iterations {
            let text = mutator.text()
            if let violation = Invariants.violation(text) { return (text, violation) }
        }
        return nil
    }
}
