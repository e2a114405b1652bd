internal import API
internal import JSON
internal import Store

/// A Pod takes over what its RuntimeClass says it costs, and where it can run.
/// https://kubernetes.io/docs/concepts/containers/runtime-class/
struct RuntimeClassAdmission: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "pods" else { return }
        func refuse(_ problem: String) -> StatusError {
            .forbidden(context.resource.definition, object["metadata"]["name"].string ?? "", problem)
        }
        var runtimeClass = JSONValue.null
        if let name = object["spec"]["runtimeClassName"].string, !name.isEmpty {
            guard let stored = context.server.store.get("runtimeclasses.node.k8s.io", name),
                let root = try? JSONDocument(stored.bytes).root
            else { throw refuse("pod rejected: RuntimeClass \"\(name)\" not found") }
            runtimeClass = root.value
        }
        let overhead = runtimeClass["overhead"]["podFixed"]
        if !object["spec"]["overhead"].isNull, object["spec"]["overhead"] != overhead {
            throw refuse(
                overhead.isNull
                    ? "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                    : "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        if !overhead.isNull { object["spec"]["overhead"] = overhead }
        for (label, value) in runtimeClass["scheduling"]["nodeSelector"].object ?? [:] {
            let own = object["spec"]["nodeSelector"][label]
            guard own.isNull || own == value else {
                throw refuse(
                    "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[\(label)] = \(value.string ?? ""); "
                        + "pod.spec.nodeSelector[\(label)] = \(own.string ?? "")")
            }
            object["spec"]["nodeSelector"][label] = value
        }
        let own = object["spec"]["tolerations"].array ?? []
        let more = (runtimeClass["scheduling"]["tolerations"].array ?? []).filter { !own.contains($0) }
        if !more.isEmpty { object["spec"]["tolerations"] = .array(own + more) }
    }
}
