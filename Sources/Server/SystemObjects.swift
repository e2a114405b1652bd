public import API
public import Client
internal import JSON
internal import Store

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
