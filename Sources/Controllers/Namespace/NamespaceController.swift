internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Empties namespaces that are being deleted, and lets go of them (the finalizer `kubernetes` in `spec.finalizers`) when
/// nothing is left. Pods go first, so that they end while the policies around them still hold (KEP-5080).
final class NamespaceController: ClusterController, Reconciler {
    static let finalizer: JSONValue = "kubernetes"
    /// How long what is still there may go without a look, in seconds. Its end is noticed at once.
    static let recheck = 15.0

    private let client: any ObjectClient
    private let resources: @Sendable () async -> [ResourceName]
    private let time: any TimeSource
    /// Whether the namespace is being deleted.
    private let namespaces: Reflector<Bool>
    private let queue: WorkQueue<String>
    /// Tasks that wait for the end of what is left in a namespace.
    private let waiting = Mutex<[String: Task<Void, Never>]>([:])

    init(_ environment: Environment) {
        (client, resources, time) = (environment.client, environment.resources, environment.time)
        let queue = environment.queue()
        self.queue = queue
        namespaces = Reflector(client, .namespaces, time: environment.time) { $0.isBeingDeleted }
        namespaces.onChange { if $0.new == true { queue.add($0.key) } }
    }

    func run() async {
        await Controller("namespace", queue, workers: 4, self).run(following: [namespaces])
        for task in waiting.withLock({ $0.values.map { $0 } }) { task.cancel() }
    }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        waiting.withLock { $0.removeValue(forKey: name) }?.cancel()
        guard namespaces[name] == true else { return .done }
        let namespace: Object
        do throws(StatusError) {
            namespace = try await client.get(.namespaces, namespace: nil, name: name)
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        guard namespace.isBeingDeleted,
            namespace["spec"]["finalizers"].elements.contains(where: { $0.equals("kubernetes") })
        else { return .done }

        var content = await empty(name, [.pods])
        if content.remaining.isEmpty, content.failures.isEmpty {
            content = await empty(name, await resources().filter { $0 != .pods })
        }
        let conditions = content.conditions
        let now = time.now
        try await client.modify(.namespaces, namespace: nil, name: name, subresource: "status") { namespace in
            var isChanged = namespace["status"]["phase"] != "Terminating"
            namespace["status"]["phase"] = "Terminating"
            for condition in conditions where namespace.setCondition(condition, now: now) { isChanged = true }
            return isChanged
        }
        if let failure = content.failures.first { throw failure }
        guard content.remaining.isEmpty else {
            wait(name, content.remaining)
            return .requeue(after: Self.recheck)
        }
        try await client.modify(.namespaces, namespace: nil, name: name, subresource: "finalize") { namespace in
            guard let index = namespace["spec"]["finalizers"].array?.firstIndex(of: Self.finalizer) else {
                return false
            }
            namespace["spec"]["finalizers"].array?.remove(at: index)
            return true
        }
        return .done
    }

    /// Deletes every object of these resources in the namespace, and says what is still there.
    private func empty(_ namespace: String, _ resources: [ResourceName]) async -> NamespaceContent {
        var content = NamespaceContent()
        for resource in resources {
            do throws(StatusError) {
                var list = try await objects(resource, in: namespace)
                if list.items.isEmpty { continue }
                for object in list.items where !object.isBeingDeleted {
                    do throws(StatusError) {
                        try await client.delete(
                            resource, namespace: namespace, name: object.name,
                            DeleteOptions(propagationPolicy: "Background", uid: object.uid))
                    } catch  where error.code == 404 || error.code == 409 {}
                }
                list = try await objects(resource, in: namespace)
                if !list.items.isEmpty { content.remaining.append((resource, list)) }
            } catch  where error.code == 404 || error.code == 405 {
                // Its kind has just gone, or is not to be deleted.
            } catch {
                content.failures.append(error)
            }
        }
        return content
    }

    /// Objects of the cluster are none of it, should the resource have such.
    private func objects(_ resource: ResourceName, in namespace: String) async throws(StatusError) -> ObjectList {
        let list = try await client.list(resource, namespace: namespace, ListOptions())
        return ObjectList(
            resourceVersion: list.resourceVersion, items: list.items.filter { $0.namespace == namespace })
    }

    /// Looks at the namespace again when all that remained is gone.
    private func wait(_ name: String, _ remaining: [(resource: ResourceName, list: ObjectList)]) {
        let task = Task { [client, queue] in
            do {
                for (resource, list) in remaining {
                    var names = Set(list.items.map(\.name))
                    let events = try await client.watch(
                        resource, namespace: name, ListOptions(), resourceVersion: list.resourceVersion)
                    for try await case .deleted(let object) in events {
                        names.remove(object.name)
                        if names.isEmpty { break }
                    }
                }
            } catch {
                // The next look at the namespace comes anyway.
                return
            }
            if !Task.isCancelled { queue.add(name) }
        }
        waiting.withLock { $0.updateValue(task, forKey: name) }?.cancel()
    }
}
