/// A JSON value as a tree, to be edited.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        self = try JSONDocument(bytes, limits: limits).root.value
    }

    public static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let value): writer.number(value)
        case .string(let value): writer.string(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (key, value) in members {
                writer.key(key)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension JSONValue: Equatable {
    /// Numbers are equal by value, strings by their bytes, objects in any order.
    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a.sameBytes(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON.
    public var description: String { String(decoding: encoded(), as: UTF8.self) }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONRef {
    /// This value as a tree; `.null` of a missing thing. Of a repeated name the last value stays, in the first's place.
    public var value: JSONValue {
        var at = index
        return document?.value(&at) ?? .null
    }
}

extension JSONDocument {
    /// The tree of the value at `index`, which moves on to the next value.
    fileprivate func value(_ index: inout Int) -> JSONValue {
        let word = tape[index]
        let end = word.isContainer ? end(index) : 0
        index += word.isContainer ? 2 : 1
        switch word.kind {
        case Word.null: return .null
        case Word.true: return .bool(true)
        case Word.false: return .bool(false)
        case Word.number: return .number(JSONNumber(validated: string(word)))
        case Word.array:
            var elements: [JSONValue] = []
            elements.reserveCapacity(word.length)
            while index < end { elements.append(value(&index)) }
            return .array(elements)
        case Word.object:
            var members = JSONObject()
            members.reserveCapacity(word.length)
            while index < end {
                let key = string(tape[index])
                index += 1
                members.updateValue(value(&index), forKey: key)
            }
            return .object(members)
        case Word.folded: return unfolded(word).value
        default: return .string(string(word))
        }
    }
}
