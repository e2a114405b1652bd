internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import TLS

/// The opening handshake of RFC 6455, section 4.2.
extension HTTP1Connection {
    func upgrade(
        _ head: HTTPRequestHead, _ protocols: [String], _ open: @escaping @Sendable (WebSocketConnection) -> Void
    ) {
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        let chosen = protocols.first(where: offered.contains)
        guard let context, head.method == .GET, head.version == .http1_1,
            head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }),
            head.headers["sec-websocket-version"] == ["13"],
            head.headers["sec-websocket-key"].count == 1,
            let key = head.headers.first(name: "sec-websocket-key"), Base64.decode(key)?.count == 16
        else { return refuseUpgrade("the request is not a WebSocket handshake of version 13") }
        guard chosen != nil || offered.isEmpty else {
            return refuseUpgrade("none of the WebSocket protocols offered is known here")
        }

        var answer = HTTPHeaders()
        answer.add(name: "Sec-WebSocket-Accept", value: Self.accept(key))
        if let chosen { answer.add(name: "Sec-WebSocket-Protocol", value: chosen) }
        var buffer = context.channel.allocator.buffer(capacity: 256)
        buffer.writeStaticString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        for (name, value) in answer { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeStaticString("\r\n")
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)

        let pipeline = context.pipeline.syncOperations
        let eventLoop = context.eventLoop
        let handler = WebSocketHandler(server: server, id: connectionID)
        do {
            let decoder = WebSocketFrameDecoder(maxFrameSize: server.limits.webSocketMessageBytes)
            try pipeline.addHandlers([ByteToMessageHandler(decoder), handler])
        } catch {
            return context.close(promise: nil)
        }
        let isDraining = server.connections.attach(connectionID, .init(handler, eventLoop: eventLoop))
        let connection = handler.open(chosenProtocol: chosen, on: eventLoop)
        handOver()
        open(connection)
        if isDraining { handler.drain() }
    }

    private func refuseUpgrade(_ reason: String) {
        closeAfter = true
        send(server.responder.refusal(.badRequest, reason))
    }

    private static func accept(_ key: String) -> String {
        Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}
