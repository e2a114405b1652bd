import NIOCore

/// The client's side of one SPDY session: the HTTP upgrade, then frames, until the server goes away.
final class SPDYHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let authority: String
    private let path: String
    private let purpose: SPDYStream.Purpose
    private let inbox: SPDYInbox
    private let opened: EventLoopPromise<Void>

    private let roles: [SPDYRole]
    private var unanswered: Set<UInt32> = []
    /// Streams that output comes on and that have not ended.
    private var open: Set<UInt32> = []
    private var upgraded = false
    private var ended = false
    private var received = ByteBuffer()
    private var status = ByteBuffer()
    /// The reader has enough; a read that was asked for meanwhile is made up for when it has room again.
    private var paused = false
    private var readHeldBack = false

    init(
        authority: String, path: String, purpose: SPDYStream.Purpose, inbox: SPDYInbox, opened: EventLoopPromise<Void>
    ) {
        self.authority = authority
        self.path = path
        self.purpose = purpose
        self.inbox = inbox
        self.opened = opened
        roles = purpose.roles
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = """
            POST \(path) HTTP/1.1\r
            Host: \(authority)\r
            Connection: Upgrade\r
            Upgrade: SPDY/3.1\r
            X-Stream-Protocol-Version: \(purpose.subprotocol)\r
            Content-Length: 0\r
            \r\n
            """
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        if !upgraded { upgrade(context) }
        guard upgraded else { return }
        while !ended, let frame = SPDYFrame.read(from: &received) { handle(frame, context) }
        received.discardReadBytes()
    }

    private func upgrade(_ context: ChannelHandlerContext) {
        let view = received.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if received.readableBytes > 64 << 10 { fail(context, .internal, "its answer to the upgrade has no end") }
            return
        }
        let head = String(decoding: view[..<end.lowerBound], as: UTF8.self)
        let statusLine = head.prefix { $0 != "\r\n" }
        guard statusLine.split(separator: " ").dropFirst().first == "101" else {
            let body = String(decoding: view[end.upperBound...], as: UTF8.self)
            return fail(context, .unavailable, "\(statusLine) \(body)")
        }
        received.moveReaderIndex(to: end.upperBound)
        upgraded = true
        for (index, role) in roles.enumerated() {
            let stream = UInt32(2 * index + 1)
            unanswered.insert(stream)
            if role == .error || role == .stdout || role == .stderr || role == .data { open.insert(stream) }
            let frame = SPDYFrame.synStream(stream, headers: purpose.headers(of: role), first: index == 0)
            context.write(wrapOutboundOut(frame), promise: nil)
        }
        context.flush()
    }

    private func handle(_ frame: SPDYFrame, _ context: ChannelHandlerContext) {
        switch frame {
        case .synReply(let stream, let fin):
            unanswered.remove(stream)
            if unanswered.isEmpty { opened.succeed() }
            if fin { close(stream, context) }
        case .data(let stream, let bytes, let fin):
            deliver(stream, bytes, context)
            if fin { close(stream, context) }
        case .reset(let stream):
            if unanswered.contains(stream) { fail(context, .unavailable, "it refused a stream") }
            close(stream, context)
        case .ping(let id):
            // Odd ones would be answers to our own.
            if id % 2 == 0 { context.writeAndFlush(wrapOutboundOut(SPDYFrame.ping(id)), promise: nil) }
        case .goAway:
            finish(context)
        case .other:
            break
        }
    }

    private func deliver(_ stream: UInt32, _ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let index = Int(stream / 2)
        guard index < roles.count, bytes.readableBytes > 0 else { return }
        switch roles[index] {
        case .error: status.writeImmutableBuffer(bytes)
        case .stdout, .data: put(.stdout(bytes), context)
        case .stderr: put(.stderr(bytes), context)
        case .stdin, .resize: break
        }
    }

    private func put(_ chunk: RuntimeStreamChunk, _ context: ChannelHandlerContext) {
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let room = inbox.put(chunk) {
            loop.execute {
                let (handler, context) = handler.value
                handler.paused = false
                if handler.readHeldBack {
                    handler.readHeldBack = false
                    context.read()
                }
            }
        }
        if !room { paused = true }
    }

    func read(context: ChannelHandlerContext) {
        if paused { readHeldBack = true } else { context.read() }
    }

    private func close(_ stream: UInt32, _ context: ChannelHandlerContext) {
        open.remove(stream)
        if open.isEmpty { finish(context) }
    }

    /// The server has said all there is to say.
    private func finish(_ context: ChannelHandlerContext) {
        guard !ended else { return }
        ended = true
        if status.readableBytes > 0 { put(.status(status), context) }
        inbox.finish(.success(()))
        opened.fail(RuntimeError(.unavailable, "the streaming server of the container runtime ended the session"))
        context.close(promise: nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ code: RuntimeError.Code, _ reason: String) {
        let error = RuntimeError(code, "the streaming server of the container runtime: \(reason)")
        ended = true
        opened.fail(error)
        inbox.finish(.failure(error))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, .unavailable, "\(error)") }

    func channelInactive(context: ChannelHandlerContext) {
        // Some servers close at once after the status, without taking leave.
        if status.readableBytes > 0 { return finish(context) }
        if !ended { fail(context, .unavailable, "it closed the connection") }
    }
}
