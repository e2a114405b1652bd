public import API
public import HTTP
public import JSON
internal import NIOCore
internal import NIOHTTP1

/// The API of a server on another machine, over HTTPS. Who the client is, its certificate or token says.
public struct RemoteClient: ObjectClient {
    private let origin: HTTPOrigin
    private let token: String?
    private let agent: String

    /// - Parameters:
    ///   - origin: with the TLS context that verifies the server, and carries the client's certificate if it has one.
    ///   - agent: how the server names the writer in `managedFields`.
    public init(_ origin: HTTPOrigin, token: String? = nil, agent: String) {
        (self.origin, self.token, self.agent) = (origin, token, agent)
    }

    // MARK: Paths

    private static func path(
        _ resource: ResourceName, _ namespace: String?, _ name: String? = nil, _ subresource: String? = nil
    ) -> String {
        var path = resource.group.isEmpty ? "/api/v1" : "/apis/\(resource.group)/\(resource.version)"
        if let namespace { path += "/namespaces/" + PercentEncoding.encode(namespace) }
        path += "/" + resource.plural
        if let name { path += "/" + PercentEncoding.encode(name) }
        if let subresource { path += "/" + subresource }
        return path
    }

    private static func query(_ options: ListOptions, _ more: [(String, String)] = []) -> String {
        var parts = more
        if options.labelSelector != .everything { parts.append(("labelSelector", options.labelSelector.description)) }
        if !options.fieldSelector.isEmpty { parts.append(("fieldSelector", options.fieldSelector.description)) }
        return parts.isEmpty ? "" : "?" + parts.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }

    // MARK: Requests

    private func head(_ method: HTTPMethod, _ uri: String, _ type: String, _ count: Int) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: uri)
        head.headers.add(name: "Host", value: origin.authority)
        head.headers.add(name: "User-Agent", value: agent)
        head.headers.add(name: "Accept", value: "application/json")
        if let token { head.headers.add(name: "Authorization", value: "Bearer " + token) }
        if count > 0 {
            head.headers.add(name: "Content-Type", value: type)
            head.headers.add(name: "Content-Length", value: String(count))
        }
        return head
    }

    private func send(
        _ method: HTTPMethod, _ uri: String, _ body: [UInt8] = [], type: String = "application/json"
    ) async throws(StatusError) -> [UInt8] {
        let answer: (HTTPResponseHead, [UInt8])
        do {
            answer = try await origin.fetch(head(method, uri, type, body.count), ByteBuffer(bytes: body))
        } catch {
            throw .unavailable("the API server at \(origin.authority) cannot be reached: \(error)")
        }
        guard (200..<300).contains(answer.0.status.code) else {
            throw Self.error(Int(answer.0.status.code), answer.1)
        }
        return answer.1
    }

    private static func error(_ code: Int, _ body: [UInt8]) -> StatusError {
        guard let status = (try? JSONDocument(body))?.root, status["kind"].equals("Status") else {
            return StatusError(
                code: code, reason: code == 404 ? "NotFound" : "InternalError",
                message: String(decoding: body.prefix(500), as: UTF8.self))
        }
        return StatusError(
            code: status["code"].int ?? code, reason: status["reason"].string ?? "",
            message: status["message"].string ?? "")
    }

    private static func object(_ bytes: [UInt8]) throws(StatusError) -> Object {
        do { return try Object(parsing: bytes) } catch {
            throw .internalError("the API server's answer cannot be read: \(error)")
        }
    }

    public func get(_ resource: ResourceName, namespace: String?, name: String) async throws(StatusError) -> Object {
        try Self.object(try await send(.GET, Self.path(resource, namespace, name)))
    }

    public func list(_ resource: ResourceName, namespace: String?, _ options: ListOptions) async throws(StatusError)
        -> ObjectList
    {
        let bytes = try await send(.GET, Self.path(resource, namespace) + Self.query(options))
        guard let root = (try? JSONDocument(bytes))?.root else { throw .internalError("a list cannot be read") }
        let (kind, version) = (root["kind"].string ?? "", root["apiVersion"].string ?? "")
        var items: [Object] = []
        for item in root["items"].elements {
            // The items of a list do not say what they are.
            var value = item.value
            if !value.has("kind") { value["kind"] = .string(String(kind.dropLast(4))) }
            if !value.has("apiVersion") { value["apiVersion"] = .string(version) }
            items.append(try Self.object(value.encoded()))
        }
        return ObjectList(resourceVersion: root["metadata"]["resourceVersion"].string ?? "", items: items)
    }

    public func create(_ resource: ResourceName, namespace: String?, _ object: JSONValue) async throws(StatusError)
        -> Object
    {
        try Self.object(try await send(.POST, Self.path(resource, namespace), object.encoded()))
    }

    public func create(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        try Self.object(try await send(.POST, Self.path(resource, namespace, name, subresource), object.encoded()))
    }

    public func update(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        try Self.object(try await send(.PUT, Self.path(resource, namespace, name, subresource), object.encoded()))
    }

    public func patch(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ patch: JSONValue
    ) async throws(StatusError) -> Object {
        try Self.object(
            try await send(
                .PATCH, Self.path(resource, namespace, name, subresource), patch.encoded(), type: type.rawValue))
    }

    @discardableResult
    public func delete(
        _ resource: ResourceName, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws(StatusError) -> Object? {
        var body: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
        if let seconds = options.gracePeriodSeconds { body["gracePeriodSeconds"] = .int(seconds) }
        if let policy = options.propagationPolicy { body["propagationPolicy"] = .string(policy) }
        if let uid = options.uid { body["preconditions"]["uid"] = .string(uid) }
        if let version = options.resourceVersion { body["preconditions"]["resourceVersion"] = .string(version) }
        let bytes = try await send(.DELETE, Self.path(resource, namespace, name), body.encoded())
        let object = try Self.object(bytes)
        return object["kind"].equals("Status") ? nil : object
    }

    public func watch(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions, resourceVersion: String
    ) async throws(StatusError) -> AsyncThrowingStream<WatchEvent, any Error> {
        let more = [("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion)]
        let uri = Self.path(resource, namespace) + Self.query(options, more)
        let (origin, head) = (origin, head(.GET, uri, "", 0))
        let (events, continuation) = AsyncThrowingStream<WatchEvent, any Error>.makeStream()
        let task = Task {
            do {
                try await origin.exchange(head, ByteBuffer()) { answer, parts in
                    var line: [UInt8] = []
                    while let part = try await parts.next() {
                        guard case .body(let bytes) = part else { continue }
                        var rest = bytes.readableBytesView[...]
                        while answer.status == .ok, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                            line += rest[..<end]
                            rest = rest[(end + 1)...]
                            try Self.event(line).map { _ = continuation.yield($0) }
                            line = []
                        }
                        line += rest
                    }
                    if answer.status != .ok { throw Self.error(Int(answer.status.code), line) }
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return events
    }

    /// Nil of an event that says nothing.
    private static func event(_ line: [UInt8]) throws -> WatchEvent? {
        let root = try JSONDocument(line).root
        let bytes = Array(root["object"].rawBytes)
        switch root["type"].string {
        case "ADDED": return .added(try object(bytes))
        case "MODIFIED": return .modified(try object(bytes))
        case "DELETED": return .deleted(try object(bytes))
        case "BOOKMARK": return .bookmark(root["object"]["metadata"]["resourceVersion"].string ?? "")
        case "ERROR": throw error(root["object"]["code"].int ?? 500, bytes)
        default: return nil
        }
    }
}
