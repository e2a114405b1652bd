internal import API
internal import Client
internal import JSON

/// What the scheduler knows of a pod, read once from the object.
final class PodInfo: Sendable {
    let key: String
    let namespace: String
    let name: String
    let uid: String
    let resourceVersion: String
    /// Empty until the pod is bound.
    let nodeName: String
    let priority: Int
    let requests: Resources
    let hostPorts: [HostPort]
    /// Succeeded or Failed: it needs nothing any more.
    let isTerminal: Bool
    /// What it takes to place the pod; nil unless this scheduler is to do that now.
    let demand: Demand?

    init(_ pod: Object) {
        let spec = pod["spec"]
        (key, namespace, name, uid) = (pod.key, pod.namespace, pod.name, pod.uid)
        resourceVersion = pod.resourceVersion
        nodeName = spec["nodeName"].string ?? ""
        priority = spec["priority"].int ?? 0
        let phase = pod["status"]["phase"]
        isTerminal = phase.equals("Succeeded") || phase.equals("Failed")
        requests = isTerminal ? Resources() : Resources(podSpec: spec)
        hostPorts = isTerminal ? [] : HostPort.all(spec)
        let isOurs = (spec["schedulerName"].string ?? Scheduler.name) == Scheduler.name
        let isPending =
            isOurs && nodeName.isEmpty && !isTerminal && !pod.isBeingDeleted && spec["schedulingGates"].count == 0
        demand = isPending ? Demand(pod, requests, hostPorts) : nil
    }

    /// Whether the pod takes room on its node.
    var isPlaced: Bool { !nodeName.isEmpty && !isTerminal }

    var reference: ObjectReference {
        ObjectReference(
            kind: "Pod", namespace: namespace, name: name, uid: uid, resourceVersion: resourceVersion)
    }
}

/// Where a pod wants to be.
struct Demand: Sendable {
    /// Pods with equal signatures fit on the same nodes.
    struct Signature: Hashable, Sendable {
        let requests: Resources
        let hostPorts: [HostPort]
        /// The text of nodeSelector, affinity and tolerations.
        let text: [UInt8]
    }
    let signature: Signature
    let tolerations: [Toleration]
    let nodeSelector: LabelSelector
    /// One of them must match; nil when the pod does not say.
    let required: [NodeSelectorTerm]?
    let preferred: [(weight: Int, term: NodeSelectorTerm)]
    /// What the condition PodScheduled=False says already.
    let reported: String?

    init(_ pod: Object, _ requests: Resources, _ hostPorts: [HostPort]) {
        let spec = pod["spec"]
        let nodeAffinity = spec["affinity"]["nodeAffinity"]
        var text: [UInt8] = []
        for part in [spec["nodeSelector"], nodeAffinity, spec["tolerations"]] {
            text += part.rawBytes
            text.append(0)
        }
        signature = Signature(requests: requests, hostPorts: hostPorts, text: text)
        tolerations = spec["tolerations"].elements.map(Toleration.init)
        nodeSelector = LabelSelector(matchLabels: spec["nodeSelector"])
        let required = nodeAffinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        self.required = required.exists ? required.elements.map(NodeSelectorTerm.init) : nil
        preferred = nodeAffinity["preferredDuringSchedulingIgnoredDuringExecution"].elements.map {
            ($0["weight"].int ?? 0, NodeSelectorTerm($0["preference"]))
        }
        let condition = pod.condition("PodScheduled")
        reported = condition["status"].equals("False") ? condition["message"].string ?? "" : nil
    }
}

/// A port of the node that a container wants.
struct HostPort: Hashable, Sendable {
    let ip: String
    let proto: String
    let port: Int

    /// An address of one host conflicts with all addresses (0.0.0.0).
    func conflicts(with other: HostPort) -> Bool {
        port == other.port && proto == other.proto && (ip == other.ip || ip == "0.0.0.0" || other.ip == "0.0.0.0")
    }

    static func all(_ spec: JSONRef) -> [HostPort] {
        var found: [HostPort] = []
        func collect(_ container: JSONRef) {
            for port in container["ports"].elements {
                guard let number = port["hostPort"].int, number > 0 else { continue }
                let ip = port["hostIP"].string ?? ""
                found.append(
                    HostPort(ip: ip.isEmpty ? "0.0.0.0" : ip, proto: port["protocol"].string ?? "TCP", port: number))
            }
        }
        for container in spec["containers"].elements { collect(container) }
        for container in spec["initContainers"].elements where container["restartPolicy"].equals("Always") {
            collect(container)
        }
        return found
    }
}

/// core/v1 NodeSelectorTerm: everything in it must match; an empty one matches nothing.
struct NodeSelectorTerm: Sendable {
    private let labels: LabelSelector
    /// Names that the node must have one of, or none of.
    private let names: [(isIn: Bool, values: [String])]
    private let isEmpty: Bool

    init(_ term: JSONRef) {
        labels = LabelSelector(matchExpressions: term["matchExpressions"])
        // `metadata.name` is the only field there is.
        names = term["matchFields"].elements.map {
            ($0["operator"].equals("In"), $0["values"].elements.compactMap(\.string))
        }
        isEmpty = term["matchExpressions"].count == 0 && names.isEmpty
    }

    func matches(_ node: Node) -> Bool {
        !isEmpty && labels.matches { node.labels[$0] } && names.allSatisfy { $0.values.contains(node.name) == $0.isIn }
    }
}
