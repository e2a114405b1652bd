import JSON

/// The grammar of RFC 8259 written down as plainly as possible, to compare the real parser with: one scalar at a time,
/// by recursion, straight into a tree.
struct ReferenceParser {
    struct Rejected: Error {}

    private let text: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    /// Nil when the text is to be rejected.
    static func parse(_ bytes: [UInt8], maxDepth: Int = 256) -> JSONValue? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var parser = ReferenceParser(text: Array(text.unicodeScalars))
        return try? parser.whole(maxDepth)
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private mutating func take(_ accepted: (Unicode.Scalar) -> Bool) throws -> Unicode.Scalar {
        guard let next, accepted(next) else { throw Rejected() }
        at += 1
        return next
    }

    private mutating func skip(_ accepted: Unicode.Scalar) -> Bool { (try? take { $0 == accepted }) != nil }

    private mutating func skipSpace() {
        while let next, " \t\r\n".unicodeScalars.contains(next) { at += 1 }
    }

    private mutating func whole(_ maxDepth: Int) throws -> JSONValue {
        let value = try value(maxDepth)
        guard next == nil else { throw Rejected() }
        return value
    }

    private mutating func value(_ depth: Int) throws -> JSONValue {
        skipSpace()
        defer { skipSpace() }
        switch next {
        case "{":
            let members = try list("{", "}", depth) { parser in
                parser.skipSpace()
                let name = try parser.string()
                parser.skipSpace()
                _ = try parser.take { $0 == ":" }
                return (name, try parser.value(depth - 1))
            }
            var object = JSONObject()
            for (name, value) in members { object[name] = value }
            return .object(object)
        case "[": return .array(try list("[", "]", depth) { try $0.value(depth - 1) })
        case "\"": return .string(try string())
        case "t": return try literal("true", .bool(true))
        case "f": return try literal("false", .bool(false))
        case "n": return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func list<Item>(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ depth: Int, _ item: (inout ReferenceParser) throws -> Item
    ) throws -> [Item] {
        guard depth > 0, skip(open) else { throw Rejected() }
        skipSpace()
        if skip(close) { return [] }
        var items = [try item(&self)]
        while skip(",") { items.append(try item(&self)) }
        guard skip(close) else { throw Rejected() }
        return items
    }

    private mutating func literal(_ name: String, _ value: JSONValue) throws -> JSONValue {
        for scalar in name.unicodeScalars { _ = try take { $0 == scalar } }
        return value
    }

    private mutating func number() throws -> JSONValue {
        let start = at
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }
        func digits(_ parser: inout ReferenceParser) throws {
            repeat { _ = try parser.take(isDigit) } while parser.next.map(isDigit) ?? false
        }
        _ = skip("-")
        if !skip("0") { try digits(&self) }
        if skip(".") { try digits(&self) }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            try digits(&self)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: self.text[start..<at])
        guard let number = JSONNumber(text: String(text)) else { throw Rejected() }
        return .number(number)
    }

    private mutating func string() throws -> String {
        var units: [UInt16] = []
        _ = try take { $0 == "\"" }
        while true {
            let scalar = try take { $0 >= " " }
            switch scalar {
            case "\"":
                // Halves of surrogate pairs come out as U+FFFD.
                return String(decoding: units, as: UTF16.self)
            case "\\":
                let letter = try take { "\"\\/bfnrtu".unicodeScalars.contains($0) }
                switch letter {
                case "b": units.append(8)
                case "f": units.append(12)
                case "n": units.append(10)
                case "r": units.append(13)
                case "t": units.append(9)
                case "u":
                    var unit = 0
                    for _ in 0..<4 {
                        unit = try unit * 16 + (Character(take(\.properties.isASCIIHexDigit)).hexDigitValue ?? 0)
                    }
                    units.append(UInt16(unit))
                default: units.append(contentsOf: UTF16.encode(letter) ?? .init())
                }
            default: units.append(contentsOf: UTF16.encode(scalar) ?? .init())
            }
        }
    }
}
