internal import NIOCore
internal import NIOHTTP1

/// One connection of HTTP/1.1: requests in, answers out, one at a time and in order.
final class HTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What has been received and waits for its turn.
    enum Incoming {
        case request(HTTPRequestHead, ByteBuffer?)
        case refusal(HTTPResponseStatus, String)
    }

    /// What the connection is doing for the request at the front.
    enum Exchange {
        case idle
        /// The responder works on it.
        case working
        /// A body in memory is being written.
        case writing(BodyCursor)
        case streaming(ResponseStream)
        /// The last answer is out; what still comes is thrown away until the client closes.
        case lingering
        case closed
    }

    let server: ServerContext
    let info: ConnectionInfo
    private let id: UInt64
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    var context: ChannelHandlerContext?

    var exchange = Exchange.idle
    /// Of the request at the front.
    var closeAfter = false
    var isHead = false
    var isChunked = false
    private var draining = false

    private var receiving: HTTPRequestHead?
    private var body: ByteBuffer?
    private var bodyCount = 0
    /// The request being received was refused: nothing after it is looked at.
    private var deaf = false
    private var waiting = CircularBuffer<Incoming>()
    private var continueOwed = false
    private var readPaused = false
    private var readWanted = false
    private var sawPart = false
    private var inRead = false
    private var flushOwed = false
    private var inNext = false
    private var task: Task<Void, Never>?
    private var timer = DeadlineTimer()
    /// The chunk that a stream is filling: a size of fixed width, written last, comes first.
    var chunk: ByteBuffer?
    var chunkCapacity = 1024

    init(
        server: ServerContext, info: ConnectionInfo, id: UInt64, decoder: ByteToMessageHandler<HTTPRequestDecoder>
    ) {
        self.decoder = decoder
        self.server = server
        self.info = info
        self.id = id
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        setDeadline(after: server.limits.idleTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        closed()
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if readPaused { readWanted = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sawPart = true
        guard !deaf else { return }
        inRead = true
        switch Self.unwrapInboundIn(data) {
        case .head(let head): receive(head)
        case .body(let bytes): receive(bytes)
        case .end: receiveEnd()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        inRead = false
        if flushOwed {
            flushOwed = false
            context.flush()
        }
        // Bytes came that make no part of a message yet: the beginning of a head.
        if !sawPart, case .idle = exchange, receiving == nil, timer.deadline - .now() > server.limits.headerTimeout {
            setDeadline(after: server.limits.headerTimeout)
        }
        sawPart = false
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        switch exchange {
        case .writing: writeBody()
        case .streaming(let stream): stream.writabilityChanged(context.channel.isWritable)
        default: break
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        if case .lingering = exchange { return }
        if error == .headerOverflow {
            refuse(.requestHeaderFieldsTooLarge, "the request's headers are too long")
        } else {
            refuse(.badRequest, "the request is not valid HTTP/1.1")
        }
    }

    // MARK: Receiving

    private func receive(_ head: HTTPRequestHead) {
        receiving = head
        body = nil
        bodyCount = 0
        var size = head.uri.utf8.count + 32
        for (name, value) in head.headers { size += name.utf8.count + value.utf8.count + 4 }
        if size > server.limits.headerBytes {
            return refuse(.requestHeaderFieldsTooLarge, "the request's headers are too long")
        }
        // GET without a body is the common case; its end is already here.
        guard
            head.method != .GET || head.headers.contains(name: "content-length")
                || head.headers.contains(name: "transfer-encoding")
        else { return }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > server.limits.bodyBytes
        {
            return refuse(.payloadTooLarge, "the request's body is too long")
        }
        if head.version == .http1_1, head.headers[canonicalForm: "expect"].contains("100-continue") {
            continueOwed = true
            sendContinue()
        }
        if case .idle = exchange { setDeadline(after: server.limits.bodyTimeout) }
    }

    private func receive(_ bytes: ByteBuffer) {
        guard receiving != nil else { return }
        continueOwed = false
        bodyCount += bytes.readableBytes
        if bodyCount > server.limits.bodyBytes {
            return refuse(.payloadTooLarge, "the request's body is too long")
        }
        if body == nil { body = bytes } else { body?.writeImmutableBuffer(bytes) }
    }

    private func receiveEnd() {
        guard let head = receiving else { return }
        continueOwed = false
        receiving = nil
        let whole = body
        body = nil
        if case .idle = exchange, waiting.isEmpty {
            answer(head, whole)
        } else {
            waiting.append(.request(head, whole))
            readPaused = true
        }
    }

    /// The client waits for this before it sends the body; but only its turn makes the promise true.
    private func sendContinue() {
        guard continueOwed, case .idle = exchange, let context else { return }
        continueOwed = false
        var buffer = context.channel.allocator.buffer(capacity: 32)
        buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        write(buffer)
    }

    private func refuse(_ status: HTTPResponseStatus, _ reason: String) {
        deaf = true
        receiving = nil
        body = nil
        waiting.append(.refusal(status, reason))
        next()
    }

    // MARK: Answering

    /// Takes up what waits, as long as answers are given at once.
    func next() {
        guard !inNext else { return }
        inNext = true
        defer { inNext = false }
        while case .idle = exchange, let incoming = waiting.popFirst() {
            switch incoming {
            case .request(let head, let body):
                answer(head, body)
            case .refusal(let status, let reason):
                closeAfter = true
                isHead = false
                isChunked = false
                exchange = .working
                send(server.responder.refusal(status, reason))
            }
        }
        guard case .idle = exchange else { return }
        if draining, receiving == nil {
            exchange = .lingering
            context?.close(promise: nil)
            return
        }
        sendContinue()
        if readPaused {
            readPaused = false
            if readWanted {
                readWanted = false
                context?.read()
            }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ body: ByteBuffer?) {
        guard let context else { return }
        isHead = head.method == .HEAD
        isChunked = head.version == .http1_1
        // After a request to upgrade the decoder reads no further request.
        closeAfter = draining || !isChunked || !head.isKeepAlive || head.headers.contains(name: "upgrade")
        exchange = .working
        let request = HTTPRequest(
            method: head.method, uri: head.uri, headers: head.headers, body: body ?? ByteBuffer(), connection: info)
        take(server.responder.respond(to: request, on: context.eventLoop), head)
    }

    private func take(_ reply: Reply, _ head: HTTPRequestHead) {
        switch reply {
        case .now(let response):
            send(response)
        case .later(let respond):
            wait(respond) { $0.send($1) }
        case .eventually(let decide):
            wait(decide) { $0.take($1, head) }
        case .webSocket(let protocols, let open):
            upgrade(head, protocols, open)
        case .takeOver(let run):
            takeOver(run)
        }
    }

    private func wait<Result: Sendable>(
        _ work: @escaping @Sendable () async -> Result,
        then proceed: @escaping @Sendable (HTTP1Connection, Result) -> Void
    ) {
        guard let context else { return }
        timer.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        task = Task {
            let result = await work()
            bound.eventLoop.execute {
                bound.value.task = nil
                proceed(bound.value, result)
            }
        }
    }

    func send(_ response: HTTPResponse) {
        guard case .working = exchange, let context else { return }
        if draining { closeAfter = true }
        let code = response.status.code
        let bodiless = code == 204 || code == 304 || code < 200
        let framing: HTTP1Writer.Framing
        let count = response.body.count
        if bodiless {
            framing = .none
        } else if let count {
            framing = .length(count)
        } else if isChunked {
            framing = .chunked
        } else {
            framing = .none
            closeAfter = true
        }
        let omitted = bodiless || isHead
        let inline = omitted ? 0 : min(count ?? 0, BodyCursor.pieceSize)
        var buffer = context.channel.allocator.buffer(capacity: 256 + 48 * response.headers.count + inline)
        HTTP1Writer.writeHead(response, framing: framing, close: closeAfter, into: &buffer)
        switch response.body {
        case _ where omitted, .none:
            finish(writing: buffer)
        case .bytes(let bytes) where bytes.count <= BodyCursor.pieceSize:
            buffer.writeBytes(bytes)
            finish(writing: buffer)
        case .bytes(let bytes):
            begin(BodyCursor([bytes], count: bytes.count), after: &buffer)
        case .slices(let slices):
            begin(BodyCursor(slices, count: count ?? 0), after: &buffer)
        case .stream(let start):
            timer.cancel()
            write(buffer)
            let stream = ResponseStream(
                eventLoop: context.eventLoop, allocator: context.channel.allocator, sink: self,
                writable: context.channel.isWritable)
            exchange = .streaming(stream)
            start(stream)
            if case .streaming = exchange { streamFlush() }
            if draining { server.connections.settled(id) }
        }
    }

    private func begin(_ body: BodyCursor, after buffer: inout ByteBuffer) {
        var body = body
        body.read(into: &buffer)
        if body.remaining == 0 { return finish(writing: buffer) }
        write(buffer)
        exchange = .writing(body)
        writeBody()
    }

    /// Writes on while the client takes it, but lets other connections have their turn after each MiB.
    private func writeBody() {
        guard case .writing(var body) = exchange, let context else { return }
        exchange = .working
        setDeadline(after: server.limits.stallTimeout)
        var turn = 16
        while context.channel.isWritable, turn > 0 {
            var buffer = context.channel.allocator.buffer(capacity: min(body.remaining, BodyCursor.pieceSize))
            body.read(into: &buffer)
            if body.remaining == 0 { return finish(writing: buffer) }
            context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
            turn -= 1
            // The channel may have closed under the write.
            guard case .working = exchange else { return }
        }
        exchange = .writing(body)
        if context.channel.isWritable {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.writeBody() }
        }
    }

    /// The answer's last bytes.
    func finish(writing buffer: ByteBuffer) {
        if closeAfter {
            linger(after: buffer)
            return
        }
        exchange = .idle
        write(buffer)
        guard case .idle = exchange else { return }
        setDeadline(after: receiving == nil ? server.limits.idleTimeout : server.limits.bodyTimeout)
        if readPaused || draining || continueOwed || !waiting.isEmpty { next() }
    }

    func write(_ buffer: ByteBuffer) {
        guard let context else { return }
        if inRead {
            flushOwed = true
            context.write(Self.wrapOutboundOut(buffer), promise: nil)
        } else {
            context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
        }
    }

    /// Closes our side and waits for the client to close its own: a socket closed with unread bytes in it sends a reset,
    /// which can destroy the answer on its way.
    private func linger(after buffer: ByteBuffer) {
        guard let context else { return }
        exchange = .lingering
        deaf = true
        waiting.removeAll()
        readPaused = false
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { bound.value.close(mode: .output, promise: nil) }
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: promise)
        setDeadline(after: .seconds(2))
        if readWanted {
            readWanted = false
            context.read()
        }
    }

    // MARK: Ends

    private func closed() {
        let was = exchange
        exchange = .closed
        timer.cancel()
        task?.cancel()
        task = nil
        waiting.removeAll()
        body = nil
        chunk = nil
        if case .streaming(let stream) = was { stream.closed() }
        server.connections.remove(id)
    }

    func setDeadline(after time: TimeAmount) {
        guard let context else { return }
        timer.set(.now() + time, on: context.eventLoop, expiry(context))
    }

    private func expiry(_ context: ChannelHandlerContext) -> @Sendable () -> Void {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        return { bound.value.expired() }
    }

    private func expired() {
        guard let context, timer.isDue(on: context.eventLoop, expiry(context)) else { return }
        switch exchange {
        case .idle where receiving != nil: refuse(.requestTimeout, "the request's body took too long")
        case .working, .streaming, .closed: break
        case .idle, .writing, .lingering: context.close(promise: nil)
        }
    }

    /// After an upgrade other handlers own the connection; what the decoder has read beyond the request goes to them.
    func handOver() {
        exchange = .closed
        deaf = true
        timer.cancel()
        guard let context else { return }
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(context: context, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
    }

    var connectionID: UInt64 { id }
}

extension HTTP1Connection: DrainableConnection {
    func drain() {
        draining = true
        switch exchange {
        case .idle where receiving == nil && waiting.isEmpty:
            exchange = .lingering
            context?.close(promise: nil)
        case .streaming: server.connections.settled(connectionID)
        default: closeAfter = true
        }
    }

    func endStreams() {
        if case .streaming(let stream) = exchange {
            closeAfter = true
            stream.finish()
        }
    }
}
