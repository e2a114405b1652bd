/// What names an image: `name:tag`, `name@digest` or an ID.
public struct ImageSpec: Sendable, Hashable, ExpressibleByStringLiteral {
    public var image: String
    public var annotations: [String: String]
    /// As the pod's author wrote it.
    public var userSpecifiedImage: String
    public var runtimeHandler: String

    public init(
        _ image: String, annotations: [String: String] = [:], userSpecifiedImage: String = "",
        runtimeHandler: String = ""
    ) {
        self.image = image
        self.annotations = annotations
        self.userSpecifiedImage = userSpecifiedImage
        self.runtimeHandler = runtimeHandler
    }

    public init(stringLiteral value: String) { self.init(value) }
}

/// An image on this node.
public struct Image: Sendable, Equatable {
    /// The digest of its configuration, `sha256:…`.
    public var id: String
    /// E.g. docker.io/library/busybox:latest.
    public var repoTags: [String] = []
    /// E.g. docker.io/library/busybox@sha256:….
    public var repoDigests: [String] = []
    /// Bytes, compressed.
    public var size: UInt64 = 0
    /// The user it runs as: a number, or `username`, or neither (root).
    public var uid: Int64?
    public var username = ""
    /// Should be spared by garbage collection.
    public var pinned = false

    public init(id: String) { self.id = id }
}

/// Credentials for a registry. Give user name and password, or one of the tokens.
public struct AuthConfig: Sendable, Equatable {
    public var username: String
    public var password: String
    /// base64 of `username:password`.
    public var auth: String
    public var serverAddress: String
    public var identityToken: String
    public var registryToken: String

    public init(
        username: String = "", password: String = "", auth: String = "", serverAddress: String = "",
        identityToken: String = "", registryToken: String = ""
    ) {
        self.username = username
        self.password = password
        self.auth = auth
        self.serverAddress = serverAddress
        self.identityToken = identityToken
        self.registryToken = registryToken
    }
}
