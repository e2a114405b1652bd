internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP1
internal import NIOHTTP2

/// One connection of HTTP/2: a handler right behind the frame codec, with a plain object for each stream instead of a
/// channel.
final class HTTP2Connection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let server: ServerContext
    let info: ConnectionInfo
    private let id: UInt64
    var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    private var lastStream = HTTP2StreamID.rootStream
    private var inRead = false
    private var flushOwed = false
    private var isDraining = false
    private var timer = DeadlineTimer()

    init(server: ServerContext, info: ConnectionInfo, id: UInt64) {
        self.server = server
        self.info = info
        self.id = id
    }

    /// What all streams of a connection may send before their bodies are taken: the bound of what a connection can make
    /// the server hold. One body always fits.
    static func window(_ limits: HTTPLimits) -> Int {
        min(Int(Int32.max), max(4 * 1024 * 1024, limits.bodyBytes + 1024 * 1024))
    }

    static func codec(_ limits: HTTPLimits) -> NIOHTTP2Handler {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.maxConcurrentStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: min(window(limits), 1024 * 1024)),
            // Room to refuse a request that is over the limit politely.
            HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * limits.headerBytes),
        ]
        return NIOHTTP2Handler(mode: .server, connectionConfiguration: configuration)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        write(.rootStream, .windowUpdate(windowSizeIncrement: Self.window(server.limits) - 65535))
        flush()
        setDeadline(.now() + server.limits.headerTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer.cancel()
        let open = streams.values
        streams = [:]
        for stream in open { stream.closed() }
        server.connections.remove(id)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inRead = true
        let frame = Self.unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            if let stream = streams[frame.streamID] {
                stream.receiveTrailers(endStream: headers.endStream)
            } else {
                let stream = HTTP2Stream(self, frame.streamID)
                streams[frame.streamID] = stream
                lastStream = max(lastStream, frame.streamID)
                stream.receive(headers.headers, endStream: headers.endStream)
            }
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            // Padding counts, with the byte that tells its length (RFC 9113, section 6.9.1).
            let size = bytes.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
            if let stream = streams[frame.streamID] {
                stream.receive(bytes, size: size, endStream: data.endStream)
            } else {
                giveBack(size)
            }
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        inRead = false
        if flushOwed {
            flushOwed = false
            context.flush()
        }
        if streams.isEmpty { setDeadline(.now() + server.limits.idleTimeout) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        for stream in Array(streams.values) { stream.channelWritabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let closed = event as? StreamClosedEvent {
            streams.removeValue(forKey: closed.streamID)?.closed()
            progressDrain()
            if streams.isEmpty { setDeadline(.now() + server.limits.idleTimeout) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The codec has answered a broken connection with GOAWAY already; an error of one stream it turned into a reset.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    // MARK: For streams

    var eventLoop: (any EventLoop)? { context?.eventLoop }
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ stream: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: promise)
    }

    func flush() {
        if inRead { flushOwed = true } else { context?.flush() }
    }

    /// Allows the client as much again, once a body has been taken or thrown away.
    func giveBack(_ size: Int) {
        guard size > 0 else { return }
        write(.rootStream, .windowUpdate(windowSizeIncrement: size))
        flush()
    }

    func setDeadline(_ deadline: NIODeadline) {
        guard let context else { return }
        timer.set(deadline, on: context.eventLoop, expiry(context))
    }

    /// Wakes at `deadline` if not before.
    func lowerDeadline(_ deadline: NIODeadline) {
        if deadline < timer.deadline { setDeadline(deadline) }
    }

    private func expiry(_ context: ChannelHandlerContext) -> @Sendable () -> Void {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        return { bound.value.expired() }
    }

    private func expired() {
        guard let context, timer.isDue(on: context.eventLoop, expiry(context)) else { return }
        if streams.isEmpty { return close() }
        let now = NIODeadline.now()
        for stream in Array(streams.values) where stream.deadline <= now { stream.expired() }
        setDeadline(streams.values.map(\.deadline).min() ?? now + server.limits.idleTimeout)
    }

    /// Closes once everything written has been sent.
    private func close() {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        sendGoAway(promise)
    }

    private func sendGoAway(_ promise: EventLoopPromise<Void>? = nil) {
        write(.rootStream, .goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil), promise: promise)
        context?.flush()
    }

    /// A stream has begun to stream, or ended, while the connection drains.
    func progressDrain() {
        guard isDraining, let context else { return }
        if streams.isEmpty {
            // A stream ends while its last frame is being written: that goes first.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.close() }
        } else if streams.values.allSatisfy(\.isStreaming) {
            server.connections.settled(id)
        }
    }
}

extension HTTP2Connection: DrainableConnection {
    func drain() {
        isDraining = true
        sendGoAway()
        progressDrain()
    }

    func endStreams() {
        for stream in Array(streams.values) { stream.endStreaming() }
    }
}
