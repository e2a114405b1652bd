internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Judges nodes by their heartbeats, and taints those where pods should not be.
///
/// A node whose Lease was not renewed for 40 s is taken for lost: its conditions become Unknown. Taints follow the
/// conditions and `spec.unschedulable`.
/// https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller
final class NodeLifecycle: ClusterController, Reconciler {
    /// How long a node may be silent, in seconds (upstream's `--node-monitor-grace-period`).
    static let grace = 40.0
    static let leaseNamespace = "kube-node-lease"
    /// Where the index has the nodes that are not ready: with thousands of nodes few are, and only they are looked at when
    /// another one changes.
    private static let notReady = "not ready"

    private let client: any ObjectClient
    private let time: any TimeSource
    private let nodes: Reflector<Object>
    /// When the lease was renewed, by the node's clock: only used to see that it was.
    private let leases: Reflector<String>
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    /// When each node was last heard of, by our clock: the clocks of nodes may be wrong.
    private let heard = Mutex<[String: Double]>([:])
    private let pace = EvictionPace()

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "node-controller", time: time)
        nodes = Reflector(
            client, .nodes, time: time, index: { EvictionPace.isReady($0) ? [] : [Self.notReady] })
        leases = Reflector(client, .leases, namespace: Self.leaseNamespace, time: time) {
            $0["spec"]["renewTime"].string ?? ""
        }
        nodes.onChange { [weak self] in self?.nodeChanged($0) }
        leases.onChange { [weak self] change in
            if let renewed = change.new, renewed != change.old { self?.hear(splitKey(change.key).name) }
        }
    }

    func run() async { await Controller("node-lifecycle", queue, workers: 4, self).run(following: [nodes, leases]) }

    private func hear(_ name: String) {
        let now = time.uptime
        heard.withLock { $0[name] = now }
    }

    private func nodeChanged(_ change: Reflector<Object>.Change) {
        guard let node = change.new else { return heard.withLock { _ = $0.removeValue(forKey: change.key) } }
        let beat = node.condition("Ready")["lastHeartbeatTime"].string
        if change.old == nil || beat != change.old?.condition("Ready")["lastHeartbeatTime"].string { hear(change.key) }
        queue.add(change.key)
        // How many others are ready decides about those that are not.
        if change.old.map(EvictionPace.isReady) ?? false != EvictionPace.isReady(node) {
            for other in nodes.values(at: Self.notReady) { queue.add(other.name) }
        }
    }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        guard let node = nodes[name] else { return .done }
        let silence = time.uptime - (heard.withLock { $0[name] } ?? time.uptime)
        var wait: Double?
        do throws(StatusError) {
            var current = node
            if silence >= Self.grace, !node.condition("Ready")["status"].equals("Unknown") {
                current = try await markLost(name, node)
            }
            wait = try await setTaints(name, current)
            if !current.condition("Ready")["status"].equals("True") { try await markPods(of: name) }
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        if silence < Self.grace { wait = min(wait ?? .infinity, Self.grace - silence) }
        return wait.map { .requeue(after: $0) } ?? .done
    }

    private func markLost(_ name: String, _ node: Object) async throws(StatusError) -> Object {
        let now = time.now
        let lost = try await client.modify(.nodes, namespace: nil, name: name, subresource: "status") { node in
            var isChanged = false
            for type in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
                let wasPosted = node["status"]["conditions"].array?.contains { $0["type"].string == type } ?? false
                let condition =
                    wasPosted
                    ? Condition(
                        type, "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.")
                    : Condition(
                        type, "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status.")
                let isUnknown = node["status"]["conditions"].array?.contains {
                    $0["type"].string == type && $0["status"] == "Unknown"
                }
                if isUnknown != true, node.setCondition(condition, now: now) { isChanged = true }
            }
            return isChanged
        }
        recorder.event(node, reason: "NodeNotReady", "Node \(name) status is now: NodeNotReady")
        return lost
    }

    /// Nobody should send requests to the Pods of a node that does not answer for them.
    private func markPods(of name: String) async throws(StatusError) {
        let now = time.now
        let pods = try await client.list(
            .pods, namespace: nil, ListOptions(fieldSelector: FieldSelector("spec.nodeName", equals: name)))
        for pod in pods.items where pod.condition("Ready")["status"].equals("True") {
            do throws(StatusError) {
                try await client.modify(.pods, namespace: pod.namespace, name: pod.name, subresource: "status") {
                    object in
                    guard object["metadata"]["uid"].string == pod.uid,
                        let index = object["status"]["conditions"].array?.firstIndex(where: { $0["type"] == "Ready" }),
                        object["status"]["conditions"][index]["status"] == "True"
                    else { return false }
                    object["status"]["conditions"][index]["status"] = "False"
                    object["status"]["conditions"][index]["lastTransitionTime"] = .string(now.description)
                    return true
                }
            } catch { if error.code != 404 { throw error } }
            recorder.event(pod, .warning, reason: "NodeNotReady", "Node is not ready")
        }
    }

    /// When to look again, if more is to be done later.
    private func setTaints(_ name: String, _ node: Object) async throws(StatusError) -> Double? {
        let now = time.now
        var decision = EvictionPace.Decision.spare
        if !EvictionPace.isReady(node) {
            decision = pace.decide(
                node, isEvicted: NodeTaints.isEvicted(node), among: nodes.values.filter { $0.name != name } + [node],
                uptime: time.uptime)
        }
        let evicts = decision == .evict
        if NodeTaints.edited(node.value, evicts: evicts, now: now) != nil {
            try await client.modify(.nodes, namespace: nil, name: name) { node in
                guard let taints = NodeTaints.edited(node, evicts: evicts, now: now) else { return false }
                if taints.isEmpty { node["spec"].remove("taints") } else { node["spec"]["taints"] = .array(taints) }
                return true
            }
        }
        if case .wait(let seconds) = decision { return seconds }
        return nil
    }
}
