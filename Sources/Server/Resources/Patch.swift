internal import API
internal import JSON

extension APIServer {
    func patch(
        _ resource: ServedResource, namespace: String?, name: String, subresource: String?, _ type: PatchType, _ body: [UInt8],
        _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        let change = try parse(type, body)
        return try await update(resource, namespace: namespace, name: name, subresource: subresource, caller, options) {
            (current) throws(StatusError) in
            var value = current.root.value
            try self.apply(change, to: &value, resource.schema, resource.definition.type)
            // Only a version that the patch itself brings is insisted on; otherwise it is applied to whatever is newest.
            if value["metadata"]["resourceVersion"].string == current.root["metadata"]["resourceVersion"].string {
                value["metadata"].remove("resourceVersion")
            }
            return try self.decode(.value(value), as: resource, options)
        }
    }

    enum ParsedPatch: Sendable {
        case json(JSONPatch)
        case merge(JSONValue)
        case strategic(JSONValue)
    }

    func parse(_ type: PatchType, _ body: [UInt8]) throws(StatusError) -> ParsedPatch {
        let patch: JSONValue
        do {
            patch = try JSONValue(parsing: body)
        } catch {
            throw .badRequest("error decoding patch: \(error)")
        }
        switch type {
        case .json: return .json(try JSONPatch(patch))
        case .merge:
            guard patch.object != nil else { throw .badRequest("error decoding patch: a merge patch is a JSON object") }
            return .merge(patch)
        case .strategic:
            guard patch.object != nil else { throw .badRequest("error decoding patch: a strategic merge patch is a JSON object") }
            return .strategic(patch)
        case .apply: throw .notImplemented("server-side apply is not implemented yet: use kubectl apply without --server-side")
        }
    }

    func apply(_ patch: ParsedPatch, to value: inout JSONValue, _ schema: Schema, _ type: Int) throws(StatusError) {
        switch patch {
        case .json(let patch): try patch.apply(to: &value)
        case .merge(let patch): mergePatch(&value, with: patch)
        case .strategic(let patch): try StrategicMergePatch(schema).apply(patch, to: &value, type: type)
        }
    }
}
