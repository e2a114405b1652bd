/// What a controller is: a function from the key of an object to "make the world so". It is called with a key whenever
/// something about the object may have changed; it looks at the present state alone, and may be called at any time, any
/// number of times, and after a crash.
public protocol Reconciler: Sendable {
    /// An error means: try again, later and later. Never called twice at once for one key.
    func reconcile(_ key: String) async throws -> ReconcileResult
}

public enum ReconcileResult: Sendable, Equatable {
    case done
    /// To be called again in so many seconds, unless something changes earlier.
    case requeue(after: Double)
}

/// Feeds a reconciler from its queue.
public struct Controller: Sendable {
    public let name: String
    public let queue: WorkQueue<String>
    private let reconciler: any Reconciler
    private let workers: Int
    private let failed: @Sendable (_ key: String, _ error: any Error) -> Void

    /// `failed` hears of every error, for a log or a counter.
    public init(
        _ name: String, _ queue: WorkQueue<String>, workers: Int = 1, _ reconciler: any Reconciler,
        failed: @escaping @Sendable (String, any Error) -> Void = { _, _ in }
    ) {
        (self.name, self.queue, self.reconciler, self.workers) = (name, queue, reconciler, max(1, workers))
        self.failed = failed
    }

    /// Works until the task is cancelled or the queue is shut down and empty.
    public func run() async {
        await withTaskGroup { group in
            for _ in 0..<workers {
                group.addTask {
                    while let key = await queue.next() {
                        await process(key)
                        queue.done(key)
                    }
                }
            }
        }
    }

    /// Follows the sources, and works as soon as all of them are here.
    public func run(following sources: [any Followed]) async {
        await withTaskGroup { group in
            for source in sources { group.addTask { await source.run() } }
            group.addTask {
                for source in sources { await source.waitForSync() }
                await run()
            }
        }
    }

    private func process(_ key: String) async {
        do {
            let result = try await reconciler.reconcile(key)
            queue.forget(key)
            if case .requeue(let seconds) = result { queue.add(key, after: seconds) }
        } catch is CancellationError {
            queue.add(key)
        } catch {
            failed(key, error)
            queue.addRateLimited(key)
        }
    }
}
