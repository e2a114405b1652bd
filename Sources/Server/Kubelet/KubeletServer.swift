internal import API
public import Client
public import HTTP
internal import JSON
public import NIOCore
public import NIOHTTP1
internal import Synchronization
internal import TLS

/// What a node's agent serves on its own port (10250): its Pods, logs, streams and measurements, to those whom the API server
/// knows and allows.
/// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
public final class KubeletServer: Responder {
    private let agent = Mutex<(any NodeConnection)?>(nil)
    private let gate: KubeletGate

    /// - Parameter client: asks the API server who somebody is, and what they may.
    public init(nodeName: String, client: any ObjectClient) { gate = KubeletGate(nodeName: nodeName, client) }

    /// From now on this agent answers; before, nobody does (503).
    public func connect(_ node: any NodeConnection) { agent.withLock { $0 = node } }

    public func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        APIServer.text(status, reason + "\n")
    }

    public func respond(to request: HTTPRequest, on eventLoop: any EventLoop) -> Reply {
        guard let credential = KubeletGate.Credential(request) else {
            return .now(APIServer.text(.unauthorized, "Unauthorized"))
        }
        let verb = KubeletGate.verb(request)
        let gate = gate
        let path = request.path
        let admit: @Sendable () async throws(StatusError) -> Void = { () async throws(StatusError) in
            try await gate.admit(credential, verb, path)
        }
        do throws(StatusError) {
            return try route(request, admit)
        } catch {
            return .later { await Self.answer(admit) { () async throws(StatusError) in throw error } }
        }
    }

    private func route(
        _ request: HTTPRequest, _ admit: @escaping @Sendable () async throws(StatusError) -> Void
    ) throws(StatusError) -> Reply {
        guard let node = agent.withLock({ $0 }) else { throw .unavailable("the agent is starting") }
        let query = Query(request.query)
        let words = request.path.split(separator: "/").map { PercentEncoding.decode($0) ?? String($0) }
        switch (words.first, words.count) {
        case ("containerLogs", 4):
            let options = try LogOptions(query)
            return .later {
                await Self.answer(admit) { () async throws(StatusError) in
                    try await APIServer.log(node, words[1], words[2], words[3], options)
                }
            }
        // With the Pod's uid, as older clients ask.
        case ("exec", 4), ("attach", 4), ("exec", 5), ("attach", 5):
            let options = try ExecOptions(query, needsCommand: words[0] == "exec")
            return APIServer.session(
                words[0], node, words[1], words[2], words[words.count - 1], options, request, admit: admit)
        case ("portForward", 3), ("portForward", 4):
            return try APIServer.portForward(node, words[1], words[2], request, query, admit: admit)
        case ("run", 4), ("run", 5):
            guard request.method == .POST else { throw .methodNotAllowed }
            var options = ExecOptions()
            options.command = (query["cmd"] ?? "").split(separator: " ").map(String.init)
            (options.stdout, options.stderr) = (true, true)
            return .later { [options] in
                await Self.answer(admit) { () async throws(StatusError) in
                    try await Self.run(node, words[1], words[2], words[words.count - 1], options)
                }
            }
        default:
            guard request.method == .GET || request.method == .HEAD else { throw .methodNotAllowed }
            return .later {
                await Self.answer(admit) { () async throws(StatusError) in
                    let answer = try await node.answer(path: request.path)
                    return HTTPResponse(
                        headers: HTTPHeaders([("content-type", answer.contentType)]), body: .bytes(answer.body))
                }
            }
        }
    }

    /// Runs a command to its end and answers with what it wrote.
    private static func run(
        _ node: any NodeConnection, _ namespace: String, _ pod: String, _ container: String, _ options: ExecOptions
    ) async throws(StatusError) -> HTTPResponse {
        let stream = try await node.exec(namespace: namespace, pod: pod, container: container, options)
        var written: [UInt8] = []
        do {
            for try await output in stream.output {
                switch output {
                case .stdout(let bytes), .stderr(let bytes): written += bytes
                case .status: break
                }
                if written.count > 4 << 20 {
                    throw StatusError.badRequest("the command wrote more than 4 MiB: use exec")
                }
            }
        } catch {
            stream.close()
            throw error as? StatusError ?? .internalError("\(error)")
        }
        return HTTPResponse(headers: HTTPHeaders([("content-type", "text/plain")]), body: .bytes(written))
    }

    private static func answer(
        _ admit: @Sendable () async throws(StatusError) -> Void,
        _ body: () async throws(StatusError) -> HTTPResponse
    ) async -> HTTPResponse {
        do throws(StatusError) {
            try await admit()
            return try await body()
        } catch {
            // Kubelets answer in plain words.
            return APIServer.text(HTTPResponseStatus(statusCode: error.code), error.message + "\n")
        }
    }
}

/// Who may ask the agent: the API server says who they are (TokenReview) and what they may (SubjectAccessReview).
private final class KubeletGate: Sendable {
    enum Credential: Hashable {
        /// Verified by the handshake.
        case certificate(user: String, groups: [String])
        case token(String)

        init?(_ request: HTTPRequest) {
            if let header = request.headers.first(name: "authorization") {
                let parts = header.split(separator: " ", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
                self = .token(String(parts[1]))
            } else if let certificate = request.connection.peerCertificate, !certificate.commonName.isEmpty {
                self = .certificate(
                    user: certificate.commonName, groups: certificate.organizations + ["system:authenticated"])
            } else {
                return nil
            }
        }
    }

    private struct Question: Hashable {
        let credential: Credential
        let verb: String
        let resources: [String]
    }

    /// What was allowed is believed for so many seconds.
    private static let memory = 60.0
    private let nodeName: String
    private let client: any ObjectClient
    private let known = Mutex<[Question: ContinuousClock.Instant]>([:])

    init(nodeName: String, _ client: any ObjectClient) { (self.nodeName, self.client) = (nodeName, client) }

    /// Whoever may only read must not run commands, whichever method the upgrade of the connection is asked with.
    static func verb(_ request: HTTPRequest) -> String {
        let words = ["exec", "attach", "run", "portForward"]
        if let first = request.path.split(separator: "/").first, words.contains(String(first)) { return "create" }
        return switch request.method {
        case .POST: "create"
        case .PUT: "update"
        case .PATCH: "patch"
        case .DELETE: "delete"
        default: "get"
        }
    }

    /// The subresources of nodes that allow a path, one of which is enough (KEP-2862).
    private static func resources(_ path: String) -> [String] {
        switch path.split(separator: "/").first {
        case "stats": ["stats"]
        case "metrics": ["metrics"]
        case "logs": ["log"]
        case "pods", "runningpods": ["pods", "proxy"]
        case "healthz": ["healthz", "proxy"]
        case "configz": ["configz", "proxy"]
        default: ["proxy"]
        }
    }

    func admit(_ credential: Credential, _ verb: String, _ path: String) async throws(StatusError) {
        let question = Question(credential: credential, verb: verb, resources: Self.resources(path))
        let now = ContinuousClock.now
        if let until = known.withLock({ $0[question] }), until > now { return }
        let (user, spec) = try await identify(credential)
        for resource in question.resources {
            var spec = spec
            spec["resourceAttributes"] = [
                "verb": .string(verb), "version": "v1", "resource": "nodes", "subresource": .string(resource),
                "name": .string(nodeName),
            ]
            let review = try await client.create(
                .subjectAccessReviews, namespace: nil,
                ["apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec])
            guard review["status"]["allowed"].bool == true else { continue }
            return known.withLock { known in
                if known.count > 1000 { known.removeAll() }
                known[question] = now + .seconds(Self.memory)
            }
        }
        throw StatusError(
            code: 403, reason: "Forbidden",
            message:
                "Forbidden (user=\(user), verb=\(verb), resource=nodes, subresource(s)=[\(question.resources.joined(separator: " "))])"
        )
    }

    /// The user's name, and the part of a SubjectAccessReview that says who it is.
    private func identify(_ credential: Credential) async throws(StatusError) -> (String, JSONValue) {
        switch credential {
        case .certificate(let user, let groups):
            return (user, ["user": .string(user), "groups": .array(groups.map { .string($0) })])
        case .token(let token):
            let review = try await client.create(
                .tokenReviews, namespace: nil,
                [
                    "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                    "spec": ["token": .string(token)],
                ])
            guard review["status"]["authenticated"].bool == true else {
                throw StatusError(code: 401, reason: "Unauthorized", message: "Unauthorized")
            }
            let user = review["status"]["user"]
            var spec: JSONValue = ["user": user["username"].value]
            for field in ["uid", "groups", "extra"] where !user[field].isNull { spec[field] = user[field].value }
            return (user["username"].string ?? "", spec)
        }
    }
}
