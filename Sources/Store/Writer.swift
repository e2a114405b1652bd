import Synchronization

/// The writer thread: the only one that changes the store's contents and uses its backend.
struct Writer {
    /// These bound how long one commit takes.
    private static let batchLimit = 1000
    private static let batchBytes = 8 << 20
    /// From so many dead records on they are removed at once.
    private static let compactionThreshold = 500
    /// So many are removed in one transaction, some milliseconds that writes wait. More than one batch can kill.
    private static let compactionLimit = 2 * batchLimit

    let store: Store
    /// Revisions of records that can be removed from the log.
    private var dead: [Int64]
    private var compactionDue: Double?
    private var lastCompaction: Double
    private var lastCompactionFailed = false
    /// The history starts that the log has.
    private var keptStarts: [String: Int64] = [:]

    init(store: Store, dead: [Int64]) {
        self.store = store
        self.dead = dead
        lastCompaction = store.now()
        schedule()
    }

    mutating func run() {
        while true {
            let (writes, compactions, closing) = take()
            reseal()
            if !writes.isEmpty { commit(writes) }
            if !compactions.isEmpty || isCompactionDue { compact(everything: !compactions.isEmpty) }
            for done in compactions { done() }
            if !writes.isEmpty || !compactions.isEmpty { continue }
            if closing { break }
            // Asleep until there is work, or the oldest history expires; forever if there is none.
            store.doorbell.wait(seconds: compactionDue.map { max(0, $0 - store.now()) + 0.001 })
        }
        shutDown()
    }

    private func take() -> (writes: [(Write, WriteCompletion)], compactions: [@Sendable () -> Void], closing: Bool) {
        store.queue.withLock { queue in
            let compactions = queue.compactions
            queue.compactions = []
            var bytes = 0
            let batch = queue.writes.prefix { write, _ in
                defer { bytes += write.size }
                return bytes < Self.batchBytes
            }.prefix(Self.batchLimit)
            let writes = Array(batch)
            queue.writes.removeFirst(writes.count)
            return (writes, compactions, queue.closing)
        }
    }

    private func reseal() {
        let waiting = store.queue.withLock { queue in
            defer { queue.reseals = [] }
            return queue.reseals
        }
        if waiting.isEmpty { return }
        var failure: BackendError?
        do throws(BackendError) { try store.backend.reseal() } catch { failure = error }
        for done in waiting { done(failure) }
    }

    // MARK: Committing

    private mutating func commit(_ writes: [(Write, WriteCompletion)]) {
        var batch = Batch(revision: store.revision)
        let outcomes = writes.map { write, _ in
            batch.stage(write) { store.get($0, $1) }
        }
        if !batch.events.isEmpty {
            do {
                try store.backend.append(batch.records)
            } catch {
                // Also those that were refused: it may have been because of a write that now never happened.
                for (_, completion) in writes { completion(.failure(.backend(error.message))) }
                return
            }
            publish(batch)
        }
        for ((_, completion), outcome) in zip(writes, outcomes) { completion(outcome) }
    }

    private mutating func publish(_ batch: Batch) {
        let now = store.now()
        var forgotten: [StoreEvent] = []
        // Watchers that register from here on start behind the batch.
        let audience: [String: [Watcher]] = store.contents.withLock { contents in
            var audience: [String: [Watcher]] = [:]
            for (resource, event) in batch.events {
                forgotten += contents.apply(event, to: resource, now: now, window: store.window)
                if audience[resource] == nil { audience[resource] = contents.resources[resource]?.watchers }
            }
            contents.revision = batch.revision
            return audience
        }
        for (resource, watchers) in audience where !watchers.isEmpty {
            let events = batch.events.filter { $0.resource == resource }.map(\.event)
            for watcher in watchers { watcher.offer(events) }
        }
        store.published.store(batch.revision, ordering: .sequentiallyConsistent)
        dead += forgotten.flatMap(\.deadRevisions)
        if compactionDue == nil || dead.count > Self.compactionThreshold { schedule() }
    }

    // MARK: Compaction

    private var isCompactionDue: Bool {
        compactionDue.map { store.now() >= $0 } ?? false
    }

    /// At the earliest a step after the last one, so that steady small writes cost one transaction a step; but at once
    /// when many records are dead.
    private mutating func schedule() {
        let earliest = lastCompaction + store.window.step
        if dead.count > Self.compactionThreshold {
            compactionDue = lastCompactionFailed ? earliest : 0
        } else if dead.contains(where: { $0 != store.revision }) {
            compactionDue = earliest
        } else {
            let window = store.window
            let expiry = store.contents.withLock { contents in
                contents.resources.values.lazy.compactMap { $0.history.expiry(window) }.min()
            }
            compactionDue = expiry.map { max($0, earliest) }
        }
    }

    /// Forgets the history outside of the window, then removes dead records from the log: some, or everything.
    private mutating func compact(everything: Bool) {
        let (now, window) = (store.now(), store.window)
        lastCompaction = now
        var starts: [String: Int64] = [:]
        let forgotten: [StoreEvent] = store.contents.withLock { contents in
            var forgotten: [StoreEvent] = []
            for name in contents.resources.keys {
                forgotten += contents.resources[name]?.history.trim(now: now, window: window) ?? []
                starts[name] = contents.resources[name]?.history.start
            }
            return forgotten
        }
        dead += forgotten.flatMap(\.deadRevisions)
        starts = starts.filter { $0.value > keptStarts[$0.key] ?? 0 }
        // The newest record carries the revision over a restart.
        let newest = store.revision
        do {
            repeat {
                let part = dead.prefix(Self.compactionLimit)
                let removed = part.filter { $0 != newest }
                if removed.isEmpty, starts.isEmpty { break }
                try store.backend.compact(removing: removed, historyStarts: starts)
                dead = part.filter { $0 == newest } + dead.dropFirst(part.count)
                keptStarts.merge(starts) { $1 }
                starts = [:]
            } while everything
            lastCompactionFailed = false
        } catch {
            // The log only stays longer than need be; the next one tries again.
            lastCompactionFailed = true
        }
        schedule()
    }

    // MARK: Closing

    private func shutDown() {
        store.backend.close()
        store.closed.store(true, ordering: .sequentiallyConsistent)
        let watchers = store.contents.withLock { $0.resources.values.flatMap(\.watchers) }
        for watcher in watchers { watcher.close() }
        let closers = store.queue.withLock { queue in
            queue.closed = true
            defer { queue.closers = [] }
            return queue.closers
        }
        for done in closers { done() }
    }
}

extension Write {
    fileprivate var size: Int {
        switch change {
        case .put(let encoded), .delete(let encoded): encoded.bytes.count
        }
    }
}
