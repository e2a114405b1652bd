internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Keeps the status of PodDisruptionBudgets: how many Pods may be evicted now.
/// https://kubernetes.io/docs/tasks/run-application/configure-pdb/
final class DisruptionController: ClusterController, Reconciler {
    /// A Pod whose eviction was granted has so many seconds to be deleted.
    static let deletionTimeout = 120.0

    struct Pod: Sendable {
        let labels: [String: String]
        let owner: OwnerReference?
        let isBeingDeleted: Bool
        let isReady: Bool

        init(_ pod: Object) {
            labels = Dictionary(pod.metadata["labels"].members.map { ($0.key, $0.value.string ?? "") }) { $1 }
            owner = pod.controllerReference
            isBeingDeleted = pod.isBeingDeleted
            isReady = pod.condition("Ready")["status"].equals("True")
        }
    }

    private let client: any ObjectClient
    private let time: any TimeSource
    private let budgets: Reflector<Object>
    private let pods: View<Pod>
    private let scales: ExpectedScale
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    /// Keys of Pods by namespace.
    private let byNamespace = Mutex<[String: Set<String>]>([:])

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "controllermanager", time: time)
        budgets = Reflector(client, .podDisruptionBudgets, time: time)
        pods = View(environment.shared.pods) { Pod($0) }
        scales = ExpectedScale(client, environment.scales)
        budgets.onChange { [queue] in queue.add($0.key) }
        pods.onChange { [weak self] in self?.podChanged($0) }
    }

    func run() async { await Controller("disruption", queue, self).run(following: [budgets, pods]) }

    private func podChanged(_ change: Reflector<Pod>.Change) {
        guard let namespace = splitKey(change.key).namespace else { return }
        byNamespace.withLock { known in
            if change.new == nil { known[namespace]?.remove(change.key) }
            if change.new != nil, change.old == nil { known[namespace, default: []].insert(change.key) }
        }
        guard budgets.count > 0 else { return }
        for (key, budget) in budgets.snapshot where budget.namespace == namespace {
            let selector = LabelSelector(budget["spec"]["selector"])
            if [change.old, change.new].contains(where: { pod in
                pod.map { p in selector.matches { p.labels[$0] } } ?? false
            }) {
                queue.add(key)
            }
        }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let cached = budgets[key] else { return .done }
        let budget: Object
        do throws(StatusError) {
            budget = try await client.get(.podDisruptionBudgets, namespace: cached.namespace, name: cached.name)
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        let selector = LabelSelector(budget["spec"]["selector"])
        let selected = byNamespace.withLock { $0[budget.namespace] ?? [] }.compactMap { key in
            pods[key].map { (name: splitKey(key).name, pod: $0) }
        }.filter { entry in selector.matches { entry.pod.labels[$0] } }
        if selected.isEmpty { recorder.event(budget, reason: "NoPods", "No matching pods found") }
        do {
            let wanted = try await desired(budget, selected.map(\.pod))
            return try await write(budget, selected, wanted)
        } catch let error as ExpectedScale.Problem {
            recorder.event(
                budget, .warning, reason: "CalculateExpectedPodCountFailed",
                "Failed to calculate the number of expected pods: \(error)")
            // Nothing is evicted while nobody knows how many there should be.
            try await client.modify(
                .podDisruptionBudgets, namespace: budget.namespace, name: budget.name, subresource: "status"
            ) { [now = time.now] object in
                var isChanged = object["status"]["disruptionsAllowed"].int != 0
                object["status"]["disruptionsAllowed"] = 0
                if object.setCondition(
                    Condition("DisruptionAllowed", false, reason: "SyncFailed", message: "\(error)"), now: now,
                    observedGeneration: budget.metadata["generation"].int)
                {
                    isChanged = true
                }
                return isChanged
            }
            return .done
        }
    }

    /// How many Pods there should be, and how many of them healthy.
    private func desired(_ budget: Object, _ pods: [Pod]) async throws -> (expected: Int, healthy: Int) {
        let spec = budget["spec"]
        if !spec["maxUnavailable"].isNull {
            let expected = try await scales.sum(of: pods, in: budget.namespace) { self.tellUnmanaged(budget, $0) }
            return (expected, max(0, expected - Self.scaled(spec["maxUnavailable"], of: expected)))
        }
        let minimum = spec["minAvailable"]
        if minimum.isNull { return (pods.count, 0) }
        if let number = minimum.int { return (pods.count, number) }
        let expected = try await scales.sum(of: pods, in: budget.namespace) { self.tellUnmanaged(budget, $0) }
        return (expected, Self.scaled(minimum, of: expected))
    }

    private func tellUnmanaged(_ budget: Object, _ count: Int) {
        recorder.event(
            budget, .warning, reason: "UnmanagedPods",
            "Pods selected by this PodDisruptionBudget (selector: \(budget["spec"]["selector"])) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        )
    }

    /// A number, or a percentage rounded up.
    private static func scaled(_ value: JSONRef, of total: Int) -> Int {
        if let number = value.int { return number }
        guard let text = value.string, text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return 0 }
        return (total * percent + 99) / 100
    }

    private func write(
        _ budget: Object, _ selected: [(name: String, pod: Pod)], _ wanted: (expected: Int, healthy: Int)
    ) async throws(StatusError) -> ReconcileResult {
        let now = time.now
        var wait: Double?
        var object = budget.value
        // Evictions that were granted and have not been carried out yet.
        var disrupted: JSONObject = [:]
        for (name, since) in budget["status"]["disruptedPods"].members {
            guard let entry = selected.first(where: { $0.name == name }), !entry.pod.isBeingDeleted,
                let granted = since.string.flatMap({ Time($0) })
            else { continue }
            let rest = Self.deletionTimeout - (now - granted)
            if rest > 0 {
                disrupted[name] = since.value
                wait = min(wait ?? .infinity, rest)
            } else {
                recorder.event(
                    ObjectReference(kind: "Pod", namespace: budget.namespace, name: name), .warning,
                    reason: "NotDeleted",
                    "Pod was expected by PDB \(budget.key) to be deleted but it wasn't")
            }
        }
        let healthy = selected.filter { $0.pod.isReady && !$0.pod.isBeingDeleted && disrupted[$0.name] == nil }.count
        let allowed = wanted.expected > 0 ? max(0, healthy - wanted.healthy) : 0
        var status = object["status"]
        status["disruptionsAllowed"] = .int(allowed)
        status["currentHealthy"] = .int(healthy)
        status["desiredHealthy"] = .int(wanted.healthy)
        status["expectedPods"] = .int(wanted.expected)
        if disrupted.isEmpty { status.remove("disruptedPods") } else { status["disruptedPods"] = .object(disrupted) }
        if let generation = budget.metadata["generation"].int { status["observedGeneration"] = .int(generation) }
        object["status"] = status
        object.setCondition(
            Condition("DisruptionAllowed", allowed > 0, reason: allowed > 0 ? "SufficientPods" : "InsufficientPods"),
            now: now, observedGeneration: budget.metadata["generation"].int)
        if object["status"] != budget["status"].value {
            _ = try await client.update(
                .podDisruptionBudgets, namespace: budget.namespace, name: budget.name, subresource: "status", object)
        }
        return wait.map { .requeue(after: $0) } ?? .done
    }
}

/// How many Pods the controllers of some Pods want.
struct ExpectedScale: Sendable {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }
    private let client: any ObjectClient
    private let scales: any ScaleClient

    init(_ client: any ObjectClient, _ scales: any ScaleClient) { (self.client, self.scales) = (client, scales) }

    private static let resources: [String: ResourceName] = [
        "ReplicaSet": ResourceName("replicasets", group: "apps"),
        "Deployment": ResourceName("deployments", group: "apps"),
        "StatefulSet": ResourceName("statefulsets", group: "apps"),
        "ReplicationController": ResourceName("replicationcontrollers"),
    ]

    /// Each controller counts once, a Deployment for its ReplicaSets. `unmanaged` hears of Pods that nobody controls.
    func sum(of pods: [DisruptionController.Pod], in namespace: String, unmanaged: (Int) -> Void) async throws -> Int {
        let missing = pods.filter { $0.owner == nil }.count
        if missing > 0 { unmanaged(missing) }
        var scales: [String: Int] = [:]
        var seen: Set<String> = []
        for owner in pods.compactMap(\.owner) where seen.insert(owner.uid).inserted {
            guard let (uid, replicas) = try await scale(of: owner, in: namespace) else { continue }
            scales[uid] = replicas
        }
        return scales.values.reduce(0, +)
    }

    /// Nil when the controller is gone.
    private func scale(of owner: OwnerReference, in namespace: String) async throws -> (String, Int)? {
        guard let resource = Self.resources[owner.kind] else { return try await otherScale(of: owner, in: namespace) }
        let object: Object
        do throws(StatusError) {
            object = try await client.get(resource, namespace: namespace, name: owner.name)
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
        guard object.uid == owner.uid else { return nil }
        if let above = object.controllerReference, above.kind == "Deployment" {
            return try await scale(of: above, in: namespace)
        }
        return (object.uid, object["spec"]["replicas"].int ?? 1)
    }

    /// Of kinds that say by a subresource what they want, such as custom resources.
    private func otherScale(of owner: OwnerReference, in namespace: String) async throws -> (String, Int)? {
        let target = ScaleTarget(
            apiVersion: owner.apiVersion, kind: owner.kind, namespace: namespace, name: owner.name)
        do throws(StatusError) {
            let scale = try await scales.scale(of: target)
            return scale.uid == owner.uid ? (owner.uid, scale["spec"]["replicas"].int ?? 0) : nil
        } catch {
            if error.reason == ScaleTarget.noMatchReason {
                throw Problem(description: "\(owner.kind).\(target.group) does not implement the scale subresource")
            }
            if error.code == 404 { return nil }
            throw error
        }
    }
}
