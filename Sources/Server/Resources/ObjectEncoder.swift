internal import API
internal import JSON
internal import Store

/// Writes an object as it is stored and served: type first, then metadata with the place for its revision.
enum ObjectEncoder {
    static func encode(_ object: JSONValue, attributes: (JSONRef) -> Attributes) throws(StatusError) -> Encoded {
        var writer = JSONWriter(capacity: 1024)
        let offset = write(object, to: &writer, resourceVersion: "")
        do {
            let document = try JSONDocument(writer.bytes)
            return Encoded(bytes: writer.bytes, revisionOffset: offset, attributes: attributes(document.root))
        } catch {
            throw .internalError("an object could not be encoded: \(error)")
        }
    }

    /// The object with a given resourceVersion; nil leaves it out.
    static func bytes(_ object: JSONValue, resourceVersion: String?) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        _ = write(object, to: &writer, resourceVersion: resourceVersion)
        return writer.bytes
    }

    /// The offset of the resourceVersion's text.
    private static func write(_ object: JSONValue, to writer: inout JSONWriter, resourceVersion: String?) -> Int {
        var offset = -1
        writer.beginObject()
        for key in ["kind", "apiVersion"] {
            writer.key(key)
            writer.value(object[key])
        }
        if let metadata = object["metadata"].object {
            writer.key("metadata")
            writer.beginObject()
            let leading = ["name", "generateName", "namespace", "uid"]
            for key in leading {
                guard let value = metadata[key] else { continue }
                writer.key(key)
                writer.value(value)
            }
            if let resourceVersion {
                writer.key("resourceVersion")
                writer.string(resourceVersion)
                offset = writer.bytes.count - 1 - resourceVersion.utf8.count
            }
            for (key, value) in metadata where key != "resourceVersion" && !leading.contains(key) {
                writer.key(key)
                writer.value(value)
            }
            writer.endObject()
        }
        for (key, value) in object.object ?? [:] where key != "kind" && key != "apiVersion" && key != "metadata" {
            writer.key(key)
            writer.value(value)
        }
        writer.endObject()
        return offset
    }

    /// The same stored bytes under another resourceVersion: an object that leaves a watch's selection is sent as it was,
    /// with the revision of the change.
    static func bytes(of object: StoredObject, atRevision revision: Int64) -> [UInt8] {
        guard let document = try? JSONDocument(object.bytes) else { return object.bytes }
        let range = document.root["metadata"]["resourceVersion"].byteRange
        guard range.count > 2 else { return object.bytes }
        var bytes = object.bytes
        bytes.replaceSubrange(range.dropFirst().dropLast(), with: String(revision).utf8)
        return bytes
    }
}
