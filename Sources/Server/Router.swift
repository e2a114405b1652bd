internal import API
internal import Client
public import HTTP
internal import JSON
public import NIOCore
public import NIOHTTP1
internal import Store

/// A request to a resource, taken apart: `/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE`.
struct ResourcePath: Sendable {
    var group: Substring = ""
    var version: Substring = ""
    var namespace: String?
    var resource: Substring = ""
    var name: String?
    var subresource: String?
    /// Behind the subresource: the path a proxy passes on.
    var rest = ""

    init(group: Substring, version: Substring, resource: Substring, namespace: String?, name: String?) {
        (self.group, self.version, self.resource) = (group, version, resource)
        (self.namespace, self.name) = (namespace, name)
    }

    /// Nil when the path is not below a version. `segments` begins with `api` or `apis`.
    init?(_ segments: [Substring]) {
        var rest = segments[...]
        switch rest.popFirst() {
        case "api":
            guard let version = rest.popFirst() else { return nil }
            self.version = version
        case "apis":
            guard let group = rest.popFirst(), let version = rest.popFirst() else { return nil }
            (self.group, self.version) = (group, version)
        default: return nil
        }
        guard let first = rest.popFirst() else { return nil }
        resource = first
        if first == "namespaces", group.isEmpty, let name = rest.popFirst() {
            guard let decoded = PercentEncoding.decode(name) else { return nil }
            // status and finalize belong to the namespace itself; everything else is a resource in it.
            if let next = rest.first, next != "status", next != "finalize" {
                namespace = decoded
                resource = next
                rest.removeFirst()
            } else {
                self.name = decoded
                namespace = nil
            }
        } else if first == "namespaces", !group.isEmpty, let name = rest.popFirst(), let next = rest.popFirst() {
            guard let decoded = PercentEncoding.decode(name) else { return nil }
            namespace = decoded
            resource = next
        }
        if name == nil, let next = rest.popFirst() {
            guard let decoded = PercentEncoding.decode(next), !decoded.isEmpty else { return nil }
            name = decoded
        }
        subresource = rest.popFirst().map(String.init)
        self.rest = rest.joined(separator: "/")
    }
}

extension APIServer: Responder {
    public func respond(to request: HTTPRequest, on eventLoop: any EventLoop) -> Reply {
        guard let log = configuration.auditLog else { return answer(request, nil) }
        let audit = AuditEntry(log, request)
        return audit.following(answer(request, audit))
    }

    private func answer(_ request: HTTPRequest, _ audit: AuditEntry?) -> Reply {
        do {
            return Self.compressing(try route(request, audit), request)
        } catch {
            return .now(Self.response(error))
        }
    }

    /// Compressing takes long, so it is not done on the event loop.
    private static func compressing(_ reply: Reply, _ request: HTTPRequest) -> Reply {
        switch reply {
        case .now(let response) where Compression.applies(to: response, request):
            .later { Compression.compress(response) }
        case .later(let answer) where request.method == .GET:
            .later {
                let response = await answer()
                return Compression.applies(to: response, request) ? Compression.compress(response) : response
            }
        default: reply
        }
    }

    public func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        let name =
            switch status.code {
            case 400: "BadRequest"
            case 408: "Timeout"
            case 413: "RequestEntityTooLarge"
            case 429: "TooManyRequests"
            default: "InternalError"
            }
        return Self.response(StatusError(code: Int(status.code), reason: name, message: reason))
    }

    private func route(_ request: HTTPRequest, _ audit: AuditEntry?) throws(StatusError) -> Reply {
        let user = try authenticator.authenticate(request)
        audit?.isFrom(user, as: nil)
        let caller = try impersonate(user, request)
        if caller != user { audit?.isFrom(user, as: caller) }
        let path = request.path
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        guard segments.first == "api" || segments.first == "apis", let target = ResourcePath(segments) else {
            try authorize(caller, RequestAttributes(verb: Self.plainVerb(request.method), path: path), audit)
            return try routePlain(request, segments)
        }
        guard let resource = registry.find(group: target.group, version: target.version, name: target.resource) else {
            try authorize(caller, Self.attributes(request.method, target, isWatch: false), audit)
            if !registry.hasGroupVersion(target.group, target.version), !target.group.isEmpty,
                !registry.all.contains(where: { $0.definition.group == target.group })
            {
                return .now(Self.text(.notFound, "404 page not found\n"))
            }
            throw .noSuchPath
        }
        let reply = try serve(resource, target, caller, request, audit)
        guard case .later(let answer) = reply, request.method != .GET else { return reply }
        let place = flows.place(caller, Self.attributes(request.method, target, isWatch: false))
        guard let flow = place.flow else { return reply }
        return .later {
            var response = await flow.run(flow: place.distinguisher, answer) ?? Self.response(.tooManyRequests)
            response.headers.add(contentsOf: place.headers)
            return response
        }
    }

    private func authorize(
        _ caller: Caller, _ attributes: RequestAttributes, _ audit: AuditEntry?
    ) throws(StatusError) {
        let isAllowed = authorizer.allows(caller, attributes)
        audit?.asks(attributes, isAllowed: isAllowed)
        if !isAllowed { throw Self.forbidden(caller, attributes) }
    }

    private static func plainVerb(_ method: HTTPMethod) -> String {
        method == .GET || method == .HEAD ? "get" : method.rawValue.lowercased()
    }

    private static func attributes(_ method: HTTPMethod, _ target: ResourcePath, isWatch: Bool) -> RequestAttributes {
        let verb: String
        switch method {
        case .GET, .HEAD: verb = target.name != nil ? "get" : isWatch ? "watch" : "list"
        case .POST: verb = "create"
        case .PUT: verb = "update"
        case .PATCH: verb = "patch"
        case .DELETE: verb = target.name == nil ? "deletecollection" : "delete"
        default: verb = method.rawValue.lowercased()
        }
        return RequestAttributes(
            verb: verb, group: String(target.group), version: String(target.version), resource: String(target.resource),
            subresource: target.subresource ?? "", namespace: target.namespace ?? "", name: target.name ?? "")
    }

    static func forbidden(_ caller: Caller, _ attributes: RequestAttributes) -> StatusError {
        guard attributes.isResource else {
            return StatusError(
                code: 403, reason: "Forbidden",
                message: "forbidden: User \"\(caller.user)\" cannot \(attributes.verb) path \"\(attributes.path)\"")
        }
        let resource =
            attributes.subresource.isEmpty ? attributes.resource : attributes.resource + "/" + attributes.subresource
        let group = attributes.group.isEmpty ? attributes.resource : attributes.resource + "." + attributes.group
        let place =
            attributes.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(attributes.namespace)\""
        let name = attributes.name.isEmpty ? "" : " \"\(attributes.name)\""
        return StatusError(
            code: 403, reason: "Forbidden",
            message:
                "\(group)\(name) is forbidden: User \"\(caller.user)\" cannot \(attributes.verb) resource \"\(resource)\" in API group \"\(attributes.group)\" \(place)"
        ).about(name: attributes.name, group: attributes.group, kind: attributes.resource)
    }

    /// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    private func impersonate(_ caller: Caller, _ request: HTTPRequest) throws(StatusError) -> Caller {
        guard let user = request.headers.first(name: "impersonate-user"), !user.isEmpty else {
            if let header = request.headers.first(where: { $0.name.lowercased().hasPrefix("impersonate-") }) {
                throw .badRequest("requested \(header.name) without impersonating a user: send Impersonate-User too")
            }
            return caller
        }
        var groups = request.headers["impersonate-group"]
        func check(
            _ resource: String, _ name: String, namespace: String = "", group: String = "", subresource: String = ""
        ) throws(StatusError) {
            let attributes = RequestAttributes(
                verb: "impersonate", group: group, resource: resource, subresource: subresource, namespace: namespace,
                name: name)
            guard authorizer.allows(caller, attributes) else { throw Self.forbidden(caller, attributes) }
        }
        let parts = user.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" {
            try check("serviceaccounts", parts[3], namespace: parts[2])
            if groups.isEmpty { groups = Caller.serviceAccount(parts[2], parts[3]).groups }
        } else {
            try check("users", user)
        }
        for group in request.headers["impersonate-group"] { try check("groups", group) }
        let uid = request.headers.first(name: "impersonate-uid") ?? ""
        if !uid.isEmpty { try check("uids", uid, group: "authentication.k8s.io") }
        var extra: [String: [String]] = [:]
        for (name, value) in request.headers where name.lowercased().hasPrefix("impersonate-extra-") {
            let encoded = name.lowercased().dropFirst("impersonate-extra-".count)
            let key = PercentEncoding.decode(encoded) ?? String(encoded)
            try check("userextras", value, group: "authentication.k8s.io", subresource: key)
            extra[key, default: []].append(value)
        }
        if user == Caller.anonymous.user {
            groups.append("system:unauthenticated")
        } else if !groups.contains("system:authenticated") {
            groups.append("system:authenticated")
        }
        return Caller(user: user, groups: groups, uid: uid, extra: extra)
    }

    // MARK: Resources

    private func serve(
        _ resource: ServedResource, _ target: ResourcePath, _ caller: Caller, _ request: HTTPRequest,
        _ audit: AuditEntry?
    ) throws(StatusError) -> Reply {
        let query = Query(request.query)
        let isWatch = target.name == nil && query.flag("watch")
        var attributes = Self.attributes(request.method, target, isWatch: isWatch)
        // A list of one name is a question about that object: rules that name objects allow it, and nodes ask so.
        if target.name == nil, let text = query["fieldSelector"],
            let selector = try? FieldSelector(parsing: text, allowed: { _ in true })
        {
            attributes.name = selector.required("metadata.name") ?? ""
            attributes.fields = selector
        }
        try authorize(caller, attributes, audit)
        // A WebSocket begins with a GET, and may do what a POST does (since v1.35).
        if request.method == .GET, ["exec", "attach", "portforward"].contains(attributes.subresource) {
            attributes.verb = "create"
            try authorize(caller, attributes, audit)
        }
        let definition = resource.definition
        if let refusal = resource.refusal { throw .notImplemented(refusal) }
        // Outside of a namespace a namespaced resource can only be listed and watched.
        if definition.isNamespaced != (target.namespace != nil),
            !(definition.isNamespaced && target.name == nil && request.method == .GET)
        {
            if definition.isNamespaced && target.name == nil { throw .methodNotAllowed }
            throw .noSuchPath
        }
        if let subresource = target.subresource {
            return try serve(subresource: subresource, of: resource, target, caller, request, query)
        }
        // Some methods are of a collection, the others of an object.
        switch request.method {
        case .POST where target.name != nil, .PUT where target.name == nil, .PATCH where target.name == nil:
            throw .methodNotAllowed
        default: break
        }
        guard definition.verbs.contains(attributes.verb) else { throw .methodNotAllowed }
        let (presentation, yaml) = try Presentation.negotiate(request.headers.first(name: "accept"), query)
        if definition.group == "metrics.k8s.io" {
            return try serveMetrics(resource, target, presentation, query, yaml: yaml)
        }
        switch attributes.verb {
        case "get":
            let object = try get(resource.stored, namespace: target.namespace, name: target.name ?? "")
            return .now(Self.json(presentation.render(object.bytes, resource), yaml: yaml))
        case "list":
            let list = try ListRequest(query, definition)
            let snapshot = try snapshot(resource, namespace: target.namespace, list)
            @Sendable func answer() -> HTTPResponse {
                HTTPResponse(
                    status: .ok, headers: Self.headers(yaml: yaml),
                    body: .slices(presentation.render(snapshot, resource, selects: list.selects)))
            }
            // A few objects are written at once; many would keep the event loop from other connections.
            if snapshot.objects.count <= 100 { return .now(answer()) }
            let place = flows.place(caller, attributes)
            let seats =
                place.flow == nil ? 1 : min(snapshot.objects.count / FlowTable.objectsPerSeat, FlowTable.maximumWidth)
            let flow = place.flow ?? exemptLists
            return .later {
                await flow.run(seats: seats, flow: place.distinguisher) { answer() } ?? Self.response(.tooManyRequests)
            }
        case "watch":
            return try watch(resource, target, try ListRequest(query, definition), presentation)
        case "create":
            if case .none = target.namespace, definition.isNamespaced { throw .methodNotAllowed }
            if resource.isTerminating { throw .terminating(definition) }
            let options = try WriteOptions(
                query, kind: "CreateOptions", userAgent: request.headers.first(name: "user-agent"))
            let body = Self.body(request)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    if let special = try await self.createSpecial(resource, target, body, caller, options) {
                        return special
                    }
                    let result = try await self.create(resource, namespace: target.namespace, body, caller, options)
                    return Self.written(result, presentation, resource, yaml)
                }
            }
        case "update":
            let options = try WriteOptions(
                query, kind: "UpdateOptions", userAgent: request.headers.first(name: "user-agent"))
            let body = Self.body(request)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let result = try await self.replace(resource, target, nil, body, caller, options)
                    return Self.written(result, presentation, resource, yaml)
                }
            }
        case "patch":
            let options = try WriteOptions(
                query, kind: "PatchOptions", userAgent: request.headers.first(name: "user-agent"))
            let type = try Self.patchType(request, resource)
            let body = Array(request.body.readableBytesView)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let result = try await self.patch(
                        resource, namespace: target.namespace, name: target.name ?? "", subresource: nil, type, body,
                        caller, options)
                    return Self.written(result, presentation, resource, yaml)
                }
            }
        case "delete":
            let options = try DeleteRequest(
                query, body: Array(request.body.readableBytesView),
                contentType: request.headers.first(name: "content-type") ?? "",
                resource.schema)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let (bytes, isGone) = try await self.delete(
                        resource.stored, namespace: target.namespace, name: target.name ?? "", options, caller)
                    if isGone, !resource.strategy.returnsDeletedObject {
                        return Self.json(Self.deleted(bytes, resource.stored))
                    }
                    return Self.json(presentation.render(bytes, resource), yaml: yaml)
                }
            }
        case "deletecollection":
            let options = try DeleteRequest(
                query, body: Array(request.body.readableBytesView),
                contentType: request.headers.first(name: "content-type") ?? "",
                resource.schema)
            let list = try ListRequest(query, definition)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let objects = try await self.deleteCollection(
                        resource.stored, namespace: target.namespace, list, options, caller)
                    let snapshot = Snapshot(revision: self.store.revision, objects: objects, more: false, remaining: 0)
                    return HTTPResponse(
                        status: .ok, headers: Self.headers(yaml: yaml),
                        body: .slices(
                            presentation.render(snapshot, resource, selects: true)))
                }
            }
        default: throw .methodNotAllowed
        }
    }

    func replace(
        _ resource: ServedResource, _ target: ResourcePath, _ subresource: String?, _ body: RequestBody,
        _ caller: Caller,
        _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        var options = options
        options.apiVersion = resource.definition.apiVersion
        let (replacement, warnings) = try decode(body, as: resource, options)
        let name = replacement["metadata"]["name"].string ?? ""
        if name != target.name {
            throw .badRequest(
                name.isEmpty
                    ? "the name of the object (\(target.name ?? "") based on URL) was undeterminable: name must be provided"
                    : "the name of the object (\(name)) does not match the name on the URL (\(target.name ?? ""))")
        }
        let stored = resource.stored
        if stored.strategy.createsOnUpdate, subresource == nil,
            store.get(stored.storeName, stored.key(target.namespace, name)) == nil
        {
            try authorizeCreation(resource, target, caller)
            return try await create(
                stored, namespace: target.namespace, object: replacement, warnings, caller, options)
        }
        let hasRevision = !(replacement["metadata"]["resourceVersion"].string ?? "").isEmpty
        if stored.strategy.needsRevision, !hasRevision,
            store.get(stored.storeName, stored.key(target.namespace, name)) != nil
        {
            throw .invalid(
                kind: resource.definition.name, group: resource.definition.group, name,
                [.invalid(FieldPath("metadata", "resourceVersion"), 0, "must be specified for an update")])
        }
        return try await update(
            resource, namespace: target.namespace, name: target.name ?? "", subresource: subresource, caller, options
        ) { _ throws(StatusError) in (replacement, warnings) }
    }

    /// Who replaces what is not there creates it, and must be allowed to.
    private func authorizeCreation(_ resource: ServedResource, _ target: ResourcePath, _ caller: Caller)
        throws(StatusError)
    {
        let definition = resource.definition
        let attributes = RequestAttributes(
            verb: "create", group: definition.group, version: definition.version, resource: definition.name,
            namespace: target.namespace ?? "", name: target.name ?? "")
        if !authorizer.allows(caller, attributes) {
            throw .forbidden(
                definition, target.name ?? "", "User \"\(caller.user)\" cannot create resource \"\(definition.name)\"")
        }
    }

    // MARK: Answers

    static func body(_ request: HTTPRequest) -> RequestBody {
        .bytes(Array(request.body.readableBytesView), contentType: request.headers.first(name: "content-type") ?? "")
    }

    /// Custom resources have no strategic merge patches: their schemas do not say how lists merge in one.
    static func patchType(_ request: HTTPRequest, _ resource: ServedResource) throws(StatusError) -> PatchType {
        let text = MediaType.base(request.headers.first(name: "content-type") ?? "")
        let accepted: [PatchType] =
            resource.definition.isCustom ? [.json, .merge, .apply] : [.json, .merge, .strategic, .apply]
        guard let type = PatchType(rawValue: text), accepted.contains(type) else {
            throw .unsupportedMediaType(accepted.map(\.rawValue).joined(separator: ", "))
        }
        return type
    }

    static func answer(_ body: () async throws(StatusError) -> HTTPResponse) async -> HTTPResponse {
        do { return try await body() } catch { return response(error) }
    }

    static func headers(yaml: Bool = false) -> HTTPHeaders { yaml ? yamlHeaders : jsonHeaders }
    private static let jsonHeaders = HTTPHeaders([
        ("content-type", "application/json"), ("cache-control", "no-cache, private"),
    ])
    private static let yamlHeaders = HTTPHeaders([
        ("content-type", "application/yaml"), ("cache-control", "no-cache, private"),
    ])

    static func json(_ bytes: [UInt8], status: HTTPResponseStatus = .ok, yaml: Bool = false) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers(yaml: yaml), body: .bytes(bytes))
    }

    static func text(_ status: HTTPResponseStatus, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: HTTPHeaders([("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")]
            ),
            body: .bytes(Array(text.utf8)))
    }

    static func response(_ error: StatusError) -> HTTPResponse {
        var headers = headers()
        if error.retryAfterSeconds > 0 { headers.add(name: "retry-after", value: String(error.retryAfterSeconds)) }
        return HTTPResponse(
            status: HTTPResponseStatus(statusCode: error.code), headers: headers, body: .bytes(error.encoded()))
    }

    static func written(_ result: WriteResult, _ presentation: Presentation, _ resource: ServedResource, _ yaml: Bool)
        -> HTTPResponse
    {
        var response = json(
            presentation.render(result.bytes, resource), status: result.created ? .created : .ok, yaml: yaml)
        for warning in result.warnings {
            let escaped = warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            response.headers.add(name: "warning", value: "299 - \"\(escaped)\"")
        }
        return response
    }

    /// The Status that confirms a deletion.
    static func deleted(_ bytes: [UInt8], _ resource: ServedResource) -> [UInt8] {
        let metadata = (try? JSONDocument(bytes))?.root["metadata"] ?? .missing
        var details: JSONValue = ["name": .string(metadata["name"].string ?? "")]
        if !resource.definition.group.isEmpty { details["group"] = .string(resource.definition.group) }
        details["kind"] = .string(resource.definition.name)
        details["uid"] = .string(metadata["uid"].string ?? "")
        let status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
        ]
        return status.encoded()
    }

    static func success(code: Int) -> [UInt8] {
        let status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": .int(code),
        ]
        return status.encoded()
    }
}
