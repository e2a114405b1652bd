import FuzzSupport
import TLS

/// Makes wrong credentials out of right ones.
struct Damage {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func one<Items: Collection>(of items: Items) -> Items.Element where Items.Index == Int {
        items[Int.random(in: items.startIndex..<items.endIndex, using: &random)]
    }

    mutating func bytes(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let to = min(bytes.count, at + Int.random(in: 0...9, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            case 2: bytes.removeSubrange(at..<to)
            case 3: bytes.insert(contentsOf: bytes[at..<to], at: at)
            case 4: bytes.insert(contentsOf: [UInt8](repeating: 46, count: 200), at: at)
            default: if at < bytes.count { bytes[at] = UInt8(ascii: ".") }
            }
        }
        return bytes
    }

    /// A JSON Web Token with damage inside one of its parts, which itself is good base64, or with parts of another.
    mutating func token(_ token: String, _ other: String) -> String {
        var parts = token.split(separator: ".").map(String.init)
        let others = other.split(separator: ".").map(String.init)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: parts[Int.random(in: 0..<3, using: &random)] = others[Int.random(in: 0..<3, using: &random)]
        case 1: parts[0] = Base64.encodeURL(Array("{\"alg\":\"none\",\"typ\":\"JWT\"}".utf8))
        case 2: parts[2] = ""
        case 3, 4, 5:
            let at = Int.random(in: 0..<3, using: &random)
            parts[at] = Base64.encodeURL(self.bytes(Base64.decodeURL(parts[at][...]) ?? []))
        default: return String(decoding: self.bytes(Array(token.utf8)), as: UTF8.self)
        }
        return parts.joined(separator: ".")
    }

    /// The bytes in the frame of PEM, or the text of one with damage.
    mutating func pem(_ pem: String, _ bytes: [UInt8], _ kind: String) -> String {
        if Bool.random(using: &random) { return String(decoding: self.bytes(Array(pem.utf8)), as: UTF8.self) }
        return "-----BEGIN \(kind)-----\n\(Base64.encode(self.bytes(bytes)))\n-----END \(kind)-----\n"
    }
}
