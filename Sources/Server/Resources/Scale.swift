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
            return .now(Self.json(try Self.scale(of: object.bytes, resource.definition).encoded()))
        }
        var options = try WriteOptions(
            query, kind: verb == "patch" ? "PatchOptions" : "UpdateOptions",
            userAgent: request.headers.first(name: "user-agent"))
        options.managedSubresource = "scale"
        let written = options
        let body = Self.body(request)
        let bytes = Array(request.body.readableBytesView)
        let patch = verb == "patch" ? try parse(try Self.patchType(request, resource), bytes, options) : nil
        return .later {
            await Self.answer { () async throws(StatusError) in
                if case .apply(let configuration)? = patch {
                    return try await self.applyScale(configuration, resource, target.namespace, name, caller, written)
                }
                return Self.json(
                    try await self.writeScale(resource, target.namespace, name, body, patch, caller, written).encoded())
            }
        }
    }

    /// Sets the replicas that `body` says, or that `patch` makes of the present ones. Returns the new Scale.
    func writeScale(
        _ resource: ServedResource, _ namespace: String?, _ name: String, _ body: RequestBody, _ patch: ParsedPatch?,
        _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> JSONValue {
        guard let type = resource.schema.type(named: "autoscaling.v1.Scale") else { throw .noSuchPath }
        let result = try await update(
            resource, namespace: namespace, name: name, subresource: nil, caller, options
        ) { (current) throws(StatusError) in
            var wanted = body
            if let patch {
                var scale = try Self.scale(of: current.bytes, resource.definition)
                try self.apply(patch, to: &scale, resource.schema, type)
                wanted = .value(scale)
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
            let isOwn = patch != nil && scale["metadata"]["resourceVersion"] == object["metadata"]["resourceVersion"]
            if let version = scale["metadata"]["resourceVersion"].string, !version.isEmpty, !isOwn {
                object["metadata"]["resourceVersion"] = .string(version)
            } else {
                object["metadata"].remove("resourceVersion")
            }
            Self.set(resource.definition, replicas: scale["spec"]["replicas"].int ?? 0, in: &object)
            return (object, [])
        }
        return try Self.scale(of: result.bytes, resource.definition)
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
            Self.set(resource.definition, replicas: scale["spec"]["replicas"].int ?? 0, in: &wanted)
        }
        let parent = wanted
        let result = try await update(
            resource, namespace: namespace, name: name, subresource: nil, caller, options, isApplied: true
        ) { (current) throws(StatusError) in
            try self.merge(parent, into: current, resource, nil, options)
        }
        return Self.json(try Self.scale(of: result.bytes, resource.definition).encoded())
    }

    private static func set(_ definition: ResourceDefinition, replicas: Int, in object: inout JSONValue) {
        func set(_ path: ArraySlice<String>, _ value: inout JSONValue) {
            guard let key = path.first else {
                value = .int(replicas)
                return
            }
            set(path.dropFirst(), &value[key])
        }
        set(definition.scale?.specReplicas[...] ?? ["spec", "replicas"], &object)
    }

    static func scale(of bytes: [UInt8], _ definition: ResourceDefinition) throws(StatusError) -> JSONValue {
        guard let root = try? JSONDocument(bytes).root else { throw .internalError("the object cannot be read") }
        let metadata = root["metadata"]
        var scale: JSONValue = [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": [:], "spec": [:], "status": [:],
        ]
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] where metadata[field].exists {
            scale["metadata"][field] = metadata[field].value
        }
        func number(_ path: [String]) -> Int? { path.reduce(root) { $0[$1] }.int }
        guard let paths = definition.scale else {
            if let replicas = number(["spec", "replicas"]), replicas != 0 {
                scale["spec"]["replicas"] = .int(replicas)
            }
            scale["status"]["replicas"] = .int(number(["status", "replicas"]) ?? 0)
            scale["status"]["selector"] = selector(of: root)
            if scale["status"]["selector"].isNull { scale["status"].remove("selector") }
            return scale
        }
        guard let replicas = number(paths.specReplicas) else {
            throw .internalError(
                "the spec replicas field \".\(paths.specReplicas.joined(separator: "."))\" does not exist")
        }
        if replicas != 0 { scale["spec"]["replicas"] = .int(replicas) }
        scale["status"]["replicas"] = .int(number(paths.statusReplicas) ?? 0)
        if let text = paths.selector?.reduce(root, { $0[$1] }).string, !text.isEmpty {
            scale["status"]["selector"] = .string(text)
        }
        return scale
    }

    /// A workload's selector as the text that lists take; null when it selects nothing in particular.
    private static func selector(of root: JSONRef) -> JSONValue {
        let selector = root["spec"]["selector"]
        let text =
            selector["matchLabels"].exists || selector["matchExpressions"].exists
            ? LabelSelector(selector) : LabelSelector(matchLabels: selector)
        return text.isEmpty ? nil : .string(text.description)
    }
}
