public import API
public import Client
public import JSON
internal import Synchronization

/// The scale of everything that has `spec.replicas`.
extension MemoryAPI: ScaleClient {
    private func find(_ target: ScaleTarget) throws(StatusError) -> (ResourceName, Object) {
        let found = state.withLock { state in
            state.objects.first { key, object in
                key.resource.group == target.group && object.kind == target.kind
                    && object.namespace == target.namespace && object["spec"]["replicas"].exists
            }?.key.resource
        }
        guard let resource = found else { throw target.noMatch }
        guard let object = object(resource, target.namespace + "/" + target.name) else {
            throw .notFound(group: target.group, resource: resource.plural, target.name)
        }
        return (resource, object)
    }

    private static func scale(_ object: Object) throws(StatusError) -> Object {
        let scale: JSONValue = [
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": [
                "name": .string(object.name), "namespace": .string(object.namespace), "uid": .string(object.uid),
                "resourceVersion": .string(object.resourceVersion),
            ], "spec": ["replicas": object["spec"]["replicas"].value],
            "status": [
                "replicas": object["spec"]["replicas"].value,
                "selector": .string(LabelSelector(object["spec"]["selector"]).description),
            ],
        ]
        do { return try Object(parsing: scale.encoded()) } catch { throw .internalError("\(error)") }
    }

    public func scale(of target: ScaleTarget) async throws(StatusError) -> Object {
        try Self.scale(try find(target).1)
    }

    @discardableResult
    public func setScale(of target: ScaleTarget, _ scale: JSONValue) async throws(StatusError) -> Object {
        let (resource, object) = try find(target)
        var value = object.value
        value["spec"]["replicas"] = scale["spec"]["replicas"]
        return try Self.scale(
            try await update(
                resource, namespace: target.namespace, name: target.name, subresource: nil, value))
    }
}
