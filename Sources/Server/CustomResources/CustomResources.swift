internal import API
internal import JSON
internal import Store
internal import Synchronization

/// Serves what CustomResourceDefinitions define: follows the stored definitions, says in their status whether their names are
/// accepted, and takes the objects of a deleted one away.
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
final class CustomResources: Sendable {
    static let storeName = "customresourcedefinitions.apiextensions.k8s.io"
    static let finalizer = "customresourcecleanup.apiextensions.k8s.io"

    private struct Compiled {
        let revision: Int64
        let object: JSONRef
        let resources: [ServedResource]
    }
    private let server: APIServer
    private let definition: ServedResource
    private let meta: Schema
    private let compiled = Mutex<[String: Compiled]>([:])
    private let wakeUps = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let caller = Caller(user: "system:apiserver", groups: ["system:masters"])
    private let options = WriteOptions(manager: "kube-apiserver")

    /// Nil only when the kinds lack CustomResourceDefinition.
    init?(_ server: APIServer, _ kinds: BuiltInKinds) {
        guard let definition = server.registry.find(groupResource: Self.storeName) else { return nil }
        (self.server, self.definition) = (server, definition)
        meta = kinds.schema.extracting(["meta.v1.ObjectMeta", "meta.v1.DeleteOptions", "autoscaling.v1.Scale"])
        serve()
    }

    /// Follows the definitions until the task is cancelled or the store is closed.
    func run() async {
        let wake: @Sendable () -> Void = { [continuation = wakeUps.continuation] in continuation.yield() }
        guard let watcher = try? server.store.watch(Self.storeName, from: nil, wake: wake) else { return }
        defer { watcher.cancel() }
        /// The objects of definitions that are being deleted, until the last is gone.
        var remaining: [String: Watcher] = [:]
        defer { for watcher in remaining.values { watcher.cancel() } }
        wake()
        for await _ in wakeUps.stream {
            if case .closed = Self.forget(watcher) { return }
            for (name, entry, wanted) in serve() {
                await updateStatus(name, entry, wanted)
                guard entry.object["metadata"]["deletionTimestamp"].exists,
                    let resource = entry.resources.first?.stored
                else { continue }
                if remaining[name] == nil {
                    remaining[name] = try? server.store.watch(resource.storeName, from: nil, wake: wake)
                }
                if let watcher = remaining[name] { _ = Self.forget(watcher) }
                if await removeObjects(of: resource) {
                    remaining.removeValue(forKey: name)?.cancel()
                    await release(name)
                }
            }
        }
    }

    private static func forget(_ watcher: Watcher) -> Watcher.State {
        var events: [StoreEvent] = []
        var state = watcher.drain(into: &events)
        while case .open = state, !events.isEmpty {
            events.removeAll(keepingCapacity: true)
            state = watcher.drain(into: &events)
        }
        return state
    }

    // MARK: Serving

    /// Brings what is served up to date with the stored definitions, and gives them with what their status is to say. What did
    /// not change stays compiled.
    @discardableResult
    private func serve() -> [(name: String, entry: Compiled, status: RequestedNames.Verdict)] {
        guard let snapshot = try? server.store.list(Self.storeName) else { return [] }
        return compiled.withLock { compiled in
            var next: [String: Compiled] = [:]
            for object in snapshot.objects {
                if let known = compiled[object.key], known.revision == object.revision {
                    next[object.key] = known
                } else if let root = try? JSONDocument(object.bytes).root {
                    next[object.key] = Compiled(
                        revision: object.revision, object: root, resources: resources(of: root))
                }
            }
            compiled = next
            var names = RequestedNames(builtIn: server.registry.builtIn)
            let verdicts = next.sorted { RequestedNames.isBefore($0.value.object, $1.value.object) }.map {
                (name: $0.key, entry: $0.value, status: names.verdict(on: $0.value.object))
            }
            // Nobody is answered under names that belong to another.
            let served = verdicts.filter(\.status.isEstablished).sorted { $0.name < $1.name }
            server.registry.replaceCustom(served.flatMap(\.entry.resources))
            return verdicts
        }
    }

    private func resources(of root: JSONRef) -> [ServedResource] {
        let custom = CustomResource(root, meta: meta)
        guard let storage = custom.versions.first(where: \.isStorage) else { return [] }
        // What was stored under an earlier form of the definition is brought into this one when it is read.
        let rereads = (root["metadata"]["generation"].int ?? 1) > 1
        let isTerminating = root["metadata"]["deletionTimestamp"].exists
        let stored = ServedResource(custom: storage, rereads: rereads, isTerminating: isTerminating)
        let others = custom.versions.filter { !$0.isStorage }.map { version in
            ServedResource(
                custom: version, rereads: true, isTerminating: isTerminating, stored: stored,
                refusal: custom.convertsByWebhook
                    ? "\(version.definition.apiVersion) is converted by a webhook, which is not implemented yet: use \(storage.definition.apiVersion)"
                    : nil)
        }
        let isStorageServed = root["spec"]["versions"].elements.contains {
            $0["storage"].bool == true && $0["served"].bool == true
        }
        return (isStorageServed ? [stored] : []) + others
    }

    // MARK: Status and deletion

    private func updateStatus(_ name: String, _ entry: Compiled, _ wanted: RequestedNames.Verdict) async {
        var status = entry.object["status"].value
        status["acceptedNames"] = wanted.names
        var conditions = status["conditions"].array ?? []
        for condition in wanted.conditions { Self.set(condition, in: &conditions) }
        status["conditions"] = .array(conditions)
        guard status != entry.object["status"].value else { return }
        let written = status
        _ = try? await server.update(
            definition, namespace: nil, name: name, subresource: "status", caller, options
        ) { current throws(StatusError) in
            var object = current.root.value
            object["status"] = written
            return (object, [])
        }
    }

    /// A condition's time is that of its last change.
    private static func set(_ condition: JSONValue, in conditions: inout [JSONValue]) {
        var condition = condition
        let index = conditions.firstIndex { $0["type"] == condition["type"] }
        if let index, conditions[index]["status"] == condition["status"] {
            condition["lastTransitionTime"] = conditions[index]["lastTransitionTime"]
        } else {
            condition["lastTransitionTime"] = .string(Time.now.description)
        }
        if let index { conditions[index] = condition } else { conditions.append(condition) }
    }

    /// True when there are none left.
    private func removeObjects(of resource: ServedResource) async -> Bool {
        guard let objects = try? server.store.list(resource.storeName).objects else { return false }
        for object in objects where !Self.isBeingDeleted(object) {
            let parts = object.key.split(separator: "/").map(String.init)
            _ = try? await server.delete(
                resource, namespace: parts.count > 1 ? parts[0] : nil, name: parts.last ?? "", DeleteRequest(), caller)
        }
        return (try? server.store.list(resource.storeName, limit: 1).objects.isEmpty) ?? false
    }

    private static func isBeingDeleted(_ object: StoredObject) -> Bool {
        (try? JSONDocument(object.bytes))?.root["metadata"]["deletionTimestamp"].exists ?? false
    }

    private func release(_ name: String) async {
        _ = try? await server.update(definition, namespace: nil, name: name, subresource: nil, caller, options) {
            current throws(StatusError) in
            var object = current.root.value
            object["metadata"].remove("resourceVersion")
            let rest = (object["metadata"]["finalizers"].array ?? []).filter { $0 != .string(Self.finalizer) }
            object["metadata"]["finalizers"] = rest.isEmpty ? nil : .array(rest)
            if rest.isEmpty { object["metadata"].remove("finalizers") }
            return (object, [])
        }
    }
}
