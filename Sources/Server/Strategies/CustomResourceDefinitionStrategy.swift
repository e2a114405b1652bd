internal import API
internal import JSON

/// CustomResourceDefinitions remember which versions their objects may be stored in, and stay until their objects are gone.
struct CustomResourceDefinitionStrategy: Strategy {
    var needsRevision: Bool { true }

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        rememberStorage(&object)
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if context.subresource == nil { rememberStorage(&object) }
    }

    private func rememberStorage(_ object: inout JSONValue) {
        guard let version = (object["spec"]["versions"].array ?? []).first(where: { $0["storage"] == true })?["name"]
        else { return }
        let known = object["status"]["storedVersions"].array ?? []
        if !known.contains(version) { object["status"]["storedVersions"] = .array(known + [version]) }
    }

    /// What is in the definition and has no effect yet.
    func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String] {
        guard context.subresource == nil, object["spec"]["versions"] != old?["spec"]["versions"] else { return [] }
        return (object["spec"]["versions"].array ?? []).enumerated().compactMap { index, version in
            Self.hasRules(version["schema"]["openAPIV3Schema"])
                ? "spec.versions[\(index)].schema.openAPIV3Schema: x-kubernetes-validations are kept, but not evaluated yet"
                : nil
        }
    }

    private static func hasRules(_ schema: JSONValue) -> Bool {
        switch schema {
        case .object(let members):
            !(members["x-kubernetes-validations"]?.array ?? []).isEmpty || members.contains { hasRules($0.value) }
        case .array(let items): items.contains(where: hasRules)
        default: false
        }
    }

    func prepareForDeletion(_ object: inout JSONValue) {
        let finalizers = object["metadata"]["finalizers"].array ?? []
        let own = JSONValue.string(CustomResources.finalizer)
        guard !object["metadata"].has("deletionTimestamp"), !finalizers.contains(own) else { return }
        object["metadata"]["finalizers"] = .array(finalizers + [own])
        let condition: JSONValue = [
            "type": "Terminating", "status": "True", "lastTransitionTime": .string(Time.now.description),
            "reason": "InstanceDeletionPending",
            "message": "the objects of this kind are about to be deleted",
        ]
        object["status"]["conditions"] = .array(
            (object["status"]["conditions"].array ?? []).filter { $0["type"] != "Terminating" } + [condition])
    }
}
