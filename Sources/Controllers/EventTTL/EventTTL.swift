internal import API
internal import Client
internal import JSON

/// Deletes Events that nobody added to for an hour.
struct EventTTL: ClusterController {
    static let lifetime = 3600.0

    private let expiry: Expiry

    init(_ environment: Environment) {
        expiry = Expiry("event-ttl", environment, .events) { event in
            let last =
                [
                    event["lastTimestamp"], event["series"]["lastObservedTime"], event["eventTime"],
                    event.metadata["creationTimestamp"],
                ].compactMap { $0.string.flatMap { Time($0) } }.max() ?? Time(secondsSince1970: 0)
            return Expiring(
                uid: event.uid, resourceVersion: event.resourceVersion, end: last.adding(seconds: Self.lifetime))
        }
    }

    func run() async { await expiry.run() }
}
