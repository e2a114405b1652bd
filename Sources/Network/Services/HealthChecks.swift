internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// Tells load balancers whether this node has endpoints of a Service whose traffic stays on the node: HTTP at its
/// `healthCheckNodePort`, 200 or 503.
/// https://kubernetes.io/docs/tutorials/services/source-ip/#source-ip-for-services-with-type-loadbalancer
final class HealthChecks: Sendable {
    private struct State {
        var counts: [Int: (service: String, endpoints: Int)] = [:]
        var ports: [String: Int] = [:]
        var channels: [Int: any Channel] = [:]
    }
    private let state = Mutex(State())
    private let log: NetworkLog

    init(log: @escaping NetworkLog) { self.log = log }

    /// - Parameter port: 0 for a Service without checks.
    func update(_ service: String, port: Int, endpoints: Int) async {
        let (isNew, old) = state.withLock { state -> (Bool, (any Channel)?) in
            var old: (any Channel)?
            if let before = state.ports[service], before != port {
                state.counts[before] = nil
                state.ports[service] = nil
                old = state.channels.removeValue(forKey: before)
            }
            guard port != 0 else { return (false, old) }
            let isNew = state.counts[port] == nil
            state.counts[port] = (service, endpoints)
            state.ports[service] = port
            return (isNew, old)
        }
        try? await old?.close()
        guard isNew else { return }
        let answer: @Sendable () -> (Int, String) = { [weak self] in self?.answer(port) ?? (503, "{}") }
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                        try channel.pipeline.syncOperations.addHandlers([
                            IdleStateHandler(allTimeout: .seconds(30)), Responder(answer),
                        ])
                    }
                }
                .bind(host: "0.0.0.0", port: port).get()
            state.withLock { $0.channels[port] = channel }
        } catch {
            state.withLock { $0.counts[port] = nil }
            log("Service \(service): its health checks cannot be answered at port \(port): \(error)")
        }
    }

    func stop() async {
        for channel in state.withLock({ Array($0.channels.values) }) { try? await channel.close() }
    }

    private func answer(_ port: Int) -> (Int, String) {
        let (service, endpoints) = state.withLock { $0.counts[port] } ?? ("/", 0)
        let parts = service.split(separator: "/").map(String.init)
        let body: JSONValue = [
            "service": ["namespace": .string(parts.first ?? ""), "name": .string(parts.last ?? "")],
            "localEndpoints": .int(endpoints), "serviceProxyHealthy": true,
        ]
        return (endpoints > 0 ? 200 : 503, body.description)
    }

    /// One answer a connection. Its state stays on one event loop.
    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable () -> (Int, String)

        init(_ answer: @escaping @Sendable () -> (Int, String)) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let (status, body) = answer()
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Content-Length": String(body.utf8.count), "Connection": "close",
                "X-Content-Type-Options": "nosniff",
            ]
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
