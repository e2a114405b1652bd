// Controllers: what keeps the cluster's objects in order, apart from scheduling and nodes. A folder a controller;
// Registry.swift lists them. Each follows what it needs by watch, and is a Reconciler: a function from a key to "make the
// world so".

public import Client

/// Runs every controller of the registry until the task is cancelled.
///
/// - `authority`: the certificate (PEM) that clients within the cluster are to trust the API server by.
/// - `signer`: the cluster's authority; without one no certificates are signed.
/// - `resources`: every resource whose objects can be watched and deleted; asked again when kinds come or go.
public func runControllers(
    client: any ObjectClient, authority: String, signer: CertificateSigner? = nil,
    resources: @escaping @Sendable () async -> [ResourceName], time: any TimeSource = SystemTime()
) async {
    let environment = Environment(
        client: client, authority: authority, signer: signer, resources: resources, time: time)
    await withTaskGroup { group in
        // All listen to the shared copies before one begins to fill them.
        for controller in registry.map({ $0.init(environment) }) { group.addTask { await controller.run() } }
    }
}

/// What controllers work with.
struct Environment: Sendable {
    let client: any ObjectClient
    let authority: String
    var signer: CertificateSigner?
    let resources: @Sendable () async -> [ResourceName]
    let time: any TimeSource
    let shared: SharedCopies

    init(
        client: any ObjectClient, authority: String, signer: CertificateSigner? = nil,
        resources: @escaping @Sendable () async -> [ResourceName], time: any TimeSource
    ) {
        (self.client, self.authority, self.resources, self.time) = (client, authority, resources, time)
        self.signer = signer
        shared = SharedCopies(client, time)
    }

    func queue() -> WorkQueue<String> { WorkQueue(time: time) }
}

protocol ClusterController: Sendable {
    init(_ environment: Environment)
    /// Returns when the task is cancelled.
    func run() async
}
