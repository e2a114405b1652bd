internal import API
internal import JSON

/// The taints that say what a node's conditions say.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
enum NodeTaints {
    private static let ready = "node.kubernetes.io/not-ready"
    private static let unreachable = "node.kubernetes.io/unreachable"
    private static let unschedulable = "node.kubernetes.io/unschedulable"
    private static let pressures = [
        "MemoryPressure": "node.kubernetes.io/memory-pressure", "DiskPressure": "node.kubernetes.io/disk-pressure",
        "PIDPressure": "node.kubernetes.io/pid-pressure",
        "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
    ]
    private static let managed = Set([ready, unreachable, unschedulable] + pressures.values)

    /// Whether the node was told to give up its Pods because it does not answer.
    static func isEvicted(_ node: Object) -> Bool {
        node["spec"]["taints"].elements.contains {
            $0["effect"].equals("NoExecute") && ($0["key"].equals(ready) || $0["key"].equals(unreachable))
        }
    }

    /// The node's taints as they should be; nil when they are. Taints of others stay. `evicts`: a node that is not ready gives up
    /// its Pods.
    static func edited(_ node: JSONValue, evicts: Bool, now: Time) -> [JSONValue]? {
        func status(_ type: String) -> String? {
            node["status"]["conditions"].array?.first { $0["type"].string == type }?["status"].string
        }
        var wanted: [(key: String, effect: String)] = []
        // A node that has not said anything yet is not ready.
        let readiness = status("Ready")
        if readiness != "True" {
            let key = readiness == "Unknown" ? unreachable : ready
            wanted.append((key, "NoSchedule"))
            if evicts { wanted.append((key, "NoExecute")) }
        }
        if node["spec"]["unschedulable"].bool == true { wanted.append((unschedulable, "NoSchedule")) }
        for (type, key) in pressures.sorted(by: { $0.key < $1.key }) where status(type) == "True" {
            wanted.append((key, "NoSchedule"))
        }

        let old = node["spec"]["taints"].array ?? []
        var taints = old.filter { taint in
            guard let key = taint["key"].string, managed.contains(key) else { return true }
            return wanted.contains { $0.key == key && $0.effect == taint["effect"].string }
        }
        for (key, effect) in wanted
        where !taints.contains(where: { $0["key"].string == key && $0["effect"].string == effect }) {
            var taint: JSONValue = ["key": .string(key), "effect": .string(effect)]
            if effect == "NoExecute" || key == unschedulable { taint["timeAdded"] = .string(now.description) }
            taints.append(taint)
        }
        return taints == old ? nil : taints
    }
}
