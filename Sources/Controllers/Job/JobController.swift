internal import API
internal import Client
internal import JSON

/// Runs Pods until a Job is done, and counts each exactly once.
/// https://kubernetes.io/docs/concepts/workloads/controllers/job/
final class JobController: ClusterController, Reconciler {
    static let name = "kubernetes.io/job-controller"
    /// Pods that one reconciliation makes at most.
    static let most = 500
    /// How long the watch may take to tell of a Pod before it is asked for, in seconds.
    static let patience = 10.0

    private let client: any ObjectClient
    private let time: any TimeSource
    private let jobs: Reflector<LabelSelector>
    private let podView: View<JobPod>
    private let pods: JobPods
    private let queue: WorkQueue<String>
    private let recorder: Recorder

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "job-controller", time: time)
        jobs = Reflector(client, .jobs, time: time) { LabelSelector($0["spec"]["selector"]) }
        podView = View(environment.shared.pods) { JobPod($0) }
        pods = JobPods(podView, queue)
        jobs.onChange { [queue] in queue.add($0.key) }
        podView.onChange { [weak self] in self?.orphanChanged($0) }
    }

    func run() async { await Controller("job", queue, workers: 5, self).run(following: [jobs, podView]) }

    /// A Pod without a controller may be for a Job to take over.
    private func orphanChanged(_ change: Reflector<JobPod>.Change) {
        guard let pod = change.new, pod.owner == nil, change.old?.labels != pod.labels || change.old?.owner != nil
        else {
            return
        }
        for (key, selector) in jobs.snapshot
        where splitKey(key).namespace == pod.namespace && selector.matches({ pod.labels[$0] }) { queue.add(key) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        if key.hasPrefix("!") {
            if let pod = pods[String(key.dropFirst())], JobPods.jobKey(of: pod) == nil { try await release(pod) }
            return .done
        }
        let (namespace, name) = splitKey(key)
        var job: Object?
        do throws(StatusError) {
            job = try await client.get(.jobs, namespace: namespace, name: name)
        } catch { if error.code != 404 { throw error } }

        let named = pods.of(job: key)
        for pod in named where pod.isTracked && pod.owner?.uid != job?.uid { try await release(pod) }
        guard let job else { return .done }
        if let manager = job["spec"]["managedBy"].string, manager != Self.name { return .done }
        let own = named.filter { $0.owner?.uid == job.uid }
        if ["Complete", "Failed"].contains(where: { job.condition($0)["status"].equals("True") }) {
            for pod in own where pod.isTracked { try await release(pod) }
            return .done
        }
        for pod in pods.unseen(job: key, before: time.uptime - Self.patience) { try await check(pod) }
        return try await sync(job, try await claim(job, own))
    }

    private func sync(_ job: Object, _ own: [JobPod]) async throws -> ReconcileResult {
        var progress = JobProgress(job, own)
        let now = time.now
        var wait: Double?
        var failure: StatusError?
        setStart(&progress, now)
        let started = progress.status["startTime"].string.flatMap { Time($0) }
        if progress.target == nil, let condition = progress.decide(uptimeOfActivity: started.map { now - $0 }) {
            progress.status.setJobCondition(condition, now)
        }
        var activity = Activity(progress)
        if progress.target != nil {
            for pod in progress.active { try await delete(job, pod, keepsFinalizer: true) }
            activity.active.removeAll()
            activity.terminating += progress.active.count
        } else if !job.isBeingDeleted {
            (wait, failure) = await manage(job, progress, &activity)
            setSuspension(job, &progress, now)
            if let started, let deadline = job["spec"]["activeDeadlineSeconds"].int, !progress.isSuspended {
                wait = min(wait ?? .infinity, max(0.001, Double(deadline) - (now - started)))
            }
        }
        activity.write(to: &progress.status)
        let ending = finish(job, &progress, activity, now)
        if progress.status != job["status"].value {
            var object = job.value
            object["status"] = progress.status
            _ = try await client.update(.jobs, namespace: job.namespace, name: job.name, subresource: "status", object)
        }
        if let ending {
            recorder.event(
                job, ending.type == "Complete" ? .normal : .warning,
                reason: ending.type == "Complete" ? "Completed" : ending.reason,
                ending.type == "Complete" ? "Job completed" : ending.message)
        }
        for pod in progress.accounted { try await release(pod) }
        // Now they can be counted.
        if !progress.isAccounted || !progress.accounted.isEmpty { queue.add(job.key) }
        if let failure { throw failure }
        return wait.map { .requeue(after: $0) } ?? .done
    }

    // MARK: Status

    /// What runs now, for the status.
    private struct Activity {
        var active: [JobPod]
        var terminating: Int

        init(_ progress: JobProgress) { (active, terminating) = (progress.active, progress.terminating.count) }

        func write(to status: inout JSONValue) {
            status["active"] = .int(active.count)
            status["ready"] = .int(active.filter(\.isReady).count)
            status["terminating"] = .int(terminating)
            for field in ["active", "succeeded", "failed"] where status[field].int == 0 { status.remove(field) }
        }
    }

    private func setStart(_ progress: inout JobProgress, _ now: Time) {
        if progress.status["startTime"].isNull, !progress.isSuspended {
            progress.status["startTime"] = .string(now.description)
        }
    }

    private func setSuspension(_ job: Object, _ progress: inout JobProgress, _ now: Time) {
        let wasSuspended = job.condition("Suspended")["status"].equals("True")
        guard wasSuspended != progress.isSuspended else { return }
        let word = progress.isSuspended ? "Suspended" : "Resumed"
        let text = progress.isSuspended ? "Job suspended" : "Job resumed"
        progress.status.setJobCondition(
            Condition("Suspended", progress.isSuspended, reason: "Job" + word, message: text), now)
        // The time that a deadline counts begins anew.
        if wasSuspended { progress.status["startTime"] = .string(now.description) }
        recorder.event(job, reason: word, text)
    }

    /// Once every Pod has ended and is counted, the Job is Complete or Failed.
    private func finish(_ job: Object, _ progress: inout JobProgress, _ activity: Activity, _ now: Time) -> Condition? {
        guard let target = progress.target, progress.isAccounted, activity.active.isEmpty, activity.terminating == 0
        else { return nil }
        let isComplete = target["type"] == "SuccessCriteriaMet"
        let condition = Condition(
            isComplete ? "Complete" : "Failed", true, reason: target["reason"].string ?? "",
            message: target["message"].string ?? "")
        progress.status.setJobCondition(condition, now)
        if isComplete { progress.status["completionTime"] = .string(now.description) }
        return condition
    }

    // MARK: Pods

    /// Removes Pods that are too many and makes those that are missing. When to come back, and why Pods could not be made.
    private func manage(_ job: Object, _ progress: JobProgress, _ activity: inout Activity) async
        -> (wait: Double?, failure: StatusError?)
    {
        let excess = progress.superfluous
        do throws(StatusError) {
            for pod in excess {
                try await release(pod)
                try await delete(job, pod, keepsFinalizer: false)
            }
        } catch { return (nil, error) }
        let removed = Set(excess.map(\.uid))
        activity.active.removeAll { removed.contains($0.uid) }
        activity.terminating += excess.count

        let missing = min(progress.missing(without: removed), Self.most)
        if missing == 0 { return (nil, nil) }
        let now = time.now
        var wait: Double?
        var indexes: [Int?] = Array(repeating: nil, count: missing)
        if progress.isIndexed {
            indexes = []
            let hasOwnLimits = job["spec"]["backoffLimitPerIndex"].int != nil
            for index in progress.freeIndexes(without: removed) where indexes.count < missing {
                let rest = hasOwnLimits ? progress.backoff(of: index, now: now) : 0
                if rest > 0 { wait = min(wait ?? .infinity, rest) } else { indexes.append(index) }
            }
            if !hasOwnLimits { wait = progress.backoff(now: now) }
        } else {
            wait = progress.backoff(now: now)
        }
        if let rest = wait, rest > 0, !progress.isIndexed || job["spec"]["backoffLimitPerIndex"].int == nil {
            return (rest, nil)
        }
        // One at first, then twice as many each time: what is refused once is refused for all.
        var rest = indexes[...]
        var size = 1
        while !rest.isEmpty {
            let batch = rest.prefix(size)
            rest = rest.dropFirst(size)
            size *= 2
            let results = await withTaskGroup(of: Result<JobPod?, StatusError>.self) { group in
                for index in batch {
                    let failures = index.map { progress.failures(before: $0) } ?? 0
                    group.addTask { await self.create(job, index, failures) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for result in results {
                switch result {
                case .success(let pod): if let pod { activity.active.append(pod) }
                case .failure(let error): return (wait, error)
                }
            }
        }
        return (wait.flatMap { $0 > 0 ? $0 : nil }, nil)
    }

    private func create(_ job: Object, _ index: Int?, _ failures: Int) async -> Result<JobPod?, StatusError> {
        do throws(StatusError) {
            let made = try await client.create(
                .pods, namespace: job.namespace, JobTemplate.pod(job, index: index, failures: failures))
            recorder.event(job, reason: "SuccessfulCreate", "Created pod: \(made.name)")
            let pod = JobPod(made)
            if let pod { pods.made(pod, at: time.uptime) }
            return .success(pod)
        } catch {
            if error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) { return .success(nil) }
            recorder.event(job, .warning, reason: "FailedCreate", "Error creating: \(error.message)")
            return .failure(error)
        }
    }

    private func delete(_ job: Object, _ pod: JobPod, keepsFinalizer: Bool) async throws(StatusError) {
        if pod.isBeingDeleted { return }
        do throws(StatusError) {
            try await client.delete(.pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
        } catch {
            if error.code == 404 || error.code == 409 { return pods.forget(pod) }
            recorder.event(job, .warning, reason: "FailedDelete", "Error deleting: \(error.message)")
            throw error
        }
        recorder.event(job, reason: "SuccessfulDelete", "Deleted pod: \(pod.name)")
    }

    /// Takes the finalizer off: the Pod is counted, or nobody counts it.
    private func release(_ pod: JobPod) async throws(StatusError) {
        guard pod.isTracked else { return }
        try await edit(pod) { object in
            guard let index = object["metadata"]["finalizers"].array?.firstIndex(of: .string(JobPod.finalizer)) else {
                return false
            }
            object["metadata"]["finalizers"].array?.remove(at: index)
            return true
        }
        pods.released(pod)
    }

    private func edit(_ pod: JobPod, _ change: (inout JSONValue) -> Bool) async throws(StatusError) {
        do throws(StatusError) {
            try await client.modify(.pods, namespace: pod.namespace, name: pod.name) { object in
                object["metadata"]["uid"].string == pod.uid && change(&object)
            }
        } catch { if error.code != 404 { throw error } }
    }

    /// Forgets a Pod that came and went without the watch telling.
    private func check(_ pod: JobPod) async throws(StatusError) {
        do throws(StatusError) {
            if try await client.get(.pods, namespace: pod.namespace, name: pod.name).uid == pod.uid { return }
        } catch { if error.code != 404 { throw error } }
        pods.forget(pod)
    }

    /// Takes over Pods that the selector matches and nobody controls, and lets go of own ones that it no longer matches.
    private func claim(_ job: Object, _ own: [JobPod]) async throws(StatusError) -> [JobPod] {
        let selector = LabelSelector(job["spec"]["selector"])
        var kept: [JobPod] = []
        for pod in own {
            if selector.matches({ pod.labels[$0] }) {
                kept.append(pod)
                continue
            }
            try await edit(pod) { object in
                object["metadata"]["ownerReferences"].array?.removeAll { $0["uid"].string == job.uid }
                object["metadata"]["finalizers"].array?.removeAll { $0.string == JobPod.finalizer }
                return true
            }
        }
        guard !job.isBeingDeleted else { return kept }
        for pod in pods.orphans(in: job.namespace) where !pod.isBeingDeleted && selector.matches({ pod.labels[$0] }) {
            try await edit(pod) { object in
                let owners = object["metadata"]["ownerReferences"].array ?? []
                if owners.contains(where: { $0["controller"].bool == true }) { return false }
                object["metadata"]["ownerReferences"] = .array(owners + [OwnerReference(controller: job).value])
                let finalizers = object["metadata"]["finalizers"].array ?? []
                if !finalizers.contains(.string(JobPod.finalizer)) {
                    object["metadata"]["finalizers"] = .array(finalizers + [.string(JobPod.finalizer)])
                }
                return true
            }
            // The watch brings it back as one of its own; until then it counts.
            kept.append(pod)
        }
        return kept
    }
}

extension JSONValue {
    /// Sets a condition of a Job's status (not of the whole Job).
    fileprivate mutating func setJobCondition(_ condition: Condition, _ now: Time) {
        var job: JSONValue = ["status": self]
        guard job.setCondition(condition, now: now) else { return }
        self = job["status"]
        for index in (self["conditions"].array ?? []).indices
        where self["conditions"][index]["type"].string == condition.type {
            self["conditions"][index]["lastProbeTime"] = .string(now.description)
        }
    }
}
