public import NIOCore
internal import Synchronization

/// What a stream writes to: a connection of HTTP/1.1, or one stream of HTTP/2. Called on the event loop only.
protocol StreamSink: AnyObject {
    func streamWrite(_ bytes: UnsafeRawBufferPointer)
    func streamFlush()
    func streamFinish()
    func streamAbort()
}

/// The body of a response, written as it comes.
///
/// Everything may be called from any thread; on the event loop it takes effect at once. Written bytes go out with the
/// next `flush`. A writer that goes on while `isWritable` is false makes the server hold what the client has not read.
///
/// Sendable: all variable state but `writable` is touched on the event loop only.
public final class ResponseStream: @unchecked Sendable {
    public let eventLoop: any EventLoop
    public let allocator: ByteBufferAllocator
    private let writable = Atomic(true)
    private var sink: (any StreamSink)?
    private var whenWritable: (@Sendable () -> Void)?
    private var whenClosed: [@Sendable () -> Void] = []

    init(eventLoop: any EventLoop, allocator: ByteBufferAllocator, sink: any StreamSink, writable: Bool) {
        self.eventLoop = eventLoop
        self.allocator = allocator
        self.sink = sink
        self.writable.store(writable, ordering: .relaxed)
    }

    /// Whether the client keeps up. After false, `onWritable` tells when it does again.
    public var isWritable: Bool {
        writable.load(ordering: .relaxed)
    }

    public func write(_ buffer: ByteBuffer) {
        onLoop { stream in buffer.withUnsafeReadableBytes { stream.sink?.streamWrite($0) } }
    }

    public func write(_ bytes: [UInt8]) {
        onLoop { stream in bytes.withUnsafeBytes { stream.sink?.streamWrite($0) } }
    }

    public func flush() {
        onLoop { $0.sink?.streamFlush() }
    }

    /// Ends the body, flushing what is left. Nothing written later goes anywhere.
    public func finish() {
        onLoop { stream in
            let sink = stream.sink
            stream.closed()
            sink?.streamFinish()
        }
    }

    /// Ends the body so that the client sees it is incomplete.
    public func abort() {
        onLoop { stream in
            let sink = stream.sink
            stream.closed()
            sink?.streamAbort()
        }
    }

    /// `f` is called on the event loop each time the stream becomes writable again; it replaces an earlier one.
    public func onWritable(_ f: @escaping @Sendable () -> Void) {
        onLoop { stream in if stream.sink != nil { stream.whenWritable = f } }
    }

    /// `f` is called once on the event loop when the stream is over, whoever ended it; at once if it is over already.
    public func onClose(_ f: @escaping @Sendable () -> Void) {
        onLoop { stream in if stream.sink == nil { f() } else { stream.whenClosed.append(f) } }
    }

    @inline(__always)
    private func onLoop(_ f: @escaping @Sendable (ResponseStream) -> Void) {
        if eventLoop.inEventLoop { f(self) } else { eventLoop.execute { f(self) } }
    }

    // MARK: For connections, on the event loop

    func writabilityChanged(_ isWritable: Bool) {
        let was = writable.exchange(isWritable, ordering: .relaxed)
        if isWritable, !was { whenWritable?() }
    }

    func closed() {
        guard sink != nil else { return }
        sink = nil
        writable.store(false, ordering: .relaxed)
        whenWritable = nil
        let callbacks = whenClosed
        whenClosed = []
        for f in callbacks { f() }
    }
}
