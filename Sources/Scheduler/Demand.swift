internal import API
internal import Client
internal import JSON

/// Where a pod wants to be.
final class Demand: Sendable {
    /// Pods with equal signatures fit on the same nodes.
    struct Signature: Hashable, Sendable {
        let requests: Resources
        let hostPorts: [HostPort]
        /// The text of everything else that filters look at.
        let text: [UInt8]
    }
    let signature: Signature
    let tolerations: [Toleration]
    let nodeSelector: LabelSelector
    /// One of them must match; nil when the pod does not say.
    let required: [NodeSelectorTerm]?
    let preferred: [(weight: Int, term: NodeSelectorTerm)]
    let spread: [SpreadConstraint]
    /// The images of its containers, with tags.
    let images: [String]
    let owner: OwnerReference?
    /// Whether it may push out pods of lower priority.
    let mayPreempt: Bool
    /// What the condition PodScheduled=False says already.
    let reported: String?

    init(
        _ pod: Object, _ requests: Resources, _ hostPorts: [HostPort], _ labels: [String: String], _ claims: [String]
    ) {
        let spec = pod["spec"]
        let nodeAffinity = spec["affinity"]["nodeAffinity"]
        var text = Array(pod.namespace.utf8)
        for part in [
            pod.metadata["labels"], spec["nodeSelector"], spec["affinity"], spec["tolerations"], spec["priority"],
            spec["topologySpreadConstraints"], spec["preemptionPolicy"],
        ] {
            text.append(0)
            text += part.rawBytes
        }
        for claim in claims { text += claim.utf8 + [0] }
        signature = Signature(requests: requests, hostPorts: hostPorts, text: text)
        tolerations = spec["tolerations"].elements.map(Toleration.init)
        nodeSelector = LabelSelector(matchLabels: spec["nodeSelector"])
        let required = nodeAffinity["requiredDuringSchedulingIgnoredDuringExecution"]
        self.required = required.exists ? [NodeSelectorTerm](nodeSelector: required) : nil
        preferred = nodeAffinity["preferredDuringSchedulingIgnoredDuringExecution"].elements.map {
            ($0["weight"].int ?? 0, NodeSelectorTerm($0["preference"]))
        }
        spread = spec["topologySpreadConstraints"].elements.map {
            SpreadConstraint($0, namespace: pod.namespace, labels: labels)
        }
        images = (Array(spec["initContainers"].elements) + Array(spec["containers"].elements)).map {
            ImageLocality.normalized($0["image"].string ?? "")
        }
        owner = pod.controllerReference
        mayPreempt = !spec["preemptionPolicy"].equals("Never")
        let condition = pod.condition("PodScheduled")
        reported = condition["status"].equals("False") ? condition["message"].string ?? "" : nil
    }

    /// nodeSelector and required node affinity.
    func selects(_ node: Node) -> Bool {
        nodeSelector.matches { node.labels[$0] } && required?.matches(node) ?? true
    }

    func tolerates(_ node: Node) -> Bool {
        node.taints.allSatisfy { taint in !taint.repels || tolerations.contains { $0.tolerates(taint) } }
    }
}
