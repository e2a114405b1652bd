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

/// Segler's controllers, which work on objects of all kinds under one identity of this process.
struct ComponentAuthorizer: Authorizer {
    /// `escalate` is for the roles that are made out of others.
    private static let verbs: Set = [
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "escalate", "approve",
        "sign",
    ]

    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool {
        if attributes.isResource {
            return caller.user == "system:kube-controller-manager" && Self.verbs.contains(attributes.verb)
        }
        // The console's files are no secret; what it shows comes with the rights of who signs in.
        return attributes.verb == "get" && (attributes.path == "/console" || attributes.path.hasPrefix("/console/"))
    }
}
