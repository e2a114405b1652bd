internal import API
internal import Client
internal import JSON

/// A DaemonSet as one look of its controller sees it.
struct DaemonSet: Sendable {
    let object: Object

    init(_ object: Object) { self.object = object }

    var spec: JSONRef { object["spec"] }
    var selector: LabelSelector { LabelSelector(spec["selector"]) }
    var minReadySeconds: Int { spec["minReadySeconds"].int ?? 0 }
    var historyLimit: Int { spec["revisionHistoryLimit"].int ?? 10 }
    var isRolling: Bool { !spec["updateStrategy"]["type"].equals("OnDelete") }

    static let hashLabel = "controller-revision-hash"
    static let generationLabel = "pod-template-generation"

    /// How many nodes may have two Pods, and how many none, during an update.
    func bounds(nodes: Int) -> (surge: Int, unavailable: Int) {
        guard isRolling else { return (0, 0) }
        let update = spec["updateStrategy"]["rollingUpdate"]
        let surge = update["maxSurge"].scaled(of: nodes, roundUp: true) ?? 0
        let unavailable = update["maxUnavailable"].scaled(of: nodes, roundUp: true) ?? 1
        return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable)
    }

    /// A Pod that the scheduler can bind to this node alone.
    func pod(node: String, hash: String) -> JSONValue {
        var pod = PodControl.pod(template: spec["template"].value, owner: object)
        pod["metadata"]["labels"][Self.hashLabel] = .string(hash)
        if let generation = object.annotation("deprecated.daemonset.template.generation") {
            pod["metadata"]["labels"][Self.generationLabel] = .string(generation)
        }
        let field: JSONValue = ["key": "metadata.name", "operator": "In", "values": [.string(node)]]
        pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = [
            "nodeSelectorTerms": [["matchFields": [field]]]
        ]
        let given = pod["spec"]["tolerations"].array ?? []
        let more = NodeFit.tolerations(hostNetwork: pod["spec"]["hostNetwork"].bool ?? false)
        pod["spec"]["tolerations"] = .array(given + more.filter { !given.contains($0) })
        return pod
    }

    /// The node a Pod is on or meant for.
    static func node(of pod: Pod) -> String? {
        if !pod.nodeName.isEmpty { return pod.nodeName }
        let required =
            pod.object["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        for term in required["nodeSelectorTerms"].elements {
            for field in term["matchFields"].elements where field["key"].equals("metadata.name") {
                return field["values"][0].string
            }
        }
        return nil
    }
}
