internal import API
internal import JSON

/// What a client sent, or a part of this process asks for.
enum RequestBody: Sendable {
    case bytes([UInt8], contentType: String)
    case value(JSONValue)

    static let objectTypes = "application/json, application/yaml, application/vnd.kubernetes.protobuf"

    /// The JSON document in the body; YAML and protobuf are converted. CBOR bodies are not understood (415).
    func document(kind: String, schema: Schema? = nil, type: Int = 0) throws(StatusError) -> JSONDocument {
        switch self {
        case .value(let value): return try Self.parse(value.encoded(), kind)
        case .bytes(let bytes, let contentType):
            switch MediaType.base(contentType) {
            case "", "application/json", "application/*", "*/*": return try Self.parse(bytes, kind)
            case "application/vnd.kubernetes.protobuf":
                guard let schema else { throw .unsupportedMediaType("application/json, application/yaml") }
                return try Self.parse(try ProtobufReader(schema).object(bytes, type: type).encoded(), kind)
            case "application/yaml": return try Self.parse(try YAML.json(bytes), kind)
            default: throw .unsupportedMediaType(Self.objectTypes)
            }
        }
    }

    private static func parse(_ bytes: [UInt8], _ kind: String) throws(StatusError) -> JSONDocument {
        let document: JSONDocument
        do {
            document = try JSONDocument(bytes)
        } catch {
            throw .badRequest(
                "the object provided is unrecognized (must be of type \(kind)): couldn't get version/kind; json parse error: \(error)"
            )
        }
        guard document.root.kind == .object else {
            throw .badRequest("the object provided is unrecognized (must be of type \(kind)): it is not a JSON object")
        }
        return document
    }
}

/// Media types, as Accept and Content-Type carry them.
struct MediaType: Sendable {
    let base: String
    let parameters: [String: String]

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.trimmingSpaces }
        base = parts.first.map { $0.lowercased() } ?? ""
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            guard let at = part.firstIndex(of: "=") else { continue }
            parameters[part[..<at].lowercased()] = String(part[part.index(after: at)...])
        }
        self.parameters = parameters
    }

    static func base(_ text: String) -> String { MediaType(text[...]).base }
    /// The alternatives of an Accept header, in its order (clients list what they prefer first).
    static func alternatives(_ header: String) -> [MediaType] { header.split(separator: ",").map(MediaType.init) }
}

extension Substring {
    var trimmingSpaces: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

extension APIServer {
    /// Turns a body into an object of the resource's kind with its defaults, in the version that is kept, or says why it is none.
    func decode(
        _ body: RequestBody, as resource: ServedResource, _ options: WriteOptions
    ) throws(StatusError) -> (object: JSONValue, warnings: [String]) {
        // Protobuf has no form for custom resources.
        let document = try body.document(
            kind: resource.kind, schema: resource.definition.isCustom ? nil : resource.schema,
            type: resource.definition.type)
        let (object, warnings) = try decode(
            document, kind: resource.kind, apiVersion: resource.definition.apiVersion, schema: resource.schema,
            type: resource.definition.type, options)
        let told = resource.warning.isEmpty ? warnings : warnings + [resource.warning]
        return (resource.storedForm(object), told)
    }

    func decode(
        _ document: JSONDocument, kind: String, apiVersion: String, schema: Schema, type: Int, _ options: WriteOptions
    ) throws(StatusError) -> (object: JSONValue, warnings: [String]) {
        let root = document.root
        let version = apiVersion.split(separator: "/").last ?? ""
        func cannot(_ reason: String, _ givenKind: String? = nil, _ givenVersion: String? = nil) -> StatusError {
            .badRequest(
                "\(givenKind ?? kind) in version \"\(givenVersion ?? String(version))\" cannot be handled as a \(kind): \(reason)"
            )
        }
        let givenKind = root["kind"].string ?? ""
        let givenVersion = root["apiVersion"].string ?? ""
        if !givenVersion.isEmpty, givenVersion != apiVersion {
            throw cannot(
                "no kind \"\(givenKind.isEmpty ? kind : givenKind)\" is known in version \"\(givenVersion)\" here; use \(apiVersion)",
                givenKind.isEmpty ? nil : givenKind, givenVersion)
        }
        if !givenKind.isEmpty, givenKind != kind {
            throw cannot("the path is for \(kind) objects", givenKind)
        }
        var decoder = Decoder(schema)
        var object: JSONValue
        do {
            object = try decoder.decode(root, type: type)
        } catch {
            throw cannot(error.message)
        }
        object["kind"] = .string(kind)
        object["apiVersion"] = .string(apiVersion)
        // An empty list is a wish, not an absent one: it ends the tracking of fields.
        if root["metadata"]["managedFields"].kind == .array, root["metadata"]["managedFields"].count == 0 {
            object["metadata"]["managedFields"] = []
        }
        guard options.fieldValidation != .ignore else { return (object, []) }
        let problems =
            decoder.unknownFields.prefix(100).map { "unknown field \"\($0)\"" }
            + document.duplicateFields(limit: 100).map { "duplicate field \"\($0)\"" }
        if problems.isEmpty { return (object, []) }
        if options.fieldValidation == .strict {
            throw cannot("strict decoding error: " + problems.joined(separator: ", "))
        }
        return (object, problems)
    }
}
