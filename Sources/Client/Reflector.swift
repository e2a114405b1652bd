public import API
internal import JSON
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
        /// Keys by what `index` says of their values.
        var indexed: [String: Set<String>] = [:]
        /// Uids of objects that a delete of our own removed and that the watch still knows, by key.
        var removed: [String: String] = [:]
        var isRunning = false
        var handlers: [@Sendable (Change) -> Void] = []
        var streams: [AsyncStream<Change>.Continuation] = []
        var resourceVersion: String?
    }
    private let state = Mutex(State())
    private let synced = Latch()
    private let client: any ObjectClient
    private let namespace: String?
    private let options: ListOptions
    private let time: any TimeSource
    private let index: (@Sendable (Value) -> [String])?
    private let transform: @Sendable (Object) -> Value?

    public let resource: ResourceName

    /// `transform` makes the value to keep; objects for which it is nil are left out. `index` says under which
    /// names `values(at:)` finds a value.
    public init(
        _ client: any ObjectClient, _ resource: ResourceName, namespace: String? = nil,
        _ options: ListOptions = .init(), time: any TimeSource = SystemTime(),
        index: (@Sendable (Value) -> [String])? = nil, transform: @escaping @Sendable (Object) -> Value?
    ) {
        (self.client, self.resource, self.namespace, self.options) = (client, resource, namespace, options)
        (self.time, self.index, self.transform) = (time, index, transform)
    }

    // MARK: Reading

    /// The value under `namespace/name`, or the name of an object of the cluster.
    public subscript(_ key: String) -> Value? { state.withLock { $0.entries[key]?.value } }
    public var count: Int { state.withLock { $0.entries.count } }
    public var keys: [String] { state.withLock { Array($0.entries.keys) } }
    /// Everything, as it is now.
    public var values: [Value] { state.withLock { $0.entries.values.map(\.value) } }
    public var snapshot: [String: Value] { state.withLock { $0.entries.mapValues(\.value) } }

    /// The values that the index has under this name: the cost is their number, not that of all.
    public func values(at name: String) -> [Value] {
        state.withLock { state in (state.indexed[name] ?? []).compactMap { state.entries[$0]?.value } }
    }

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
        state.withLock { state in
            for (key, entry) in state.entries { continuation.yield(Change(key: key, old: nil, new: entry.value)) }
            state.streams.append(continuation)
        }
        return stream
    }

    // MARK: Following the server

    /// Follows the server until the task is cancelled. Returns at once where another run does so already: several
    /// controllers may share a copy.
    public func run() async {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        defer { state.withLock { $0.isRunning = false } }
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
        for stream in state.withLock({ $0.streams }) { stream.finish() }
    }

    private func list() async throws(StatusError) {
        let list = try await client.list(resource, namespace: namespace, options)
        var entries: [String: Entry] = [:]
        var uids: [String: String] = [:]
        entries.reserveCapacity(list.items.count)
        for object in list.items {
            if let value = transform(object) {
                entries[object.key] = Entry(resourceVersion: object.resourceVersion, value: value)
                uids[object.key] = object.uid
            }
        }
        let (changes, handlers) = state.withLock { state in
            // What was written since the list was made stays.
            state.removed = state.removed.filter { uids[$0.key] == $0.value }
            for key in state.removed.keys { entries[key] = nil }
            for (key, old) in state.entries where Self.isNewer(old.resourceVersion, than: list.resourceVersion) {
                entries[key] = old
            }
            var changes: [Change] = []
            for key in Array(state.entries.keys) where entries[key] == nil {
                if let change = set(key, nil, &state) { changes.append(change) }
            }
            for (key, entry) in entries {
                if let change = set(key, entry, &state) { changes.append(change) }
            }
            state.resourceVersion = list.resourceVersion
            return (changes, state.handlers)
        }
        for change in changes { for handler in handlers { handler(change) } }
        synced.open()
    }

    private func apply(_ event: WatchEvent) {
        let object: Object
        var value: Value?
        var isDeletion = false
        switch event {
        case .bookmark(let version): return state.withLock { $0.resourceVersion = version }
        case .added(let new), .modified(let new): (object, value) = (new, transform(new))
        case .deleted(let last): (object, isDeletion) = (last, true)
        }
        let (key, version, uid) = (object.key, object.resourceVersion, object.uid)
        let (change, handlers) = state.withLock { state -> (Change?, [@Sendable (Change) -> Void]) in
            state.resourceVersion = version
            if state.removed[key] == uid {
                if isDeletion { state.removed[key] = nil }
                return (nil, [])
            }
            // A write of our own, noted before, is newer than this.
            if let old = state.entries[key], Self.isNewer(old.resourceVersion, than: version) { return (nil, []) }
            let entry = value.map { Entry(resourceVersion: version, value: $0) }
            return (set(key, entry, &state), state.handlers)
        }
        if let change { for handler in handlers { handler(change) } }
    }

    /// Nil when nothing changes.
    private func set(_ key: String, _ entry: Entry?, _ state: inout State) -> Change? {
        let old = state.entries[key]
        if old == nil && entry == nil || entry != nil && old?.resourceVersion == entry?.resourceVersion { return nil }
        if let index {
            let (from, to) = (old.map { index($0.value) } ?? [], entry.map { index($0.value) } ?? [])
            for name in from where !to.contains(name) {
                state.indexed[name]?.remove(key)
                if state.indexed[name]?.isEmpty == true { state.indexed[name] = nil }
            }
            for name in to where !from.contains(name) { state.indexed[name, default: []].insert(key) }
        }
        state.entries[key] = entry
        let change = Change(key: key, old: old?.value, new: entry?.value)
        // A stream that nobody reads any more is found out here, and not by `onTermination`: that runs inside the reader's
        // cancellation and would wait for the lock that is held here while `yield` waits for the reader.
        state.streams.removeAll { if case .terminated = $0.yield(change) { true } else { false } }
        return change
    }

    // MARK: Reading one's own writes

    /// Puts what a create, update or patch answered into the copy, until the watch comes to the same: who decides by the
    /// copy must not miss what it did itself. Handlers hear of it, in no order with what the watch tells meanwhile.
    public func note(_ object: Object) {
        guard let value = transform(object) else { return }
        let entry = Entry(resourceVersion: object.resourceVersion, value: value)
        let (key, uid) = (object.key, object.uid)
        let (change, handlers) = state.withLock { state -> (Change?, [@Sendable (Change) -> Void]) in
            // What the watch has passed already may be older than what the copy says, or even gone.
            guard let seen = state.resourceVersion, Self.isNewer(entry.resourceVersion, than: seen),
                state.removed[key] != uid,
                state.entries[key].map({ Self.isNewer(entry.resourceVersion, than: $0.resourceVersion) }) ?? true
            else { return (nil, []) }
            state.removed[key] = nil
            return (set(key, entry, &state), state.handlers)
        }
        if let change { for handler in handlers { handler(change) } }
    }

    /// Takes an object out that a delete of our own removed for good. `uid` is that of the object in the copy.
    public func noteRemoval(_ key: String, uid: String, where isThat: (Value) -> Bool) {
        let (change, handlers) = state.withLock { state -> (Change?, [@Sendable (Change) -> Void]) in
            guard let old = state.entries[key], isThat(old.value) else { return (nil, []) }
            state.removed[key] = uid
            return (set(key, nil, &state), state.handlers)
        }
        if let change { for handler in handlers { handler(change) } }
    }

    /// Versions of one server are numbers that grow (KEP-5504); of others nothing is known.
    private static func isNewer(_ a: String, than b: String) -> Bool {
        guard let a = Int(a), let b = Int(b) else { return false }
        return a > b
    }
}

extension Reflector where Value == Object {
    /// Keeps the objects as they are.
    public convenience init(
        _ client: any ObjectClient, _ resource: ResourceName, namespace: String? = nil,
        _ options: ListOptions = .init(), time: any TimeSource = SystemTime(),
        index: (@Sendable (Object) -> [String])? = nil
    ) {
        self.init(client, resource, namespace: namespace, options, time: time, index: index) {
            // Who wrote which field is by far the most of an object, and hardly ever read.
            Object($0.document.trimmed(folding: "metadata", "managedFields"))
        }
    }

    /// Takes an object out that a delete of our own removed for good.
    public func noteRemoval(of object: Object) { noteRemoval(object.key, uid: object.uid) { $0.uid == object.uid } }
}

/// Something that has to be followed before a controller may decide anything: a `Reflector`.
public protocol Followed: Sendable {
    func run() async
    func waitForSync() async
}

extension Reflector: Followed {}
