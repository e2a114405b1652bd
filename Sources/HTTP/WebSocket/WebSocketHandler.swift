internal import NIOCore
internal import NIOWebSocket

/// Frames of RFC 6455: joins fragments, answers pings, keeps the connection alive, says goodbye.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A client that answers nothing for two of these is gone.
    private static let pingInterval = TimeAmount.seconds(30)

    private let server: ServerContext
    private let id: UInt64
    private var connection: WebSocketConnection?
    private var context: ChannelHandlerContext?
    private var message: (opcode: WebSocketOpcode, bytes: ByteBuffer)?
    private var waiting: [CheckedContinuation<Bool, Never>] = []
    private var readPaused = false
    private var readWanted = false
    private var closeSent = false
    private var isClosed = false
    private var silentIntervals = 0
    private var pings: RepeatedTask?
    private var closeTimer: Scheduled<Void>?

    init(server: ServerContext, id: UInt64) {
        self.server = server
        self.id = id
    }

    /// The connection's face to the responder; once, when the handler is in its pipeline.
    func open(chosenProtocol: String?, on eventLoop: any EventLoop) -> WebSocketConnection {
        let connection = WebSocketConnection(chosenProtocol: chosenProtocol, handler: self, eventLoop: eventLoop)
        self.connection = connection
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        pings = eventLoop.scheduleRepeatedTask(initialDelay: Self.pingInterval, delay: Self.pingInterval) { _ in
            bound.value.keepAlive()
        }
        return connection
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        pings?.cancel()
        closeTimer?.cancel()
        let senders = waiting
        waiting = []
        for sender in senders { sender.resume(returning: false) }
        connection?.finish()
        connection = nil
        server.connections.remove(id)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if readPaused { readWanted = true } else { context.read() }
    }

    func resumeReading() {
        readPaused = false
        if readWanted {
            readWanted = false
            context?.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            let senders = waiting
            waiting = []
            for sender in senders { sender.resume(returning: true) }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength?: close(code: 1009, reason: "the message is too long")
        case .fragmentedControlFrame?, .multiByteControlFrameLength?: close(code: 1002, reason: "invalid control frame")
        default: context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        silentIntervals = 0
        guard frame.maskKey != nil, frame.reservedBits.isEmpty else {
            return close(code: 1002, reason: "frames must be masked and without extensions")
        }
        switch frame.opcode {
        case .ping:
            write(Self.frame(.pong, frame.unmaskedData.readableBytesView))
        case .pong:
            break
        case .connectionClose:
            if !closeSent {
                closeSent = true
                let payload = frame.unmaskedData.readableBytesView
                write(Self.frame(.connectionClose, payload.prefix(payload.count >= 2 ? 2 : 0)))
            }
            context.close(promise: nil)
        case .text, .binary:
            guard message == nil else { return close(code: 1002, reason: "a message began inside another") }
            receive(frame.opcode, frame.unmaskedData, isLast: frame.fin)
        case .continuation:
            guard case (let opcode, var bytes)? = message else {
                return close(code: 1002, reason: "nothing to continue")
            }
            message = nil
            var part = frame.unmaskedData
            bytes.writeBuffer(&part)
            receive(opcode, bytes, isLast: frame.fin)
        default:
            close(code: 1002, reason: "unknown opcode")
        }
    }

    private func receive(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer, isLast: Bool) {
        guard !closeSent else { return }
        guard bytes.readableBytes <= server.limits.webSocketMessageBytes else {
            return close(code: 1009, reason: "the message is too long")
        }
        guard isLast else {
            message = (opcode, bytes)
            return
        }
        let whole: WebSocketMessage
        if opcode == .binary {
            whole = .binary(Array(bytes.readableBytesView))
        } else if let text = String(validating: bytes.readableBytesView, as: UTF8.self) {
            whole = .text(text)
        } else {
            return close(code: 1007, reason: "the text is not UTF-8")
        }
        if let connection, !connection.deliver(whole) { readPaused = true }
    }

    // MARK: Sending

    /// `continuation` is told whether the frame was sent, when there is room for more.
    func send(_ frame: ByteBuffer, _ continuation: CheckedContinuation<Bool, Never>) {
        guard !isClosed, !closeSent, let context else { return continuation.resume(returning: false) }
        write(frame)
        if isClosed {
            continuation.resume(returning: false)
        } else if context.channel.isWritable {
            continuation.resume(returning: true)
        } else {
            waiting.append(continuation)
        }
    }

    func close(code: UInt16, reason: String) {
        guard !closeSent, !isClosed, let context else { return }
        closeSent = true
        let payload = [UInt8(code >> 8), UInt8(code & 255)] + reason.utf8.prefix(123)
        write(Self.frame(.connectionClose, payload))
        resumeReading()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        closeTimer = context.eventLoop.scheduleTask(in: .seconds(2)) { bound.value.close(promise: nil) }
    }

    private func keepAlive() {
        silentIntervals += 1
        if silentIntervals > 2, !readPaused {
            context?.close(promise: nil)
        } else {
            write(Self.frame(.ping, [UInt8]()))
        }
    }

    private func write(_ frame: ByteBuffer) {
        guard let context else { return }
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }

    /// A whole message in one frame; a server's frames are not masked.
    static func frame(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        let count = payload.count
        var buffer = ByteBufferAllocator().buffer(capacity: count + 10)
        buffer.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch count {
        case ..<126: buffer.writeInteger(UInt8(count))
        case ..<65536:
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(count))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(count))
        }
        buffer.writeBytes(payload)
        return buffer
    }
}

extension WebSocketHandler: DrainableConnection {
    func drain() {
        server.connections.settled(id)
    }

    func endStreams() {
        close(code: 1001, reason: "the server is shutting down")
    }
}
