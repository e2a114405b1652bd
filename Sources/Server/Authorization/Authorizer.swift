internal import API

/// What a request wants to do.
struct RequestAttributes: Sendable {
    var verb: String
    var group = ""
    var version = ""
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    /// Which of a list's objects are asked for.
    var fields = FieldSelector.everything
    /// For requests outside of resources: health, discovery, the console.
    var path = ""

    var isResource: Bool { !resource.isEmpty }
}

protocol Authorizer: Sendable {
    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool
}

extension APIServer {
    /// For benchmarks.
    package func allows(user: String, groups: [String], verb: String, group: String, resource: String) -> Bool {
        authorizer.allows(
            Caller(user: user, groups: groups), RequestAttributes(verb: verb, group: group, resource: resource))
    }
}
