internal import API
internal import Client
internal import JSON

/// Every active namespace has a ServiceAccount `default`, which pods use that name no other.
/// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-controller
struct ServiceAccountController: ClusterController, Reconciler {
    static let name = "default"

    private let client: any ObjectClient
    private let namespaces: Reflector<NamespaceState>
    private let accounts: Reflector<Bool>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        client = environment.client
        let queue = environment.queue()
        self.queue = queue
        namespaces = Reflector(client, .namespaces, time: environment.time) { NamespaceState($0) }
        accounts = Reflector(
            client, .serviceAccounts, ListOptions(fieldSelector: FieldSelector("metadata.name", equals: Self.name)),
            time: environment.time
        ) { !$0.isBeingDeleted }
        namespaces.onChange { queue.add($0.key) }
        accounts.onChange { if let namespace = splitKey($0.key).namespace { queue.add(namespace) } }
    }

    func run() async { await Controller("serviceaccount", queue, self).run(following: [namespaces, accounts]) }

    func reconcile(_ namespace: String) async throws -> ReconcileResult {
        guard namespaces[namespace]?.isActive == true, accounts[namespace + "/" + Self.name] == nil else {
            return .done
        }
        let account: JSONValue = [
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": ["name": .string(Self.name), "namespace": .string(namespace)],
        ]
        do throws(StatusError) {
            _ = try await client.create(.serviceAccounts, namespace: namespace, account)
        } catch { if error.reason != "AlreadyExists" { throw error } }
        return .done
    }
}

/// What controllers that furnish namespaces want to know of one.
struct NamespaceState: Sendable {
    let isActive: Bool
    init(_ namespace: Object) {
        isActive = !namespace.isBeingDeleted && !namespace["status"]["phase"].equals("Terminating")
    }
}
