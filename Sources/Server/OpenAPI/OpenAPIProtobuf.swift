internal import JSON

/// The definitions of an OpenAPI v2 document in protobuf: the form in which kubectl asks for them when it validates objects
/// itself (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`; field numbers are those of gnostic's OpenAPIv2.proto).
/// Paths are left out: kubectl reads them from v3.
struct OpenAPIProtobuf {
    /// What it is answered as: with a dot, because @ is no character of media types (RFC 6838).
    static let mediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    static func document(info: JSONValue, definitions: JSONObject) -> [UInt8] {
        var document = Message()
        document.add(1, "2.0")
        document.add(2) { message in
            message.add(1, info["title"].string ?? "")
            message.add(2, info["version"].string ?? "")
        }
        document.add(8) { _ in }
        document.add(9) { all in
            for (name, definition) in definitions { all.add(1) { $0.addNamed(name) { $0.addSchema(definition) } } }
        }
        return document.bytes
    }

    /// Builds a message; every field here is a string, a flag or a message.
    struct Message {
        private(set) var bytes: [UInt8] = []

        private mutating func addVarint(_ value: UInt64) {
            var value = value
            while value >= 0x80 {
                bytes.append(UInt8(value & 0x7f) | 0x80)
                value >>= 7
            }
            bytes.append(UInt8(value))
        }

        mutating func add(_ field: UInt64, _ text: String) {
            addVarint(field << 3 | 2)
            addVarint(UInt64(text.utf8.count))
            bytes += Array(text.utf8)
        }

        mutating func add(_ field: UInt64, _ build: (inout Message) -> Void) {
            var inner = Message()
            build(&inner)
            addVarint(field << 3 | 2)
            addVarint(UInt64(inner.bytes.count))
            bytes += inner.bytes
        }

        /// A name and a value, as maps are written.
        mutating func addNamed(_ name: String, _ build: (inout Message) -> Void) {
            add(1, name)
            add(2, build)
        }

        mutating func addSchema(_ schema: JSONValue) {
            if let reference = schema["$ref"].string { add(1, reference) }
            if let format = schema["format"].string { add(2, format) }
            if let text = schema["description"].string { add(4, text) }
            for name in schema["required"].array ?? [] { add(19, name.string ?? "") }
            if schema.has("additionalProperties") {
                add(21) { $0.add(1) { $0.addSchema(schema["additionalProperties"]) } }
            }
            if let type = schema["type"].string { add(22) { $0.add(1, type) } }
            if schema.has("items") { add(23) { $0.add(1) { $0.addSchema(schema["items"]) } } }
            if let properties = schema["properties"].object {
                add(25) { all in
                    for (name, property) in properties { all.add(1) { $0.addNamed(name) { $0.addSchema(property) } } }
                }
            }
            for (name, value) in schema.object ?? [:] where name.hasPrefix("x-") {
                // An extension's value is YAML text, of which JSON is a part.
                add(31) { $0.addNamed(name) { $0.add(2, value.description) } }
            }
        }
    }
}
