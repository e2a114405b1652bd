internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Removes pods that no node will remove: those of nodes that are gone or marked as out of service, those deleted before they
/// had a node, and the oldest of too many finished ones.
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
final class PodGC: ClusterController, Reconciler {
    /// How many finished pods may stay (upstream's `--terminated-pod-gc-threshold`).
    static let maximumTerminated = 12_500
    /// How long a node must be gone before its pods are taken for lost, in seconds.
    static let quarantine = 40.0

    struct Pod: Sendable {
        let uid: String
        let nodeName: String
        let isTerminal: Bool
        let isBeingDeleted: Bool
        let created: String

        init(_ pod: Object) {
            uid = pod.uid
            nodeName = pod["spec"]["nodeName"].string ?? ""
            let phase = pod["status"]["phase"]
            isTerminal = phase.equals("Succeeded") || phase.equals("Failed")
            isBeingDeleted = pod.isBeingDeleted
            created = pod.metadata["creationTimestamp"].string ?? ""
        }
    }

    private let client: any ObjectClient
    private let time: any TimeSource
    private let pods: View<Pod>
    /// Whether each is known to be down: it is not ready, and somebody says that it will not come back as it was (KEP-2268).
    private let nodes: Reflector<Bool>
    private let queue: WorkQueue<String>
    private let terminated = Mutex(0)
    private let maximumTerminated: Int
    /// Stands for all finished pods in the queue; no pod has such a key.
    private static let allTerminated = "*"

    convenience init(_ environment: Environment) {
        self.init(environment, maximumTerminated: Self.maximumTerminated)
    }

    init(_ environment: Environment, maximumTerminated: Int) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        self.maximumTerminated = maximumTerminated
        pods = View(environment.shared.pods) { Pod($0) }
        nodes = Reflector(client, .nodes, time: time) { node in
            !node.condition("Ready")["status"].equals("True")
                && node["spec"]["taints"].elements.contains { $0["key"].equals("node.kubernetes.io/out-of-service") }
        }
        pods.onChange { [weak self] in self?.podChanged($0) }
        nodes.onChange { [weak self] change in
            if change.new == nil { self?.nodeGone(change.key) }
            if change.new == true, change.old != true { self?.nodeGone(change.key, after: 0) }
        }
    }

    func run() async {
        let controller = Controller("pod-gc", queue, self)
        await withTaskGroup { group in
            group.addTask { await controller.run(following: [self.nodes, self.pods]) }
            group.addTask {
                await self.nodes.waitForSync()
                await self.pods.waitForSync()
                for (key, pod) in self.pods.snapshot { self.look(key, at: pod, from: nil) }
            }
        }
    }

    private func podChanged(_ change: Reflector<Pod>.Change) {
        let difference = (change.new?.isTerminal == true ? 1 : 0) - (change.old?.isTerminal == true ? 1 : 0)
        let count = terminated.withLock { count in
            count += difference
            return count
        }
        if difference > 0, count > maximumTerminated { queue.add(Self.allTerminated) }
        // Before the nodes are known nothing can be said of their pods.
        if let pod = change.new, nodes.hasSynced { look(change.key, at: pod, from: change.old) }
    }

    private func look(_ key: String, at pod: Pod, from old: Pod?) {
        if pod.nodeName.isEmpty {
            if pod.isBeingDeleted { queue.add(key) }
        } else if pod.isBeingDeleted, nodes[pod.nodeName] == true {
            queue.add(key)
        } else if old?.nodeName != pod.nodeName, nodes[pod.nodeName] == nil {
            queue.add(key, after: Self.quarantine)
        }
    }

    private func nodeGone(_ name: String, after delay: Double = PodGC.quarantine) {
        for (key, pod) in pods.snapshot where pod.nodeName == name { queue.add(key, after: delay) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        if key == Self.allTerminated {
            try await deleteOldest()
        } else if let pod = pods[key] {
            if pod.nodeName.isEmpty {
                // Who waits for its end, by a finalizer, must see one.
                if pod.isBeingDeleted {
                    if !pod.isTerminal { try await fail(key, pod, isDisrupted: false) }
                    try await delete(key, pod)
                }
            } else if pod.isBeingDeleted, nodes[pod.nodeName] == true {
                if !pod.isTerminal { try await fail(key, pod, isDisrupted: false) }
                try await delete(key, pod)
            } else if try await isGone(pod.nodeName) {
                if !pod.isTerminal { try await fail(key, pod) }
                try await delete(key, pod)
            }
        }
        return .done
    }

    private func isGone(_ node: String) async throws(StatusError) -> Bool {
        if nodes[node] != nil { return false }
        do throws(StatusError) {
            _ = try await client.get(.nodes, namespace: nil, name: node)
            return false
        } catch  where error.code == 404 {
            return true
        }
    }

    /// Whoever owns the pod sees why it is over.
    private func fail(_ key: String, _ pod: Pod, isDisrupted: Bool = true) async throws(StatusError) {
        let (namespace, name) = splitKey(key)
        let now = time.now
        do throws(StatusError) {
            try await client.modify(.pods, namespace: namespace, name: name, subresource: "status") { object in
                guard object["metadata"]["uid"].string == pod.uid else { return false }
                object["status"]["phase"] = "Failed"
                guard isDisrupted else { return true }
                object.setCondition(
                    Condition(
                        "DisruptionTarget", true, reason: "DeletionByPodGC", message: "PodGC: node no longer exists"),
                    now: now)
                return true
            }
        } catch  where error.code == 404 {}
    }

    private func deleteOldest() async throws(StatusError) {
        let finished = pods.snapshot.filter { $0.value.isTerminal }
        let excess = finished.count - maximumTerminated
        guard excess > 0 else { return }
        for (key, pod) in finished.sorted(by: { ($0.value.created, $0.key) < ($1.value.created, $1.key) }).prefix(
            excess)
        {
            try await delete(key, pod)
        }
    }

    private func delete(_ key: String, _ pod: Pod) async throws(StatusError) {
        let (namespace, name) = splitKey(key)
        do throws(StatusError) {
            try await client.delete(
                .pods, namespace: namespace, name: name, DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
        } catch  where error.code == 404 || error.code == 409 {}
    }
}
