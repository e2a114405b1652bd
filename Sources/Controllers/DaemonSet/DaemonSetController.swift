internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Runs a Pod on every node that a DaemonSet is for.
/// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
final class DaemonSetController: ClusterController, Reconciler {
    /// How many Pods one look creates or deletes at most.
    static let burst = 250

    private let client: any ObjectClient
    private let time: any TimeSource
    private let sets: Reflector<Object>
    private let pods: Reflector<Object>
    private let nodes: Reflector<Object>
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    private let control: PodControl
    private let claims: Claims
    private let history: History
    /// Pods that end by themselves on a node again and again are replaced later and later: 1 s to 15 min.
    /// How often, by the uid of the set and the node.
    private let failures = Mutex<[String: Int]>([:])

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        (sets, pods) = (SharedCopies.owners(client, .daemonSets, time), environment.shared.pods)
        nodes = environment.shared.nodes
        recorder = Recorder(client, component: "daemonset-controller", time: time)
        control = PodControl(client: client, recorder: recorder, pods: pods)
        claims = Claims(client: client, resource: .pods, copy: pods, ownerResource: .daemonSets)
        history = History(client, environment.shared.revisions, owners: .daemonSets, hashLabel: DaemonSet.hashLabel)
        let finder = OwnerFinder(kind: "DaemonSet", owners: sets) { LabelSelector($0["spec"]["selector"]) }
        let (queue, sets) = (queue, sets)
        sets.onChange { [weak self] change in
            queue.add(change.key)
            if change.new == nil, let uid = change.old?.uid { self?.forget(uid) }
        }
        pods.onChange { for key in finder.keys($0) { queue.add(key) } }
        nodes.onChange { change in
            // Heartbeats concern nobody here.
            if let old = change.old, let new = change.new,
                old.metadata["labels"].rawBytes == new.metadata["labels"].rawBytes,
                old["spec"]["taints"].rawBytes == new["spec"]["taints"].rawBytes
            {
                return
            }
            for key in sets.keys { queue.add(key) }
        }
    }

    func run() async {
        await Controller("daemonset-controller", queue, workers: 2, self)
            .run(following: [sets, pods, nodes, history.copy])
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        try await lookingAgain { () async throws(StatusError) in try await look(key) }
    }

    private func look(_ key: String) async throws(StatusError) -> ReconcileResult {
        guard let object = sets[key] else { return .done }
        let set = DaemonSet(object)
        if object["spec"]["selector"]["matchLabels"].count + object["spec"]["selector"]["matchExpressions"].count == 0 {
            recorder.event(
                object, .warning, reason: "SelectingAll",
                "This daemon set is selecting all pods. A non-empty selector is required.")
            return .done
        }
        if object.isBeingDeleted { return .done }
        let revisions = try await history.state(of: object, set.selector)
        let hash = revisions.newest.label(DaemonSet.hashLabel) ?? ""
        let owned = try await claims.owned(by: object, set.selector).map { Pod($0) }
        let nodes = nodes.values
        let now = time.now
        var plan = DaemonSetPlan(set, hash: hash, nodes: nodes, pods: owned, now: now)
        plan.update()
        let (failure, wait) = await carryOut(plan, set, hash)

        let present = pods.values(at: object.uid).map { Pod($0) }
        let after = DaemonSetPlan(set, hash: hash, nodes: nodes, pods: present, now: now)
        try await writeStatus(set, after, revisions)
        if let failure { throw failure }
        let inUse = Set(present.compactMap { $0.object.label(DaemonSet.hashLabel) } + [hash])
        try await history.prune(revisions.revisions, keeping: set.historyLimit) { revision in
            revision.label(DaemonSet.hashLabel).map(inUse.contains) ?? false
        }
        let next = [wait, present.secondsUntilNextAvailable(set.minReadySeconds, now)].compactMap { $0 }.min()
        return next.map { .requeue(after: $0) } ?? .done
    }

    /// The error of a refusal; the seconds until a Pod that ended may be replaced.
    private func carryOut(_ plan: DaemonSetPlan, _ set: DaemonSet, _ hash: String) async -> (StatusError?, Double?) {
        let object = set.object
        var deletions = plan.deletions
        var wait: Double?
        for pod in plan.ended {
            if pod.isFailed, let seconds = backoff(object.uid + "/" + pod.nodeName, pod) {
                wait = min(wait ?? seconds, seconds)
                continue
            }
            if pod.isFailed {
                recorder.event(
                    object, .warning, reason: "FailedDaemonPod",
                    "Found failed daemon pod \(pod.object.key) on node \(pod.nodeName), will try to kill it")
            } else {
                recorder.event(
                    object, reason: "SucceededDaemonPod",
                    "Found succeeded daemon pod \(pod.object.key) on node \(pod.nodeName), will try to delete it")
            }
            deletions.append(pod)
        }
        do throws(StatusError) {
            let creations = plan.creations
            try await control.create(min(creations.count, Self.burst), owner: object) { index in
                set.pod(node: creations[index], hash: hash)
            }
            try await control.delete(Array(deletions.prefix(Self.burst)), owner: object)
            return (nil, wait)
        } catch {
            return (error, wait)
        }
    }

    /// Seconds that a failed Pod stays before it is replaced; nil when it may go. Each on the same node stays longer, but a
    /// node where one ran for a while starts afresh.
    private func backoff(_ place: String, _ pod: Pod) -> Double? {
        let delay = Backoff(initial: 1, maximum: 900).delay(afterFailures: failures.withLock { $0[place] ?? 0 })
        let finished = pod.object["status"]["containerStatuses"].elements
            .compactMap { $0["state"]["terminated"]["finishedAt"].string.flatMap { Time($0) } }.max()
        let age = time.now - (finished ?? pod.object.created ?? time.now)
        if age < delay { return delay - age }
        let ranWell = finished.flatMap { end in pod.object.created.map { end - $0 > 1800 } } ?? false
        failures.withLock { $0[place] = ranWell ? 1 : ($0[place] ?? 0) + 1 }
        return nil
    }

    private func forget(_ uid: String) {
        failures.withLock { failures in failures = failures.filter { !$0.key.hasPrefix(uid + "/") } }
    }

    private func writeStatus(_ set: DaemonSet, _ plan: DaemonSetPlan, _ revisions: History.State)
        async throws(StatusError)
    {
        var (desired, current, misscheduled, ready, available, updated) = (0, 0, 0, 0, 0, 0)
        for place in plan.places {
            guard place.fit.shouldRun else {
                if !place.pods.isEmpty { misscheduled += 1 }
                continue
            }
            desired += 1
            guard let pod = place.pods.first else { continue }
            current += 1
            // While one takes over from the other, the one that serves counts.
            let serving = place.pods.first { plan.isAvailable($0) } ?? pod
            if serving.isReady { ready += 1 }
            if plan.isAvailable(serving) { available += 1 }
            if plan.isNew(serving) { updated += 1 }
        }
        try await client.updateStatus(.daemonSets, set.object, sets) { object in
            object["status"]["observedGeneration"] = .int(set.object.generation)
            object["status"]["desiredNumberScheduled"] = .int(desired)
            object["status"]["currentNumberScheduled"] = .int(current)
            object["status"]["numberMisscheduled"] = .int(misscheduled)
            object["status"]["numberReady"] = .int(ready)
            for (field, count) in [
                ("updatedNumberScheduled", updated), ("numberAvailable", available),
                ("numberUnavailable", desired - available), ("collisionCount", revisions.collisionCount),
            ] {
                if count > 0 { object["status"][field] = .int(count) } else { object["status"].remove(field) }
            }
        }
    }
}
