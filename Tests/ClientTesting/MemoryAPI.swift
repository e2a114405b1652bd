public import API
public import Client
public import JSON
internal import Synchronization

/// A small API server in memory. Every write is an event to the watches; finalizers hold deleted objects back, and Pods
/// bound to a node wait for a deletion without grace, as with the real one.
public final class MemoryAPI: ObjectClient {
    struct Key: Hashable {
        let resource: ResourceName
        let namespace: String
        let name: String
    }
    struct Watch {
        let resource: ResourceName
        let namespace: String?
        let options: ListOptions
        let continuation: AsyncThrowingStream<WatchEvent, any Error>.Continuation
    }
    struct Waiter {
        let test: @Sendable (MemoryAPI) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }
    struct State {
        var revision = 0
        var objects: [Key: Object] = [:]
        var history: [(revision: Int, key: Key, event: WatchEvent)] = []
        var compactedTo = 0
        var watches: [Watch] = []
        var nextWatch = 0
        var waiters: [Waiter] = []
        var refusals: [@Sendable (String, ResourceName, String) -> StatusError?] = []
        var calls: [String] = []
    }
    let state = Mutex(State())
    /// Held from reading an object to writing it.
    private let writing = Mutex(())
    public let time: any TimeSource

    public init(time: any TimeSource = SystemTime()) { self.time = time }

    // MARK: What tests look at and set up

    public func object(_ resource: ResourceName, _ key: String) -> Object? {
        let (namespace, name) = splitKey(key)
        return state.withLock { $0.objects[Key(resource: resource, namespace: namespace ?? "", name: name)] }
    }

    public func objects(_ resource: ResourceName) -> [Object] {
        state.withLock { state in
            state.objects.filter { $0.key.resource == resource }.values.sorted { $0.key < $1.key }
        }
    }

    /// Verb, resource and key of every write, in order: `delete pods a/b`, `update namespaces/finalize a`.
    public var calls: [String] { state.withLock { $0.calls } }

    /// Creates the object as it is, with a uid and a creationTimestamp where it has none.
    @discardableResult
    public func put(_ resource: ResourceName, _ object: JSONValue) -> Object {
        var object = object
        let key = Key(
            resource: resource, namespace: object["metadata"]["namespace"].string ?? "",
            name: object["metadata"]["name"].string ?? "")
        stamp(&object, key)
        return write(key, object)
    }

    /// Returns when the test holds, which is tried after every write.
    public func wait(until test: @escaping @Sendable (MemoryAPI) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiters.append(Waiter(test: test, continuation: continuation)) }
            wakeWaiters()
        }
    }

    /// Returns when a watch on the resource is open.
    public func waitForWatch(_ resource: ResourceName) async {
        await wait { api in api.state.withLock { $0.watches.contains { $0.resource == resource } } }
    }

    /// The rule sees verb, resource and key of every call, and may refuse it.
    public func refuse(
        _ rule: @escaping @Sendable (_ verb: String, _ resource: ResourceName, _ key: String) -> StatusError?
    ) {
        state.withLock { $0.refusals.append(rule) }
    }

    public func refuseNothing() { state.withLock { $0.refusals = [] } }

    /// Ends all watches; with an error, or as at a shutdown.
    public func breakWatches(_ error: StatusError? = nil) {
        let watches = state.withLock { state in
            defer { state.watches = [] }
            return state.watches.map(\.continuation)
        }
        for watch in watches { watch.finish(throwing: error) }
    }

    /// Forgets the history: watches from versions before this moment get 410.
    public func compact() {
        state.withLock { state in
            state.compactedTo = state.revision
            state.history = []
        }
    }

    // MARK: ObjectClient

    public func get(_ resource: ResourceName, namespace: String?, name: String) async throws(StatusError) -> Object {
        let key = Key(resource: resource, namespace: namespace ?? "", name: name)
        try check("get", key)
        return try read(key)
    }

    public func list(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions
    ) async throws(StatusError) -> ObjectList {
        try check("list", Key(resource: resource, namespace: namespace ?? "", name: ""))
        return state.withLock { state in
            let items = state.objects.filter {
                $0.key.resource == resource && (namespace == nil || $0.key.namespace == namespace)
                    && options.matches($0.value)
            }
            return ObjectList(
                resourceVersion: String(state.revision), items: items.values.sorted { $0.key < $1.key })
        }
    }

    public func create(
        _ resource: ResourceName, namespace: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        var object = object
        if object["metadata"]["name"].string == nil, let prefix = object["metadata"]["generateName"].string {
            object["metadata"]["name"] = .string(prefix + String(Int.random(in: 10000...99999)))
        }
        let key = Key(
            resource: resource, namespace: namespace ?? "", name: object["metadata"]["name"].string ?? "")
        try check("create", key)
        if let namespace { object["metadata"]["namespace"] = .string(namespace) }
        let given = object
        return try writing.withLock { _ throws(StatusError) in
            var object = given
            if (try? read(key)) != nil {
                throw StatusError(code: 409, reason: "AlreadyExists", message: "\"\(key.name)\" already exists")
            }
            stamp(&object, key)
            return write(key, object)
        }
    }

    public func create(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        let key = Key(resource: resource, namespace: namespace ?? "", name: name)
        try check("create", key, subresource)
        return try writing.withLock { _ throws(StatusError) in
            var pod = try read(key).value
            guard subresource == "binding", let node = object["target"]["name"].string else {
                throw .notImplemented(subresource)
            }
            if pod["spec"]["nodeName"].string != nil {
                throw StatusError(code: 409, reason: "Conflict", message: "pod \(name) is already assigned to node")
            }
            pod["spec"]["nodeName"] = .string(node)
            pod.setCondition(Condition("PodScheduled", true), now: time.now)
            return write(key, pod)
        }
    }

    public func update(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        let key = Key(resource: resource, namespace: namespace ?? "", name: name)
        try check("update", key, subresource)
        return try writing.withLock { _ throws(StatusError) in
            let old = try read(key)
            if let version = object["metadata"]["resourceVersion"].string, version != old.resourceVersion {
                throw StatusError(code: 409, reason: "Conflict", message: StatusError.staleObject)
            }
            return replace(key, old, object, subresource)
        }
    }

    public func patch(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ patch: JSONValue
    ) async throws(StatusError) -> Object {
        let key = Key(resource: resource, namespace: namespace ?? "", name: name)
        try check("patch", key, subresource)
        return try writing.withLock { _ throws(StatusError) in
            let old = try read(key)
            var object = old.value
            if type == .json { try JSONPatch(patch).apply(to: &object) } else { mergePatch(&object, with: patch) }
            if let version = patch["metadata"]["resourceVersion"].string, version != old.resourceVersion {
                throw StatusError(code: 409, reason: "Conflict", message: StatusError.staleObject)
            }
            return replace(key, old, object, subresource)
        }
    }

    @discardableResult
    public func delete(
        _ resource: ResourceName, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws(StatusError) -> Object? {
        let key = Key(resource: resource, namespace: namespace ?? "", name: name)
        try check("delete", key)
        return try writing.withLock { _ throws(StatusError) in
            let old = try read(key)
            if let uid = options.uid, uid != old.uid {
                throw StatusError(code: 409, reason: "Conflict", message: "the UID in the precondition differs")
            }
            if let version = options.resourceVersion, version != old.resourceVersion {
                throw StatusError(code: 409, reason: "Conflict", message: StatusError.staleObject)
            }
            var object = old.value
            switch options.propagationPolicy {
            case "Foreground": object.addFinalizer("foregroundDeletion")
            case "Orphan": object.addFinalizer("orphan")
            default: break
            }
            let isRunning =
                resource == .pods && old["spec"]["nodeName"].exists && options.gracePeriodSeconds != 0
                && !["Succeeded", "Failed"].contains(old["status"]["phase"].string)
            if isRunning || object["metadata"]["finalizers"].array?.isEmpty == false
                || object["spec"]["finalizers"].array?.isEmpty == false
            {
                if object["metadata"]["deletionTimestamp"].string == nil {
                    object["metadata"]["deletionTimestamp"] = .string(time.now.description)
                }
                if resource == .namespaces { object["status"]["phase"] = "Terminating" }
                return write(key, object)
            }
            remove(key, old)
            return nil
        }
    }

    public func watch(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions, resourceVersion: String
    ) async throws(StatusError) -> AsyncThrowingStream<WatchEvent, any Error> {
        try check("watch", Key(resource: resource, namespace: namespace ?? "", name: ""))
        let (stream, continuation) = AsyncThrowingStream<WatchEvent, any Error>.makeStream()
        let from = Int(resourceVersion) ?? 0
        let isExpired = state.withLock { state in
            if from < state.compactedTo { return true }
            let watch = Watch(
                resource: resource, namespace: namespace, options: options, continuation: continuation)
            for (revision, key, event) in state.history where revision > from { watch.send(event, key) }
            state.nextWatch += 1
            state.watches.append(watch)
            return false
        }
        if isExpired { throw .expired("too old resource version: \(resourceVersion)") }
        wakeWaiters()
        return stream
    }

    /// Sends a bookmark with the newest version to all watches.
    public func bookmark() {
        state.withLock { state in
            for watch in state.watches { watch.continuation.yield(.bookmark(String(state.revision))) }
        }
    }
}
