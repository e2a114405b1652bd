public import JSON

/// Where a protobuf field number leads: to a field, or into a message whose fields stand in the enclosing object in JSON.
indirect enum ProtobufNode: Sendable {
    case field(Int)
    case inline([Int: ProtobufNode])

    static func insert(_ field: Int, at path: ArraySlice<Int>, into nodes: inout [Int: ProtobufNode]) {
        guard let number = path.first else { return }
        if path.count == 1 {
            nodes[number] = .field(field)
        } else {
            var inner: [Int: ProtobufNode] = [:]
            if case .inline(let present)? = nodes[number] { inner = present }
            insert(field, at: path.dropFirst(), into: &inner)
            nodes[number] = .inline(inner)
        }
    }
}

/// Reads `application/vnd.kubernetes.protobuf` bodies, in which kubectl and Go clients send built-in kinds, into the same values
/// as JSON bodies (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding).
public struct ProtobufReader {
    private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]
    private static let maximumDepth = 64
    private let schema: Schema

    public init(_ schema: Schema) { self.schema = schema }

    private struct Malformed: Error {
        let reason: String
    }

    /// The object in an envelope: magic, then `runtime.Unknown` with the type and the encoded object.
    public func object(_ body: [UInt8], type: Int) throws(StatusError) -> JSONValue {
        guard body.starts(with: Self.magic) else {
            throw .badRequest("the body is not Kubernetes protobuf: it does not begin with k8s\\0")
        }
        do {
            var apiVersion = ""
            var kind = ""
            var raw: ArraySlice<UInt8> = []
            var envelope = Wire(body.dropFirst(4))
            while let field = try envelope.next() {
                switch (field.number, field.value) {
                case (1, .bytes(let bytes)):
                    var meta = Wire(bytes)
                    while let part = try meta.next() {
                        if part.number == 1 { apiVersion = try part.string() }
                        if part.number == 2 { kind = try part.string() }
                    }
                case (2, .bytes(let bytes)): raw = bytes
                default: break
                }
            }
            var object = try message(raw, schema[type], depth: 0)
            object["apiVersion"] = apiVersion.isEmpty ? nil : .string(apiVersion)
            object["kind"] = kind.isEmpty ? nil : .string(kind)
            return .object(object)
        } catch let malformed as Malformed {
            throw .badRequest("the protobuf body cannot be read: \(malformed.reason)")
        } catch {
            throw .badRequest("the protobuf body cannot be read")
        }
    }

    private func message(_ bytes: ArraySlice<UInt8>, _ type: TypeSchema, depth: Int) throws -> JSONObject {
        var object = JSONObject()
        try read(bytes, type, type.protobuf, into: &object, depth: depth)
        return object
    }

    private func read(
        _ bytes: ArraySlice<UInt8>, _ type: TypeSchema, _ nodes: [Int: ProtobufNode], into object: inout JSONObject,
        depth: Int
    ) throws {
        if depth > Self.maximumDepth { throw Malformed(reason: "it is nested too deeply") }
        var wire = Wire(bytes)
        while let item = try wire.next() {
            switch nodes[item.number] {
            case .inline(let inner)?: try read(try item.bytes(), type, inner, into: &object, depth: depth + 1)
            case .field(let position)?:
                let field = type.fields[position]
                try add(item, field.type, to: &object[field.name], depth: depth)
            case nil:
                throw Malformed(reason: "field number \(item.number) of \(type.name) is not known; send JSON to set it")
            }
        }
    }

    /// Lists and maps come an entry at a time.
    private func add(_ item: Wire.Item, _ type: FieldType, to target: inout JSONValue?, depth: Int) throws {
        switch type {
        case .list(let element):
            var list = target?.array ?? []
            target = nil
            if case .bytes(let packed) = item.value, [.int32, .int64, .bool].contains(element) {
                var wire = Wire(packed)
                while !wire.isAtEnd { list.append(try scalar(.varint(try wire.varint()), element)) }
            } else {
                list.append(try value(item, element, depth: depth))
            }
            target = .array(list)
        case .map(let element):
            var entry = Wire(try item.bytes())
            var key = ""
            var found: JSONValue?
            while let part = try entry.next() {
                if part.number == 1 { key = try part.string() }
                guard part.number == 2 else { continue }
                if case .list = element {
                    // A list within a map is a message of its own with the items in field 1.
                    var items = Wire(try part.bytes())
                    while let inner = try items.next() { try add(inner, element, to: &found, depth: depth + 1) }
                } else {
                    found = try value(part, element, depth: depth)
                }
            }
            var map = target?.object ?? [:]
            target = nil
            map[key] = found ?? element.zero
            target = .object(map)
        default: target = try value(item, type, depth: depth)
        }
    }

    private func value(_ item: Wire.Item, _ type: FieldType, depth: Int) throws -> JSONValue {
        switch type {
        case .object(let id): return .object(try message(try item.bytes(), schema[id], depth: depth + 1))
        case .string: return .string(try item.string())
        case .bytes: return .string(Base64Text.encode(Array(try item.bytes())))
        case .quantity:
            var wire = Wire(try item.bytes())
            var text = "0"
            while let part = try wire.next() { if part.number == 1 { text = try part.string() } }
            return .string(text)
        case .intOrString:
            var wire = Wire(try item.bytes())
            var isString = false
            var number = 0
            var text = ""
            while let part = try wire.next() {
                switch part.number {
                case 1: isString = try part.integer() == 1
                case 2: number = try part.integer()
                case 3: text = try part.string()
                default: break
                }
            }
            return isString ? .string(text) : .int(Int(Int32(truncatingIfNeeded: number)))
        case .time, .microTime:
            var wire = Wire(try item.bytes())
            var seconds: Int?
            var nanos = 0
            while let part = try wire.next() {
                if part.number == 1 { seconds = try part.integer() }
                if part.number == 2 { nanos = try part.integer() }
            }
            guard let seconds, abs(seconds) < 1 << 40, abs(nanos) < 1_000_000_000 else { return .null }
            let time = Time(microsecondsSince1970: seconds * 1_000_000 + nanos / 1000)
            return .string(type == .time ? time.description : time.microseconds)
        case .any:
            var wire = Wire(try item.bytes())
            while let part = try wire.next() {
                if part.number != 1 { continue }
                do { return try JSONValue(parsing: Array(try part.bytes())) } catch let error as JSONError {
                    throw Malformed(reason: "embedded JSON: \(error)")
                }
            }
            return .null
        case .list, .map: throw Malformed(reason: "a list within a list")
        case .bool, .int32, .int64, .double: return try scalar(item.value, type)
        }
    }

    private func scalar(_ value: Wire.Value, _ type: FieldType) throws -> JSONValue {
        switch (type, value) {
        case (.bool, .varint(let raw)): return .bool(raw != 0)
        case (.int32, .varint(let raw)), (.int64, .varint(let raw)): return .int(Int(truncatingIfNeeded: raw))
        case (.double, .fixed64(let raw)):
            guard let number = JSONNumber(text: "\(Double(bitPattern: raw))") else {
                throw Malformed(reason: "a number that JSON cannot hold")
            }
            return .number(number)
        default: throw Malformed(reason: "a value of another type than its field")
        }
    }

    /// The wire format of protobuf (https://protobuf.dev/programming-guides/encoding/).
    private struct Wire {
        enum Value {
            case varint(UInt64)
            case fixed64(UInt64)
            case bytes(ArraySlice<UInt8>)
            case fixed32(UInt32)
        }
        struct Item {
            let number: Int
            let value: Value

            func bytes() throws -> ArraySlice<UInt8> {
                guard case .bytes(let bytes) = value else {
                    throw Malformed(reason: "field \(number) should be a message or text")
                }
                return bytes
            }
            func string() throws -> String {
                guard let text = String(validating: try bytes(), as: UTF8.self) else {
                    throw Malformed(reason: "text that is not UTF-8")
                }
                return text
            }
            func integer() throws -> Int {
                guard case .varint(let raw) = value else {
                    throw Malformed(reason: "field \(number) should be a number")
                }
                return Int(truncatingIfNeeded: raw)
            }
        }
        private var rest: ArraySlice<UInt8>
        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }
        var isAtEnd: Bool { rest.isEmpty }

        mutating func varint() throws -> UInt64 {
            var result: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = rest.popFirst() else { throw Malformed(reason: "it ends within a number") }
                result |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return result }
            }
            throw Malformed(reason: "a number is too long")
        }

        private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
            guard count >= 0, count <= rest.count else { throw Malformed(reason: "it ends within a field") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func next() throws -> Item? {
            if rest.isEmpty { return nil }
            let tag = try varint()
            guard let number = Int(exactly: tag >> 3), number > 0 else {
                throw Malformed(reason: "a field has no number")
            }
            switch tag & 7 {
            case 0: return Item(number: number, value: .varint(try varint()))
            case 1:
                return Item(number: number, value: .fixed64(try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }))
            case 2:
                let length = try varint()
                guard length <= UInt64(rest.count) else { throw Malformed(reason: "it ends within a field") }
                return Item(number: number, value: .bytes(try take(Int(length))))
            case 5:
                return Item(number: number, value: .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
            default: throw Malformed(reason: "an unknown wire type")
            }
        }
    }
}
