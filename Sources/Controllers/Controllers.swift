// Controllers: what keeps the cluster's objects in order, apart from scheduling and nodes. A folder a controller;
// Registry.swift lists them. Each follows what it needs by watch, and is a Reconciler: a function from a key to "make the
// world so".

public import Client

/// Runs every controller of the registry until the task is cancelled.
///
/// - `client`: the API as a ServiceAccount of kube-system sees it; nil: as the copies that several controllers read are filled.
/// - `authority`: the certificate (PEM) that clients within the cluster are to trust the API server by.
/// - `signer`: the cluster's authority; without one no certificates are signed.
/// - `parties`: what Templates need: clients for other users, and the resources of kinds.
/// - `resources`: every resource whose objects can be watched and deleted; asked again when kinds come or go.
public func runControllers(
    client: (_ account: String?) -> any ObjectClient & ScaleClient, authority: String,
    signer: CertificateSigner? = nil, resources: @escaping @Sendable () async -> [ResourceName],
    parties: ClusterParties? = nil, time: any TimeSource = SystemTime()
) async {
    var environment = Environment(
        client: client(nil), authority: authority, signer: signer, resources: resources, time: time)
    if let parties { environment.parties = parties }
    await withTaskGroup { group in
        // All listen to the shared copies before one begins to fill them.
        let controllers = registry.map { entry in
            let client = client(entry.account)
            (environment.client, environment.scales) = (client, client)
            return entry.controller.init(environment)
        }
        for controller in controllers { group.addTask { await controller.run() } }
    }
}

/// Who else is to be spoken for, and what kinds are called.
public struct ClusterParties: Sendable {
    /// The API as a user with these groups sees it.
    let client: @Sendable (_ user: String, _ groups: [String]) -> any ObjectClient
    /// The resource of a kind (`apps/v1`, `Deployment`), and whether it lives in namespaces; nil where there is no such kind.
    let resource: @Sendable (_ apiVersion: String, _ kind: String) -> (ResourceName, isNamespaced: Bool)?

    public init(
        client: @escaping @Sendable (_ user: String, _ groups: [String]) -> any ObjectClient,
        resource: @escaping @Sendable (_ apiVersion: String, _ kind: String) -> (ResourceName, isNamespaced: Bool)?
    ) { (self.client, self.resource) = (client, resource) }
}

/// What controllers work with.
struct Environment: Sendable {
    /// As the controller's own identity.
    var client: any ObjectClient
    var scales: any ScaleClient
    let authority: String
    var signer: CertificateSigner?
    let resources: @Sendable () async -> [ResourceName]
    let time: any TimeSource
    let shared: SharedCopies
    var parties: ClusterParties

    init(
        client: any ObjectClient & ScaleClient, authority: String, signer: CertificateSigner? = nil,
        resources: @escaping @Sendable () async -> [ResourceName], time: any TimeSource
    ) {
        (self.client, self.authority, self.resources, self.time) = (client, authority, resources, time)
        (self.scales, self.signer) = (client, signer)
        // Alone, controllers speak for themselves.
        parties = ClusterParties(client: { _, _ in client }, resource: { _, _ in nil })
        shared = SharedCopies(client, time)
    }

    func queue() -> WorkQueue<String> { WorkQueue(time: time) }
}

protocol ClusterController: Sendable {
    init(_ environment: Environment)
    /// Returns when the task is cancelled.
    func run() async
}
