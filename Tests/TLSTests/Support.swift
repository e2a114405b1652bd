import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TLS

/// A program run to its end, with what it said.
struct Command {
    let status: Int32
    let output: String
    let errors: String

    /// `openssl s_client` and the like wait for the end of their input: it is `input`, then the end.
    static func run(_ program: String, _ arguments: [String], input: String = "") throws -> Command {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let errors = Mutex(Data())
        let reading = Thread { errors.withLock { $0 = stderr.fileHandleForReading.readDataToEndOfFile() } }
        reading.start()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        while !reading.isFinished { usleep(1000) }
        return Command(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: errors.withLock { String(decoding: $0, as: UTF8.self) })
    }
}

/// A directory that is removed with its owner.
final class TemporaryDirectory {
    let path = "/tmp/segler-tls-" + Random.hex(6)

    init() throws { try SecureFile.makeDirectory(path) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
        try SecureFile.write(text, to: "\(path)/\(name)", mode: 0o600)
        return "\(path)/\(name)"
    }
}

/// Answers every connection with one line about its handshake, then returns what it is sent.
final class LineServer: Sendable {
    let port: Int
    private let channel: any Channel
    /// Why handshakes failed.
    let errors = Mutex<[String]>([])

    /// Whether a handshake failed for such a reason; the client may know of the end before the server does.
    func failed(because word: String) async throws -> Bool {
        for _ in 0..<100 {
            if errors.withLock({ $0 }).contains(where: { $0.contains(word) }) { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    init(_ context: TLSContext) async throws {
        let box = Mutex<LineServer?>(nil)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let line = Line { error in box.withLock { $0 }?.errors.withLock { $0.append(error) } }
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(context), line])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        box.withLock { $0 = self }
    }

    func stop() async { try? await channel.close().get() }

    private final class Line: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let failed: (String) -> Void

        init(_ failed: @escaping (String) -> Void) { self.failed = failed }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard let done = event as? TLSHandshakeCompleted else { return }
            let peer = done.peerCertificate
            let text =
                "alpn=\(done.alpn ?? "-") cn=\(peer?.commonName ?? "-") "
                + "o=\(peer?.organizations.joined(separator: "|") ?? "-") resumed=\(done.resumed)\n"
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.write(data, promise: nil)
        }

        func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { failed("\(error)") }
    }
}

/// A connection of our own client side that collects what comes.
final class LineClient: Sendable {
    let channel: any Channel
    private let lines: AsyncThrowingStream<String, any Error>

    init(port: Int, _ context: TLSContext) async throws {
        let (lines, feed) = AsyncThrowingStream<String, any Error>.makeStream()
        self.lines = lines
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(context), Collector(feed)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// What has come when a line is complete; an error if the handshake failed.
    func line() async throws -> String {
        var text = ""
        for try await part in lines {
            text += part
            if text.hasSuffix("\n") { break }
        }
        return text
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func close() async { try? await channel.close().get() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let feed: AsyncThrowingStream<String, any Error>.Continuation

        init(_ feed: AsyncThrowingStream<String, any Error>.Continuation) { self.feed = feed }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            feed.yield(String(buffer: Self.unwrapInboundIn(data)))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { feed.finish(throwing: error) }
        func channelInactive(context: ChannelHandlerContext) { feed.finish() }
    }
}
