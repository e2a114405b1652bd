internal import COpenSSL
public import NIOCore

/// Fired as a user event on the channel once, when application data may flow.
public struct TLSHandshakeCompleted: Sendable {
    /// The protocol agreed on by ALPN, if any.
    public let alpn: String?
    /// What the other side presented and proved; verified unless the context says otherwise.
    public let peerCertificate: PeerCertificate?
    public let resumed: Bool
}

/// TLS for one connection, between the socket and everything else.
///
/// Reads: one buffer of plain bytes for each read of the socket. Writes: what was written between two flushes is
/// packed into as few records as hold it and goes on in one buffer. A failed handshake is an `errorCaught` with a
/// `TLSError`, then the channel closes.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private enum State { case handshaking, open, closed }

    private static let maxRecord = 16384

    private let context: TLSContext
    private let ssl: OpaquePointer
    private let pipe: UnsafeMutablePointer<tls_pipe>
    private let handshakeTimeout: TimeAmount?
    private var state = State.handshaking
    private var started = false
    private var pending: [(data: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var flushWanted = false
    /// Something was handed on since the last `channelReadComplete`. Records without data (handshakes, tickets) are nobody
    /// else's business.
    private var readOn = false
    private var timer: Scheduled<Void>?

    /// - Parameter handshakeTimeout: from the moment the connection stands; nil waits for ever.
    public init(_ context: TLSContext, handshakeTimeout: TimeAmount? = .seconds(10)) throws(TLSError) {
        self.context = context
        self.handshakeTimeout = handshakeTimeout
        ssl = try context.makeConnection()
        pipe = .allocate(capacity: 1)
        pipe.initialize(to: tls_pipe())
        guard tls_pipe_attach(ssl, pipeMethod, pipe) == 1 else { throw .library("cannot start a TLS connection") }
    }

    deinit {
        SSL_free(ssl)
        free(pipe.pointee.spill)
        pipe.deallocate()
    }

    // MARK: Channel

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        if state == .handshaking, started {
            context.fireErrorCaught(TLSError("the connection was closed during the TLS handshake"))
        }
        end()
        context.fireChannelInactive()
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed else { return }
        let input = Self.unwrapInboundIn(data)
        var plain: ByteBuffer?
        var outcome = Outcome.more
        input.withUnsafeReadableBytes { bytes in
            pipe.pointee.in = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            pipe.pointee.in_len = bytes.count
            defer {
                pipe.pointee.in = nil
                pipe.pointee.in_len = 0
            }
            if state == .handshaking {
                outcome = handshake(context)
                guard state == .open else { return }
            }
            outcome = decrypt(
                atMost: bytes.count, into: &plain, allocator: context.channel.allocator)
        }
        sendSpill(context)
        if let plain {
            readOn = true
            context.fireChannelRead(Self.wrapInboundOut(plain))
        }
        switch outcome {
        case .more: break
        case .closed: context.close(promise: nil)
        case .failed(let error): fail(context, error)
        }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        guard readOn else { return }
        readOn = false
        context.fireChannelReadComplete()
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state != .closed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        pending.append((Self.unwrapOutboundIn(data), promise))
    }

    public func flush(context: ChannelHandlerContext) {
        switch state {
        case .handshaking: flushWanted = true
        case .open: encrypt(context)
        case .closed: context.flush()
        }
    }

    /// Says goodbye (close_notify), then closes; `.output` leaves the reading side open.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if state == .open, mode != .input {
            ERR_clear_error()
            SSL_shutdown(ssl)
            sendSpill(context)
        }
        if mode == .all { end() }
        context.close(mode: mode, promise: promise)
    }

    // MARK: Steps

    private enum Outcome {
        case more
        case closed
        case failed(TLSError)
    }

    private func start(_ context: ChannelHandlerContext) {
        guard !started else { return }
        started = true
        if let handshakeTimeout {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
                let (handler, context) = bound.value
                handler.fail(context, TLSError("the TLS handshake took too long"))
            }
        }
        if self.context.role == .client {
            if case .failed(let error) = handshake(context) { fail(context, error) }
            sendSpill(context)
        }
    }

    private func handshake(_ context: ChannelHandlerContext) -> Outcome {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else {
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .more
            default: return .failed(handshakeError())
            }
        }
        let peer = SSL_get1_peer_certificate(ssl).map { PeerCertificate(X509Reference(owning: $0)) }
        if let peer, peer.notAfter < Certificate.now(), SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE {
            // A resumed session was verified when it began.
            return .failed(TLSError("TLS handshake: the other side's certificate has expired"))
        }
        state = .open
        timer?.cancel()
        timer = nil
        sendSpill(context)
        context.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(
                alpn: selectedProtocol(), peerCertificate: peer, resumed: SSL_session_reused(ssl) == 1))
        if flushWanted { encrypt(context) }
        return .more
    }

    private func selectedProtocol() -> String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    private func handshakeError() -> TLSError {
        let verified = SSL_get_verify_result(ssl)
        guard verified == Int(X509_V_OK) else {
            ERR_clear_error()
            return TLSError("TLS handshake: " + String(cString: X509_verify_cert_error_string(verified)))
        }
        return .library("TLS handshake")
    }

    /// All plain bytes that the records in the pipe hold: fewer than `count`, unless a part of a record came before.
    private func decrypt(atMost count: Int, into plain: inout ByteBuffer?, allocator: ByteBufferAllocator) -> Outcome {
        var result: Int32 = 1
        var buffer = allocator.buffer(capacity: count)
        ERR_clear_error()
        while true {
            var read = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: max(1, Int(SSL_pending(ssl)))) {
                result = SSL_read_ex(ssl, $0.baseAddress, $0.count, &read)
                return read
            }
            if result <= 0 { break }
        }
        if buffer.readableBytes > 0 { plain = buffer }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .more
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(.library("TLS"))
        }
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        flushWanted = false
        guard !pending.isEmpty else {
            context.flush()
            return
        }
        let batch = pending
        pending.removeAll(keepingCapacity: true)
        var total = 0
        var promise: EventLoopPromise<Void>?
        for (data, other) in batch {
            total += data.readableBytes
            if let other {
                if let promise { promise.futureResult.cascade(to: other) } else { promise = other }
            }
        }
        // A record adds 22 bytes (TLS 1.3) or 29 (1.2).
        let room = total + (total / Self.maxRecord + batch.count + 1) * 32
        var output = context.channel.allocator.buffer(capacity: room)
        var ok = true
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
            pipe.pointee.out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
            pipe.pointee.out_cap = space.count
            pipe.pointee.out_len = 0
            ok = batch.count == 1 ? seal(batch[0].data.readableBytesView) : sealTogether(batch, total)
            defer {
                pipe.pointee.out = nil
                pipe.pointee.out_cap = 0
                pipe.pointee.out_len = 0
            }
            return pipe.pointee.out_len
        }
        guard ok else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            fail(context, .library("TLS"))
            return
        }
        if pipe.pointee.spill_len > 0 { takeSpill(into: &output) }
        context.writeAndFlush(Self.wrapOutboundOut(output), promise: promise)
    }

    private func seal(_ bytes: ByteBufferView) -> Bool {
        guard !bytes.isEmpty else { return true }
        ERR_clear_error()
        var written = 0
        return bytes.withUnsafeBytes { SSL_write_ex(ssl, $0.baseAddress, $0.count, &written) } == 1
    }

    /// Small buffers share records; long ones fill their own without being copied.
    private func sealTogether(_ batch: [(data: ByteBuffer, promise: EventLoopPromise<Void>?)], _ total: Int) -> Bool {
        var shared = ByteBuffer()
        shared.reserveCapacity(min(total, Self.maxRecord))
        for (data, _) in batch {
            var rest = data
            while rest.readableBytes > 0 {
                if shared.readableBytes == 0, rest.readableBytes >= Self.maxRecord {
                    if !seal(rest.readableBytesView) { return false }
                    break
                }
                let share = min(rest.readableBytes, Self.maxRecord - shared.readableBytes)
                if var part = rest.readSlice(length: share) { shared.writeBuffer(&part) }
                if shared.readableBytes == Self.maxRecord {
                    if !seal(shared.readableBytesView) { return false }
                    shared.clear()
                }
            }
        }
        return seal(shared.readableBytesView)
    }

    /// Sends what the library wrote by itself: handshake messages, tickets, alerts.
    private func sendSpill(_ context: ChannelHandlerContext) {
        guard pipe.pointee.spill_len > 0 else { return }
        var output = context.channel.allocator.buffer(capacity: pipe.pointee.spill_len)
        takeSpill(into: &output)
        context.writeAndFlush(Self.wrapOutboundOut(output), promise: nil)
    }

    private func takeSpill(into output: inout ByteBuffer) {
        output.writeBytes(UnsafeRawBufferPointer(start: pipe.pointee.spill, count: pipe.pointee.spill_len))
        free(pipe.pointee.spill)
        pipe.pointee.spill = nil
        pipe.pointee.spill_len = 0
        pipe.pointee.spill_cap = 0
    }

    /// After a fatal error nothing more may be written, not even close_notify.
    private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard state != .closed else { return }
        sendSpill(context)
        end()
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func end() {
        guard state != .closed else { return }
        state = .closed
        timer?.cancel()
        timer = nil
        let dropped = pending
        pending = []
        for (_, promise) in dropped { promise?.fail(ChannelError.ioOnClosedChannel) }
    }
}

/// Sendable: made once, then only read.
nonisolated(unsafe) private let pipeMethod: OpaquePointer? = tls_pipe_method()
