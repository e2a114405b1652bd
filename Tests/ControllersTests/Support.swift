import API
import Client
import ClientTesting
import JSON

@testable import Controllers

/// Controllers at work on a cluster in memory.
final class Cluster: Sendable {
    let time = ManualTime()
    let api: MemoryAPI
    let environment: Controllers.Environment
    private let run: Task<Void, Never>

    static let resources: [ResourceName] = [
        .pods, .configMaps, .secrets, .serviceAccounts, .events, .nodes, .namespaces,
        ResourceName("replicasets", group: "apps"), ResourceName("services"), ResourceName("persistentvolumeclaims"),
    ]

    convenience init(_ controller: any ClusterController.Type, _ setUp: (MemoryAPI) -> Void = { _ in }) {
        self.init(making: { controller.init($0) }, setUp)
    }

    /// `setUp` fills the cluster before the controller begins.
    init(
        making make: @escaping @Sendable (Controllers.Environment) -> any ClusterController,
        _ setUp: (MemoryAPI) -> Void
    ) {
        let api = MemoryAPI(time: time)
        self.api = api
        setUp(api)
        let environment = Environment(
            client: api, authority: "PEM", resources: { Self.resources }, time: time)
        self.environment = environment
        run = Task { await make(environment).run() }
    }

    deinit { run.cancel() }
}

extension MemoryAPI {
    func namespace(_ name: String) {
        put(
            .namespaces,
            [
                "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)],
                "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
            ])
    }

    func waitForObject(_ resource: ResourceName, _ key: String) async {
        await wait { $0.object(resource, key) != nil }
    }

    func waitForEnd(_ resource: ResourceName, _ key: String) async {
        await wait { $0.object(resource, key) == nil }
    }
}
