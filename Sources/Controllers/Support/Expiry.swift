internal import API
internal import Client
internal import JSON

/// When an object goes, and which one is meant.
struct Expiring: Sendable {
    let uid: String
    /// Nil: whatever was written to it meanwhile.
    var resourceVersion: String?
    let end: Time
}

/// Deletes objects whose time is over. It sleeps until the next is due.
struct Expiry: Reconciler {
    private let name: String
    private let client: any ObjectClient
    private let time: any TimeSource
    private let resource: ResourceName
    private let objects: Reflector<Expiring>
    private let queue: WorkQueue<String>

    /// - Parameter expiring: nil for objects that stay.
    init(
        _ name: String, _ environment: Environment, _ resource: ResourceName, namespace: String? = nil,
        _ options: ListOptions = .init(), expiring: @escaping @Sendable (Object) -> Expiring?
    ) {
        (self.name, client, self.resource) = (name, environment.client, resource)
        let (queue, time) = (environment.queue(), environment.time)
        (self.queue, self.time) = (queue, time)
        objects = Reflector(client, resource, namespace: namespace, options, time: time, transform: expiring)
        objects.onChange { change in
            // Who is due later than was known waits anyway.
            if let new = change.new, change.old.map({ new.end < $0.end }) ?? true {
                queue.add(change.key, after: new.end - time.now)
            }
        }
    }

    func run() async { await Controller(name, queue, self).run(following: [objects]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let object = objects[key] else { return .done }
        let rest = object.end - time.now
        if rest > 0 { return .requeue(after: rest) }
        let (namespace, name) = splitKey(key)
        do throws(StatusError) {
            try await client.delete(
                resource, namespace: namespace, name: name,
                DeleteOptions(uid: object.uid, resourceVersion: object.resourceVersion))
        } catch { if error.code != 404 { throw error } }
        return .done
    }
}
