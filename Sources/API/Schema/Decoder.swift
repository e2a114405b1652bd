public import JSON

/// A value whose JSON type is not the one its field has: the request cannot be read (400).
public struct TypeMismatch: Error, Sendable {
    public let path: String
    public let expected: String
    public let found: String
    public var message: String { "\(path.isEmpty ? "the object" : path): expected \(expected), found \(found)" }
}

/// Makes a value tree out of a parsed document by walking it with a type: unknown fields are left out and listed, scalars are
/// checked and brought to their canonical text, values that mean "absent" are dropped, defaults are filled in.
public struct Decoder {
    private let schema: Schema
    private let fillsDefaults: Bool
    private var path = FieldPath()
    /// Inside of a custom type, where values of the wrong type are kept: they are found by the structural schema.
    private var isLenient = false
    /// Paths of fields that the type does not have.
    public private(set) var unknownFields: [String] = []

    public init(_ schema: Schema, fillsDefaults: Bool = true) {
        self.schema = schema
        self.fillsDefaults = fillsDefaults
    }

    public mutating func decode(_ ref: JSONRef, type: Int) throws(TypeMismatch) -> JSONValue {
        .object(try object(ref, schema[type]))
    }

    private mutating func object(_ ref: JSONRef, _ type: TypeSchema) throws(TypeMismatch) -> JSONObject {
        guard ref.kind == .object else { throw mismatch(ref, "an object") }
        var result = JSONObject()
        for (key, value) in ref.members {
            guard let field = type.field(key) else {
                if type.preservesUnknownFields {
                    result[key] = value.value
                } else {
                    unknownFields.append(path[key].description)
                }
                continue
            }
            if value.isNull {
                if field.isNullable { result[key] = .null } else { result.removeValue(forKey: key) }
                continue
            }
            path.push(key)
            isLenient = type.isCustom
            let decoded = try self.value(value, field.type)
            isLenient = type.isCustom
            path.pop()
            // A list without items is none: where one is always shown, as null, it is null too.
            let isShown = field.defaultValue != nil && field.defaultValue != .null
            if !field.keepsZero, isZero(decoded, field.type), !isShown || !decoded.isEmptyContainer {
                result.removeValue(forKey: key)
            } else {
                result[key] = decoded
            }
        }
        if fillsDefaults { fill(&result, type) }
        return result
    }

    /// Means "absent" in a field that does not keep zero values. An object of a declared type is kept even when empty.
    private func isZero(_ value: JSONValue, _ type: FieldType) -> Bool {
        switch value {
        case .null: true
        case .bool(let flag): !flag
        case .number(let number): number.double == 0
        case .string(let text): text.isEmpty
        case .array(let list): list.isEmpty
        case .object(let map): if case .map = type { map.isEmpty } else { false }
        }
    }

    /// Adds what is absent. A default that is an object gets its own fields' defaults.
    private mutating func fill(_ object: inout JSONObject, _ type: TypeSchema) {
        for index in type.defaulted {
            let field = type.fields[index]
            if object[field.name] != nil { continue }
            guard let value = field.defaultValue else { continue }
            if case .object(let id) = field.type, case .object(var inner) = value {
                fill(&inner, schema[id])
                object[field.name] = .object(inner)
            } else {
                object[field.name] = value
            }
        }
        type.fillDefaults?(&object)
    }

    private mutating func value(_ ref: JSONRef, _ type: FieldType) throws(TypeMismatch) -> JSONValue {
        if isLenient, !Self.contains(ref, type) { return ref.value }
        switch type {
        case .object(let id): return .object(try object(ref, schema[id]))
        case .list(let element):
            guard ref.kind == .array else { throw mismatch(ref, "a list") }
            var list: [JSONValue] = []
            list.reserveCapacity(ref.count)
            for (index, item) in ref.elements.enumerated() {
                path.push(index)
                list.append(item.isNull ? isLenient ? .null : element.zero : try value(item, element))
                path.pop()
            }
            return .array(list)
        case .map(let element):
            guard ref.kind == .object else { throw mismatch(ref, "a map") }
            var map = JSONObject()
            for (key, item) in ref.members {
                if item.isNull, isLenient { continue }
                path.push(key)
                map[key] = item.isNull ? element.zero : try value(item, element)
                path.pop()
            }
            return .object(map)
        case .any: return ref.value
        case .string:
            guard let text = ref.string else { throw mismatch(ref, "a string") }
            return .string(text)
        case .bool:
            guard let flag = ref.bool else { throw mismatch(ref, "true or false") }
            return .bool(flag)
        case .int32:
            guard let number = ref.int, Int32(exactly: number) != nil else { throw mismatch(ref, "a 32-bit integer") }
            return .int(number)
        case .int64:
            guard let number = ref.int else { throw mismatch(ref, "an integer") }
            return .int(number)
        case .double:
            guard ref.kind == .number else { throw mismatch(ref, "a number") }
            return ref.value
        case .intOrString:
            if let number = ref.int, Int32(exactly: number) != nil { return .int(number) }
            guard let text = ref.string else { throw mismatch(ref, "an integer or a string") }
            return .string(text)
        case .quantity:
            let text = ref.kind == .number ? String(decoding: ref.rawBytes, as: UTF8.self) : ref.string
            guard let text, let quantity = Quantity(text) else {
                throw mismatch(ref, "a quantity such as 500m, 1.5 or 128Mi")
            }
            return .string(quantity.canonical)
        case .bytes:
            guard let text = ref.string, Base64Text.isValid(text) else { throw mismatch(ref, "base64 text") }
            return .string(text)
        case .time, .microTime:
            guard let text = ref.string else { throw mismatch(ref, "an RFC 3339 time") }
            if text.isEmpty { return .null }
            guard let time = Time(text) else { throw mismatch(ref, "an RFC 3339 time such as 2006-01-02T15:04:05Z") }
            return .string(type == .time ? time.description : time.microseconds)
        }
    }

    /// Whether there is something to decode inside of a value.
    private static func contains(_ ref: JSONRef, _ type: FieldType) -> Bool {
        switch type {
        case .object, .map: ref.kind == .object
        case .list: ref.kind == .array
        default: false
        }
    }

    private func mismatch(_ ref: JSONRef, _ expected: String) -> TypeMismatch {
        let found =
            switch ref.kind {
            case .missing: "nothing"
            case .null: "null"
            case .bool: ref.bool == true ? "true" : "false"
            case .number: String(decoding: ref.rawBytes.prefix(64), as: UTF8.self)
            case .string: "\"" + (ref.string ?? "").prefix(64) + "\""
            case .array: "a list"
            case .object: "an object"
            }
        return TypeMismatch(path: path.description, expected: expected, found: found)
    }
}

extension FieldType {
    /// What a null inside a list or map stands for.
    var zero: JSONValue {
        switch self {
        case .string, .bytes, .intOrString: .string("")
        case .bool: .bool(false)
        case .int32, .int64, .double: .int(0)
        case .quantity: .string("0")
        case .object, .map: .object([:])
        case .list: .array([])
        case .any, .time, .microTime: .null
        }
    }
}

/// RFC 4648 base64 with padding.
public enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    public static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                out.append(
                    index <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil when the text is not base64.
    public static func decode(_ text: String) -> [UInt8]? {
        guard isValid(text) else { return nil }
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return out
    }

    static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count % 4 == 0 else { return false }
            var padding = 0
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                    if padding > 0 { return false }
                case UInt8(ascii: "="): padding += 1
                default: return false
                }
            }
            return padding <= 2
        }
    }
}
