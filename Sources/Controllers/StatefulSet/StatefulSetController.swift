internal import API
internal import Client
internal import JSON

/// Runs Pods with names and claims of their own, in order.
/// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
final class StatefulSetController: ClusterController, Reconciler {
    private let client: any ObjectClient
    private let time: any TimeSource
    private let sets: Reflector<Object>
    private let pods: Reflector<Object>
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    private let claims: Claims
    private let volumeClaims: VolumeClaims
    private let history: History

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        (sets, pods) = (SharedCopies.owners(client, .statefulSets, time), environment.shared.pods)
        recorder = Recorder(client, component: "statefulset-controller", time: time)
        claims = Claims(client: client, resource: .pods, copy: pods, ownerResource: .statefulSets)
        volumeClaims = VolumeClaims(client, recorder, time)
        history = History(
            client, environment.shared.revisions, owners: .statefulSets, hashLabel: StatefulSet.Label.hash)
        let finder = OwnerFinder(kind: "StatefulSet", owners: sets) { LabelSelector($0["spec"]["selector"]) }
        let queue = queue
        sets.onChange { queue.add($0.key) }
        pods.onChange { for key in finder.keys($0) { queue.add(key) } }
    }

    func run() async {
        await Controller("statefulset-controller", queue, workers: 8, self)
            .run(following: [sets, pods, history.copy, volumeClaims.copy])
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        try await lookingAgain { () async throws(StatusError) in try await look(key) }
    }

    private func look(_ key: String) async throws(StatusError) -> ReconcileResult {
        guard let object = sets[key] else { return .done }
        let set = StatefulSet(object)
        let revisions = try await history.state(of: object, set.selector)
        let owned = try await claims.owned(by: object, set.selector) { set.ordinal($0.name) != nil }
        guard !object.isBeingDeleted else { return .done }
        let newest = revisions.newest
        let current =
            revisions.revisions.first { object["status"]["currentRevision"].equals($0.name) } ?? newest
        let failure = await act(set, byOrdinal(set, owned), current: current, newest: newest)
        let now = byOrdinal(set, pods.values(at: object.uid))
        try await writeStatus(set, now, current: current, revisions)
        if let failure { throw failure }
        let inUse = Set(
            now.values.compactMap { $0.object.label(StatefulSet.Label.revision) } + [current.name, newest.name])
        try await history.prune(revisions.revisions, keeping: set.historyLimit) { inUse.contains($0.name) }
        return Array(now.values).secondsUntilNextAvailable(set.minReadySeconds, time.now)
            .map { .requeue(after: $0) } ?? .done
    }

    private func byOrdinal(_ set: StatefulSet, _ pods: [Object]) -> [Int: Pod] {
        var result: [Int: Pod] = [:]
        for pod in pods { if let ordinal = set.ordinal(pod.name) { result[ordinal] = Pod(pod) } }
        return result
    }

    // MARK: Steps

    private func act(
        _ set: StatefulSet, _ pods: [Int: Pod], current: Object, newest: Object
    ) async -> StatusError? {
        do throws(StatusError) {
            for (ordinal, pod) in pods.sorted(by: { $0.key < $1.key }) where pod.isActive {
                try await restoreIdentity(set, ordinal, pod)
                try await volumeClaims.setOwners(set, ordinal, pod)
            }
            let steps = StatefulSetPlan(set: set, pods: pods, revision: newest.name, now: time.now).steps()
            try await PodControl.inBatches(steps.count) { index throws(StatusError) in
                try await self.take(steps[index], set, pods, current: current, newest: newest)
            }
            return nil
        } catch {
            return error
        }
    }

    private func take(
        _ step: StatefulSetPlan.Step, _ set: StatefulSet, _ pods: [Int: Pod], current: Object, newest: Object
    ) async throws(StatusError) {
        switch step {
        case .create(let ordinal):
            // Below the partition, what is lost comes back as it was.
            let isKept = set.isRolling && ordinal < set.start + set.partition
            let revision = isKept ? current : newest
            let pod = set.pod(ordinal, template: History.template(revision), revision: revision.name)
            try await create(set, ordinal, pod)
        case .replace(let ordinal):
            guard let pod = pods[ordinal] else { return }
            recorder.event(
                set.object, .warning, reason: pod.isFailed ? "RecreatingFailedPod" : "RecreatingTerminatedPod",
                "StatefulSet \(set.object.key) is recreating \(pod.isFailed ? "failed" : "terminated") Pod \(pod.name)")
            try await delete(set, pod)
        case .scaleDown(let ordinal), .update(let ordinal):
            if let pod = pods[ordinal] { try await delete(set, pod) }
        }
    }

    private func create(_ set: StatefulSet, _ ordinal: Int, _ pod: JSONValue) async throws(StatusError) {
        let name = set.podName(ordinal)
        do throws(StatusError) {
            try await volumeClaims.create(set, ordinal)
            let created = try await client.create(.pods, namespace: set.object.namespace, pod)
            pods.note(created)
            tell(set, "SuccessfulCreate", "create Pod \(name) in StatefulSet \(set.object.name) successful")
        } catch {
            // One of this name that is not ours, or that the copy does not know yet: its end, or its coming, is told.
            if error.isNamespaceTerminating { return }
            if error.reason != "AlreadyExists" {
                tell(
                    set, "FailedCreate",
                    "create Pod \(name) in StatefulSet \(set.object.name) failed error: \(error.message)")
            }
            throw error
        }
    }

    private func delete(_ set: StatefulSet, _ pod: Pod) async throws(StatusError) {
        do throws(StatusError) {
            let answer = try await client.delete(
                .pods, namespace: set.object.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            pods.note(deletionOf: pod.object, answer)
            tell(set, "SuccessfulDelete", "delete Pod \(pod.name) in StatefulSet \(set.object.name) successful")
        } catch {
            if error.code == 404 || error.code == 409 { return pods.noteRemoval(of: pod.object) }
            tell(
                set, "FailedDelete",
                "delete Pod \(pod.name) in StatefulSet \(set.object.name) failed error: \(error.message)")
            throw error
        }
    }

    private func tell(_ set: StatefulSet, _ reason: String, _ message: String) {
        recorder.event(set.object, reason.hasPrefix("Failed") ? .warning : .normal, reason: reason, message)
    }

    /// The labels by which a Pod is addressed are put back when somebody takes them away.
    private func restoreIdentity(_ set: StatefulSet, _ ordinal: Int, _ pod: Pod) async throws(StatusError) {
        let lost = set.identity(ordinal).filter { pod.object.label($0.0) != $0.1 }
        if lost.isEmpty { return }
        var labels = JSONObject()
        for (label, value) in lost { labels[label] = .string(value) }
        let patch: JSONValue = ["metadata": ["uid": .string(pod.uid), "labels": .object(labels)]]
        pods.note(
            try await client.patch(
                .pods, namespace: set.object.namespace, name: pod.name, subresource: nil, .merge, patch))
    }

    // MARK: Status

    private func writeStatus(
        _ set: StatefulSet, _ pods: [Int: Pod], current: Object, _ revisions: History.State
    ) async throws(StatusError) {
        let now = time.now
        let newest = revisions.newest.name
        let ready = pods.values.filter { $0.phase == "Running" && $0.isReady }
        func count(_ revision: String) -> Int {
            pods.values.count { !$0.isBeingDeleted && $0.object.label(StatefulSet.Label.revision) == revision }
        }
        var (currentName, currentCount, updated) = (current.name, count(current.name), count(newest))
        // The update is through: what was new is what is.
        if set.isRolling, updated == set.replicas, pods.count == set.replicas, ready.count == set.replicas {
            (currentName, currentCount) = (newest, updated)
        }
        let counts = [
            ("readyReplicas", ready.count), ("currentReplicas", currentCount), ("updatedReplicas", updated),
        ]
        let available = ready.count { $0.isAvailable(minReadySeconds: set.minReadySeconds, now: now) }
        try await client.updateStatus(.statefulSets, set.object, sets) { object in
            object["status"]["observedGeneration"] = .int(set.object.generation)
            object["status"]["replicas"] = .int(pods.count)
            for (field, count) in counts {
                if count > 0 { object["status"][field] = .int(count) } else { object["status"].remove(field) }
            }
            object["status"]["availableReplicas"] = .int(available)
            object["status"]["currentRevision"] = .string(currentName)
            object["status"]["updateRevision"] = .string(newest)
            object["status"]["collisionCount"] = .int(revisions.collisionCount)
        }
    }
}
