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
