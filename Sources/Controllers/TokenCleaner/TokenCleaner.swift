internal import API
internal import Client
internal import JSON

/// Deletes bootstrap tokens that have expired. It sleeps until the next is due.
/// https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
struct TokenCleaner: ClusterController, Reconciler {
    private static let namespace = "kube-system"

    private let client: any ObjectClient
    private let time: any TimeSource
    /// When each goes; tokens without an end are not kept.
    private let ends: Reflector<End>
    private let queue: WorkQueue<String>

    struct End: Sendable {
        let uid: String
        let at: Time
    }

    init(_ environment: Environment) {
        (client, time) = (environment.client, environment.time)
        let (queue, time) = (environment.queue(), environment.time)
        self.queue = queue
        ends = Reflector(
            client, .secrets, namespace: Self.namespace,
            ListOptions(fieldSelector: FieldSelector("type", equals: "bootstrap.kubernetes.io/token")), time: time
        ) { secret in
            guard let text = secret["data"]["expiration"].string, let bytes = Base64Text.decode(text) else {
                return nil
            }
            // What is no time at all ends at once: such a token lets nobody in either.
            let end = Time(String(decoding: bytes, as: UTF8.self)) ?? Time(secondsSince1970: 0)
            return End(uid: secret.uid, at: end)
        }
        ends.onChange { change in if let end = change.new { queue.add(change.key, after: end.at - time.now) } }
    }

    func run() async { await Controller("token-cleaner", queue, self).run(following: [ends]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let end = ends[key] else { return .done }
        let rest = end.at - time.now
        if rest > 0 { return .requeue(after: rest) }
        do throws(StatusError) {
            try await client.delete(
                .secrets, namespace: Self.namespace, name: splitKey(key).1, DeleteOptions(uid: end.uid))
        } catch { if error.code != 404, error.reason != "Conflict" { throw error } }
        return .done
    }
}
