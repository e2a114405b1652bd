internal import API
internal import Client
internal import HTTP
internal import NIOCore
internal import NIOHTTP1

/// Sessions in SPDY/3.1: what older clients speak for exec, attach and port-forward, and what kubectl speaks inside of a
/// WebSocket for port-forward. The runtime's own streaming server understands them; here bytes are passed on.
extension APIServer {
    static func asksForSPDY(_ request: HTTPRequest) -> Bool {
        request.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "spdy/3.1" }
    }

    /// Hands the client's connection to the runtime's streaming server.
    static func relay(_ request: HTTPRequest, _ url: @escaping @Sendable () async throws(StatusError) -> String)
        -> Reply
    {
        // In the order of the client's preference.
        let protocols = request.headers["x-stream-protocol-version"]
        return .takeOver { fromClient, toClient in
            let session: StreamingURL
            do throws(StatusError) {
                session = try StreamingURL(try await url())
            } catch {
                return try await toClient.write(ByteBuffer(bytes: refusal(error)))
            }
            try await session.origin.relay(fromClient, toClient, opening: session.opening(protocols))
        }
    }

    /// An answer on a connection that is no longer HTTP's.
    private static func refusal(_ error: StatusError) -> [UInt8] {
        let body = error.encoded()
        let head =
            "HTTP/1.1 \(error.code) \(error.reason)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + body
    }

    static func portForward(
        _ node: any NodeConnection, _ namespace: String, _ pod: String, _ request: HTTPRequest, _ query: Query,
        admit: @escaping @Sendable () async throws(StatusError) -> Void = {}
    ) throws(StatusError) -> Reply {
        if asksForSPDY(request) {
            return relay(request) { () async throws(StatusError) in
                try await admit()
                return try await node.streamingURL(namespace: namespace, pod: pod, .portForward)
            }
        }
        let tunnel = "SPDY/3.1+portforward.k8s.io"
        let ports = query.all("ports").flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
        let offered = request.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        if !offered.contains(tunnel) {
            guard !ports.isEmpty, ports.allSatisfy({ (1...65535).contains($0) }) else {
                throw .badRequest("query parameter \"ports\" is required: numbers from 1 to 65535")
            }
        }
        return .webSocket(protocols: [tunnel, "v4.channel.k8s.io", "portforward.k8s.io"]) { connection in
            Task {
                if connection.chosenProtocol == tunnel {
                    await self.tunnel(connection) { () async throws(StatusError) in
                        try await admit()
                        return try await node.streamingURL(namespace: namespace, pod: pod, .portForward)
                    }
                } else {
                    await PortChannels(connection, ports).run { (port) async throws(StatusError) in
                        try await admit()
                        return try await node.portForward(namespace: namespace, pod: pod, port: port)
                    }
                }
            }
        }
    }

    /// SPDY in binary messages, cut anywhere (KEP-4006).
    private static func tunnel(
        _ connection: WebSocketConnection, _ url: @Sendable () async throws(StatusError) -> String
    ) async {
        defer { connection.close() }
        let session: StreamingURL
        do throws(StatusError) {
            session = try StreamingURL(try await url())
        } catch {
            // SPDY has no word for it; the close frame's reason has room for 123 bytes.
            return connection.close(code: 1011, reason: String(decoding: error.message.utf8.prefix(120), as: UTF8.self))
        }
        try? await session.origin.connect().executeThenClose { inbound, outbound in
            try await outbound.write(session.opening(["portforward.k8s.io"]))
            var pieces = inbound.makeAsyncIterator()
            var received = ByteBuffer()
            while received.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
                guard let piece = try await pieces.next() else { return }
                received.writeImmutableBuffer(piece)
            }
            let view = received.readableBytesView
            guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)), view.starts(with: "HTTP/1.1 101".utf8) else {
                return
            }
            let reader = Task {
                for await message in connection.incoming {
                    guard case .binary(let bytes) = message else { continue }
                    try await outbound.write(ByteBuffer(bytes: bytes))
                }
                outbound.finish()
            }
            defer { reader.cancel() }
            let early = Array(view[end.upperBound...])
            if !early.isEmpty { try await connection.send(binary: early) }
            while let piece = try await pieces.next() {
                try await connection.send(binary: Array(piece.readableBytesView))
            }
        }
    }
}

/// The parts of a URL that a runtime gave for one session.
private struct StreamingURL {
    let origin: HTTPOrigin
    let path: String

    init(_ url: String) throws(StatusError) {
        let prefix = "http://"
        let rest = url.dropFirst(prefix.count)
        let authority = rest.prefix { $0 != "/" }
        guard url.hasPrefix(prefix), let colon = authority.lastIndex(of: ":"),
            let port = Int(authority[authority.index(after: colon)...])
        else { throw .internalError("the container runtime's streaming server is at \(url), which is no http URL") }
        let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
        origin = HTTPOrigin(host: String(host), port: port)
        path = String(rest.dropFirst(authority.count))
    }

    func opening(_ protocols: [String]) -> ByteBuffer {
        var text = "POST \(path) HTTP/1.1\r\nHost: \(origin.authority)\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        // What clients send is passed on, but not what would be another header.
        for name in protocols where name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
            text += "X-Stream-Protocol-Version: \(name)\r\n"
        }
        return ByteBuffer(string: text + "Content-Length: 0\r\n\r\n")
    }
}
