public import NIOCore
internal import NIOPosix
public import TLS

/// A connection whose bytes mean nothing to HTTP: after an upgrade, or before a request.
public typealias RawConnection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
/// What the other side sends, and where to write to it. An error ends the connection.
public typealias RawExchange =
    @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Void

extension HTTP1Connection {
    /// Leaves the connection, from the answer's head on, to whoever asked for it.
    func takeOver(_ run: @escaping RawExchange) {
        guard let context else { return }
        let (channel, server, id) = (context.channel, server, connectionID)
        let connection: RawConnection
        do {
            connection = try RawConnection(wrappingChannelSynchronously: channel, configuration: .raw)
        } catch {
            return context.close(promise: nil)
        }
        let drain = RawDrain(server, id, channel)
        let isDraining = server.connections.attach(id, .init(drain, eventLoop: context.eventLoop))
        handOver()
        channel.closeFuture.whenComplete { _ in server.connections.remove(id) }
        if isDraining { drain.drain() }
        Task { try? await connection.executeThenClose(run) }
    }
}

/// Nobody knows where a foreign protocol could be ended politely.
private final class RawDrain: DrainableConnection {
    private let server: ServerContext
    private let id: UInt64
    private let channel: any Channel

    init(_ server: ServerContext, _ id: UInt64, _ channel: any Channel) {
        (self.server, self.id, self.channel) = (server, id, channel)
    }

    func drain() { server.connections.settled(id) }
    func endStreams() { channel.close(promise: nil) }
}

extension NIOAsyncChannel.Configuration where Inbound == ByteBuffer, Outbound == ByteBuffer {
    static var raw: Self { Self(isOutboundHalfClosureEnabled: true) }
}

/// Another server, as the one who asks sees it.
public struct HTTPOrigin: Sendable {
    public var host: String
    public var port: Int
    /// nil: without TLS.
    public var tls: TLSContext?

    public init(host: String, port: Int, tls: TLSContext? = nil) {
        (self.host, self.port, self.tls) = (host, port, tls)
    }

    /// `HOST`, `HOST:PORT` or `[IPv6]:PORT`, as URLs and `Host` headers have it. Nil for what is none.
    public static func parse(authority text: some StringProtocol, defaultPort: Int) -> (host: String, port: Int)? {
        var (host, port) = (text[...], defaultPort)
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            guard let number = Int(text[text.index(after: colon)...]), (1...65535).contains(number) else { return nil }
            (host, port) = (text[..<colon], number)
        }
        let name = host.filter { $0 != "[" && $0 != "]" }
        return name.isEmpty ? nil : (String(name), port)
    }

    /// As a `Host` header has it.
    public var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func connect<Output: Sendable>(
        _ prepare: @escaping @Sendable (any Channel) throws -> Output
    ) async throws -> Output {
        let tls = tls
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
                    return try prepare(channel)
                }
            }
    }

    /// A connection on which the caller speaks for itself.
    public func connect() async throws -> RawConnection {
        try await connect { try RawConnection(wrappingChannelSynchronously: $0, configuration: .raw) }
    }

    /// Connects and lets the two sides speak with each other until both have ended, or one is broken.
    /// - Parameter opening: sent to the other server first.
    public func relay(
        _ fromClient: NIOAsyncChannelInboundStream<ByteBuffer>, _ toClient: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        opening: ByteBuffer
    ) async throws {
        try await connect().executeThenClose { fromServer, toServer in
            try await toServer.write(opening)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await bytes in fromClient { try await toServer.write(bytes) }
                    toServer.finish()
                }
                group.addTask {
                    for try await bytes in fromServer { try await toClient.write(bytes) }
                    toClient.finish()
                    // Time for the last word to be heard; then the client has no more to say.
                    try await Task.sleep(for: .seconds(5))
                    throw CancellationError()
                }
                try await group.waitForAll()
            }
        }
    }
}
