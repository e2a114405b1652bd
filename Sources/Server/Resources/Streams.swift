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
            switch try link(nodeName) {
            case .local(let node): return try Self.portForward(node, namespace, podName, request, query)
            case .remote(let origin):
                let query = request.query.map { "?" + $0 } ?? ""
                return Self.pass(request, to: origin, "/portForward/\(namespace)/\(podName)\(query)")
            }
        }
        let container = try Self.container(of: pod, asked: query["container"])
        if name == "log" {
            let options = try LogOptions(query)
            // Nobody runs it yet, so there is nothing to show.
            if nodeName.isEmpty { return .now(HTTPResponse(status: .noContent)) }
            switch try link(nodeName) {
            case .local(let node):
                return .later {
                    await Self.answer { () async throws(StatusError) in
                        try await Self.log(node, namespace, podName, container, options)
                    }
                }
            case .remote(let origin):
                let query = request.query.map { "?" + $0 } ?? ""
                return Self.pass(
                    request, to: origin, "/containerLogs/\(namespace)/\(podName)/\(container)\(query)")
            }
        }
        if nodeName.isEmpty { throw .badRequest("pod \(podName) does not have a host assigned") }
        let options = try ExecOptions(query, needsCommand: name == "exec")
        switch try link(nodeName) {
        case .local(let node):
            return Self.session(name, node, namespace, podName, container, options, request)
        case .remote(let origin):
            return Self.pass(request, to: origin, "/\(name)/\(namespace)/\(podName)/\(container)?\(options.query)")
        }
    }

    /// A process's streams over a WebSocket, or over SPDY as the runtime speaks it.
    static func session(
        _ name: String, _ node: any NodeConnection, _ namespace: String, _ pod: String, _ container: String,
        _ options: ExecOptions, _ request: HTTPRequest,
        admit: @escaping @Sendable () async throws(StatusError) -> Void = {}
    ) -> Reply {
        if asksForSPDY(request) {
            let session: StreamingSession =
                name == "exec" ? .exec(container: container, options) : .attach(container: container, options)
            return relay(request) { () async throws(StatusError) in
                try await admit()
                return try await node.streamingURL(namespace: namespace, pod: pod, session)
            }
        }
        return .webSocket(protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"]) { connection in
            Task {
                let session = ChannelSession(connection)
                do throws(StatusError) {
                    try await admit()
                    let stream =
                        name == "exec"
                        ? try await node.exec(namespace: namespace, pod: pod, container: container, options)
                        : try await node.attach(namespace: namespace, pod: pod, container: container, options)
                    await session.run(stream)
                } catch {
                    await session.fail(error)
                }
            }
        }
    }

    static func log(
        _ node: any NodeConnection, _ namespace: String, _ pod: String, _ container: String, _ options: LogOptions
    ) async throws(StatusError) -> HTTPResponse {
        let pieces = try await node.logs(namespace: namespace, pod: pod, container: container, options)
        return HTTPResponse(
            status: .ok,
            headers: HTTPHeaders([("content-type", "text/plain"), ("cache-control", "no-cache, private")]),
            body: .stream { stream in copy(pieces, to: stream) })
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

extension LogOptions {
    init(_ query: Query) throws(StatusError) {
        self.init()
        follow = query.flag("follow")
        previous = query.flag("previous")
        timestamps = query.flag("timestamps")
        tailLines = try query.int("tailLines")
        sinceSeconds = try query.int("sinceSeconds")
        limitBytes = try query.int("limitBytes")
        var errors: [FieldError] = []
        if let text = query["sinceTime"] {
            guard let time = Time(text) else {
                throw .badRequest("the parameter sinceTime must be an RFC 3339 time, not \"\(text)\"")
            }
            sinceTime = time
            if sinceSeconds != nil {
                errors.append(
                    .forbidden(
                        FieldPath("sinceSeconds"), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
            }
        }
        if let name = query["stream"], !name.isEmpty, name != "All" {
            stream = Stream(rawValue: name.lowercased())
            if stream == nil || name.first?.isUppercase != true {
                errors.append(.notSupported(FieldPath("stream"), .string(name), ["All", "Stderr", "Stdout"]))
            } else if tailLines != nil {
                errors.append(
                    .forbidden(
                        FieldPath("tailLines"), "`tailLines` and specific `stream` are mutually exclusive for now"))
            }
        }
        if let lines = tailLines, lines < 0 {
            errors.append(.invalid(FieldPath("tailLines"), .int(lines), "must be greater than or equal to 0"))
        }
        if let seconds = sinceSeconds, seconds < 1 {
            errors.append(.invalid(FieldPath("sinceSeconds"), .int(seconds), "must be greater than 0"))
        }
        if let bytes = limitBytes, bytes < 1 {
            errors.append(.invalid(FieldPath("limitBytes"), .int(bytes), "must be greater than 0"))
        }
        if !errors.isEmpty { throw .invalid(kind: "PodLogOptions", group: "", "", errors) }
    }
}

extension ExecOptions {
    /// From the parameters of the API, or those that kubelets have for the same (`input`, `output`, `error`).
    init(_ query: Query, needsCommand: Bool) throws(StatusError) {
        self.init()
        command = query.all("command")
        stdin = query.flag("stdin") || query.flag("input")
        stdout = query.flag("stdout") || query.flag("output")
        stderr = query.flag("stderr") || query.flag("error")
        tty = query.flag("tty")
        if needsCommand, command.isEmpty { throw .badRequest("you must specify at least 1 command to execute") }
        if !stdin, !stdout, !stderr { throw .badRequest("you must specify at least 1 of stdin, stdout, stderr") }
        // A terminal has one output.
        if tty { stderr = false }
    }

    /// As a kubelet is asked.
    var query: String {
        let flags = [("input", stdin), ("output", stdout), ("error", stderr), ("tty", tty)].filter(\.1).map {
            $0.0 + "=1"
        }
        return (flags + command.map { "command=" + PercentEncoding.encode($0) }).joined(separator: "&")
    }
}
