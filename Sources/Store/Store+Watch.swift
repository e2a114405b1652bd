import Synchronization

extension Store {
    /// Watches a resource.
    ///
    /// - Parameters:
    ///   - prefix: "" or "namespace/".
    ///   - from: events behind this revision; nil: from now.
    ///   - queueLimit: the most events that one `drain` looks at. A watcher has no queue of its own, it reads the
    ///     shared history; so it can lag behind by all of the history window at no cost.
    ///   - wake: called when there is something to drain or the watcher was closed; once, then not before the next
    ///     `drain`. From any thread, without locks held, possibly before this method returns. Must be cheap.
    /// - Throws: `.compacted`, `.tooLargeRevision`, `.closed`.
    public func watch(
        _ resource: String, prefix: String = "", from: Int64?, queueLimit: Int = 1000,
        wake: @escaping @Sendable () -> Void
    ) throws(StoreError) -> Watcher {
        let registered: Result<(Watcher, hasBacklog: Bool), StoreError> = contents.withLock { contents in
            if closed.load(ordering: .sequentiallyConsistent) { return .failure(.closed) }
            let now = contents.revision
            let from = from ?? now
            guard from <= now else { return .failure(.tooLargeRevision(current: now)) }
            var state = contents.resources[resource] ?? Contents.Resource(history: History(start: 0))
            guard from >= state.history.start || from == now else {
                return .failure(.compacted(oldest: state.history.start))
            }
            let hasBacklog = state.history.newest > from
            let watcher = Watcher(
                store: self, resource: resource, prefix: prefix, limit: max(1, queueLimit),
                position: hasBacklog ? from : now, pending: hasBacklog ? from + 1 : 0, wake: wake)
            state.watchers.append(watcher)
            contents.resources[resource] = state
            return .success((watcher, hasBacklog))
        }
        let (watcher, hasBacklog) = try registered.get()
        if hasBacklog { wake() }
        return watcher
    }
}

/// A position in the history of a resource, and whether there is something behind it.
///
/// The writer thread only sets `pending` and wakes; events are taken out of the store's history by whoever drains. A
/// watcher that falls out of the history window is overflowed; nobody ever waits for it. It stays registered until
/// `cancel()`, or until a drain reports that it ended.
public final class Watcher: Sendable {
    public enum State: Sendable {
        case open
        /// It lagged behind by more than the history window: list again.
        case overflowed
        /// It was cancelled, or the store was closed and everything is drained.
        case closed
    }

    private struct Cursor {
        var position: Int64
        var state = State.open
    }

    let resource: String
    let prefix: String
    private let store: Store
    private let limit: Int
    private let wake: @Sendable () -> Void
    /// The revision of the first event behind the cursor that concerns this watcher, or one between it and the cursor;
    /// 0: there is none, every visible event that the watcher was offered is drained.
    private let pending: Atomic<Int64>
    private let cursor: Mutex<Cursor>

    init(
        store: Store, resource: String, prefix: String, limit: Int, position: Int64, pending: Int64,
        wake: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.resource = resource
        self.prefix = prefix
        self.limit = limit
        self.wake = wake
        self.pending = Atomic(pending)
        cursor = Mutex(Cursor(position: position))
    }

    /// Everything up to here was drained or did not concern this watcher: what a bookmark may say.
    public var revision: Int64 {
        cursor.withLock { cursor in
            // In this order: what was published before is pending or drained.
            let published = store.published.load(ordering: .sequentiallyConsistent)
            if cursor.state == .open, pending.load(ordering: .sequentiallyConsistent) == 0 {
                cursor.position = max(cursor.position, published)
            }
            return cursor.position
        }
    }

    /// Appends the next events. If there are more than the limit, `wake` is called again at once.
    ///
    /// - Returns: `.open`, or why nothing will follow what was appended.
    public func drain(into events: inout [StoreEvent]) -> State {
        let (state, again) = cursor.withLock { cursor -> (State, Bool) in
            guard cursor.state == .open else { return (cursor.state, false) }
            let closed = store.closed.load(ordering: .sequentiallyConsistent)
            let published = store.published.load(ordering: .sequentiallyConsistent)
            let first = pending.exchange(0, ordering: .sequentiallyConsistent)
            var more = false
            if first == 0 {
                cursor.position = max(cursor.position, published)
            } else {
                switch store.read(self, behind: cursor.position, first: first, limit: limit, into: &events) {
                case .overflowed: cursor.state = .overflowed
                case .all(let revision): cursor.position = revision
                case .some(let revision):
                    cursor.position = revision
                    pending.store(revision + 1, ordering: .sequentiallyConsistent)
                    more = true
                }
            }
            if closed, !more, cursor.state == .open { cursor.state = .closed }
            return (cursor.state, more)
        }
        if state != .open { store.remove(self) }
        if again { wake() }
        return state
    }

    public func cancel() {
        cursor.withLock { $0.state = .closed }
        store.remove(self)
    }

    /// New events of the resource, which are visible already. On the writer thread.
    func offer(_ events: [StoreEvent]) {
        guard pending.load(ordering: .sequentiallyConsistent) == 0,
            let first = events.first(where: { hasPrefix($0.object.key, prefix) })
        else { return }
        // Only from 0: a drain may have set an earlier revision meanwhile.
        if pending.compareExchange(expected: 0, desired: first.revision, ordering: .sequentiallyConsistent).exchanged {
            wake()
        }
    }

    /// The store was closed.
    func close() {
        if pending.load(ordering: .sequentiallyConsistent) == 0 { wake() }
    }
}

extension Store {
    fileprivate enum Reading {
        case overflowed
        /// Up to the newest revision, which is given.
        case all(Int64)
        /// Up to the given revision.
        case some(Int64)
    }

    fileprivate func read(
        _ watcher: Watcher, behind position: Int64, first: Int64, limit: Int, into events: inout [StoreEvent]
    ) -> Reading {
        contents.withLock { contents in
            guard let history = contents.resources[watcher.resource]?.history else { return .all(contents.revision) }
            if first <= history.start { return .overflowed }
            var seen = 0
            var last = position
            var more = false
            history.forEach(after: position) { event in
                if seen == limit {
                    more = true
                    return false
                }
                seen += 1
                last = event.revision
                if hasPrefix(event.object.key, watcher.prefix) { events.append(event) }
                return true
            }
            return more ? .some(last) : .all(contents.revision)
        }
    }

    fileprivate func remove(_ watcher: Watcher) {
        contents.withLock { contents in
            contents.resources[watcher.resource]?.watchers.removeAll { $0 === watcher }
        }
    }
}
