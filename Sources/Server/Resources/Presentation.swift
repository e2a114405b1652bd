internal import API
internal import JSON
internal import Store

/// The forms in which a client can ask for objects.
enum Presentation: Sendable {
    case full
    case partialMetadata
    case table(includeObject: String)

    static let offered = "application/json, application/yaml"

    /// Picks the first alternative of Accept that can be served (406 otherwise). `yaml` tells the content type: every JSON
    /// text is YAML.
    static func negotiate(_ accept: String?, _ query: Query) throws(StatusError) -> (Presentation, yaml: Bool) {
        guard let accept, !accept.isEmpty, accept != "*/*", accept != "application/json" else { return (.full, false) }
        for type in MediaType.alternatives(accept) {
            let yaml = type.base == "application/yaml"
            guard yaml || ["application/json", "*/*", "application/*"].contains(type.base) else { continue }
            switch type.parameters["as"] {
            case nil: return (.full, yaml)
            case "Table"?:
                if type.parameters["v"] != "v1" { continue }
                let include = query["includeObject"] ?? "Metadata"
                guard ["None", "Metadata", "Object"].contains(include) else {
                    throw .badRequest(
                        "the parameter includeObject must be None, Metadata or Object, not \"\(include)\"")
                }
                return (.table(includeObject: include), yaml)
            case "PartialObjectMetadata"?, "PartialObjectMetadataList"?: return (.partialMetadata, yaml)
            default: continue
            }
        }
        throw .notAcceptable(offered)
    }

    /// One object.
    func render(_ bytes: [UInt8], _ resource: ServedResource) -> [UInt8] {
        let bytes = resource.served(bytes)
        switch self {
        case .full: return bytes
        case .partialMetadata: return Self.metadata(bytes)
        case .table(let include):
            return Table.render(resource, [bytes], include, resourceVersion: nil, continuation: nil, remaining: 0)
        }
    }

    /// `kind` PartialObjectMetadata with the object's metadata.
    static func metadata(_ bytes: [UInt8]) -> [UInt8] {
        guard let root = try? JSONDocument(bytes).root else { return bytes }
        return Array(#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#.utf8)
            + root["metadata"].rawBytes + Array("}".utf8)
    }

    /// A list, in pieces of some 256 KiB: stored bytes one behind the other.
    func render(_ snapshot: Snapshot, _ resource: ServedResource, selects: Bool) -> [[UInt8]] {
        var continuation: String?
        if snapshot.more, let last = snapshot.objects.last {
            continuation = ContinueToken(revision: snapshot.revision, after: last.key).text
        }
        let remaining = selects ? 0 : snapshot.remaining
        if case .table(let include) = self {
            return [
                Table.render(
                    resource, snapshot.objects.map { resource.served($0.bytes) }, include,
                    resourceVersion: String(snapshot.revision),
                    continuation: continuation, remaining: remaining)
            ]
        }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("kind")
        if case .partialMetadata = self {
            writer.string("PartialObjectMetadataList")
            writer.key("apiVersion")
            writer.string("meta.k8s.io/v1")
        } else {
            writer.string(resource.definition.listKind.isEmpty ? resource.kind + "List" : resource.definition.listKind)
            writer.key("apiVersion")
            writer.string(resource.definition.apiVersion)
        }
        writer.key("metadata")
        Self.writeListMeta(&writer, String(snapshot.revision), continuation, remaining)
        writer.key("items")
        var piece = writer.bytes + [UInt8(ascii: "[")]
        var pieces: [[UInt8]] = []
        let pieceSize = 256 << 10
        for (index, object) in snapshot.objects.enumerated() {
            if piece.count >= pieceSize {
                pieces.append(piece)
                piece = []
                piece.reserveCapacity(pieceSize + 8192)
            }
            if index > 0 { piece.append(UInt8(ascii: ",")) }
            if case .partialMetadata = self {
                piece += Self.metadata(object.bytes)
            } else {
                piece += resource.served(object.bytes)
            }
        }
        piece += Array("]}".utf8)
        pieces.append(piece)
        return pieces
    }

    static func writeListMeta(_ writer: inout JSONWriter, _ revision: String, _ continuation: String?, _ remaining: Int)
    {
        writer.beginObject()
        writer.key("resourceVersion")
        writer.string(revision)
        if let continuation {
            writer.key("continue")
            writer.string(continuation)
            if remaining > 0 {
                writer.key("remainingItemCount")
                writer.int(remaining)
            }
        }
        writer.endObject()
    }
}
