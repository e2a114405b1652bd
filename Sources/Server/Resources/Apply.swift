internal import API
internal import JSON
internal import Store

/// Server-side apply, and the ownership of fields for every other write.
/// https://kubernetes.io/docs/reference/using-api/server-side-apply/
extension APIServer {
    /// The fields in which the object differs from the old one go to the manager of the request.
    func trackFields(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) {
        let manager = fieldManager(
            context.resource, context.options.managedSubresource ?? context.subresource, context.options)
        guard old == nil, context.resource.definition.hasStatus, object.has("status") else {
            return manager.update(&object, old: old)
        }
        // Who creates an object does not own its status, even where it is kept.
        let status = object["status"]
        object.remove("status")
        manager.update(&object, old: nil)
        object["status"] = status
    }

    private func fieldManager(_ resource: ServedResource, _ subresource: String?, _ options: WriteOptions)
        -> FieldManager
    {
        FieldManager(
            resource.schema, type: resource.definition.type,
            apiVersion: options.apiVersion.isEmpty ? resource.definition.apiVersion : options.apiVersion,
            manager: options.manager,
            subresource: subresource)
    }

    /// The body of an apply request: an object as YAML or JSON.
    static func configuration(_ body: [UInt8], _ options: WriteOptions) throws(StatusError) -> JSONValue {
        let value: JSONValue
        if body.first == UInt8(ascii: "{"), let document = try? JSONDocument(body) {
            let repeated = document.duplicateFields(limit: 10)
            if options.fieldValidation == .strict, !repeated.isEmpty {
                throw .badRequest(
                    "error strict decoding YAML: "
                        + repeated.map { "duplicate field \"\($0)\"" }.joined(separator: ", "))
            }
            value = document.root.value
        } else {
            do {
                value = try YAML.value(body)
            } catch {
                throw .badRequest("error decoding YAML: \(error.message)")
            }
        }
        guard value.object != nil else { throw .badRequest("error decoding YAML: the configuration is not an object") }
        return value
    }

    /// Creates the object when there is none, unless a subresource is applied.
    func apply(
        _ configuration: JSONValue, to resource: ServedResource, namespace: String?, name: String, subresource: String?,
        _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        try Self.checkType(configuration, kind: resource.kind, apiVersion: resource.definition.apiVersion)
        let configuration = Self.reset(configuration, resource, subresource)
        // What one look at the store says may not hold when it is acted upon: then look again.
        for _ in 0..<8 {
            do throws(StatusError) {
                if subresource == nil, store.get(resource.storeName, resource.key(namespace, name)) == nil {
                    return try await create(resource, namespace: namespace, name: name, configuration, caller, options)
                }
                return try await update(
                    resource, namespace: namespace, name: name, subresource: subresource, caller, options,
                    isApplied: true
                ) { (current) throws(StatusError) in
                    try self.merge(configuration, into: current, resource, subresource, options)
                }
            } catch {
                let vanished = error.reason == "NotFound" && subresource == nil && error.name == name
                guard vanished || error.reason == "AlreadyExists" else { throw error }
                if options.isDryRun { throw error }
            }
        }
        throw .conflict(resource.definition, name, StatusError.staleObject)
    }

    /// The current object with the configuration applied to it.
    func merge(
        _ configuration: JSONValue, into current: JSONDocument, _ resource: ServedResource, _ subresource: String?,
        _ options: WriteOptions
    ) throws(StatusError) -> (object: JSONValue, warnings: [String]) {
        var live = resource.servedForm(current.root.value)
        live["metadata"].remove("resourceVersion")
        let manager = fieldManager(resource, options.managedSubresource ?? subresource, options)
        let merged = try manager.apply(configuration, to: live, force: options.force == true)
        return try decode(applied: merged, resource, options)
    }

    private func create(
        _ resource: ServedResource, namespace: String?, name: String, _ configuration: JSONValue, _ caller: Caller,
        _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        var merged = try fieldManager(resource, nil, options).apply(
            configuration, to: nil, force: options.force == true)
        let given = merged["metadata"]["name"].string ?? ""
        if given != name {
            throw .badRequest(
                given.isEmpty
                    ? "the name of the object must be given"
                    : "the name of the object (\(given)) does not match the name on the URL (\(name))")
        }
        if let uid = merged["metadata"]["uid"].string, !uid.isEmpty {
            throw .conflict(
                resource.definition, name,
                "uid mismatch: the provided object specified uid \(uid), and no existing object was found")
        }
        merged["metadata"].remove("resourceVersion")
        let (object, warnings) = try decode(applied: merged, resource, options)
        return try await create(
            resource.stored, namespace: namespace, object: object, warnings, caller, options, isApplied: true)
    }

    private func decode(
        applied merged: JSONValue, _ resource: ServedResource, _ options: WriteOptions
    ) throws(StatusError) -> (object: JSONValue, warnings: [String]) {
        var merged = merged
        let managed = merged["metadata"].remove("managedFields")
        var (object, warnings) = try decode(.value(merged), as: resource, options)
        if let managed { object["metadata"]["managedFields"] = managed }
        return (object, warnings)
    }

    static func checkType(_ configuration: JSONValue, kind: String, apiVersion: String) throws(StatusError) {
        let (givenKind, given) = (configuration["kind"].string ?? "", configuration["apiVersion"].string ?? "")
        if givenKind != kind || given != apiVersion {
            throw .badRequest("invalid object type: \(given.contains("/") ? given : "/" + given), Kind=\(givenKind)")
        }
    }

    /// Leaves out what a request to this path cannot set.
    private static func reset(_ configuration: JSONValue, _ resource: ServedResource, _ subresource: String?)
        -> JSONValue
    {
        var configuration = configuration
        if subresource == "status" {
            for key in configuration.object?.keys ?? []
            where !["apiVersion", "kind", "metadata", "status"].contains(key) {
                configuration.remove(key)
            }
        } else if subresource == nil, resource.definition.hasStatus {
            configuration.remove("status")
        }
        return configuration
    }
}
