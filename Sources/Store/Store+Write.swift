import Synchronization

/// What must be true of the object for a write to happen.
public enum Expectation: Sendable {
    case absent
    case revision(Int64)
    /// Creates or replaces; a delete needs something to delete.
    case any
}

public struct Write: Sendable {
    public enum Change: Sendable {
        case put(Encoded)
        /// The last state, as watchers see it.
        case delete(Encoded)
    }

    /// E.g. "pods", "deployments.apps".
    public var resource: String
    /// "namespace/name" or "name".
    public var key: String
    public var expected: Expectation
    public var change: Change

    public init(resource: String, key: String, expected: Expectation, change: Change) {
        self.resource = resource
        self.key = key
        self.expected = expected
        self.change = change
    }
}

public typealias WriteCompletion = @Sendable (Result<StoredObject, StoreError>) -> Void

extension Store {
    /// Queues a write. The completion is called on the writer thread after the write is durable and visible, and with
    /// what was stored; keep it short. Errors: `.exists`, `.conflict`, `.notFound`, `.backend`, `.closed`.
    public func write(_ write: Write, completion: @escaping WriteCompletion) {
        enqueue {
            $0.writes.append((write, completion))
        } otherwise: {
            completion(.failure(.closed))
        }
    }

    public func write(_ write: Write) async throws(StoreError) -> StoredObject {
        try await withUnsafeContinuation { continuation in
            self.write(write) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Forgets history outside of the window and removes from the disk what nothing needs any more. The writer thread
    /// does it by itself while there is something to forget; returns after it was tried.
    public func compact() async {
        await withUnsafeContinuation { continuation in
            enqueue {
                $0.compactions.append { continuation.resume() }
            } otherwise: {
                continuation.resume()
            }
        }
    }

    /// Commits what is queued, closes the backend and ends all watches. Reads still work afterwards.
    public func close() async {
        await withUnsafeContinuation { continuation in
            close { continuation.resume() }
        }
    }

    /// As `close()`, for callers that may block.
    public func closeAndWait() {
        let done = Doorbell()
        close { done.ring() }
        done.wait()
    }

    private func close(_ completion: @escaping @Sendable () -> Void) {
        enqueue {
            $0.closing = true
            $0.closers.append(completion)
        } otherwise: {
            // A second caller waits for the first one's close.
            let pending = queue.withLock { queue in
                if !queue.closed { queue.closers.append(completion) }
                return !queue.closed
            }
            if !pending { completion() }
        }
    }

    func enqueue(_ change: (inout sending WriteQueue) -> Void, otherwise refuse: () -> Void) {
        let accepted = queue.withLock { queue in
            if queue.closing { return false }
            change(&queue)
            return true
        }
        if accepted { doorbell.ring() } else { refuse() }
    }
}

/// What waits for the writer thread.
struct WriteQueue: Sendable {
    var writes: [(Write, WriteCompletion)] = []
    var compactions: [@Sendable () -> Void] = []
    var reseals: [@Sendable (BackendError?) -> Void] = []
    var closers: [@Sendable () -> Void] = []
    /// Nothing more is accepted.
    var closing = false
    /// The backend is closed.
    var closed = false
}
