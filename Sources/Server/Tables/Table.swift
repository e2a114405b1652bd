internal import API
internal import JSON

/// meta/v1 Table: what kubectl prints. The columns are declared with the resource; a column whose source is no path is computed
/// by the function of that name (Cells).
enum Table {
    static let defaultColumns = [
        Column(name: "Name", type: "string", format: "name", source: ".metadata.name", priority: 0),
        Column(name: "Created At", type: "date", source: ".metadata.creationTimestamp", priority: 0),
    ]

    static func render(
        _ resource: ServedResource, _ objects: [[UInt8]], _ include: String, resourceVersion: String?,
        continuation: String?,
        remaining: Int
    ) -> [UInt8] {
        let columns = resource.definition.columns.isEmpty ? defaultColumns : resource.definition.columns
        let cells = columns.map(resource.definition.isCustom ? Cells.customCell : Cells.cell)
        var writer = JSONWriter(capacity: 256 + objects.count * 512)
        writer.beginObject()
        writer.key("kind")
        writer.string("Table")
        writer.key("apiVersion")
        writer.string("meta.k8s.io/v1")
        writer.key("metadata")
        Presentation.writeListMeta(
            &writer,
            resourceVersion ?? objects.first.flatMap {
                try? JSONDocument($0).root["metadata"]["resourceVersion"].string
            } ?? "",
            continuation, remaining)
        writer.key("columnDefinitions")
        writer.beginArray()
        for column in columns {
            writer.beginObject()
            writer.key("name")
            writer.string(column.name)
            writer.key("type")
            writer.string(column.type)
            writer.key("format")
            writer.string(column.format)
            writer.key("description")
            writer.string(Cells.description(column))
            writer.key("priority")
            writer.int(column.priority)
            writer.endObject()
        }
        writer.endArray()
        writer.key("rows")
        writer.beginArray()
        for bytes in objects {
            guard let root = try? JSONDocument(bytes).root else { continue }
            writer.beginObject()
            writer.key("cells")
            writer.beginArray()
            for cell in cells { writer.value(cell(root)) }
            writer.endArray()
            switch include {
            case "Object":
                writer.key("object")
                writer.raw(bytes)
            case "Metadata":
                writer.key("object")
                writer.raw(Presentation.metadata(bytes))
            default: break
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
