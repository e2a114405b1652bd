public import Client
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// How a node's DNS is to be served.
public struct DNSConfiguration: Sendable {
    /// The address to listen at, and the port that is tried first; another free one is taken where it is in use.
    public var host: String
    public var port: Int
    public var domain = "cluster.local"
    /// Who may ask: anybody else gets no answer, so that no stranger can use it against others.
    public var clients: [String]
    /// Ranges of Services and Pods: nobody else is asked for the names of their addresses.
    public var ranges: [String]
    /// The node's own resolvers, as resolv.conf(5).
    public var resolvers = "/etc/resolv.conf"

    public init(host: String, port: Int, clients: [String], ranges: [String]) {
        (self.host, self.port, self.clients, self.ranges) = (host, port, clients, ranges)
    }
}

/// The cluster's DNS on one node: names of Services and Pods from the API, all others from the node's resolvers.
/// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
public final class ClusterDNS: Sendable {
    /// TCP connections at one time, questions that one of them may have open, and seconds that it may be silent.
    static let connections = 256
    static let pipelined = 32
    static let idle: Int64 = 10
    /// Datagrams that are read at once; they share a buffer.
    static let batch = 16

    private let configuration: DNSConfiguration
    private let responder: DNSResponder
    private let channels = Mutex<[any Channel]>([])
    private let group = MultiThreadedEventLoopGroup.singleton

    public init(_ configuration: DNSConfiguration, cache: ServiceCache, time: any TimeSource = SystemTime()) {
        self.configuration = configuration
        let resolvers = Resolvers(configuration.resolvers, except: configuration.host)
        responder = DNSResponder(
            zone: Zone(domain: configuration.domain, cache: cache, ranges: configuration.ranges),
            forwarder: Forwarder(group: group, time: time) { resolvers.servers },
            clients: configuration.clients.compactMap { AddressRange($0) })
    }

    /// Begins to answer, and returns the ports for UDP and TCP.
    public func start() async throws -> (udp: Int, tcp: Int) {
        do {
            return try await listen(configuration.port)
        } catch {
            return try await listen(0)
        }
    }

    private func listen(_ port: Int) async throws -> (udp: Int, tcp: Int) {
        let responder = responder
        let udp = try await DatagramBootstrap(group: group)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Self.batch * (DNS.longestQuery + 1))
            )
            .channelOption(.datagramVectorReadMessageCount, value: Self.batch)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramServer(responder))
                }
            }
            .bind(host: configuration.host, port: port).get()
        let open = ConnectionCount()
        do {
            let tcp = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    guard open.enter() else { return channel.close() }
                    channel.closeFuture.whenComplete { _ in open.leave() }
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            [IdleStateHandler(readTimeout: .seconds(Self.idle))] + DNSFrames.handlers()
                                + [StreamServer(responder)])
                    }
                }
                .bind(host: configuration.host, port: port).get()
            channels.withLock { $0 = [udp, tcp] }
            return (udp.localAddress?.port ?? port, tcp.localAddress?.port ?? port)
        } catch {
            try? await udp.close()
            throw error
        }
    }

    public func stop() async {
        for channel in channels.withLock({ $0 }) { try? await channel.close() }
    }
}

private final class ConnectionCount: Sendable {
    private let count = Mutex(0)

    func enter() -> Bool {
        count.withLock { count in
            if count >= ClusterDNS.connections { return false }
            count += 1
            return true
        }
    }
    func leave() { count.withLock { $0 -= 1 } }
}

/// Answers datagrams. What the cluster knows is answered at once, on the event loop.
private final class DatagramServer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let responder: DNSResponder

    init(_ responder: DNSResponder) { self.responder = responder }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard responder.serves(envelope.remoteAddress) else { return }
        switch responder.respond(envelope.data.readableBytesView, isDatagram: true) {
        case .nothing: break
        case .now(let bytes): write(bytes, to: envelope.remoteAddress, context)
        case .later(let finish):
            let (channel, client) = (context.channel, envelope.remoteAddress)
            Task {
                let answer = ByteBuffer(bytes: await finish())
                channel.writeAndFlush(AddressedEnvelope(remoteAddress: client, data: answer), promise: nil)
            }
        }
    }

    private func write(_ bytes: [UInt8], to client: SocketAddress, _ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.write(wrapOutboundOut(AddressedEnvelope(remoteAddress: client, data: buffer)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
    /// An ICMP error for an answer that nobody waits for any more.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Answers one connection; what is asked at once may be answered in any order (RFC 7766).
private final class StreamServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let responder: DNSResponder
    private var open = 0

    init(_ responder: DNSResponder) { self.responder = responder }

    func channelActive(context: ChannelHandlerContext) {
        if !(context.remoteAddress.map(responder.serves) ?? false) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch responder.respond(unwrapInboundIn(data).readableBytesView, isDatagram: false) {
        case .nothing: context.close(promise: nil)
        case .now(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .later(let finish):
            open += 1
            guard open <= ClusterDNS.pipelined else { return context.close(promise: nil) }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            Task {
                let answer = await finish()
                bound.eventLoop.execute {
                    let (server, context) = bound.value
                    server.open -= 1
                    context.writeAndFlush(server.wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
                }
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
