internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import Store

/// logs, exec, attach and port-forward: found here, answered by the Pod's node.
extension APIServer {
    func serveStream(
        _ name: String, _ resource: ServedResource, _ target: ResourcePath, _ request: HTTPRequest, _ query: Query
    ) throws(StatusError) -> Reply {
        let podName = target.name ?? ""
        let namespace = target.namespace ?? ""
        let stored = try get(resource, namespace: namespace, name: podName)
        guard let pod = try? Object(parsing: stored.bytes) else { throw .internalError("the pod cannot be read") }
        let nodeName = pod["spec"]["nodeName"].string ?? ""
        if name == "portforward" {
            if nodeName.isEmpty { throw .badRequest("pod \(podName) does not have a host assigned") }
            return try Self.portForward(try node(nodeName), namespace, podName, request, query)
        }
        let container = try Self.container(of: pod, asked: query["container"])
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
        if Self.asksForSPDY(request) {
            let session: StreamingSession =
                name == "exec" ? .exec(container: container, settled) : .attach(container: container, settled)
            return Self.relay(request) { () async throws(StatusError) in
                try await node.streamingURL(namespace: namespace, pod: podName, session)
            }
        }
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
        if let stream = query["stream"], !stream.isEmpty, stream != "All" {
            options.stream = LogOptions.Stream(rawValue: stream.lowercased())
            if options.stream == nil || stream.first?.isUppercase != true {
                errors.append(.notSupported(FieldPath("stream"), .string(stream), ["All", "Stderr", "Stdout"]))
            } else if options.tailLines != nil {
                errors.append(
                    .forbidden(
                        FieldPath("tailLines"), "`tailLines` and specific `stream` are mutually exclusive for now"))
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
