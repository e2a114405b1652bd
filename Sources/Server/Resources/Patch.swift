internal import API
internal import JSON

extension APIServer {
    func patch(
        _ resource: ServedResource, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ body: [UInt8],
        _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        let change = try parse(type, body, options)
        var options = options
        (options.isPatch, options.apiVersion) = (true, resource.definition.apiVersion)
        if case .apply(let configuration) = change {
            return try await apply(
                configuration, to: resource, namespace: namespace, name: name, subresource: subresource, caller, options
            )
        }
        let patchOptions = options
        return try await update(resource, namespace: namespace, name: name, subresource: subresource, caller, options) {
            (current) throws(StatusError) in
            var value = resource.servedForm(current.root.value)
            try self.apply(change, to: &value, resource.schema, resource.definition.type)
            Self.forgetRevision(&value, of: current)
            return try self.decode(.value(value), as: resource, patchOptions)
        }
    }

    /// The revision that a patched object came from is no demand of the client's: when somebody else writes in between, the
    /// patch is made again. One that names a revision finds another one then, and fails.
    private static func forgetRevision(_ value: inout JSONValue, of current: JSONDocument) {
        if value["metadata"]["resourceVersion"].string == current.root["metadata"]["resourceVersion"].string {
            value["metadata"].remove("resourceVersion")
        }
    }

    enum ParsedPatch: Sendable {
        case json(JSONPatch)
        case merge(JSONValue)
        case strategic(JSONValue)
        case apply(JSONValue)
    }

    func parse(_ type: PatchType, _ body: [UInt8], _ options: WriteOptions) throws(StatusError) -> ParsedPatch {
        if type == .apply {
            if options.fieldManager.isEmpty {
                throw .invalid(
                    kind: "PatchOptions", group: "meta.k8s.io", "",
                    [.required(FieldPath("fieldManager"), "is required for apply patch")])
            }
            return .apply(try Self.configuration(body, options))
        }
        if options.force != nil {
            throw .invalid(
                kind: "PatchOptions", group: "meta.k8s.io", "",
                [.forbidden(FieldPath("force"), "may not be specified for non-apply patch")])
        }
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
        case .strategic, .apply:
            guard patch.object != nil else {
                throw .badRequest("error decoding patch: a strategic merge patch is a JSON object")
            }
            return .strategic(patch)
        }
    }

    func apply(_ patch: ParsedPatch, to value: inout JSONValue, _ schema: Schema, _ type: Int) throws(StatusError) {
        switch patch {
        case .json(let patch): try patch.apply(to: &value)
        case .merge(let patch): mergePatch(&value, with: patch)
        case .strategic(let patch): try StrategicMergePatch(schema).apply(patch, to: &value, type: type)
        case .apply: throw .internalError("a configuration is applied to a whole object")
        }
    }
}
