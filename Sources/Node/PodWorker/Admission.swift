internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Whether a pod that was bound to this node can run here: the last check, made once, before anything is started.
/// The checks are those of the GeneralPredicates that upstream shares between its scheduler and its kubelet.
final class Admission: Sendable {
    struct Rejection: Sendable, Equatable {
        let reason: String
        let message: String
    }
    private struct State {
        var capacity: [String: Quantity] = [:]
        var labels: [String: String] = [:]
        /// What each admitted pod asks for.
        var requests: [String: [String: Quantity]] = [:]
        /// Pods that would take more when somebody leaves.
        var deferred: [String: @Sendable () -> Void] = [:]

        /// What is to be said when the node has not enough for a pod beside the others.
        func shortage(of resource: String, _ wanted: [String: Quantity], _ uid: String) -> String? {
            guard let wanted = wanted[resource], wanted > .zero, let capacity = capacity[resource] else { return nil }
            let used = requests.filter { $0.key != uid }.values.reduce(Quantity.zero) { $0 + ($1[resource] ?? .zero) }
            guard capacity < used + wanted else { return nil }
            return "Node didn't have enough resource: \(resource), requested: \(Self.amount(wanted, resource)), "
                + "used: \(Self.amount(used, resource)), capacity: \(Self.amount(capacity, resource))"
        }

        /// As messages have it.
        static func amount(_ quantity: Quantity, _ resource: String) -> Int {
            resource == "cpu" ? quantity.milliValue : quantity.value
        }
    }
    private let state = Mutex(State())
    private let nodeName: String

    init(nodeName: String) { self.nodeName = nodeName }

    /// What the node can give, and its labels.
    func update(allocatable: [String: Quantity], labels: [String: String]) {
        state.withLock { ($0.capacity, $0.labels) = (allocatable, labels) }
    }

    var labels: [String: String] { state.withLock { $0.labels } }

    /// Counts the pod without a check: it runs already.
    func add(_ pod: Object) {
        let requests = Self.requests(of: pod)
        state.withLock { $0.requests[pod.uid] = requests }
    }

    func remove(_ uid: String) {
        let waiting = state.withLock { state in
            guard state.requests.removeValue(forKey: uid) != nil else { return [@Sendable () -> Void]() }
            defer { state.deferred = [:] }
            return Array(state.deferred.values)
        }
        for wake in waiting { wake() }
    }

    /// Takes what a pod asks for now in place of what it has; refused, it keeps that.
    /// - Parameter wake: called when a resize that was put off may be possible.
    func resize(_ pod: Object, wake: @escaping @Sendable () -> Void) -> Rejection? {
        let requests = Self.requests(of: pod)
        return state.withLock { state in
            for resource in requests.keys.sorted() where resource != "pods" {
                guard let wanted = requests[resource], wanted > .zero, let capacity = state.capacity[resource],
                    wanted > state.requests[pod.uid]?[resource] ?? .zero
                else { continue }
                if capacity < wanted {
                    return Rejection(
                        reason: "Infeasible",
                        message:
                            "Node didn't have enough capacity: \(resource), requested: \(State.amount(wanted, resource)), "
                            + "capacity: \(State.amount(capacity, resource))")
                }
                guard let shortage = state.shortage(of: resource, requests, pod.uid) else { continue }
                state.deferred[pod.uid] = wake
                return Rejection(reason: "Deferred", message: shortage)
            }
            state.requests[pod.uid] = requests
            state.deferred[pod.uid] = nil
            return nil
        }
    }

    func admit(_ pod: Object) -> Rejection? {
        let requests = Self.requests(of: pod)
        return state.withLock { state in
            for resource in requests.keys.sorted() {
                if let shortage = state.shortage(of: resource, requests, pod.uid) {
                    return Rejection(reason: "OutOf\(resource)", message: shortage)
                }
            }
            if !Self.selects(pod, state.labels, nodeName) {
                return Rejection(
                    reason: "NodeAffinity",
                    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
            }
            state.requests[pod.uid] = requests
            return nil
        }
    }

    /// Of all that its containers ask for, and one of the node's pods.
    static func requests(of pod: Object) -> [String: Quantity] {
        var names: Set<String> = ["cpu", "memory"]
        for container in pod.initContainers + pod.mainContainers {
            for list in ["requests", "limits"] {
                for (name, _) in container.spec["resources"][list].members { names.insert(name) }
            }
        }
        var requests = ["pods": Quantity(1)]
        for name in names { requests[name] = podRequest(pod, name) }
        return requests
    }

    /// nodeSelector and the required node affinity.
    static func selects(_ pod: Object, _ labels: [String: String], _ nodeName: String) -> Bool {
        if !LabelSelector(matchLabels: pod.spec["nodeSelector"]).matches({ labels[$0] }) { return false }
        let required = pod.spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        return !required.exists || matches(required, labels, nodeName)
    }

    /// Whether one of the terms of a NodeSelector fits the node.
    static func matches(_ required: JSONRef, _ labels: [String: String], _ nodeName: String) -> Bool {
        required["nodeSelectorTerms"].elements.contains { term in
            let (expressions, fields) = (term["matchExpressions"], term["matchFields"])
            return expressions.count + fields.count > 0
                && LabelSelector(matchExpressions: expressions).matches { labels[$0] }
                && LabelSelector(matchExpressions: fields).matches { $0 == "metadata.name" ? nodeName : nil }
        }
    }
}
