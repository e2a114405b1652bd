internal import Synchronization

/// Lets a task wait until a response stream takes more, or is over.
public final class WritableGate: Sendable {
    private let stream: ResponseStream
    private let waiting = Mutex<(continuation: CheckedContinuation<Void, Never>?, isClosed: Bool)>((nil, false))

    public init(_ stream: ResponseStream) {
        self.stream = stream
        stream.onWritable { self.open() }
        stream.onClose {
            self.waiting.withLock { $0.isClosed = true }
            self.open()
        }
    }

    private func open() {
        let continuation = waiting.withLock { waiting in
            defer { waiting.continuation = nil }
            return waiting.continuation
        }
        continuation?.resume()
    }

    /// Returns at once when the stream is over.
    public func wait() async {
        if stream.isWritable { return }
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { waiting in
                if waiting.isClosed { return true }
                waiting.continuation = continuation
                return false
            }
            // Room may have appeared in between.
            if isOpen { continuation.resume() } else if stream.isWritable { open() }
        }
    }
}
