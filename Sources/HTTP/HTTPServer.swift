internal import Glibc
public import NIOCore
internal import NIOPosix
public import TLS

/// Why a server does not listen. `description` is one line that says what to do.
public struct HTTPServerError: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// A listening socket and its connections.
public final class HTTPServer: Sendable {
    private let listener: any Channel
    private let context: ServerContext

    private init(listener: any Channel, context: ServerContext) {
        self.listener = listener
        self.context = context
    }

    /// Listens on `host` (an IP address or name) and `port`; port 0 takes a free one, which `port` then tells.
    public static func start(
        host: String, port: Int, tls: TLSContext, responder: any Responder, limits: HTTPLimits = HTTPLimits(),
        eventLoopGroup: any EventLoopGroup
    ) async throws -> HTTPServer {
        let context = ServerContext(responder: responder, limits: limits)
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                do {
                    try accept(channel, tls, context)
                    return channel.eventLoop.makeSucceededVoidFuture()
                } catch {
                    return channel.eventLoop.makeFailedFuture(error)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client that vanished without a word is noticed within two minutes.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 128 * 1024))
        do {
            let listener = try await bootstrap.bind(host: host, port: port).get()
            return HTTPServer(listener: listener, context: context)
        } catch {
            throw HTTPServerError(description: "cannot listen on \(host):\(port): \(advice(error, host, port))")
        }
    }

    private static func accept(_ channel: any Channel, _ tls: TLSContext, _ context: ServerContext) throws {
        let address = channel.remoteAddress?.ipAddress ?? ""
        guard let id = context.connections.admit(channel, address: address) else {
            throw HTTPServerError(description: "too many connections")
        }
        do {
            try channel.pipeline.syncOperations.addHandlers([
                TLSHandler(tls, handshakeTimeout: context.limits.handshakeTimeout),
                ConnectionSetup(server: context, id: id, remoteAddress: address),
            ])
        } catch {
            context.connections.remove(id)
            throw error
        }
    }

    private static func advice(_ error: any Error, _ host: String, _ port: Int) -> String {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            "the port is in use; stop the program that has it (ss -ltnp shows which) or choose another port"
        case EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher port"
        case EADDRNOTAVAIL: "no interface of this machine has the address; use one that `ip address` shows, or 0.0.0.0"
        case let code?: "\(String(cString: strerror(code)))"
        case nil: "\(host) is not an address or a name that can be resolved; use an IP address of this machine"
        }
    }

    /// Where the server listens.
    public var localAddress: SocketAddress? { listener.localAddress }
    public var port: Int { listener.localAddress?.port ?? 0 }

    /// Connections open now.
    public var connectionCount: Int { context.connections.count }

    /// Stops listening, tells clients to send no more, waits up to `grace` for running requests, then ends streams and
    /// WebSockets and closes everything.
    public func shutdown(grace: TimeAmount = .seconds(30)) async {
        try? await listener.close().get()
        await context.connections.drain(grace: grace, streamGrace: .seconds(3), on: listener.eventLoop)
    }
}
