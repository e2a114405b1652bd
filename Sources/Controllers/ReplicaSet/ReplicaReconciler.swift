internal import API
internal import Client
internal import JSON

/// Creates and deletes Pods until there are as many as an owner wants, and counts them in its status.
final class ReplicaReconciler: Reconciler {
    /// How many Pods one look creates or deletes at most.
    static let burst = 500

    private let resource: ResourceName
    private let component: String
    private let client: any ObjectClient
    private let time: any TimeSource
    private let owners: Reflector<Object>
    private let pods: Reflector<Object>
    private let queue: WorkQueue<String>
    private let control: PodControl
    private let claims: Claims
    private let selector: @Sendable (Object) -> LabelSelector

    init(
        _ environment: Environment, component: String, kind: String, _ resource: ResourceName,
        _ owners: Reflector<Object>, selector: @escaping @Sendable (Object) -> LabelSelector
    ) {
        (self.resource, self.component, self.owners, self.selector) = (resource, component, owners, selector)
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        pods = environment.shared.pods
        control = PodControl(
            client: client, recorder: Recorder(client, component: component, time: time), pods: pods)
        claims = Claims(client: client, resource: .pods, copy: pods, ownerResource: resource)
        let finder = OwnerFinder(kind: kind, owners: owners, selector: selector)
        let queue = queue
        owners.onChange { queue.add($0.key) }
        pods.onChange { for key in finder.keys($0) { queue.add(key) } }
    }

    func run() async { await Controller(component, queue, workers: 8, self).run(following: [owners, pods]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        try await lookingAgain { () async throws(StatusError) in try await look(key) }
    }

    private func look(_ key: String) async throws(StatusError) -> ReconcileResult {
        guard let owner = owners[key] else { return .done }
        var owned = try await claims.owned(by: owner, selector(owner)).map { Pod($0) }
        var active = owned.filter(\.isActive)
        let wanted = owner["spec"]["replicas"].int ?? 1
        var failure: StatusError?
        if !owner.isBeingDeleted, active.count != wanted {
            do throws(StatusError) {
                try await manage(owner, active, wanted)
            } catch {
                failure = error
            }
            owned = pods.values(at: owner.uid).map { Pod($0) }
            active = owned.filter(\.isActive)
        }
        try await writeStatus(owner, owned, active, wanted, failure)
        if let failure { throw failure }
        return active.secondsUntilNextAvailable(owner["spec"]["minReadySeconds"].int ?? 0, time.now)
            .map { .requeue(after: $0) } ?? .done
    }

    private func manage(_ owner: Object, _ active: [Pod], _ wanted: Int) async throws(StatusError) {
        if active.count < wanted {
            let pod = PodControl.pod(template: owner["spec"]["template"].value, owner: owner)
            try await control.create(min(wanted - active.count, Self.burst), owner: owner) { _ in pod }
        } else if active.count > wanted {
            let victims = PodRanking(related: related(owner, active), now: time.now)
                .sorted(active).prefix(min(active.count - wanted, Self.burst))
            try await control.delete(Array(victims), owner: owner)
        }
    }

    /// The Pods of all ReplicaSets of the same Deployment: of two on one node, one is the better to delete.
    private func related(_ owner: Object, _ active: [Pod]) -> [Pod] {
        guard let parent = owner.controllerUID else { return active }
        return owners.values(at: parent).flatMap { pods.values(at: $0.uid) }.map { Pod($0) }.filter(\.isActive)
    }

    private func writeStatus(
        _ owner: Object, _ owned: [Pod], _ active: [Pod], _ wanted: Int, _ failure: StatusError?
    ) async throws(StatusError) {
        let now = time.now
        let minReady = owner["spec"]["minReadySeconds"].int ?? 0
        let labels = owner["spec"]["template"]["metadata"]["labels"].members.map { ($0.key, $0.value.string ?? "") }
        let counts: [(String, Int)] = [
            ("fullyLabeledReplicas", active.count { pod in labels.allSatisfy { pod.object.label($0.0) == $0.1 } }),
            ("readyReplicas", active.count(where: \.isReady)),
            ("availableReplicas", active.count { $0.isAvailable(minReadySeconds: minReady, now: now) }),
        ]
        let terminating = owned.count(where: \.isTerminating)
        try await client.updateStatus(resource, owner, owners) { object in
            object["status"]["replicas"] = .int(active.count)
            for (field, count) in counts {
                if count > 0 { object["status"][field] = .int(count) } else { object["status"].remove(field) }
            }
            // Upstream counts them for ReplicaSets alone (KEP-3973).
            if resource == .replicaSets { object["status"]["terminatingReplicas"] = .int(terminating) }
            object["status"]["observedGeneration"] = .int(owner.generation)
            if let failure {
                if !owner.condition("ReplicaFailure").exists {
                    object.setCondition(
                        Condition(
                            "ReplicaFailure", true, reason: active.count < wanted ? "FailedCreate" : "FailedDelete",
                            message: failure.message), now: now)
                }
            } else {
                object.removeCondition("ReplicaFailure")
                if object["status"]["conditions"].isEmptyContainer { object["status"].remove("conditions") }
            }
        }
    }
}
