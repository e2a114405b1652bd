internal import API
internal import JSON
internal import Store
internal import TLS

/// One webhook, as a MutatingWebhookConfiguration or ValidatingWebhookConfiguration describes it.
/// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
struct Webhook: Sendable {
    /// Which requests a webhook is asked about.
    struct Rule: Sendable {
        let operations: [String]
        let groups: [String]
        let versions: [String]
        let resources: [String]
        let scope: String

        init(_ rule: JSONRef) {
            func list(_ field: String) -> [String] { rule[field].elements.compactMap(\.string) }
            (operations, groups, versions) = (list("operations"), list("apiGroups"), list("apiVersions"))
            resources = list("resources")
            scope = rule["scope"].string ?? "*"
        }

        func matches(_ attempt: Attempt, as resource: ResourceDefinition) -> Bool {
            func has(_ list: [String], _ value: String) -> Bool { list.contains { $0 == "*" || $0 == value } }
            guard has(operations, attempt.operation.rawValue), has(groups, resource.group),
                has(versions, resource.version)
            else { return false }
            // A namespace is an object of the cluster, although it is in itself.
            let isLocal = attempt.namespace != nil && resource.isNamespaced
            if scope == "Cluster" && isLocal || scope == "Namespaced" && !isLocal { return false }
            return resources.contains { word in
                let (name, subresource) = word.splitOnce("/")
                return (name == "*" || name == resource.name)
                    && (subresource == "*" || subresource == attempt.subresource ?? "")
            }
        }
    }

    enum Place: Sendable {
        case url(String)
        case service(namespace: String, name: String, path: String, port: Int)
    }

    let name: String
    let place: Place
    /// PEM; nil: the machine's authorities.
    let authority: String?
    let rules: [Rule]
    /// Another version of the same object is as good as the one of the request.
    let takesEquivalents: Bool
    let namespaces: LabelSelector
    let objects: LabelSelector
    let isIgnoredWhenItFails: Bool
    let isAskedAgain: Bool
    /// Seconds.
    let timeout: Int
    /// Of AdmissionReview: v1, or v1beta1 for webhooks that know no other.
    let version: String
    /// Expressions that this server cannot evaluate: the webhook counts as one that fails.
    let hasConditions: Bool

    init(_ webhook: JSONRef) {
        let client = webhook["clientConfig"]
        name = webhook["name"].string ?? ""
        let service = client["service"]
        place =
            client["url"].string.map { .url($0) }
            ?? .service(
                namespace: service["namespace"].string ?? "", name: service["name"].string ?? "",
                path: service["path"].string ?? "/", port: service["port"].int ?? 443)
        authority = client["caBundle"].string.flatMap { $0.isEmpty ? nil : Base64.decode($0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
        rules = webhook["rules"].elements.map(Rule.init)
        takesEquivalents = webhook["matchPolicy"].string != "Exact"
        func selector(_ field: String) -> LabelSelector {
            webhook[field].exists ? LabelSelector(webhook[field]) : .everything
        }
        (namespaces, objects) = (selector("namespaceSelector"), selector("objectSelector"))
        isIgnoredWhenItFails = webhook["failurePolicy"].string == "Ignore"
        isAskedAgain = webhook["reinvocationPolicy"].string == "IfNeeded"
        timeout = webhook["timeoutSeconds"].int ?? 10
        let versions = webhook["admissionReviewVersions"].elements.compactMap(\.string)
        version = versions.first { ["v1", "v1beta1"].contains($0) } ?? "v1"
        hasConditions = webhook["matchConditions"].count > 0
    }

    /// In which form the webhook wants to see the object of an attempt; nil when it does not want to see it.
    func form(of attempt: Attempt) -> ServedResource? {
        func isAsked(_ form: ServedResource) -> Bool { rules.contains { $0.matches(attempt, as: form.definition) } }
        guard
            let form = isAsked(attempt.resource)
                ? attempt.resource : takesEquivalents ? attempt.equivalents.first(where: isAsked) : nil,
            namespaces.isEmpty || attempt.namespaceLabel().map({ namespaces.matches($0) }) ?? true
        else { return nil }
        if objects.isEmpty { return form }
        let isWanted = [attempt.object, attempt.old].contains { object in
            !object.isNull && objects.matches { object["metadata"]["labels"][$0].string }
        }
        return isWanted ? form : nil
    }
}

/// What somebody wants to do, as webhooks hear of it.
struct Attempt: Sendable {
    enum Operation: String, Sendable {
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
        case connect = "CONNECT"
    }

    let operation: Operation
    /// In the version of the request.
    let resource: ServedResource
    let namespace: String?
    let name: String
    let subresource: String?
    let caller: Caller
    let options: JSONValue
    let isDryRun: Bool
    /// As it would be stored; null where there is none. What is connected to is described by the connection's options.
    var object: JSONValue
    let old: JSONValue
    let server: APIServer

    /// The same resource in its other versions.
    let equivalents: [ServedResource]

    init(
        _ operation: Operation, _ resource: ServedResource, namespace: String?, name: String,
        subresource: String? = nil,
        _ caller: Caller, options: JSONValue, isDryRun: Bool, object: JSONValue, old: JSONValue, _ server: APIServer
    ) {
        (self.operation, self.resource, self.namespace, self.name) = (operation, resource, namespace, name)
        (self.subresource, self.caller, self.options, self.isDryRun) = (subresource, caller, options, isDryRun)
        (self.object, self.old, self.server) = (object, old, server)
        equivalents = server.registry.all.filter { $0.storeName == resource.storeName && $0 !== resource }
    }

    /// The labels of the namespace that it is in, or of the one that it is; nil for other objects of the cluster.
    func namespaceLabel() -> ((String) -> String?)? {
        let isNamespace = resource.storeName == "namespaces"
        if isNamespace, operation == .create || operation == .update {
            return { object["metadata"]["labels"][$0].string }
        }
        guard let namespace = isNamespace ? name : namespace else { return nil }
        let attributes = server.store.get("namespaces", namespace)?.attributes
        return { attributes?.label($0) }
    }

    /// The body of the question. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
    func review(_ uid: String, as form: ServedResource, version: String) -> JSONValue {
        func kind(_ resource: ServedResource) -> JSONValue {
            let (definition, kind) = (resource.definition, operation == .connect ? object["kind"].string : nil)
            return [
                "group": .string(kind == nil ? definition.group : ""), "version": .string(definition.version),
                "kind": .string(kind ?? definition.kind),
            ]
        }
        func name(_ resource: ServedResource) -> JSONValue {
            let definition = resource.definition
            return [
                "group": .string(definition.group), "version": .string(definition.version),
                "resource": .string(definition.name),
            ]
        }
        func shown(_ object: JSONValue) -> JSONValue {
            operation == .connect || object.isNull ? object : form.servedForm(object)
        }
        var request: JSONValue = [
            "uid": .string(uid), "kind": kind(form), "resource": name(form), "requestKind": kind(resource),
            "requestResource": name(resource), "name": .string(self.name), "operation": .string(operation.rawValue),
            "userInfo": APIServer.userInfo(caller), "object": shown(object), "oldObject": shown(old),
            "dryRun": .bool(isDryRun), "options": options,
        ]
        if let namespace { request["namespace"] = .string(namespace) }
        if let subresource {
            request["subResource"] = .string(subresource)
            request["requestSubResource"] = .string(subresource)
        }
        return [
            "kind": "AdmissionReview", "apiVersion": .string("admission.k8s.io/" + version), "request": request,
        ]
    }
}

extension Attempt {
    private static let connections = [
        "exec": "PodExecOptions", "attach": "PodAttachOptions", "portforward": "PodPortForwardOptions",
    ]

    /// A connection to a Pod, a Service or a node, described by the parameters of the request.
    init(
        connecting subresource: String, to resource: ServedResource, _ target: ResourcePath, _ query: Query,
        _ caller: Caller, _ server: APIServer
    ) {
        let kind = Self.connections[subresource] ?? resource.kind + "ProxyOptions"
        var object: JSONValue = ["kind": .string(kind), "apiVersion": "v1"]
        if let container = query["container"] { object["container"] = .string(container) }
        let command = query.all("command")
        if !command.isEmpty { object["command"] = .array(command.map { .string($0) }) }
        for field in ["stdin", "stdout", "stderr", "tty"] where query.flag(field) { object[field] = true }
        let ports = query.all("ports").compactMap { Int($0) }
        if !ports.isEmpty { object["ports"] = .array(ports.map { .int($0) }) }
        self.init(
            .connect, resource, namespace: target.namespace, name: target.name ?? "", subresource: subresource, caller,
            options: nil, isDryRun: false, object: object, old: nil, server)
    }

    /// A deletion.
    init(
        deleting old: JSONValue, _ resource: ServedResource, namespace: String?, name: String, _ request: DeleteRequest,
        _ caller: Caller, _ server: APIServer
    ) {
        var options: JSONValue = ["kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"]
        if let grace = request.gracePeriodSeconds { options["gracePeriodSeconds"] = .int(grace) }
        if let policy = request.propagationPolicy { options["propagationPolicy"] = .string(policy) }
        if request.isDryRun { options["dryRun"] = ["All"] }
        self.init(
            .delete, resource, namespace: namespace, name: name, caller, options: options, isDryRun: request.isDryRun,
            object: nil, old: old, server)
    }
}
