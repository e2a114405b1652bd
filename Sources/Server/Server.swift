// Server: the API server. One generic path serves every resource (Resources/), told apart only by the declarations of module
// API and by small strategies where a kind is truly particular (Strategies/, Admission/).
//
//   Authentication/, Authorization/   who asks, and may they
//   Audit/                            who asked for what, for the operator
//   Admission/, Strategies/           what is changed or refused before an object is stored
//   Resources/                        get, list, watch, create, update, patch, delete
//   Discovery/, OpenAPI/, Tables/     what clients learn about the API, and columns for people
//   Router                            from a request to one of these
//   LocalClient                       the same, for parts of Segler in this process

public import API
public import Client
internal import JSON
public import Store
internal import Synchronization
public import TLS

/// What the server is made from.
public struct ServerConfiguration: Sendable {
    /// The version it claims to speak; clients compare it.
    public static let kubernetesVersion = "v1.36.2"

    public var adminToken: String
    /// Signs and verifies ServiceAccount tokens.
    public var signingKey: SigningKey
    /// PEM of the cluster's authority.
    public var authority: String
    /// Service addresses: the first /24 of this is enough for small clusters, the prefix is checked on request.
    public var serviceCIDR = "10.96.0.0/12"
    /// Where the console's files are; nil: no console.
    public var consoleDirectory: String?
    /// How the agents of other machines are asked; nil: not at all.
    public var kubeletAccess: KubeletAccess?
    /// Hears of every request over the network; nil: nobody does.
    public var auditLog: AuditLog?
    public var issuer = "https://kubernetes.default.svc.cluster.local"

    public init(adminToken: String, signingKey: SigningKey, authority: String) {
        (self.adminToken, self.signingKey, self.authority) = (adminToken, signingKey, authority)
    }

    /// An address of the Services' range by its place in it: 1 is the API server's, 10 the DNS's. Nil when there is none.
    public func serviceAddress(_ place: Int) -> String? { Self.serviceAddress(place, of: serviceCIDR) }

    public static func serviceAddress(_ place: Int, of network: String) -> String? {
        guard let range = IPv4Range(network), (1..<Int(range.size) - 1).contains(place) else { return nil }
        return IPv4Range.text(range.base + UInt32(place))
    }
}

public final class APIServer: Sendable {
    let configuration: ServerConfiguration
    let store: Store
    let registry: ResourceRegistry
    let authenticator: Authenticator
    let authorizer: any Authorizer
    let roles: RoleAuthorizer
    let admission: [any AdmissionStep]
    let webhooks: Webhooks
    let flows: FlowTable
    /// Big lists of those who need not wait for anything else: each keeps a core busy for milliseconds.
    let exemptLists = Flow(.init(seats: 2, queues: 1, queueLength: 1000))
    /// What /readyz waits for, and what nodes answer for logs and exec.
    private let state = Mutex(State())
    private struct State {
        var customResources: CustomResources?
        var isReady = false
        var nodes: [String: any NodeConnection] = [:]
        var refusals: [ComponentRefusal: Int] = [:]
    }

    public init(_ configuration: ServerConfiguration, store: Store, kinds: BuiltInKinds) throws {
        self.configuration = configuration
        self.store = store
        registry = ResourceRegistry(kinds)
        authenticator = Authenticator(configuration, store: store)
        roles = try RoleAuthorizer(store)
        flows = try FlowTable(store)
        authorizer = Authorizers(roles: roles, nodes: NodeAuthorizer(store: store))
        admission = AdmissionChain.steps
        webhooks = try Webhooks(store)
        try Self.allocateServiceAddresses(configuration)
        let customResources = CustomResources(self, kinds)
        state.withLock { $0.customResources = customResources }
    }

    /// Looks after what custom resources there are; returns when the task is cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.state.withLock { $0.customResources }?.run() }
            group.addTask { await self.offerWithNodes() }
        }
    }

    /// How stored objects are indexed; the store asks it for every object when it loads.
    public static func attributes(of kinds: BuiltInKinds) -> @Sendable (String, [UInt8]) -> Attributes {
        let registry = ResourceRegistry(kinds)
        return { resource, bytes in
            guard let document = try? JSONDocument(bytes) else { return Attributes() }
            return registry.attributes(groupResource: resource, document.root)
        }
    }

    public var isReady: Bool {
        get { state.withLock { $0.isReady } }
        set { state.withLock { $0.isReady = newValue } }
    }

    /// Tells where the streams of a node's Pods are answered.
    public func connect(node: String, _ connection: any NodeConnection) {
        state.withLock { $0.nodes[node] = connection }
        Task { await offerAll() }
    }

    func noteRefusal(of caller: Caller, _ asked: RequestAttributes) {
        let resource = asked.subresource.isEmpty ? asked.resource : asked.resource + "/" + asked.subresource
        let refusal = ComponentRefusal(user: caller.user, verb: asked.verb, group: asked.group, resource: resource)
        state.withLock { $0.refusals[refusal, default: 0] += 1 }
    }

    /// What components of Segler asked for and may not do, and how often.
    var refusals: [ComponentRefusal: Int] { state.withLock { $0.refusals } }

    var connectedNodes: [any NodeConnection] { state.withLock { Array($0.nodes.values) } }

    /// Serves what a server alone does not.
    func offerAll() async {
        registry.offerAll()
        await reconcileTemplateRoles()
    }

    func connected(_ node: String) -> (any NodeConnection)? { state.withLock { $0.nodes[node] } }

    private static func allocateServiceAddresses(_ configuration: ServerConfiguration) throws {
        guard IPv4Range(configuration.serviceCIDR) != nil else {
            throw StatusError.badRequest("\(configuration.serviceCIDR) is not an IPv4 network such as 10.96.0.0/12")
        }
    }
}

struct ComponentRefusal: Hashable {
    let user: String, verb: String, group: String, resource: String
}
