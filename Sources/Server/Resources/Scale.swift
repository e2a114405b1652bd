internal import API
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import Store

/// autoscaling/v1 Scale: the same small object for everything that has replicas.
extension APIServer {
    func serveScale(
        _ resource: ServedResource, _ target: ResourcePath, _ verb: String, _ caller: Caller, _ request: HTTPRequest,
        _ query: Query
    ) throws(StatusError) -> Reply {
        let name = target.name ?? ""
        if verb == "get" {
            let object = try get(resource, namespace: target.namespace, name: name)
            return .now(Self.json(try Self.scale(of: object.bytes).encoded()))
        }
        var options = try WriteOptions(
            query, kind: verb == "patch" ? "PatchOptions" : "UpdateOptions",
            userAgent: request.headers.first(name: "user-agent"))
        options.managedSubresource = "scale"
        let written = options
        let body = Self.body(request)
        let bytes = Array(request.body.readableBytesView)
        let patch = verb == "patch" ? try parse(try Self.patchType(request), bytes, options) : nil
        guard let type = resource.schema.type(named: "autoscaling.v1.Scale") else { throw .noSuchPath }
        return .later {
            await Self.answer { () async throws(StatusError) in
                let options = written
                if case .apply(let configuration)? = patch {
                    return try await self.applyScale(configuration, resource, target.namespace, name, caller, options)
                }
                let result = try await self.update(
                    resource, namespace: target.namespace, name: name, subresource: nil, caller, options
                ) { (current) throws(StatusError) in
                    var wanted = RequestBody.value([:])
                    if let patch {
                        var scale = try Self.scale(of: current.bytes)
                        try self.apply(patch, to: &scale, resource.schema, type)
                        wanted = .value(scale)
                    } else {
                        wanted = body
                    }
                    let scale = try self.decodeOther(
                        wanted, "autoscaling.v1.Scale", kind: "Scale", apiVersion: "autoscaling/v1", resource, options)
                    var validator = Validator(resource.schema)
                    validator.validate(scale, type: type)
                    if !validator.errors.isEmpty {
                        throw .invalid(kind: "Scale", group: "autoscaling", name, validator.errors)
                    }
                    var object = current.root.value
                    // A patch is made again on a newer revision.
                    let isOwn =
                        patch != nil && scale["metadata"]["resourceVersion"] == object["metadata"]["resourceVersion"]
                    if let version = scale["metadata"]["resourceVersion"].string, !version.isEmpty, !isOwn {
                        object["metadata"]["resourceVersion"] = .string(version)
                    } else {
                        object["metadata"].remove("resourceVersion")
                    }
                    object["spec"]["replicas"] = .int(scale["spec"]["replicas"].int ?? 0)
                    return (object, [])
                }
                return Self.json(try Self.scale(of: result.bytes).encoded())
            }
        }
    }

    /// Who applies a Scale applies the number of replicas, and nothing else.
    private func applyScale(
        _ configuration: JSONValue, _ resource: ServedResource, _ namespace: String?, _ name: String, _ caller: Caller,
        _ options: WriteOptions
    ) async throws(StatusError) -> HTTPResponse {
        try Self.checkType(configuration, kind: "Scale", apiVersion: "autoscaling/v1")
        let scale = try decodeOther(
            .value(configuration), "autoscaling.v1.Scale", kind: "Scale", apiVersion: "autoscaling/v1", resource,
            options)
        var wanted: JSONValue = [
            "apiVersion": .string(resource.definition.apiVersion), "kind": .string(resource.kind),
            "metadata": configuration["metadata"],
        ]
        if configuration["spec"].has("replicas") {
            wanted["spec"]["replicas"] = .int(scale["spec"]["replicas"].int ?? 0)
        }
        let parent = wanted
        let result = try await update(
            resource, namespace: namespace, name: name, subresource: nil, caller, options, isApplied: true
        ) { (current) throws(StatusError) in
            try self.merge(parent, into: current, resource, nil, options)
        }
        return Self.json(try Self.scale(of: result.bytes).encoded())
    }

    private static func scale(of bytes: [UInt8]) throws(StatusError) -> JSONValue {
        guard let root = try? JSONDocument(bytes).root else { throw .internalError("the object cannot be read") }
        let metadata = root["metadata"]
        var scale: JSONValue = [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": [:], "spec": [:], "status": [:],
        ]
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] where metadata[field].exists {
            scale["metadata"][field] = metadata[field].value
        }
        if let replicas = root["spec"]["replicas"].int, replicas != 0 { scale["spec"]["replicas"] = .int(replicas) }
        scale["status"]["replicas"] = .int(root["status"]["replicas"].int ?? 0)
        let selector = root["spec"]["selector"]
        let text =
            selector["matchLabels"].exists || selector["matchExpressions"].exists
            ? LabelSelector(selector) : LabelSelector(matchLabels: selector)
        if !text.isEmpty { scale["status"]["selector"] = .string(text.description) }
        return scale
    }
}
