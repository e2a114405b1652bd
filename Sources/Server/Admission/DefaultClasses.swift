internal import API
internal import JSON
internal import Store

/// Claims that name no class get the default one, the newest where there are several.
struct DefaultStorageClass: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "persistentvolumeclaims",
            !object["spec"].has("storageClassName"),
            !object["metadata"]["annotations"].has("volume.beta.kubernetes.io/storage-class"),
            let name = DefaultClass.name(
                among: "storageclasses.storage.k8s.io", context,
                marks: [
                    "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class",
                ])
        else { return }
        object["spec"]["storageClassName"] = .string(name)
    }
}

struct DefaultIngressClass: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "ingresses.networking.k8s.io",
            !object["spec"].has("ingressClassName"),
            !object["metadata"]["annotations"].has("kubernetes.io/ingress.class"),
            let name = DefaultClass.name(
                among: "ingressclasses.networking.k8s.io", context,
                marks: ["ingressclass.kubernetes.io/is-default-class"])
        else { return }
        object["spec"]["ingressClassName"] = .string(name)
    }
}

enum DefaultClass {
    /// The newest class with one of these annotations set to `true`.
    static func name(among resource: String, _ context: WriteContext, marks: [String]) -> String? {
        let store = context.server.store
        if store.count(resource) == 0 { return nil }
        var best: (created: String, name: String)?
        for stored in (try? store.list(resource))?.objects ?? [] {
            guard let metadata = try? JSONDocument(stored.bytes).root["metadata"], let name = metadata["name"].string,
                marks.contains(where: { metadata["annotations"][$0].equals("true") })
            else { continue }
            let created = metadata["creationTimestamp"].string ?? ""
            if best.map({ created > $0.created || created == $0.created && name < $0.name }) ?? true {
                best = (created, name)
            }
        }
        return best?.name
    }
}
