internal import API
internal import JSON

/// Whether a node is one on which a DaemonSet's Pod belongs: by name, selector, required affinity, and taints. Room on it
/// is the scheduler's question.
/// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
struct NodeFit {
    /// A new Pod may go there.
    let shouldRun: Bool
    /// One that is there already may stay.
    let mayStay: Bool

    /// What every daemon's Pod tolerates, so that it is there in hard times too.
    static func tolerations(hostNetwork: Bool) -> [JSONValue] {
        var tolerated = [("not-ready", "NoExecute"), ("unreachable", "NoExecute")]
        for key in ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"] {
            tolerated.append((key, "NoSchedule"))
        }
        if hostNetwork { tolerated.append(("network-unavailable", "NoSchedule")) }
        return tolerated.map { key, effect in
            ["key": .string("node.kubernetes.io/" + key), "operator": "Exists", "effect": .string(effect)]
        }
    }

    init(_ node: Object, template: JSONRef) {
        let spec = template["spec"]
        guard spec["nodeName"].string.map({ $0.isEmpty || $0 == node.name }) ?? true, Self.matches(node, spec) else {
            (shouldRun, mayStay) = (false, false)
            return
        }
        let own = Self.tolerations(hostNetwork: spec["hostNetwork"].bool ?? false)
        let tolerations = spec["tolerations"].elements.map(\.value) + own
        let effects = node["spec"]["taints"].elements.map(\.value).filter { taint in
            ["NoSchedule", "NoExecute"].contains(taint["effect"].string)
                && !tolerations.contains { Self.tolerates($0, taint) }
        }.map { $0["effect"].string }
        (shouldRun, mayStay) = (effects.isEmpty, !effects.contains("NoExecute"))
    }

    private static func matches(_ node: Object, _ spec: JSONRef) -> Bool {
        guard LabelSelector(matchLabels: spec["nodeSelector"]).matches(node.label) else { return false }
        let required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        guard required.exists else { return true }
        return required["nodeSelectorTerms"].elements.contains { term in
            // A term that says nothing matches nothing.
            term["matchExpressions"].count + term["matchFields"].count > 0
                && LabelSelector(matchExpressions: term["matchExpressions"]).matches(node.label)
                && LabelSelector(matchExpressions: term["matchFields"]).matches {
                    $0 == "metadata.name" ? node.name : nil
                }
        }
    }

    private static func tolerates(_ toleration: JSONValue, _ taint: JSONValue) -> Bool {
        let (key, effect) = (toleration["key"].string ?? "", toleration["effect"].string ?? "")
        guard effect.isEmpty || effect == taint["effect"].string, key.isEmpty || key == taint["key"].string else {
            return false
        }
        if toleration["operator"].string == "Exists" { return true }
        return !key.isEmpty && (toleration["value"].string ?? "") == (taint["value"].string ?? "")
    }
}
