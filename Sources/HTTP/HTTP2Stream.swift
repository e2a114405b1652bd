internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP1
internal import NIOHTTP2

/// One request and its answer on an HTTP/2 connection.
final class HTTP2Stream {
    private enum State {
        case receiving
        case working
        case writing(BodyCursor)
        case streaming(ResponseStream)
        case ended
    }

    /// What one stream may have given to the codec and the socket before it waits: beyond it the client is slow.
    private static let inFlightLimit = 256 * 1024

    private let connection: HTTP2Connection
    private let id: HTTP2StreamID
    private var state = State.receiving
    private var request: HTTPRequest?
    private var held = 0
    private var unacknowledged = 0
    private var hasBody = false
    private var receivedAll = false
    private var inFlight = 0
    private var task: Task<Void, Never>?
    private var outgoing: ByteBuffer?
    private var outgoingCapacity = 1024
    private(set) var deadline = NIODeadline.distantFuture

    init(_ connection: HTTP2Connection, _ id: HTTP2StreamID) {
        self.connection = connection
        self.id = id
    }

    var isStreaming: Bool {
        switch state {
        case .streaming, .ended: true
        default: false
        }
    }

    // MARK: Receiving

    func receive(_ block: HPACKHeaders, endStream: Bool) {
        receivedAll = endStream
        var method = ""
        var path = ""
        var authority: String?
        var cookie: String?
        var size = 0
        var fields: [(String, String)] = []
        fields.reserveCapacity(block.count)
        for (name, value, _) in block {
            size += name.utf8.count + value.utf8.count + 32
            if name.utf8.first == UInt8(ascii: ":") {
                switch name {
                case ":method": method = value
                case ":path": path = value
                case ":authority": authority = value
                default: break
                }
            } else if name == "cookie" {
                // One field again (RFC 9113, section 8.2.3).
                cookie = cookie.map { $0 + "; " + value } ?? value
            } else {
                fields.append((name, value))
            }
        }
        var headers = HTTPHeaders(fields)
        if let cookie { headers.add(name: "cookie", value: cookie) }
        if let authority { headers.replaceOrAdd(name: "host", value: authority) }
        request = HTTPRequest(
            method: HTTPMethod(rawValue: method), uri: path, headers: headers, connection: connection.info)
        let limits = connection.server.limits
        if size > limits.headerBytes {
            return refuse(.requestHeaderFieldsTooLarge, "the request's headers are too long")
        }
        guard path.utf8.first == UInt8(ascii: "/") || path == "*" else {
            return refuse(.badRequest, "the request has no path")
        }
        if endStream { return answer() }
        if let length = headers.first(name: "content-length").flatMap({ Int($0) }), length > limits.bodyBytes {
            return refuse(.payloadTooLarge, "the request's body is too long")
        }
        if headers[canonicalForm: "expect"].contains("100-continue") {
            connection.write(id, .headers(.init(headers: [":status": "100"])))
            connection.flush()
        }
        setDeadline(after: limits.bodyTimeout)
    }

    func receive(_ bytes: ByteBuffer, size: Int, endStream: Bool) {
        if endStream { receivedAll = true }
        guard case .receiving = state, request != nil else {
            connection.giveBack(size)
            return
        }
        held += size
        if (request?.body.readableBytes ?? 0) + bytes.readableBytes > connection.server.limits.bodyBytes {
            return refuse(.payloadTooLarge, "the request's body is too long")
        }
        if hasBody { request?.body.writeImmutableBuffer(bytes) } else { request?.body = bytes }
        hasBody = true
        if endStream { return answer() }
        // The stream's own window follows at once; the connection's only when the body is taken.
        unacknowledged += size
        if unacknowledged >= 256 * 1024 {
            connection.write(id, .windowUpdate(windowSizeIncrement: unacknowledged))
            connection.flush()
            unacknowledged = 0
        }
    }

    func receiveTrailers(endStream: Bool) {
        guard endStream, !receivedAll else { return }
        receivedAll = true
        if case .receiving = state, request != nil { answer() }
    }

    private func release() {
        connection.giveBack(held)
        held = 0
    }

    // MARK: Answering

    private func refuse(_ status: HTTPResponseStatus, _ reason: String) {
        release()
        state = .working
        send(connection.server.responder.refusal(status, reason))
    }

    private func answer() {
        guard let request, let eventLoop = connection.eventLoop else { return }
        release()
        state = .working
        deadline = .distantFuture
        take(connection.server.responder.respond(to: request, on: eventLoop), eventLoop)
    }

    private func take(_ reply: Reply, _ eventLoop: any EventLoop) {
        switch reply {
        case .now(let response):
            send(response)
        case .later(let respond):
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            task = Task {
                let response = await respond()
                bound.eventLoop.execute { bound.value.send(response) }
            }
        case .eventually(let decide):
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            task = Task {
                let reply = await decide()
                bound.eventLoop.execute {
                    if case .working = bound.value.state { bound.value.take(reply, eventLoop) }
                }
            }
        case .webSocket:
            // Clients choose HTTP/1.1 for WebSockets; RFC 8441 is not offered.
            send(connection.server.responder.refusal(.badRequest, "WebSockets need HTTP/1.1"))
        case .takeOver:
            send(connection.server.responder.refusal(.badRequest, "an upgrade needs HTTP/1.1"))
        }
    }

    private func send(_ response: HTTPResponse) {
        guard case .working = state, let request, let context = connection.context else { return }
        task = nil
        let code = response.status.code
        let count = response.body.count
        let bodiless = code == 204 || code == 304
        let omitted = bodiless || request.method == .HEAD || count == 0
        // The request's buffers are of no more use.
        self.request?.body = ByteBuffer()

        var fields = HPACKHeaders()
        fields.reserveCapacity(response.headers.count + 2)
        fields.add(name: ":status", value: Self.status(code))
        for (name, value) in response.headers where !HTTP1Writer.isOwnedByConnection(name) {
            fields.add(name: Self.lowercased(name), value: Self.oneLine(value))
        }
        if !bodiless, let count { fields.add(name: "content-length", value: String(count), indexing: .neverIndexed) }
        connection.write(id, .headers(.init(headers: fields, endStream: omitted)))
        if omitted { return end() }

        switch response.body {
        case .none: end()
        case .bytes(let bytes) where bytes.count <= BodyCursor.pieceSize:
            var buffer = context.channel.allocator.buffer(capacity: bytes.count)
            buffer.writeBytes(bytes)
            if receivedAll {
                connection.write(id, .data(.init(data: .byteBuffer(buffer), endStream: true)))
            } else {
                writeData(buffer, endStream: true, context)
            }
            end()
        case .bytes(let bytes):
            state = .writing(BodyCursor([bytes], count: bytes.count))
            writeBody()
        case .slices(let slices):
            state = .writing(BodyCursor(slices, count: count ?? 0))
            writeBody()
        case .stream(let start):
            let stream = ResponseStream(
                eventLoop: context.eventLoop, allocator: context.channel.allocator, sink: self,
                writable: connection.isWritable)
            state = .streaming(stream)
            connection.flush()
            start(stream)
            if case .streaming = state { streamFlush() }
            connection.progressDrain()
        }
    }

    private func writeBody() {
        guard case .writing(var body) = state, let context = connection.context else { return }
        state = .working
        setDeadline(after: connection.server.limits.stallTimeout)
        while inFlight < Self.inFlightLimit, connection.isWritable {
            var buffer = context.channel.allocator.buffer(capacity: min(body.remaining, BodyCursor.pieceSize))
            body.read(into: &buffer)
            let last = body.remaining == 0
            writeData(buffer, endStream: last, context)
            connection.flush()
            guard case .working = state else { return }
            if last { return end() }
        }
        state = .writing(body)
    }

    /// Counts the bytes as in flight until the socket has taken them.
    private func writeData(_ buffer: ByteBuffer, endStream: Bool, _ context: ChannelHandlerContext) {
        let count = buffer.readableBytes
        inFlight += count
        let promise = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.wrote(count) }
        connection.write(id, .data(.init(data: .byteBuffer(buffer), endStream: endStream)), promise: promise)
    }

    private func wrote(_ count: Int) {
        inFlight -= count
        switch state {
        case .writing: writeBody()
        case .streaming(let stream): stream.writabilityChanged(mayWrite)
        case .ended: stopUpload()
        default: break
        }
    }

    private var mayWrite: Bool { inFlight < Self.inFlightLimit && connection.isWritable }

    func channelWritabilityChanged() {
        switch state {
        case .writing: writeBody()
        case .streaming(let stream): stream.writabilityChanged(mayWrite)
        default: break
        }
    }

    /// The answer's last frame is written.
    private func end() {
        state = .ended
        connection.flush()
        stopUpload()
    }

    /// A client that still sends its body is told not to (RFC 9113, section 8.1), after it was sent the whole answer: a
    /// reset overtakes data.
    private func stopUpload() {
        guard !receivedAll, inFlight == 0 else { return }
        receivedAll = true
        connection.write(id, .rstStream(.noError))
        connection.flush()
    }

    // MARK: Ends

    func closed() {
        let was = state
        state = .ended
        receivedAll = true
        task?.cancel()
        task = nil
        outgoing = nil
        release()
        if case .streaming(let stream) = was { stream.closed() }
    }

    func endStreaming() {
        if case .streaming(let stream) = state { stream.finish() }
    }

    private func setDeadline(after time: TimeAmount) {
        deadline = .now() + time
        connection.lowerDeadline(deadline)
    }

    func expired() {
        deadline = .distantFuture
        switch state {
        case .receiving: refuse(.requestTimeout, "the request's body took too long")
        case .writing, .ended:
            connection.write(id, .rstStream(.cancel))
            connection.flush()
        default: break
        }
    }

    // MARK: Fields

    private static func status(_ code: UInt) -> String {
        switch code {
        case 200: "200"
        case 201: "201"
        case 404: "404"
        case 409: "409"
        default: String(code)
        }
    }

    private static func lowercased(_ name: String) -> String {
        name.utf8.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") } ? name.lowercased() : name
    }

    private static func oneLine(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) else { return value }
        return String(decoding: value.utf8.map { $0 < 0x20 && $0 != 0x09 ? 0x20 : $0 }, as: UTF8.self)
    }
}

extension HTTP2Stream: StreamSink {
    func streamWrite(_ bytes: UnsafeRawBufferPointer) {
        guard case .streaming(let stream) = state, !bytes.isEmpty else { return }
        if outgoing == nil { outgoing = stream.allocator.buffer(capacity: max(outgoingCapacity, bytes.count)) }
        outgoing?.writeBytes(bytes)
        if let count = outgoing?.readableBytes, count >= BodyCursor.pieceSize { streamFlush() }
    }

    func streamFlush() {
        guard case .streaming(let stream) = state, let context = connection.context else { return }
        if let buffer = outgoing {
            outgoing = nil
            outgoingCapacity = min(BodyCursor.pieceSize, max(1024, buffer.readableBytes))
            writeData(buffer, endStream: false, context)
        }
        connection.flush()
        if !mayWrite { stream.writabilityChanged(false) }
    }

    func streamFinish() {
        guard case .streaming = state, let context = connection.context else { return }
        let buffer = outgoing ?? context.channel.allocator.buffer(capacity: 0)
        outgoing = nil
        connection.write(id, .data(.init(data: .byteBuffer(buffer), endStream: true)))
        end()
    }

    func streamAbort() {
        guard case .streaming = state else { return }
        state = .ended
        connection.write(id, .rstStream(.internalError))
        connection.flush()
    }
}
