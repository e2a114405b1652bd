internal import API
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import Store
internal import TLS

/// Resources that answer questions instead of storing objects, and the subresources that act.
extension APIServer {
    /// Reviews and bindings: nothing of them is stored. Nil for ordinary resources.
    func createSpecial(
        _ resource: ServedResource, _ target: ResourcePath, _ body: RequestBody, _ caller: Caller,
        _ options: WriteOptions
    ) async throws(StatusError) -> HTTPResponse? {
        switch resource.storeName {
        case "bindings":
            let (binding, _) = try decode(body, as: resource, options)
            return try await bind(target.namespace, binding["metadata"]["name"].string ?? "", binding, caller, options)
        case "selfsubjectaccessreviews.authorization.k8s.io", "subjectaccessreviews.authorization.k8s.io",
            "localsubjectaccessreviews.authorization.k8s.io":
            let (review, _) = try decode(body, as: resource, options)
            return try reviewAccess(review, resource, caller)
        case "processedtemplates.template.openshift.io":
            let (template, _) = try decode(body, as: resource, options)
            return Self.json(try Self.processed(template).encoded(), status: .created)
        case "selfsubjectreviews.authentication.k8s.io":
            var (review, _) = try decode(body, as: resource, options)
            review["status"]["userInfo"] = Self.userInfo(caller)
            return Self.json(review.encoded(), status: .created)
        case "tokenreviews.authentication.k8s.io":
            var (review, _) = try decode(body, as: resource, options)
            do {
                let (found, audiences) = try authenticator.review(
                    token: review["spec"]["token"].string ?? "",
                    audiences: (review["spec"]["audiences"].array ?? []).compactMap(\.string),
                    issuer: configuration.issuer)
                review["status"] = [
                    "authenticated": true, "user": Self.userInfo(found),
                    "audiences": .array(audiences.map { .string($0) }),
                ]
            } catch {
                review["status"] = ["user": [:], "error": "invalid bearer token"]
            }
            return Self.json(review.encoded(), status: .created)
        case "selfsubjectrulesreviews.authorization.k8s.io":
            let (review, _) = try decode(body, as: resource, options)
            return reviewRules(review, caller)
        default: return nil
        }
    }

    static func userInfo(_ caller: Caller) -> JSONValue {
        var info: JSONValue = ["username": .string(caller.user)]
        if !caller.uid.isEmpty { info["uid"] = .string(caller.uid) }
        info["groups"] = .array(caller.groups.map { .string($0) })
        for (key, values) in caller.extra.sorted(by: { $0.key < $1.key }) {
            info["extra"][key] = .array(values.map { .string($0) })
        }
        return info
    }

    private func reviewAccess(_ review: JSONValue, _ resource: ServedResource, _ caller: Caller) throws(StatusError)
        -> HTTPResponse
    {
        var review = review
        let spec = review["spec"]
        let asked = spec["resourceAttributes"]
        guard asked.isNull != spec["nonResourceAttributes"].isNull else {
            throw .invalid(
                kind: "", group: resource.definition.group, "",
                [
                    .invalid(
                        FieldPath("spec", "resourceAttributes"), nil,
                        "exactly one of nonResourceAttributes or resourceAttributes must be specified")
                ])
        }
        var subject = caller
        if resource.definition.name != "selfsubjectaccessreviews" {
            subject = Caller(
                user: spec["user"].string ?? "", groups: (spec["groups"].array ?? []).compactMap(\.string),
                uid: spec["uid"].string ?? "")
        }
        let attributes =
            asked.isNull
            ? RequestAttributes(
                verb: spec["nonResourceAttributes"]["verb"].string ?? "",
                path: spec["nonResourceAttributes"]["path"].string ?? "")
            : RequestAttributes(
                verb: asked["verb"].string ?? "", group: asked["group"].string ?? "",
                version: asked["version"].string ?? "",
                resource: asked["resource"].string ?? "", subresource: asked["subresource"].string ?? "",
                namespace: asked["namespace"].string ?? "", name: asked["name"].string ?? "")
        review["status"] = ["allowed": .bool(authorizer.allows(subject, attributes))]
        return Self.json(review.encoded(), status: .created)
    }

    /// What a caller may do in a namespace, as `kubectl auth can-i --list` shows it.
    private func reviewRules(_ review: JSONValue, _ caller: Caller) -> HTTPResponse {
        var rules = roles.rules(of: caller, in: review["spec"]["namespace"].string ?? "")
        if caller.isMaster {
            rules.append(PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"]))
            rules.append(PolicyRule(verbs: ["*"], paths: ["*"]))
        }
        var seen: Set<PolicyRule> = []
        let unique = rules.filter { seen.insert($0).inserted }
        var review = review
        review["status"] = [
            "resourceRules": .array(unique.filter(\.paths.isEmpty).map(\.value)),
            "nonResourceRules": .array(unique.filter { !$0.paths.isEmpty }.map(\.value)), "incomplete": false,
        ]
        return Self.json(review.encoded(), status: .created)
    }

    // MARK: Subresources

    func serve(
        subresource name: String, of resource: ServedResource, _ target: ResourcePath, _ caller: Caller,
        _ request: HTTPRequest, _ query: Query
    ) throws(StatusError) -> Reply {
        guard let subresource = resource.definition.subresource(name) else { throw .noSuchPath }
        let verb: String
        switch request.method {
        case .GET, .HEAD: verb = "get"
        case .POST: verb = "create"
        case .PUT: verb = "update"
        case .PATCH: verb = "patch"
        case .DELETE: verb = "delete"
        default: throw .methodNotAllowed
        }
        guard subresource.verbs.contains(verb) else { throw .methodNotAllowed }
        let object = target.name ?? ""
        let body = Self.body(request)
        switch (name, verb) {
        case ("log", _): return try serveStream(name, resource, target, request, query)
        case ("proxy", _), ("exec", _), ("attach", _), ("portforward", _):
            let connect = { @Sendable () throws(StatusError) in
                name == "proxy"
                    ? try self.serveProxy(resource, target, request)
                    : try self.serveStream(name, resource, target, request, query)
            }
            if webhooks.isEmpty { return try connect() }
            let attempt = Attempt(connecting: name, to: resource, target, query, caller, self)
            return .eventually {
                do throws(StatusError) {
                    _ = try await self.check(attempt)
                    return try connect()
                } catch { return .now(Self.response(error)) }
            }
        case ("binding", "create"), ("eviction", "create"), ("token", "create"):
            let options = try WriteOptions(
                query, kind: "CreateOptions", userAgent: request.headers.first(name: "user-agent"))
            return .later {
                await Self.answer { () async throws(StatusError) in
                    try await self.act(name, resource, target.namespace, object, body, caller, options)
                }
            }
        case ("scale", _): return try serveScale(resource, target, verb, caller, request, query)
        case (_, "get"):
            let (presentation, yaml) = try Presentation.negotiate(request.headers.first(name: "accept"), query)
            return .now(
                Self.json(
                    presentation.render(try get(resource, namespace: target.namespace, name: object).bytes, resource),
                    yaml: yaml))
        case (_, "update"):
            let options = try WriteOptions(
                query, kind: "UpdateOptions", userAgent: request.headers.first(name: "user-agent"))
            return .later {
                await Self.answer { () async throws(StatusError) in
                    Self.written(
                        try await self.replace(resource, target, name, body, caller, options), .full, resource, false)
                }
            }
        case (_, "patch"):
            let options = try WriteOptions(
                query, kind: "PatchOptions", userAgent: request.headers.first(name: "user-agent"))
            let type = try Self.patchType(request, resource)
            let bytes = Array(request.body.readableBytesView)
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let result = try await self.patch(
                        resource, namespace: target.namespace, name: object, subresource: name, type, bytes, caller,
                        options)
                    return Self.written(result, .full, resource, false)
                }
            }
        default: throw .notImplemented("\(resource.definition.name)/\(name) is not implemented yet")
        }
    }

    func act(
        _ action: String, _ resource: ServedResource, _ namespace: String?, _ name: String, _ body: RequestBody,
        _ caller: Caller,
        _ options: WriteOptions
    ) async throws(StatusError) -> HTTPResponse {
        switch action {
        case "binding":
            let binding = try decodeOther(body, "core.v1.Binding", kind: "Binding", apiVersion: "v1", resource, options)
            try Self.checkName(binding, name)
            return try await bind(namespace, name, binding, caller, options)
        case "eviction":
            let eviction = try decodeOther(
                body, "policy.v1.Eviction", kind: "Eviction", apiVersion: "policy/v1", resource, options)
            try Self.checkName(eviction, name)
            var request = DeleteRequest()
            request.gracePeriodSeconds = eviction["deleteOptions"]["gracePeriodSeconds"].int
            request.uid = eviction["deleteOptions"]["preconditions"]["uid"].string
            request.resourceVersion = eviction["deleteOptions"]["preconditions"]["resourceVersion"].string
            request.isDryRun = options.isDryRun
            try await evict(resource, namespace, name, request, caller)
            return Self.json(Self.success(code: 201), status: .created)
        case "token":
            return try issueToken(resource, namespace, name, body, caller, options)
        default: throw .notImplemented("\(resource.definition.name)/\(action) is not implemented yet")
        }
    }

    private static func checkName(_ object: JSONValue, _ name: String) throws(StatusError) {
        if let given = object["metadata"]["name"].string, given != name {
            throw .badRequest("name in URL does not match name in \(object["kind"].string ?? "") object")
        }
    }

    func decodeOther(
        _ body: RequestBody, _ type: String, kind: String, apiVersion: String, _ resource: ServedResource,
        _ options: WriteOptions
    ) throws(StatusError) -> JSONValue {
        guard let id = resource.schema.type(named: type) else {
            throw .internalError("the type \(type) is not declared")
        }
        return try decode(
            try body.document(kind: kind, schema: resource.schema, type: id), kind: kind, apiVersion: apiVersion,
            schema: resource.schema, type: id, options
        ).object
    }

    /// Gives a Pod to a node: the scheduler's word.
    private func bind(
        _ namespace: String?, _ name: String, _ binding: JSONValue, _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> HTTPResponse {
        guard let pods = registry.find(groupResource: "pods") else { throw .noSuchPath }
        let node = binding["target"]["name"].string ?? ""
        if node.isEmpty {
            throw .invalid(kind: "Binding", group: "", name, [.required(FieldPath("target", "name"))])
        }
        let uid = binding["metadata"]["uid"].string
        let key = pods.key(namespace, name)
        while true {
            guard let current = store.get("pods", key), let document = try? JSONDocument(current.bytes) else {
                throw .notFound(pods.definition, name)
            }
            var pod = document.root.value
            func refuse(_ detail: String) -> StatusError {
                StatusError(
                    code: 409, reason: "Conflict",
                    message: "Operation cannot be fulfilled on pods/binding \"\(name)\": \(detail)"
                )
                .about(name: name, group: "", kind: "pods/binding")
            }
            if let uid, !uid.isEmpty, uid != pod["metadata"]["uid"].string { throw refuse("the pod has another uid") }
            if pod["metadata"].has("deletionTimestamp") {
                throw refuse("pod \(name) is being deleted, cannot be assigned to a host")
            }
            let bound = pod["spec"]["nodeName"].string ?? ""
            if !bound.isEmpty { throw refuse("pod \(name) is already assigned to node \"\(bound)\"") }
            pod["spec"]["nodeName"] = .string(node)
            for (key, value) in binding["metadata"]["annotations"].object ?? [:] {
                pod["metadata"]["annotations"][key] = value
            }
            var conditions = (pod["status"]["conditions"].array ?? []).filter { $0["type"] != "PodScheduled" }
            conditions.append([
                "type": "PodScheduled", "status": "True", "lastProbeTime": nil,
                "lastTransitionTime": .string(Time.now.description),
            ])
            pod["status"]["conditions"] = .array(conditions)
            if options.isDryRun { return Self.json(Self.success(code: 201), status: .created) }
            let encoded = try ObjectEncoder.encode(pod) { registry.attributes(pods, $0) }
            do {
                _ = try await store.write(
                    Write(resource: "pods", key: key, expected: .revision(current.revision), change: .put(encoded)))
                return Self.json(Self.success(code: 201), status: .created)
            } catch .conflict {
                continue
            } catch {
                throw Self.status(of: error, pods, name)
            }
        }
    }

    /// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
    private func issueToken(
        _ resource: ServedResource, _ namespace: String?, _ name: String, _ body: RequestBody, _ caller: Caller,
        _ options: WriteOptions
    ) throws(StatusError) -> HTTPResponse {
        var request = try decodeOther(
            body, "authentication.v1.TokenRequest", kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1",
            resource, options)
        let account = try get(resource, namespace: namespace, name: name)
        guard let metadata = try? JSONDocument(account.bytes).root["metadata"] else {
            throw .internalError("the account cannot be read")
        }
        let spec = request["spec"]
        let seconds = spec["expirationSeconds"].int ?? 3600
        guard (600...(1 << 32)).contains(seconds) else {
            throw .invalid(
                kind: "TokenRequest", group: "authentication.k8s.io", name,
                [
                    .invalid(
                        FieldPath("spec", "expirationSeconds"), .int(seconds),
                        "may not specify a duration less than 10 minutes or larger than 2^32 seconds")
                ])
        }
        var claims = ServiceAccountTokens.Claims(
            namespace: namespace ?? "", serviceAccount: name, serviceAccountUID: metadata["uid"].string ?? "",
            audiences: (spec["audiences"].array ?? []).compactMap(\.string), lifetime: seconds)
        if claims.audiences.isEmpty { claims.audiences = [configuration.issuer] }
        let bound = spec["boundObjectRef"]
        if !bound.isNull { try bind(&claims, to: bound, namespace) }
        try NodeRestriction.checkToken(
            caller, bound: bound, podNode: claims.node?.name, resource.definition, name)
        request["metadata"] = [
            "name": .string(name), "namespace": .string(namespace ?? ""),
            "creationTimestamp": .string(Time.now.description),
        ]
        request["spec"]["audiences"] = .array(claims.audiences.map { .string($0) })
        request["status"] = [
            "token": .string(try authenticator.issue(claims)),
            "expirationTimestamp": .string(Time.now.adding(seconds: Double(seconds)).description),
        ]
        return Self.json(request.encoded(), status: .created)
    }
    /// Binds a token to what its request names, and tells the node of a Pod.
    private func bind(_ claims: inout ServiceAccountTokens.Claims, to bound: JSONValue, _ namespace: String?)
        throws(StatusError)
    {
        let kinds = ["Pod": "pods", "Secret": "secrets", "Node": "nodes"]
        guard let kind = kinds[bound["kind"].string ?? ""], let target = registry.find(groupResource: kind) else {
            throw .badRequest(
                "cannot bind token for serviceaccount \"\(claims.serviceAccount)\" to object of type \(bound["apiVersion"].string ?? ""), Kind=\(bound["kind"].string ?? "")"
            )
        }
        func find(_ name: String, _ target: ServedResource) throws(StatusError) -> JSONRef {
            let stored = try get(target, namespace: target.definition.isNamespaced ? namespace : nil, name: name)
            do { return try JSONDocument(stored.bytes).root } catch {
                throw .internalError("\(target.storeName) \(name) cannot be read: \(error)")
            }
        }
        let name = bound["name"].string ?? ""
        let object = try find(name, target)
        let uid = object["metadata"]["uid"].string ?? ""
        if let wanted = bound["uid"].string, !wanted.isEmpty, wanted != uid {
            throw .conflict(
                target.definition, name,
                "the UID in the bound object reference (\(wanted)) does not match the UID in record (\(uid))")
        }
        claims.bound = ServiceAccountTokens.Bound(resource: kind, name: name, uid: uid)
        if kind == "pods", let node = object["spec"]["nodeName"].string, !node.isEmpty {
            let nodeUID = registry.find(groupResource: "nodes").flatMap {
                try? find(node, $0)["metadata"]["uid"].string
            }
            claims.node = (node, nodeUID ?? "")
        }
    }
}
