import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLS
import Testing

/// `curl`, run to its end.
struct Curl {
    let status: Int32
    let output: String

    /// On a thread of its own: tasks of the server under test need the few that tasks share.
    static func run(_ arguments: [String]) async throws -> Curl {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try Curl(arguments) }) }.start()
        }
    }

    private init(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--silent", "--no-progress-meter", "--insecure", "--max-time", "30"] + arguments
        let stdout = Pipe()
        process.standardOutput = stdout
        process.standardInput = FileHandle.nullDevice
        try process.run()
        output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }
}

/// Answers by path; `/` followed by anything not registered answers with method, target and body.
final class TestResponder: Responder {
    typealias Route = @Sendable (HTTPRequest, any EventLoop) -> Reply
    private let routes = Mutex<[String: Route]>([:])

    subscript(_ path: String) -> Route? {
        get { routes.withLock { $0[path] } }
        set { routes.withLock { $0[path] = newValue } }
    }

    func respond(to request: HTTPRequest, on eventLoop: any EventLoop) -> Reply {
        if let route = self[request.path] { return route(request, eventLoop) }
        let text = "\(request.method.rawValue) \(request.uri) [\(String(buffer: request.body))]\n"
        return .now(HTTPResponse(headers: ["Content-Type": "text/plain"], body: .bytes(Array(text.utf8))))
    }

    func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        HTTPResponse(status: status, body: .bytes(Array("refused: \(reason)\n".utf8)))
    }
}

/// A server with a certificate of its own authority.
struct TestServer {
    let server: HTTPServer
    let responder = TestResponder()
    let authority: Authority

    init(
        limits: HTTPLimits = HTTPLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws {
        authority = try Authority.create(commonName: "test authority")
        let (certificate, key) = try authority.issueServer(
            commonName: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        let tls = try TLSContext.server(
            certificateChain: certificate, key: key, clientAuthority: authority.certificate.pem,
            alpn: ["h2", "http/1.1"])
        server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, tls: tls, responder: responder, limits: limits, eventLoopGroup: group)
    }

    func url(_ path: String) -> String { "https://127.0.0.1:\(server.port)\(path)" }

    func connect(reading: Bool = true) async throws -> RawClient {
        let context = try TLSContext.client(
            authority: authority.certificate.pem, serverName: "127.0.0.1", alpn: ["http/1.1"])
        return try await RawClient(port: server.port, context, reading: reading)
    }
}

/// A TLS connection that says exactly what a test wants said, and collects what comes back.
final class RawClient: Sendable {
    let channel: any Channel
    private struct State {
        var received: [UInt8] = []
        var ended = false
        var waiter: (isMet: @Sendable ([UInt8], _ new: Int) -> Bool, CheckedContinuation<Void, Never>)?
    }
    private let state = Mutex(State())

    /// With `reading` false the socket is read only by `resumeReading`.
    init(port: Int, _ context: TLSContext, reading: Bool = true) async throws {
        let box = Mutex<RawClient?>(nil)
        let held = Mutex<[[UInt8]?]>([])
        let deliver: @Sendable ([UInt8]?) -> Void = { bytes in
            if let client = box.withLock({ $0 }) {
                for early in held.withLock({ early in
                    defer { early = [] }
                    return early
                }) { client.receive(early) }
                client.receive(bytes)
            } else {
                held.withLock { $0.append(bytes) }
            }
        }
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context), Collector(deliver, stopsReading: !reading),
                    ])
                }
            }
            .channelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
            .connect(host: "127.0.0.1", port: port).get()
        box.withLock { $0 = self }
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func resumeReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    func close() async { try? await channel.close().get() }

    /// Waits until what came holds `text`, or until the end; returns it and forgets it.
    func receive(until text: String) async -> String {
        let wanted = Array(text.utf8)
        // What came before the last piece was looked at already.
        return String(
            decoding: await receive { $0.suffix($1 + wanted.count).contains(wanted) }, as: UTF8.self)
    }

    func receive(count: Int) async -> [UInt8] {
        await receive { bytes, _ in bytes.count >= count }
    }

    /// Everything until the server closes.
    func receiveAll() async -> String {
        String(decoding: await receive { _, _ in false }, as: UTF8.self)
    }

    private func receive(_ isMet: @escaping @Sendable ([UInt8], _ new: Int) -> Bool) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            let done = state.withLock { state in
                if state.ended || isMet(state.received, state.received.count) { return true }
                state.waiter = (isMet, continuation)
                return false
            }
            if done { continuation.resume() }
        }
        return state.withLock { state in
            defer { state.received = [] }
            return state.received
        }
    }

    /// nil at the end.
    private func receive(_ bytes: [UInt8]?) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let bytes { state.received += bytes } else { state.ended = true }
            guard let (isMet, continuation) = state.waiter, state.ended || isMet(state.received, bytes?.count ?? 0)
            else { return nil }
            state.waiter = nil
            return continuation
        }?.resume()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let deliver: @Sendable ([UInt8]?) -> Void
        let stopsReading: Bool

        init(_ deliver: @escaping @Sendable ([UInt8]?) -> Void, stopsReading: Bool) {
            self.deliver = deliver
            self.stopsReading = stopsReading
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            deliver(Array(Self.unwrapInboundIn(data).readableBytesView))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if stopsReading, event is TLSHandshakeCompleted {
                context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
            }
        }

        func channelInactive(context: ChannelHandlerContext) { deliver(nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// A door that opens once.
final class Gate: Sendable {
    private let state = Mutex<(open: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            state.open = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.open { state.waiting.append(continuation) }
                return state.open
            }
            if isOpen { continuation.resume() }
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ more: Int) { count.add(more, ordering: .relaxed) }
}
