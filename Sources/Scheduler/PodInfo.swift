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
    let labels: [String: String]
    /// Empty until the pod is bound.
    let nodeName: String
    let priority: Int
    let requests: Resources
    let hostPorts: [HostPort]
    /// Which pods it wants near and far; nil when it does not say.
    let affinity: PodAffinity?
    /// The keys of the claims that it mounts.
    let claims: [String]
    /// Succeeded or Failed: it needs nothing any more.
    let isTerminal: Bool
    let isBeingDeleted: Bool
    /// It goes because this or another scheduler wanted its place.
    let isPreempted: Bool
    /// When it was started, or else created; for choosing victims.
    let started: String
    /// The node that is being made free for it.
    let nominatedNode: String
    /// What it takes to place the pod; nil unless this scheduler is to do that now.
    let demand: Demand?

    init(_ pod: Object) {
        let (spec, status) = (pod["spec"], pod["status"])
        (key, namespace, name, uid) = (pod.key, pod.namespace, pod.name, pod.uid)
        resourceVersion = pod.resourceVersion
        labels = [String: String](labels: pod.metadata["labels"])
        nodeName = spec["nodeName"].string ?? ""
        priority = spec["priority"].int ?? 0
        let phase = status["phase"]
        isTerminal = phase.equals("Succeeded") || phase.equals("Failed")
        isBeingDeleted = pod.isBeingDeleted
        isPreempted =
            isBeingDeleted && pod.condition("DisruptionTarget")["reason"].equals(Preemption.conditionReason)
        started = status["startTime"].string ?? pod.metadata["creationTimestamp"].string ?? ""
        nominatedNode = status["nominatedNodeName"].string ?? ""
        requests = isTerminal ? Resources() : Resources(podSpec: spec, status: status)
        hostPorts = isTerminal ? [] : HostPort.all(spec)
        affinity = PodAffinity(spec["affinity"], namespace: namespace, labels: labels)
        claims = Self.claims(spec, pod)
        let isOurs = (spec["schedulerName"].string ?? Scheduler.name) == Scheduler.name
        let isPending =
            isOurs && nodeName.isEmpty && !isTerminal && !isBeingDeleted && spec["schedulingGates"].count == 0
        demand = isPending ? Demand(pod, requests, hostPorts, labels, claims) : nil
    }

    /// Whether the pod takes room on its node.
    var isPlaced: Bool { !nodeName.isEmpty && !isTerminal }

    /// Whether it is the same to everybody else on its node.
    func weighsLike(_ other: PodInfo) -> Bool {
        uid == other.uid && nodeName == other.nodeName && priority == other.priority
            && isBeingDeleted == other.isBeingDeleted && isPreempted == other.isPreempted
            && started == other.started && labels == other.labels && requests == other.requests
            && hostPorts == other.hostPorts
    }

    var reference: ObjectReference {
        ObjectReference(
            kind: "Pod", namespace: namespace, name: name, uid: uid, resourceVersion: resourceVersion)
    }

    private static func claims(_ spec: JSONRef, _ pod: Object) -> [String] {
        spec["volumes"].elements.compactMap { volume in
            if let claim = volume["persistentVolumeClaim"]["claimName"].string { return pod.namespace + "/" + claim }
            // A claim of the pod's own has a name made from both.
            return volume["ephemeral"].exists ? pod.key + "-" + (volume["name"].string ?? "") : nil
        }
    }
}

extension [String: String] {
    init(labels: JSONRef) {
        self.init()
        for (key, value) in labels.members { self[key] = value.string }
    }
}
