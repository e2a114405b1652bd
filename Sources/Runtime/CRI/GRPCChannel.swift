import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import SwiftProtobuf
import Synchronization

/// A gRPC client for one server, on a unix socket or a TCP port: unary and server-streaming calls, deadlines, cancellation.
///
/// It connects when the first call needs it and again after the connection was lost; a call that was under way then fails
/// with `unavailable` and is not repeated, since the server may have done it.
/// The protocol: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
final class GRPCChannel: Sendable {
    /// The longest message accepted, in bytes.
    static let maximumMessageSize = 16 << 20

    enum Endpoint: Sendable, CustomStringConvertible {
        case socket(String)
        case tcp(host: String, port: Int)

        var description: String {
            switch self {
            case .socket(let path): "the container runtime at \(path)"
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            }
        }
    }

    let endpoint: Endpoint
    private let connectTimeout: TimeAmount?
    private let group: any EventLoopGroup
    private let connection = Mutex<Connecting?>(nil)

    /// A connection that is up or being made. Compared by identity.
    private final class Connecting: Sendable {
        let future: EventLoopFuture<Connection>
        init(_ future: EventLoopFuture<Connection>) { self.future = future }
    }

    private struct Connection: Sendable {
        let channel: any Channel
        let streams: NIOHTTP2Handler.StreamMultiplexer
    }

    init(_ endpoint: Endpoint, connectTimeout: TimeAmount? = nil, group: any EventLoopGroup) {
        (self.endpoint, self.connectTimeout, self.group) = (endpoint, connectTimeout, group)
    }

    convenience init(socketPath: String, group: any EventLoopGroup) { self.init(.socket(socketPath), group: group) }

    /// Sends a request and returns the answer.
    /// - Parameter timeout: also told to the server; nil waits for ever.
    /// - Throws: `RuntimeError` with the server's status, or `CancellationError`.
    func unary<Response: Message & Sendable>(
        _ method: String, _ request: some Message, timeout: TimeAmount?
    ) async throws -> Response {
        let answer = Mutex<Response?>(nil)
        try await call(method, request, timeout: timeout) { bytes in
            let response = try Response(serializedBytes: bytes)
            answer.withLock { $0 = response }
        }
        guard let response = answer.withLock({ $0 }) else {
            throw RuntimeError(.internal, "\(method): the container runtime sent no answer")
        }
        return response
    }

    /// Sends a request and passes every answer to `receive`, on an event loop; returns when the server says it is done.
    func call(
        _ method: String, _ request: some Message, timeout: TimeAmount?,
        receive: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let message: [UInt8] = try request.serializedBytes()
        let connection = try await connect()
        let done = connection.channel.eventLoop.makePromise(of: Void.self)
        let stream = connection.streams.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(
                    GRPCCallHandler(
                        method: method, message: message, timeout: timeout, receive: receive, done: done))
            }
        }
        stream.whenFailure { done.fail(Self.unavailable(self.endpoint, $0)) }
        try await withTaskCancellationHandler {
            try await done.futureResult.get()
        } onCancel: {
            done.fail(CancellationError())
            // Closing a stream that is not finished resets it (RST_STREAM, CANCEL).
            stream.whenSuccess { $0.close(promise: nil) }
        }
    }

    func close() async {
        guard let current = connection.withLock({ $0 }) else { return }
        try? await current.future.flatMap { $0.channel.close() }.get()
    }

    /// Connects if need be and returns when the connection is lost; at once if it cannot connect.
    func untilDisconnected() async {
        try? await connect().channel.closeFuture.get()
    }

    private func connect() async throws -> Connection {
        let current = connection.withLock { current in
            if let current { return current }
            let made = Connecting(makeConnection())
            made.future.flatMap { $0.channel.closeFuture }.whenComplete { [weak self] _ in self?.forget(made) }
            current = made
            return made
        }
        do {
            return try await current.future.get()
        } catch {
            throw Self.unavailable(endpoint, error)
        }
    }

    private func forget(_ old: Connecting) {
        connection.withLock { if $0 === old { $0 = nil } }
    }

    private func makeConnection() -> EventLoopFuture<Connection> {
        var configuration = NIOHTTP2Handler.Configuration()
        // gRPC servers measure the bandwidth with a PING for about every message: no sign of an attack on this socket.
        configuration.connection.controlFrameRateLimit.maximumCount = .max
        configuration.stream.streamResetFrameRateLimit.maximumCount = .max
        configuration.stream.streamErrorRateLimit.maximumCount = .max
        configuration.connection.targetWindowSize = 1 << 20
        configuration.stream.targetWindowSize = 1 << 20
        let streams = configuration.stream
        let connection = configuration.connection
        var bootstrap = ClientBootstrap(group: group)
        if let connectTimeout { bootstrap = bootstrap.connectTimeout(connectTimeout) }
        bootstrap = bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                    mode: .client, connectionConfiguration: connection, streamConfiguration: streams
                ) { $0.close() }
                try channel.pipeline.syncOperations.addHandler(CloseOnError())
            }
        }
        let connected =
            switch endpoint {
            case .socket(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            }
        return connected.flatMap { channel in
            channel.pipeline.handler(type: NIOHTTP2Handler.self)
                .flatMap { $0.multiplexer }
                .map { Connection(channel: channel, streams: $0) }
        }
    }

    private static func unavailable(_ endpoint: Endpoint, _ error: any Error) -> RuntimeError {
        RuntimeError(.unavailable, "cannot reach \(endpoint): \(error)")
    }
}

/// A connection with an error is of no more use; closing it fails the calls on it.
private final class CloseOnError: ChannelInboundHandler {
    typealias InboundIn = Any

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// One call: sends the request when its stream is up, cuts the answer into messages, and ends with the trailers' status.
private final class GRPCCallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let method: String
    private let message: [UInt8]
    private let timeout: TimeAmount?
    private let receive: ([UInt8]) throws -> Void
    private let done: EventLoopPromise<Void>
    private var received = ByteBuffer()
    private var deadline: Scheduled<Void>?

    init(
        method: String, message: [UInt8], timeout: TimeAmount?, receive: @escaping ([UInt8]) throws -> Void,
        done: EventLoopPromise<Void>
    ) {
        self.method = method
        self.message = message
        self.timeout = timeout
        self.receive = receive
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": "/\(method)", ":authority": "localhost",
            "content-type": "application/grpc", "te": "trailers", "user-agent": "segler",
        ]
        if let timeout {
            // At most eight digits (24 hours in milliseconds have that many).
            headers.add(name: "grpc-timeout", value: "\(min(timeout.nanoseconds / 1_000_000, 99_999_999))m")
            let channel = context.channel
            let done = done
            let method = method
            deadline = context.eventLoop.scheduleTask(in: timeout) {
                done.fail(RuntimeError(.deadlineExceeded, "\(method): no answer from the container runtime in time"))
                channel.close(promise: nil)
            }
        }
        context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        var body = context.channel.allocator.buffer(capacity: 5 + message.count)
        body.writeInteger(0 as UInt8)  // not compressed
        body.writeInteger(UInt32(message.count))
        body.writeBytes(message)
        context.writeAndFlush(
            wrapOutboundOut(.data(.init(data: .byteBuffer(body), endStream: true))), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            if let status = frame.headers.first(name: "grpc-status") {
                finish(Int(status) ?? 2, frame.headers.first(name: "grpc-message") ?? "")
            } else if let status = frame.headers.first(name: ":status"), status != "200" {
                finish(RuntimeError.Code.unavailable.rawValue, "HTTP status \(status)")
            }
        case .data(let frame):
            guard case .byteBuffer(var bytes) = frame.data else { return }
            received.writeBuffer(&bytes)
            do {
                try takeMessages()
            } catch {
                done.fail(error)
                context.close(promise: nil)
            }
        default:
            break
        }
    }

    private func takeMessages() throws {
        while let length = received.getInteger(at: received.readerIndex + 1, as: UInt32.self) {
            guard length <= GRPCChannel.maximumMessageSize else {
                throw RuntimeError(.resourceExhausted, "\(method): an answer of \(length) bytes is too long")
            }
            guard received.readableBytes >= 5 + Int(length) else { return }
            received.moveReaderIndex(forwardBy: 5)
            try receive(received.readBytes(length: Int(length)) ?? [])
        }
        received.discardReadBytes()
    }

    private func finish(_ status: Int, _ message: String) {
        guard status != 0 else { return done.succeed() }
        done.fail(RuntimeError(RuntimeError.Code(rawValue: status) ?? .unknown, percentDecoded(message)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(RuntimeError(.unavailable, "\(method): \(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        done.fail(RuntimeError(.unavailable, "\(method): the container runtime closed the connection"))
    }
}

/// `%41` becomes `A`; what is no valid escape stays as it is.
func percentDecoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
