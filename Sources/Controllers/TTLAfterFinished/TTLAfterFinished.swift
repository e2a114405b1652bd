internal import API
internal import Client
internal import JSON

/// Deletes Jobs some time after they finished. It sleeps until the next is due.
/// https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/
struct TTLAfterFinished: ClusterController, Reconciler {
    private let client: any ObjectClient
    private let time: any TimeSource
    /// When a Job is to go; Jobs that stay are not kept.
    private let due: Reflector<Time>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, time) = (environment.client, environment.time)
        let (queue, time) = (environment.queue(), environment.time)
        self.queue = queue
        due = Reflector(client, .jobs, time: time) { Self.due($0) }
        due.onChange { change in if let due = change.new { queue.add(change.key, after: due - time.now) } }
    }

    func run() async { await Controller("ttl-after-finished", queue, self).run(following: [due]) }

    /// Nil when the Job has no end, or no time to live after it.
    private static func due(_ job: Object) -> Time? {
        guard !job.isBeingDeleted, let ttl = job["spec"]["ttlSecondsAfterFinished"].int else { return nil }
        for type in ["Complete", "Failed"] {
            let condition = job.condition(type)
            if condition["status"].equals("True"),
                let end = condition["lastTransitionTime"].string.flatMap({ Time($0) })
            {
                return end.adding(seconds: Double(ttl))
            }
        }
        return nil
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        let (namespace, name) = splitKey(key)
        do throws(StatusError) {
            // Somebody may have prolonged its life just now.
            let job = try await client.get(.jobs, namespace: namespace, name: name)
            guard let due = Self.due(job) else { return .done }
            let rest = due - time.now
            if rest > 0 { return .requeue(after: rest) }
            try await client.delete(
                .jobs, namespace: namespace, name: name,
                DeleteOptions(
                    propagationPolicy: "Foreground", uid: job.uid, resourceVersion: job.resourceVersion))
        } catch { if error.code != 404 { throw error } }
        return .done
    }
}
