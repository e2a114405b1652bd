internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1
internal import Store

/// logs, exec and attach: found here, answered by the Pod's node.
extension APIServer {
    func serveStream(
        _ name: String, _ resource: ServedResource, _ target: ResourcePath, _ request: HTTPRequest, _ query: Query
    ) throws(StatusError) -> Reply {
        let podName = target.name ?? ""
        let namespace = target.namespace ?? ""
        let stored = try get(resource, namespace: namespace, name: podName)
        guard let pod = try? Object(parsing: stored.bytes) else { throw .internalError("the pod cannot be read") }
        let container = try Self.container(of: pod, asked: query["container"])
        let nodeName = pod["spec"]["nodeName"].string ?? ""
        if name == "log" {
            let options = try Self.logOptions(query)
            // Nobody runs it yet, so there is nothing to show.
            if nodeName.isEmpty { return .now(HTTPResponse(status: .noContent)) }
            let node = try node(nodeName)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let pieces = try await node.logs(namespace: namespace, pod: podName, container: container, options)
                    return HTTPResponse(
                        status: .ok,
                        headers: HTTPHeaders([("content-type", "text/plain"), ("cache-control", "no-cache, private")]),
                        body: .stream { stream in Self.copy(pieces, to: stream) })
                }
            }
        }
        if nodeName.isEmpty { throw .badRequest("pod \(podName) does not have a host assigned") }
        var options = ExecOptions()
        options.command = query.all("command")
        options.stdin = query.flag("stdin")
        options.stdout = query.flag("stdout")
        options.stderr = query.flag("stderr")
        options.tty = query.flag("tty")
        if name == "exec", options.command.isEmpty {
            throw .badRequest("you must specify at least 1 command to execute")
        }
        if !options.stdin, !options.stdout, !options.stderr {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        // A terminal has one output.
        if options.tty { options.stderr = false }
        let node = try node(nodeName)
        let settled = options
        return .webSocket(protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"]) { connection in
            Task {
                let session = ChannelSession(connection)
                do throws(StatusError) {
                    let stream =
                        name == "exec"
                        ? try await node.exec(namespace: namespace, pod: podName, container: container, settled)
                        : try await node.attach(namespace: namespace, pod: podName, container: container, settled)
                    await session.run(stream)
                } catch {
                    await session.fail(error)
                }
            }
        }
    }

    /// The container that is meant: the one asked for, the only one, or the one that an annotation makes the default.
    private static func container(of pod: Object, asked: String?) throws(StatusError) -> String {
        var names: [String] = []
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            names += pod["spec"][list].elements.compactMap { $0["name"].string }
        }
        if let asked, !asked.isEmpty {
            guard names.contains(asked) else {
                throw .badRequest("container \(asked) is not valid for pod \(pod.name)")
            }
            return asked
        }
        let regular = pod["spec"]["containers"].elements.compactMap { $0["name"].string }
        if regular.count == 1 { return regular[0] }
        if let preferred = pod.annotation("kubectl.kubernetes.io/default-container"), regular.contains(preferred) {
            return preferred
        }
        throw .badRequest(
            "a container name must be specified for pod \(pod.name), choose one of: [\(regular.joined(separator: " "))]"
        )
    }

    private static func logOptions(_ query: Query) throws(StatusError) -> LogOptions {
        var options = LogOptions()
        options.follow = query.flag("follow")
        options.previous = query.flag("previous")
        options.timestamps = query.flag("timestamps")
        options.tailLines = try query.int("tailLines")
        options.sinceSeconds = try query.int("sinceSeconds")
        options.limitBytes = try query.int("limitBytes")
        var errors: [FieldError] = []
        if let text = query["sinceTime"] {
            guard let time = Time(text) else {
                throw .badRequest("the parameter sinceTime must be an RFC 3339 time, not \"\(text)\"")
            }
            options.sinceTime = time
            if options.sinceSeconds != nil {
                errors.append(
                    .forbidden(
                        FieldPath("sinceSeconds"), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
            }
        }
        if let lines = options.tailLines, lines < 0 {
            errors.append(.invalid(FieldPath("tailLines"), .int(lines), "must be greater than or equal to 0"))
        }
        if let seconds = options.sinceSeconds, seconds < 1 {
            errors.append(.invalid(FieldPath("sinceSeconds"), .int(seconds), "must be greater than 0"))
        }
        if let bytes = options.limitBytes, bytes < 1 {
            errors.append(.invalid(FieldPath("limitBytes"), .int(bytes), "must be greater than 0"))
        }
        if !errors.isEmpty { throw .invalid(kind: "PodLogOptions", group: "", "", errors) }
        return options
    }

    /// Writes the pieces as fast as the client reads them, and stops reading when it goes away.
    private static func copy(_ pieces: AsyncThrowingStream<[UInt8], any Error>, to stream: ResponseStream) {
        let gate = WritableGate(stream)
        let task = Task {
            do {
                for try await piece in pieces {
                    stream.write(piece)
                    stream.flush()
                    await gate.wait()
                    if Task.isCancelled { break }
                }
            } catch {
                stream.write(Array("\nthe log cannot be read any further: \(error)\n".utf8))
            }
            stream.finish()
        }
        stream.onClose { task.cancel() }
    }
}

/// Lets a task wait until a response stream takes more, or is over.
private final class WritableGate: Sendable {
    private let stream: ResponseStream
    private let waiting = NIOLockedValueBox<(continuation: CheckedContinuation<Void, Never>?, isClosed: Bool)>(
        (nil, false))

    init(_ stream: ResponseStream) {
        self.stream = stream
        stream.onWritable { self.open() }
        stream.onClose {
            self.waiting.withLockedValue { $0.isClosed = true }
            self.open()
        }
    }

    private func open() {
        let continuation = waiting.withLockedValue { waiting in
            defer { waiting.continuation = nil }
            return waiting.continuation
        }
        continuation?.resume()
    }

    func wait() async {
        if stream.isWritable { return }
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLockedValue { waiting in
                if waiting.isClosed { return true }
                waiting.continuation = continuation
                return false
            }
            // Room may have appeared in between.
            if isOpen { continuation.resume() } else if stream.isWritable { open() }
        }
    }
}

/// The remote command protocol over a WebSocket: the first byte of a message is the channel
/// (0 stdin, 1 stdout, 2 stderr, 3 status, 4 resize; 255 closes the channel that follows, since v5).
/// https://kubernetes.io/docs/reference/kubernetes-api/ (KEP-4006)
private struct ChannelSession {
    private enum Channel {
        static let stdin: UInt8 = 0, stdout: UInt8 = 1, stderr: UInt8 = 2, status: UInt8 = 3, resize: UInt8 = 4,
            close: UInt8 = 255
    }
    private let connection: WebSocketConnection

    init(_ connection: WebSocketConnection) { self.connection = connection }

    func run(_ stream: any ContainerStream) async {
        let reader = Task {
            for await message in connection.incoming {
                let bytes: [UInt8]
                switch message {
                case .binary(let data): bytes = Array(data)
                case .text(let text): bytes = Array(text.utf8)
                default: continue
                }
                guard let channel = bytes.first else { continue }
                do {
                    switch channel {
                    case Channel.stdin:
                        // An empty message opens the channel and says nothing.
                        if bytes.count > 1 { try await stream.writeStdin(Array(bytes.dropFirst())) }
                    case Channel.resize:
                        if let size = try? JSONDocument(Array(bytes.dropFirst())).root, let width = size["Width"].int,
                            let height = size["Height"].int
                        {
                            try await stream.resize(width: width, height: height)
                        }
                    case Channel.close:
                        if bytes.count > 1, bytes[1] == Channel.stdin { try await stream.closeStdin() }
                    default: break
                    }
                } catch {
                    break
                }
            }
            // The client is gone; so is its interest in the process.
            stream.close()
        }
        var hasStatus = false
        do {
            for try await output in stream.output {
                switch output {
                case .stdout(let bytes): try await send(Channel.stdout, bytes)
                case .stderr(let bytes): try await send(Channel.stderr, bytes)
                case .status(let bytes):
                    hasStatus = true
                    try await send(Channel.status, bytes)
                }
            }
            if !hasStatus { try await send(Channel.status, Array(#"{"metadata":{},"status":"Success"}"#.utf8)) }
        } catch is WebSocketClosed {
            stream.close()
        } catch {
            if !hasStatus { await fail(.internalError("error executing command in container: \(error)")) }
        }
        connection.close()
        reader.cancel()
    }

    func fail(_ error: StatusError) async {
        try? await send(Channel.status, error.encoded())
        connection.close()
    }

    private func send(_ channel: UInt8, _ bytes: [UInt8]) async throws {
        try await connection.send(binary: [channel] + bytes)
    }
}
