public import NIOCore

extension ResponseStream {
    /// A stream whose bytes go nowhere, for what drives a responder without a connection.
    public static func discarding(on eventLoop: any EventLoop) -> ResponseStream {
        ResponseStream(eventLoop: eventLoop, allocator: ByteBufferAllocator(), sink: Nowhere(), writable: true)
    }

    private final class Nowhere: StreamSink {
        func streamWrite(_ bytes: UnsafeRawBufferPointer) {}
        func streamFlush() {}
        func streamFinish() {}
        func streamAbort() {}
    }
}
