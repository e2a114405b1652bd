internal import Synchronization

/// Keys of things to do, for any number of workers (client-go's `workqueue`).
///
/// A key that waits is held once, however often it is added. A key that is being processed is never given to a second
/// worker: added meanwhile, it comes up again after `done`. A timer runs only while a delayed key waits for it.
public final class WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct Delayed {
        let due: Double
        let key: Key
    }
    private struct State {
        var ready: [Key] = []
        var head = 0
        /// Waiting in `ready`, or to be added again when their processing ends.
        var dirty: Set<Key> = []
        var processing: Set<Key> = []
        var workers: [(id: Int, continuation: CheckedContinuation<Key?, Never>)] = []
        var nextWorker = 0
        /// Entries whose key has another due time in `dueTimes` are void.
        var delayed = Heap<Delayed> { $0.due < $1.due }
        var dueTimes: [Key: Double] = [:]
        var timer: (due: Double, task: Task<Void, Never>)?
        var failures: [Key: Int] = [:]
        var isShutDown = false
    }
    private let state = Mutex(State())
    private let time: any TimeSource
    private let backoff: Backoff

    /// `backoff` is the delay of `addRateLimited`: after n failures of a key, initial * factor^n.
    public init(time: any TimeSource = SystemTime(), backoff: Backoff = Backoff(initial: 0.005, maximum: 1000)) {
        (self.time, self.backoff) = (time, backoff)
    }

    deinit { state.withLock { $0.timer?.task.cancel() } }

    /// How many keys wait for a worker, delayed ones not counted.
    public var count: Int { state.withLock { $0.ready.count - $0.head } }

    public func add(_ key: Key) {
        state.withLock { Self.add(key, &$0) }?.resume(returning: key)
    }

    /// Adds the key when so many seconds have passed. A key that is delayed already comes at the earlier of both times.
    public func add(_ key: Key, after seconds: Double) {
        guard seconds > 0 else { return add(key) }
        let due = time.uptime + seconds
        state.withLock { state in
            guard !state.isShutDown, due < state.dueTimes[key] ?? .infinity else { return }
            state.dueTimes[key] = due
            state.delayed.insert(Delayed(due: due, key: key))
            setTimer(&state)
        }
    }

    /// Adds the key after a delay that grows with every call until `forget`.
    public func addRateLimited(_ key: Key) {
        let failures = state.withLock { state in
            let failures = state.failures[key, default: 0]
            state.failures[key] = failures + 1
            return failures
        }
        add(key, after: backoff.delay(afterFailures: failures))
    }

    /// The key's next `addRateLimited` starts with the shortest delay again.
    public func forget(_ key: Key) { state.withLock { _ = $0.failures.removeValue(forKey: key) } }

    /// How often `addRateLimited` was called since the last `forget`.
    public func failures(_ key: Key) -> Int { state.withLock { $0.failures[key] ?? 0 } }

    /// The next key, to be given back with `done`; nil once the queue is shut down or the task is cancelled.
    public func next() async -> Key? {
        let id = state.withLock { state in
            state.nextWorker += 1
            return state.nextWorker
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isReady, key): (Bool, Key?) = state.withLock { state in
                    if Task.isCancelled { return (true, nil) }
                    if let key = Self.take(&state) { return (true, key) }
                    if state.isShutDown { return (true, nil) }
                    state.workers.append((id, continuation))
                    return (false, nil)
                }
                if isReady { continuation.resume(returning: key) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.workers.firstIndex { $0.id == id }.map { state.workers.remove(at: $0).continuation }
            }
            waiting?.resume(returning: nil)
        }
    }

    /// The key was processed.
    public func done(_ key: Key) {
        let worker = state.withLock { state -> CheckedContinuation<Key?, Never>? in
            state.processing.remove(key)
            guard state.dirty.remove(key) != nil else { return nil }
            return Self.add(key, &state)
        }
        worker?.resume(returning: key)
    }

    /// Nothing more is taken in; workers get what waits already and then nil. Delayed keys are dropped.
    public func shutDown() {
        let workers = state.withLock { state in
            state.isShutDown = true
            state.timer?.task.cancel()
            state.timer = nil
            defer { state.workers = [] }
            return state.workers
        }
        for worker in workers { worker.continuation.resume(returning: nil) }
    }

    /// The worker to hand the key to, if one waits.
    private static func add(_ key: Key, _ state: inout State) -> CheckedContinuation<Key?, Never>? {
        guard !state.isShutDown, state.dirty.insert(key).inserted, !state.processing.contains(key) else { return nil }
        if !state.workers.isEmpty {
            state.dirty.remove(key)
            state.processing.insert(key)
            return state.workers.removeFirst().continuation
        }
        state.ready.append(key)
        return nil
    }

    private static func take(_ state: inout State) -> Key? {
        guard state.head < state.ready.count else { return nil }
        let key = state.ready[state.head]
        state.head += 1
        if state.head == state.ready.count {
            state.ready.removeAll(keepingCapacity: state.head < 1024)
            state.head = 0
        } else if state.head > 1024, state.head * 2 > state.ready.count {
            state.ready.removeFirst(state.head)
            state.head = 0
        }
        state.dirty.remove(key)
        state.processing.insert(key)
        return key
    }

    /// Makes the timer wait for the earliest delayed key.
    private func setTimer(_ state: inout State) {
        while let first = state.delayed.first, state.dueTimes[first.key] != first.due { _ = state.delayed.popFirst() }
        guard let due = state.delayed.first?.due, due < state.timer?.due ?? .infinity else { return }
        state.timer?.task.cancel()
        let task = Task { [weak self, time] in
            do { try await time.sleep(until: due) } catch { return }
            self?.addDue()
        }
        state.timer = (due, task)
    }

    private func addDue() {
        let now = time.uptime
        let handed = state.withLock { state in
            var handed: [(CheckedContinuation<Key?, Never>, Key)] = []
            guard !state.isShutDown else { return handed }
            state.timer = nil
            while let first = state.delayed.first, first.due <= now {
                _ = state.delayed.popFirst()
                guard state.dueTimes[first.key] == first.due else { continue }
                state.dueTimes[first.key] = nil
                if let worker = Self.add(first.key, &state) { handed.append((worker, first.key)) }
            }
            setTimer(&state)
            return handed
        }
        for (worker, key) in handed { worker.resume(returning: key) }
    }
}
