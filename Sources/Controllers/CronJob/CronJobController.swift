internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Makes Jobs at the times of a schedule, and keeps the last few of them.
/// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
final class CronJobController: ClusterController, Reconciler {
    /// What it needs of a Job that belongs to a CronJob.
    struct Job: Sendable {
        let reference: JSONValue
        let key: String, uid: String, created: String
        /// The CronJob's uid and key.
        let owner: String, ownerKey: String
        let startTime: String?
        let completionTime: String?
        let finished: String?

        init?(_ job: Object) {
            guard let owner = job.controllerReference, owner.kind == "CronJob" else { return nil }
            (key, uid, created, self.owner) = (
                job.key, job.uid, job.metadata["creationTimestamp"].string ?? "", owner.uid
            )
            ownerKey = job.namespace + "/" + owner.name
            reference = job.reference
            startTime = job["status"]["startTime"].string
            completionTime = job["status"]["completionTime"].string
            finished = ["Complete", "Failed"].first { job.condition($0)["status"].equals("True") }
        }
        var name: String { splitKey(key).name }
    }

    private let client: any ObjectClient
    private let time: any TimeSource
    private let cronJobs: Reflector<Object>
    private let jobs: Reflector<Job>
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    private let owned = Mutex<[String: Set<String>]>([:])

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "cronjob-controller", time: time)
        cronJobs = Reflector(client, .cronJobs, time: time)
        jobs = Reflector(client, .jobs, time: time) { Job($0) }
        cronJobs.onChange { [queue] in queue.add($0.key) }
        jobs.onChange { [weak self] in self?.jobChanged($0) }
    }

    func run() async { await Controller("cronjob", queue, workers: 2, self).run(following: [cronJobs, jobs]) }

    private func jobChanged(_ change: Reflector<Job>.Change) {
        owned.withLock { owned in
            if let old = change.old {
                owned[old.owner]?.remove(change.key)
                if owned[old.owner]?.isEmpty == true { owned[old.owner] = nil }
            }
            if let new = change.new { owned[new.owner, default: []].insert(change.key) }
        }
        if let job = change.new ?? change.old { queue.add(job.ownerKey) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let cached = cronJobs[key] else { return .done }
        // A start is decided by what is stored, not by a copy that may be behind.
        let cronJob: Object
        do throws(StatusError) {
            cronJob = try await client.get(.cronJobs, namespace: cached.namespace, name: cached.name)
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        var jobs = owned.withLock { $0[cronJob.uid] ?? [] }.compactMap { self.jobs[$0] }
        try await removeOldJobs(cronJob, &jobs)
        var status = cronJob["status"].value
        try await followJobs(cronJob, jobs, &status)
        let result: ReconcileResult
        do {
            result = try await start(cronJob, jobs, &status)
        } catch {
            try await write(cronJob, status)
            throw error
        }
        try await write(cronJob, status)
        return result
    }

    private func write(_ cronJob: Object, _ status: JSONValue) async throws(StatusError) {
        if status == cronJob["status"].value { return }
        var object = cronJob.value
        object["status"] = status
        _ = try await client.update(
            .cronJobs, namespace: cronJob.namespace, name: cronJob.name, subresource: "status", object)
    }

    // MARK: Its Jobs

    private func removeOldJobs(_ cronJob: Object, _ jobs: inout [Job]) async throws(StatusError) {
        for (kind, field) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            guard let limit = cronJob["spec"][field].int else { continue }
            let finished = jobs.filter { $0.finished == kind }.sorted {
                ($0.startTime ?? $0.created, $0.key) < ($1.startTime ?? $1.created, $1.key)
            }
            for job in finished.dropLast(limit) {
                try await delete(cronJob, job)
                jobs.removeAll { $0.uid == job.uid }
            }
        }
    }

    private func delete(_ cronJob: Object, _ job: Job) async throws(StatusError) {
        do throws(StatusError) {
            try await client.delete(
                .jobs, namespace: cronJob.namespace, name: job.name,
                DeleteOptions(propagationPolicy: "Background", uid: job.uid))
        } catch {
            if error.code == 404 { return }
            recorder.event(cronJob, .warning, reason: "FailedDelete", "Deleted job: \(error.message)")
            throw error
        }
        recorder.event(cronJob, reason: "SuccessfulDelete", "Deleted job \(job.name)")
    }

    /// Takes Jobs that ended or went missing off the list of active ones.
    private func followJobs(_ cronJob: Object, _ jobs: [Job], _ status: inout JSONValue) async throws(StatusError) {
        var active = status["active"].array ?? []
        for job in jobs {
            let isListed = active.contains { $0["uid"].string == job.uid }
            if let finished = job.finished, isListed {
                active.removeAll { $0["uid"].string == job.uid }
                recorder.event(
                    cronJob, reason: "SawCompletedJob", "Saw completed job: \(job.name), condition: \(finished)")
            } else if !isListed, job.finished == nil {
                recorder.event(
                    cronJob, .warning, reason: "UnexpectedJob",
                    "Saw a job that the controller did not create or forgot: \(job.name)")
            }
            if job.finished == "Complete", let ended = job.completionTime,
                ended > status["lastSuccessfulTime"].string ?? ""
            {
                status["lastSuccessfulTime"] = .string(ended)
            }
        }
        for entry in active where !jobs.contains(where: { $0.uid == entry["uid"].string }) {
            let name = entry["name"].string ?? ""
            do throws(StatusError) {
                let job = try await client.get(.jobs, namespace: cronJob.namespace, name: name)
                if job.uid == entry["uid"].string { continue }
            } catch { if error.code != 404 { throw error } }
            active.removeAll { $0["uid"] == entry["uid"] }
            recorder.event(cronJob, reason: "MissingJob", "Active job went missing: \(name)")
        }
        set(active, &status)
    }

    private func set(_ active: [JSONValue], _ status: inout JSONValue) {
        if active.isEmpty { status.remove("active") } else { status["active"] = .array(active) }
    }

    // MARK: A start

    private func start(_ cronJob: Object, _ jobs: [Job], _ status: inout JSONValue) async throws -> ReconcileResult {
        let spec = cronJob["spec"]
        if cronJob.isBeingDeleted { return .done }
        let zoneName = spec["timeZone"].string
        guard let zone = zoneName.map({ TimeZone(named: $0) }) ?? .utc else {
            recorder.event(
                cronJob, .warning, reason: "UnknownTimeZone",
                "invalid timeZone: \"\(zoneName ?? "")\": unknown time zone \(zoneName ?? "")")
            return .done
        }
        if spec["suspend"].bool == true { return .done }
        let text = spec["schedule"].string ?? ""
        let schedule: CronSchedule
        do { schedule = try CronSchedule(text) } catch {
            recorder.event(
                cronJob, .warning, reason: "UnparseableSchedule", "unparseable schedule: \"\(text)\" : \(error)")
            return .done
        }
        let now = time.now
        let wait = ReconcileResult.requeue(
            after: (schedule.next(after: now.secondsSince1970, in: zone)).map {
                max(0.001, Time(secondsSince1970: $0) - now)
            } ?? 86400)
        guard let due = due(cronJob, schedule, zone, status, now.secondsSince1970) else { return wait }

        let dueText = Time(secondsSince1970: due).description
        let deadline = spec["startingDeadlineSeconds"].int
        if let deadline, due + deadline < now.secondsSince1970 {
            recorder.event(
                cronJob, .warning, reason: "MissSchedule", "Missed scheduled time to start a job: \(dueText)")
            return wait
        }
        let name = "\(cronJob.name)-\(due / 60)"
        var active = status["active"].array ?? []
        if status["lastScheduleTime"].string == dueText || active.contains(where: { $0["name"].string == name }) {
            return wait
        }
        switch spec["concurrencyPolicy"].string {
        case "Forbid" where !active.isEmpty:
            recorder.event(
                cronJob, reason: "JobAlreadyActive",
                "Not starting job because prior execution is running and concurrency policy is Forbid")
            return wait
        case "Replace":
            for job in jobs where active.contains(where: { $0["uid"].string == job.uid }) {
                try await delete(cronJob, job)
                active.removeAll { $0["uid"].string == job.uid }
            }
            set(active, &status)
        default: break
        }
        if let job = try await create(cronJob, name, due, zoneName) {
            active.append(job)
            set(active, &status)
        }
        status["lastScheduleTime"] = .string(dueText)
        return wait
    }

    /// The start to make up for; users hear of a schedule that never is or was missed very often.
    private func due(_ cronJob: Object, _ schedule: CronSchedule, _ zone: TimeZone, _ status: JSONValue, _ now: Int)
        -> Int?
    {
        let created = cronJob.metadata["creationTimestamp"].string ?? ""
        var since = Time(status["lastScheduleTime"].string ?? created)?.secondsSince1970 ?? now
        if let deadline = cronJob["spec"]["startingDeadlineSeconds"].int { since = max(since, now - deadline) }
        do {
            let missed = try MissedStarts(schedule, in: zone, since: since, now: now)
            if missed.count > MissedStarts.many {
                recorder.event(
                    cronJob, .warning, reason: "TooManyMissedTimes",
                    "too many missed start times: \(missed.count). Set or decrease .spec.startingDeadlineSeconds or check clock skew"
                )
            }
            return missed.mostRecent
        } catch {
            recorder.event(
                cronJob, .warning, reason: "InvalidSchedule",
                "invalid schedule: \(cronJob["spec"]["schedule"].string ?? "") : \(error)")
            return nil
        }
    }

    /// What the list of active Jobs says about the new one; nil when there was one already that is not its own.
    private func create(_ cronJob: Object, _ name: String, _ due: Int, _ zone: String?) async throws(StatusError)
        -> JSONValue?
    {
        let template = cronJob["spec"]["jobTemplate"]
        var job: JSONValue = [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": .string(name), "namespace": .string(cronJob.namespace),
                "ownerReferences": [OwnerReference(controller: cronJob).value],
            ],
            "spec": template["spec"].value,
        ]
        if !template["metadata"]["labels"].isNull { job["metadata"]["labels"] = template["metadata"]["labels"].value }
        if !template["metadata"]["annotations"].isNull {
            job["metadata"]["annotations"] = template["metadata"]["annotations"].value
        }
        job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] = .string(
            Self.text(due, zone.flatMap { TimeZone(named: $0) } ?? .utc))
        let made: Object
        do throws(StatusError) {
            made = try await client.create(.jobs, namespace: cronJob.namespace, job)
        } catch {
            if error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) { return nil }
            guard error.reason == "AlreadyExists" else {
                recorder.event(cronJob, .warning, reason: "FailedCreate", "Error creating job: \(error.message)")
                throw error
            }
            // Made before a crash, whose status was not written.
            let present = try await client.get(.jobs, namespace: cronJob.namespace, name: name)
            return present.controllerReference?.uid == cronJob.uid ? present.reference : nil
        }
        recorder.event(cronJob, reason: "SuccessfulCreate", "Created job \(name)")
        return made.reference
    }

    /// RFC 3339 with the zone's offset.
    static func text(_ seconds: Int, _ zone: TimeZone) -> String {
        let offset = zone.offset(at: seconds)
        let local = Time(secondsSince1970: seconds + offset).description
        if offset == 0 { return local }
        let minutes = abs(offset) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return local.dropLast() + (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    }
}
