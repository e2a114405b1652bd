/// What a request wants to do.
struct RequestAttributes: Sendable {
    var verb: String
    var group = ""
    var version = ""
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    /// For requests outside of resources: health, discovery, the console.
    var path = ""

    var isResource: Bool { !resource.isEmpty }
}

protocol Authorizer: Sendable {
    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool
}

/// The rules that hold before any role exists: masters may do all, Segler's own parts what they need, everyone who is known
/// may look around, anyone may ask for health and version; nobody else anything.
struct BootstrapAuthorizer: Authorizer {
    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool {
        if caller.isMaster { return true }
        if !attributes.isResource { return allows(caller, path: attributes.path) && attributes.verb == "get" }
        if caller.groups.contains("system:authenticated"), Self.selfReviews.contains(attributes.resource),
            attributes.verb == "create"
        {
            return true
        }
        guard let rules = Self.components[caller.user] ?? (caller.groups.contains("system:nodes") ? Self.node : nil)
        else {
            return false
        }
        let resource =
            attributes.subresource.isEmpty ? attributes.resource : attributes.resource + "/" + attributes.subresource
        return rules.contains {
            ($0.resource == "*" || $0.resource == resource) && ($0.verbs.contains(attributes.verb) || $0.verbs == ["*"])
        }
    }

    private static let selfReviews: Set = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"]

    /// Paths of upstream's roles system:public-info-viewer and system:discovery.
    private func allows(_ caller: Caller, path: String) -> Bool {
        switch path {
        case "/healthz", "/livez", "/readyz", "/version", "/version/": return true
        default:
            if path.hasPrefix("/livez/") || path.hasPrefix("/readyz/") || path.hasPrefix("/healthz/") { return true }
            if path == "/console" || path.hasPrefix("/console/") || path == "/" {
                return path != "/" || caller != .anonymous
            }
            guard caller.groups.contains("system:authenticated") else { return false }
            return path == "/api" || path.hasPrefix("/api/") || path == "/apis" || path.hasPrefix("/apis/")
                || path.hasPrefix("/openapi/") || path.hasPrefix("/openid/") || path.hasPrefix("/.well-known/")
        }
    }

    private struct Rule {
        let resource: String
        let verbs: Set<String>
        init(_ resource: String, _ verbs: String...) { (self.resource, self.verbs) = (resource, Set(verbs)) }
    }
    private static let read = ["get", "list", "watch"]

    private static let node: [Rule] =
        [
            "pods", "services", "configmaps", "secrets", "nodes", "persistentvolumeclaims", "persistentvolumes",
            "runtimeclasses",
        ].map {
            Rule($0, "get", "list", "watch")
        } + [
            Rule("nodes", "create", "update", "patch"), Rule("nodes/status", "update", "patch"),
            Rule("pods", "create", "delete"), Rule("pods/status", "update", "patch"),
            Rule("events", "create", "update", "patch"),
            Rule("leases", "get", "create", "update", "patch", "delete"), Rule("serviceaccounts/token", "create"),
        ]

    private static let components: [String: [Rule]] = [
        "system:kube-scheduler": [
            Rule("pods", "get", "list", "watch"), Rule("nodes", "get", "list", "watch"), Rule("pods/binding", "create"),
            Rule("pods/status", "update", "patch"), Rule("events", "create", "update", "patch"),
        ],
        "system:kube-controller-manager": [
            Rule("*", "get", "list", "watch", "delete"), Rule("serviceaccounts", "create"),
            Rule("configmaps", "create", "update"),
            Rule("namespaces/finalize", "update"), Rule("namespaces/status", "update"),
            Rule("nodes", "update", "patch"),
            Rule("nodes/status", "update", "patch"), Rule("pods/status", "update", "patch"),
            Rule("*", "update", "patch"),
            Rule("events", "create", "update", "patch"),
        ],
    ]
}
