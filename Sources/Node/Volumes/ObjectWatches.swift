internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Tells of changes of the ConfigMaps and Secrets that pods name. However many pods name one, it is watched once. (Claims a
/// node may only get: https://kubernetes.io/docs/reference/access-authn-authz/node/.)
final class ObjectWatches: Sendable {
    struct Key: Hashable, Sendable {
        let resource: ResourceName
        let namespace: String
        let name: String
    }
    private struct Watched {
        let task: Task<Void, Never>
        var handlers: [Int: @Sendable () -> Void] = [:]
    }
    private struct State {
        var watched: [Key: Watched] = [:]
        var nextID = 0
    }
    private let state = Mutex(State())
    private let client: any ObjectClient

    init(_ client: any ObjectClient) { self.client = client }

    /// Calls the handler when the object is made, changed or deleted, until the result is let go.
    func watch(_ key: Key, _ handler: @escaping @Sendable () -> Void) -> FileWatcher.Watch {
        let id = state.withLock { state in
            state.nextID += 1
            state.watched[key, default: Watched(task: start(key))].handlers[state.nextID] = handler
            return state.nextID
        }
        return FileWatcher.Watch { [weak self] in self?.remove(key, id) }
    }

    private func start(_ key: Key) -> Task<Void, Never> {
        let reflector = Reflector(
            client, key.resource, namespace: key.namespace,
            ListOptions(fieldSelector: FieldSelector("metadata.name", equals: key.name))
        ) { $0.resourceVersion }
        reflector.onChange { [weak self, weak reflector] _ in
            // What is there at the beginning is no change.
            if reflector?.hasSynced == true { self?.tell(key) }
        }
        return Task { await reflector.run() }
    }

    private func tell(_ key: Key) {
        for handler in state.withLock({ $0.watched[key].map { Array($0.handlers.values) } ?? [] }) { handler() }
    }

    private func remove(_ key: Key, _ id: Int) {
        state.withLock { state in
            state.watched[key]?.handlers[id] = nil
            guard state.watched[key]?.handlers.isEmpty == true else { return }
            state.watched.removeValue(forKey: key)?.task.cancel()
        }
    }

    /// All ConfigMaps and Secrets that decide how the containers and volumes of a pod are made.
    static func keys(of pod: Object) -> Set<Key> {
        var keys: Set<Key> = []
        func add(_ resource: ResourceName, _ name: JSONRef) {
            if let name = name.string, !name.isEmpty {
                keys.insert(Key(resource: resource, namespace: pod.namespace, name: name))
            }
        }
        for container in pod.allContainers {
            for key in ReferencedData.references(in: container.spec) {
                let resource: ResourceName = key.kind == .configMap ? .configMaps : .secrets
                keys.insert(Key(resource: resource, namespace: pod.namespace, name: key.name))
            }
        }
        for volume in pod.spec["volumes"].elements {
            add(.configMaps, volume["configMap"]["name"])
            add(.secrets, volume["secret"]["secretName"])
            for source in volume["projected"]["sources"].elements {
                add(.configMaps, source["configMap"]["name"])
                add(.secrets, source["secret"]["name"])
            }
        }
        return keys
    }
}
