public import API
public import Client
internal import JSON
internal import Store

/// An object of a new cluster, with the resource that it is one of.
typealias DefaultObject = (resource: String, object: JSONValue)

extension APIServer {
    /// The namespaces that every cluster has.
    public func createSystemNamespaces() async throws(StatusError) {
        guard let namespaces = registry.find(groupResource: "namespaces") else { return }
        let caller = Caller(user: "system:apiserver", groups: ["system:masters"])
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"]
        where store.get("namespaces", name) == nil {
            let object: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            _ = try await create(
                namespaces, namespace: nil, .value(object), caller, WriteOptions(manager: "kube-apiserver"))
        }
    }

    /// Makes the objects that are missing, and writes what `complete` makes of those that are there.
    func reconcile(
        _ objects: [DefaultObject], _ options: WriteOptions,
        _ complete: @escaping @Sendable (_ current: JSONValue, _ wanted: JSONValue) -> JSONValue
    ) async {
        let caller = Caller(user: "system:apiserver", groups: ["system:masters"])
        // Together, so that they share commits.
        await withTaskGroup { group in
            for (groupResource, object) in objects {
                guard let resource = registry.find(groupResource: groupResource) else { continue }
                group.addTask {
                    let (namespace, name) = (
                        object["metadata"]["namespace"].string, object["metadata"]["name"].string ?? ""
                    )
                    if self.store.get(resource.storeName, resource.key(namespace, name)) == nil {
                        _ = try? await self.create(resource, namespace: namespace, .value(object), caller, options)
                        return
                    }
                    _ = try? await self.update(
                        resource, namespace: namespace, name: name, subresource: nil, caller, options
                    ) { current throws(StatusError) in (complete(current.root.value, object), []) }
                }
            }
        }
    }

    /// The resource of a kind, and whether it lives in namespaces.
    public func resource(apiVersion: String, kind: String) -> (ResourceName, isNamespaced: Bool)? {
        registry.all.first {
            $0.definition.kind == kind && $0.definition.apiVersion == apiVersion && $0.definition.verbs.contains("get")
        }.map {
            (
                ResourceName($0.definition.name, group: $0.definition.group, version: $0.definition.version),
                $0.definition.isNamespaced
            )
        }
    }

    /// Every stored resource once, for controllers that look after all kinds.
    public var watchableResources: [ResourceName] {
        var seen: Set<String> = []
        return registry.all.compactMap { resource in
            let definition = resource.definition
            guard definition.verbs.contains("watch"), definition.verbs.contains("delete"),
                seen.insert(definition.groupResource).inserted
            else {
                return nil
            }
            return ResourceName(definition.name, group: definition.group, version: definition.version)
        }
    }
}
