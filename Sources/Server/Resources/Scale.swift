internal import API
internal import HTTP
internal import JSON
internal import NIOCore
internal import Store

/// autoscaling/v1 Scale: the same small object for everything that has replicas.
extension APIServer {
    func serveScale(
        _ resource: ServedResource, _ target: ResourcePath, _ verb: String, _ caller: Caller, _ request: HTTPRequest, _ query: Query
    ) throws(StatusError) -> Reply {
        let name = target.name ?? ""
        if verb == "get" {
            let object = try get(resource, namespace: target.namespace, name: name)
            return .now(Self.json(try Self.scale(of: object.bytes).encoded()))
        }
        let options = try WriteOptions(query, kind: verb == "patch" ? "PatchOptions" : "UpdateOptions")
        let body = Self.body(request)
        let bytes = Array(request.body.readableBytesView)
        let patch = verb == "patch" ? try parse(try Self.patchType(request), bytes) : nil
        guard let type = resource.schema.type(named: "autoscaling.v1.Scale") else { throw .noSuchPath }
        return .later {
            await Self.answer { () async throws(StatusError) in
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
                    if let version = scale["metadata"]["resourceVersion"].string, !version.isEmpty {
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

    private static func scale(of bytes: [UInt8]) throws(StatusError) -> JSONValue {
        guard let root = try? JSONDocument(bytes).root else { throw .internalError("the object cannot be read") }
        let metadata = root["metadata"]
        var scale: JSONValue = ["kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": [:], "spec": [:], "status": [:]]
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] where metadata[field].exists {
            scale["metadata"][field] = metadata[field].value
        }
        if let replicas = root["spec"]["replicas"].int, replicas != 0 { scale["spec"]["replicas"] = .int(replicas) }
        scale["status"]["replicas"] = .int(root["status"]["replicas"].int ?? 0)
        let selector = root["spec"]["selector"]
        let text = selector["matchLabels"].exists || selector["matchExpressions"].exists ? LabelSelector(selector) : LabelSelector(matchLabels: selector)
        if !text.isEmpty { scale["status"]["selector"] = .string(text.description) }
        return scale
    }
}
