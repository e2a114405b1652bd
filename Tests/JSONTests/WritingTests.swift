import FuzzSupport
import JSON
import Testing

@testable import fuzz_json

@Suite struct WritingTests {
    @Test func commasStandWhereTheyBelong() throws {
        var writer = JSONWriter(capacity: 0)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        writer.int(-1)
        writer.bool(true)
        writer.bool(false)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.raw(Array(#"{"raw":1}"#.utf8))
        writer.raw("2".utf8)
        writer.value(["v": 1])
        writer.value(try document(#"[ "kept as it is" ]"#).root)
        writer.value(JSONRef.missing)
        writer.endArray()
        writer.key("n")
        writer.number(JSONNumber(3))
        writer.key("s")
        writer.string("x")
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"items":[-1,true,false,null,{},[],{"raw":1},2,{"v":1},[ "kept as it is" ],null],"n":3,"s":"x"}"#)
    }

    @Test func onlyWhatMustBeEscapedIsEscaped() {
        let all = String(String.UnicodeScalarView((0...0x80).compactMap { Unicode.Scalar($0) }))
        #expect(
            JSONValue.string(all).description
                == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
                + " !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
                + "\u{7f}\u{80}\"")
        #expect(JSONValue.string("<é\u{2028}😀/>").description == "\"<é\u{2028}😀/>\"")
    }

    /// Generated values, written with random spaces and escapes, are read back as they were.
    @Test func whateverIsWrittenIsReadBack() throws {
        var generator = Generator(random: SeededGenerator(seed: 36))
        for _ in 0..<3000 {
            let value = generator.value(depth: 5)
            let encoded = value.encoded()
            #expect(try JSONValue(parsing: encoded) == value)
            let loose = generator.text(of: value)
            let document = try document(loose)
            #expect(document.root.value == value)
            #expect(document.root.value.encoded() == encoded)
            #expect(ReferenceParser.parse(document.bytes) == value)
            #expect(Invariants.violation(document.bytes) == nil)
        }
    }
}

/// Random values, and random ways of writing them.
private struct Generator {
    var random: SeededGenerator

    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: depth > 0 ? 0..<9 : 2..<9, using: &random) {
        case 0: return .array((0..<Int.random(in: 0..<6, using: &random)).map { _ in value(depth: depth - 1) })
        case 1:
            var members = JSONObject()
            let size = Int.random(in: 0..<8, using: &random) == 0 ? 30 : Int.random(in: 0..<6, using: &random)
            for _ in 0..<size { members[string()] = value(depth: depth - 1) }
            return .object(members)
        case 2: return .null
        case 3: return .bool(Bool.random(using: &random))
        case 4: return .int(Int.random(in: .min ... .max, using: &random))
        case 5: return .int(Int.random(in: -9...99, using: &random))
        case 6: return .number(JSONNumber(text: "\(Double.random(in: -1...1, using: &random))") ?? JSONNumber(0))
        default: return .string(string())
        }
    }

    private mutating func string() -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0x61...0x7A, 0x61...0x7A, 0...0x7F, 0x80...0x7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
        ]
        let range = ranges.randomElement(using: &random) ?? 0x61...0x7A
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<24, using: &random) {
            let wild =
                Int.random(in: 0..<8, using: &random) == 0 ? ranges.randomElement(using: &random) ?? range : range
            if let scalar = Unicode.Scalar(UInt32.random(in: wild, using: &random)) { scalars.append(scalar) }
        }
        return String(scalars)
    }

    mutating func text(of value: JSONValue) -> String {
        space() + bareText(of: value) + space()
    }

    private mutating func bareText(of value: JSONValue) -> String {
        switch value {
        case .array(let elements): return "[" + (elements.isEmpty ? space() : list(elements.map { text(of: $0) })) + "]"
        case .object(let members):
            let items = members.map { key, value in space() + escaped(key) + space() + ":" + text(of: value) }
            return "{" + (items.isEmpty ? space() : list(items)) + "}"
        case .string(let string): return escaped(string)
        default: return value.description
        }
    }

    private func list(_ items: [String]) -> String { items.joined(separator: ",") }

    private mutating func space() -> String {
        Int.random(in: 0..<3, using: &random) == 0
            ? [" ", "\n", "\t", "\r\n", "  "].randomElement(using: &random) ?? "" : ""
    }

    private mutating func escaped(_ string: String) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{c}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        var text = "\""
        for scalar in string.unicodeScalars {
            let choice = Int.random(in: 0..<4, using: &random)
            if let short = short[scalar], choice < 3 {
                text += short
            } else if choice == 0 || scalar < " " || short[scalar] != nil {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
