internal import API
internal import Client
internal import JSON

/// Deletes Events that nobody added to for an hour. It sleeps until the oldest is due.
struct EventTTL: ClusterController, Reconciler {
    static let lifetime = 3600.0

    private let client: any ObjectClient
    private let time: any TimeSource
    private let events: Reflector<Event>
    private let queue: WorkQueue<String>

    struct Event: Sendable {
        let uid: String
        let resourceVersion: String
        let last: Time

        init(_ event: Object) {
            (uid, resourceVersion) = (event.uid, event.resourceVersion)
            last =
                [
                    event["lastTimestamp"], event["series"]["lastObservedTime"], event["eventTime"],
                    event.metadata["creationTimestamp"],
                ].compactMap { $0.string.flatMap { Time($0) } }.max() ?? Time(secondsSince1970: 0)
        }
    }

    init(_ environment: Environment) {
        (client, time) = (environment.client, environment.time)
        let (queue, time) = (environment.queue(), environment.time)
        self.queue = queue
        events = Reflector(client, .events, time: time) { Event($0) }
        events.onChange { change in
            if let event = change.new, change.old == nil {
                queue.add(change.key, after: Self.lifetime - (time.now - event.last))
            }
        }
    }

    func run() async { await Controller("event-ttl", queue, self).run(following: [events]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let event = events[key] else { return .done }
        let rest = Self.lifetime - (time.now - event.last)
        if rest > 0 { return .requeue(after: rest) }
        let (namespace, name) = splitKey(key)
        do throws(StatusError) {
            try await client.delete(
                .events, namespace: namespace, name: name,
                DeleteOptions(uid: event.uid, resourceVersion: event.resourceVersion))
        } catch { if error.code != 404 { throw error } }
        return .done
    }
}
