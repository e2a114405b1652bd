internal import API
internal import HTTP
internal import JSON
internal import NIOHTTP1
internal import Synchronization
internal import TLS

/// What the audit log says of one request, as far as it is known: an Event of audit.k8s.io/v1 at the level Metadata, so never
/// with a body. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
final class AuditEntry: Sendable {
    private struct State {
        var user: Caller?
        var impersonated: Caller?
        var attributes: RequestAttributes?
        var isAllowed = false
    }
    private let state = Mutex(State())
    private let log: AuditLog
    private let request: (method: String, uri: String, agent: String, source: String)
    private let received = Time.now
    private let start = ContinuousClock.now
    /// Named in the answer too.
    let id: String

    /// Longer ones are cut off.
    private static let textLimit = 2000

    init(_ log: AuditLog, _ request: HTTPRequest) {
        self.log = log
        let given = request.headers.first(name: "audit-id") ?? ""
        id = given.isEmpty || given.utf8.count > 64 ? Random.uuid() : given
        self.request = (
            request.method.rawValue.lowercased(), String(request.uri.prefix(Self.textLimit)),
            String((request.headers.first(name: "user-agent") ?? "").prefix(Self.textLimit)),
            request.connection.remoteAddress
        )
    }

    func isFrom(_ user: Caller, as impersonated: Caller?) {
        state.withLock { ($0.user, $0.impersonated) = (user, impersonated) }
    }

    func asks(_ attributes: RequestAttributes, isAllowed: Bool) {
        state.withLock { ($0.attributes, $0.isAllowed) = (attributes, isAllowed) }
    }

    /// The answer is complete, or, of what goes on, has begun.
    func end(_ stage: String, code: Int) {
        let known = state.withLock { $0 }
        let took = (ContinuousClock.now - start).components
        let microseconds = took.seconds * 1_000_000 + took.attoseconds / 1_000_000_000_000
        var event: JSONValue = [
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": .string(id),
            "stage": .string(stage), "requestURI": .string(request.uri),
            "verb": .string(known.attributes?.verb ?? request.method), "user": Self.value(known.user),
            "sourceIPs": [.string(request.source)], "userAgent": .string(request.agent),
            "responseStatus": ["code": .int(code)], "requestReceivedTimestamp": .string(received.microseconds),
            "stageTimestamp": .string(Time.now.microseconds),
            "annotations": [
                "authorization.k8s.io/decision": .string(
                    known.isAllowed ? "allow" : known.user == nil ? "unauthenticated" : "forbid"),
                "apiserver.latency.k8s.io/total": .string("\(microseconds)µs"),
            ],
        ]
        if let impersonated = known.impersonated { event["impersonatedUser"] = Self.value(impersonated) }
        if let asked = known.attributes, asked.isResource {
            let fields = [
                ("resource", asked.resource), ("namespace", asked.namespace), ("name", asked.name),
                ("apiGroup", asked.group), ("apiVersion", asked.version), ("subresource", asked.subresource),
            ]
            var reference: JSONValue = [:]
            for (name, text) in fields where !text.isEmpty { reference[name] = .string(text) }
            event["objectRef"] = reference
        }
        log.add(event.encoded())
    }

    private static func value(_ caller: Caller?) -> JSONValue {
        guard let caller else { return [:] }
        var value: JSONValue = [
            "username": .string(caller.user), "groups": .array(caller.groups.map { .string($0) }),
        ]
        if !caller.uid.isEmpty { value["uid"] = .string(caller.uid) }
        return value
    }

    // MARK: Answers

    /// The reply, with what the log will say of it.
    func following(_ reply: Reply) -> Reply {
        switch reply {
        case .now(let response): return .now(follow(response))
        case .later(let answer): return .later { self.follow(await answer()) }
        case .eventually(let decide): return .eventually { self.following(await decide()) }
        case .webSocket, .takeOver:
            end("ResponseStarted", code: 101)
            return reply
        }
    }

    private func follow(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers.replaceOrAdd(name: "audit-id", value: id)
        let code = Int(response.status.code)
        if case .stream(let run) = response.body {
            response.body = .stream { stream in
                stream.onClose { self.end("ResponseComplete", code: code) }
                run(stream)
            }
        } else {
            end("ResponseComplete", code: code)
        }
        return response
    }
}
