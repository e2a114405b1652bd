import NIOCore
import NIOPosix
import Synchronization

/// A session with a CRI runtime's streaming server, in SPDY/3.1: the one protocol in which these servers of every version
/// let a client close stdin alone. (Over WebSocket that came with v5.channel.k8s.io.)
///
/// The roles of streams: https://github.com/kubernetes/cri-streaming (remotecommand, portforward).
final class SPDYStream: RuntimeStream {
    /// What a session is for: which streams it opens and what it asks the server to speak on them.
    enum Purpose: Sendable {
        case channels(StreamSelection)
        case port(Int32)

        var subprotocol: String {
            switch self {
            case .channels: "v4.channel.k8s.io"
            case .port: "portforward.k8s.io"
            }
        }

        /// In the order they are opened: numbers 1, 3, 5, ….
        var roles: [SPDYRole] {
            switch self {
            case .channels(let selection):
                [.error]
                    + (selection.stdin ? [.stdin] : []) + (selection.stdout ? [.stdout] : [])
                    + (selection.stderr && !selection.tty ? [.stderr] : []) + (selection.tty ? [.resize] : [])
            case .port:
                [.error, .data]
            }
        }

        func headers(of role: SPDYRole) -> [(String, String)] {
            switch self {
            case .channels: [("streamtype", role.rawValue)]
            case .port(let port): [("streamtype", role.rawValue), ("port", "\(port)"), ("requestid", "0")]
            }
        }
    }

    private let channel: any Channel
    private let inbox: SPDYInbox
    private let input: UInt32?
    private let resizing: UInt32?

    private init(channel: any Channel, inbox: SPDYInbox, purpose: Purpose) {
        self.channel = channel
        self.inbox = inbox
        let roles = purpose.roles
        func number(_ role: SPDYRole) -> UInt32? { roles.firstIndex(of: role).map { UInt32(2 * $0 + 1) } }
        input = number(.stdin) ?? number(.data)
        resizing = number(.resize)
    }

    /// Connects, upgrades, opens the streams and waits until the server has accepted them all (what is sent before that
    /// it may drop).
    /// - Parameter url: as the runtime gave it, `http://HOST:PORT/…`.
    static func connect(to url: String, _ purpose: Purpose, group: any EventLoopGroup) async throws -> SPDYStream {
        guard let (host, port, path) = split(url) else {
            throw RuntimeError(
                .unimplemented, "cannot connect to the streaming server of the container runtime at \(url)")
        }
        let inbox = SPDYInbox()
        let opened = group.any().makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            SPDYHandler(
                                authority: "\(host):\(port)", path: path, purpose: purpose, inbox: inbox, opened: opened
                            ))
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            opened.fail(error)
            throw RuntimeError(.unavailable, "cannot reach the streaming server of the container runtime: \(error)")
        }
        return try await withTaskCancellationHandler {
            do {
                try await opened.futureResult.get()
            } catch {
                channel.close(promise: nil)
                throw error
            }
            return SPDYStream(channel: channel, inbox: inbox, purpose: purpose)
        } onCancel: {
            opened.fail(CancellationError())
        }
    }

    private static func split(_ url: String) -> (host: String, port: Int, path: String)? {
        guard url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(7)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port, slash == rest.endIndex ? "/" : String(rest[slash...]))
    }

    func read() async throws -> RuntimeStreamChunk? { try await inbox.next() }

    func write(_ bytes: ByteBuffer) async throws {
        guard let input else { return }
        var bytes = bytes
        while let piece = bytes.readSlice(length: min(32 << 10, bytes.readableBytes)), piece.readableBytes > 0 {
            try await send(SPDYFrame.data(stream: input, piece))
        }
    }

    func closeStdin() async throws {
        guard let input else { return }
        try await send(SPDYFrame.data(stream: input, ByteBuffer(), fin: true))
    }

    func resize(_ size: TerminalSize) async throws {
        guard let resizing else { return }
        let json = ByteBuffer(string: "{\"Width\":\(size.width),\"Height\":\(size.height)}\n")
        try await send(SPDYFrame.data(stream: resizing, json))
    }

    func close() async {
        try? await channel.close()
    }

    /// Returns when the bytes are with the kernel, so that a reader's slowness reaches the writer.
    private func send(_ frame: ByteBuffer) async throws {
        do {
            try await channel.writeAndFlush(frame)
        } catch {
            throw RuntimeError(.unavailable, "the connection to the container runtime is closed")
        }
    }
}

/// The header `streamtype` of a stream.
enum SPDYRole: String, Sendable {
    case error, stdin, stdout, stderr, resize, data
}

/// Chunks on their way from the event loop to the one reader. Above `limit` bytes the connection is not read from.
final class SPDYInbox: Sendable {
    private struct State {
        var chunks: [RuntimeStreamChunk] = []
        var bytes = 0
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<RuntimeStreamChunk?, any Error>?
        var onRoom: (@Sendable () -> Void)?
    }

    static let limit = 256 << 10
    private let state = Mutex(State())

    /// - Returns: whether there is room for more. If not, `onRoom` is called once when there is.
    func put(_ chunk: RuntimeStreamChunk, onRoom: @escaping @Sendable () -> Void) -> Bool {
        let (reader, room) = state.withLock { state -> (CheckedContinuation<RuntimeStreamChunk?, any Error>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.chunks.append(chunk)
            state.bytes += chunk.count
            if state.bytes > Self.limit { state.onRoom = onRoom }
            return (nil, state.bytes <= Self.limit)
        }
        reader?.resume(returning: chunk)
        return room
    }

    func finish(_ end: Result<Void, any Error>) {
        let reader = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(with: end.map { nil })
    }

    func next() async throws -> RuntimeStreamChunk? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var onRoom: (@Sendable () -> Void)?
                let result = state.withLock { state -> Result<RuntimeStreamChunk?, any Error>? in
                    if !state.chunks.isEmpty {
                        let chunk = state.chunks.removeFirst()
                        state.bytes -= chunk.count
                        if state.bytes <= Self.limit { swap(&onRoom, &state.onRoom) }
                        return .success(chunk)
                    }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let end = state.end { return end.map { nil } }
                    state.reader = continuation
                    return nil
                }
                onRoom?()
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }
}

extension RuntimeStreamChunk {
    fileprivate var count: Int {
        switch self {
        case .stdout(let bytes), .stderr(let bytes), .status(let bytes): bytes.readableBytes
        }
    }
}
