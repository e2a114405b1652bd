public import API
internal import Synchronization

/// A copy of one resource, kept up to date by list and watch: reads cost nothing and never wait.
///
/// It keeps a `Value` made from each object: the object itself, or what the user needs of it. Where the watch breaks off
/// it continues from the last version seen, or lists again when the server no longer has that (410).
public final class Reflector<Value: Sendable>: Sendable {
    /// `old` is nil for something new, `new` for something deleted; never both. After a gap in the watch, both may be of
    /// different objects with the same name: compare uids where that matters.
    public struct Change: Sendable {
        public let key: String
        public let old: Value?
        public let new: Value?
    }

    private struct Entry {
        let resourceVersion: String
        let value: Value
    }
    private struct State {
        var entries: [String: Entry] = [:]
        var handlers: [@Sendable (Change) -> Void] = []
        var streams: [Int: AsyncStream<Change>.Continuation] = [:]
        var nextStream = 0
        var resourceVersion: String?
    }
    private let state = Mutex(State())
    private let synced = Latch()
    private let client: any ObjectClient
    private let namespace: String?
    private let options: ListOptions
    private let time: any TimeSource
    private let transform: @Sendable (Object) -> Value?

    public let resource: ResourceName

    /// `transform` makes the value to keep; objects for which it is nil are left out.
    public init(
        _ client: any ObjectClient, _ resource: ResourceName, namespace: String? = nil,
        _ options: ListOptions = .init(),
        time: any TimeSource = SystemTime(), transform: @escaping @Sendable (Object) -> Value?
    ) {
        (self.client, self.resource, self.namespace, self.options) = (client, resource, namespace, options)
        (self.time, self.transform) = (time, transform)
    }

    // MARK: Reading

    /// The value under `namespace/name`, or the name of an object of the cluster.
    public subscript(_ key: String) -> Value? { state.withLock { $0.entries[key]?.value } }
    public var count: Int { state.withLock { $0.entries.count } }
    public var keys: [String] { state.withLock { Array($0.entries.keys) } }
    /// Everything, as it is now.
    public var values: [Value] { state.withLock { $0.entries.values.map(\.value) } }
    public var snapshot: [String: Value] { state.withLock { $0.entries.mapValues(\.value) } }

    /// Whether the first list is here and was told to all handlers.
    public var hasSynced: Bool { synced.isOpen }
    /// Returns when `hasSynced`, or when the task is cancelled.
    public func waitForSync() async { await synced.wait() }
    /// The newest version seen.
    public var resourceVersion: String? { state.withLock { $0.resourceVersion } }

    // MARK: Hearing of changes

    /// The handler is called for every change, in order, after the copy has it, and must be quick: put a key in a queue.
    /// Register before `run`.
    public func onChange(_ handler: @escaping @Sendable (Change) -> Void) {
        state.withLock { $0.handlers.append(handler) }
    }

    /// What is there already, as new, and then every change. What the reader has not taken yet is buffered.
    public func changes() -> AsyncStream<Change> {
        let (stream, continuation) = AsyncStream<Change>.makeStream()
        let id = state.withLock { state in
            for (key, entry) in state.entries { continuation.yield(Change(key: key, old: nil, new: entry.value)) }
            state.nextStream += 1
            state.streams[state.nextStream] = continuation
            return state.nextStream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.streams.removeValue(forKey: id) }
        }
        return stream
    }

    // MARK: Following the server

    /// Follows the server until the task is cancelled. One run at a time.
    public func run() async {
        var backoff = Backoff(initial: 0.1, maximum: 30, jitter: 1)
        while !Task.isCancelled {
            let started = time.uptime
            do {
                if resourceVersion == nil { try await list() }
                let events = try await client.watch(
                    resource, namespace: namespace, options, resourceVersion: resourceVersion ?? "")
                for try await event in events {
                    apply(event)
                    backoff.reset()
                }
            } catch let error as StatusError where error.code == 410 {
                state.withLock { $0.resourceVersion = nil }
            } catch {
                // Refused or out of reach: what was seen so far stays, and the watch goes on from there.
            }
            if time.uptime - started > backoff.maximum { backoff.reset() }
            try? await time.sleep(until: time.uptime + backoff.next())
        }
        for stream in state.withLock({ Array($0.streams.values) }) { stream.finish() }
    }

    private func list() async throws(StatusError) {
        let list = try await client.list(resource, namespace: namespace, options)
        var entries: [String: Entry] = [:]
        entries.reserveCapacity(list.items.count)
        for object in list.items {
            if let value = transform(object) {
                entries[object.key] = Entry(resourceVersion: object.resourceVersion, value: value)
            }
        }
        let (changes, handlers) = state.withLock { state in
            var changes: [Change] = []
            for (key, old) in state.entries where entries[key] == nil {
                changes.append(Change(key: key, old: old.value, new: nil))
            }
            for (key, entry) in entries {
                let old = state.entries[key]
                if old?.resourceVersion != entry.resourceVersion {
                    changes.append(Change(key: key, old: old?.value, new: entry.value))
                }
            }
            state.entries = entries
            state.resourceVersion = list.resourceVersion
            for stream in state.streams.values { for change in changes { stream.yield(change) } }
            return (changes, state.handlers)
        }
        for change in changes { for handler in handlers { handler(change) } }
        synced.open()
    }

    private func apply(_ event: WatchEvent) {
        let object: Object
        var value: Value?
        switch event {
        case .bookmark(let version): return state.withLock { $0.resourceVersion = version }
        case .added(let new), .modified(let new): (object, value) = (new, transform(new))
        case .deleted(let last): object = last
        }
        let (key, version) = (object.key, object.resourceVersion)
        let (change, handlers) = state.withLock { state in
            let old = state.entries.removeValue(forKey: key)
            if let value { state.entries[key] = Entry(resourceVersion: version, value: value) }
            state.resourceVersion = version
            guard old != nil || value != nil else { return (Change?.none, state.handlers) }
            let change = Change(key: key, old: old?.value, new: value)
            for stream in state.streams.values { stream.yield(change) }
            return (change, state.handlers)
        }
        if let change { for handler in handlers { handler(change) } }
    }
}

extension Reflector where Value == Object {
    /// Keeps the objects as they are.
    public convenience init(
        _ client: any ObjectClient, _ resource: ResourceName, namespace: String? = nil,
        _ options: ListOptions = .init(),
        time: any TimeSource = SystemTime()
    ) {
        self.init(client, resource, namespace: namespace, options, time: time) { $0 }
    }
}

/// Something that has to be followed before a controller may decide anything: a `Reflector`.
public protocol Followed: Sendable {
    func run() async
    func waitForSync() async
}

extension Reflector: Followed {}
