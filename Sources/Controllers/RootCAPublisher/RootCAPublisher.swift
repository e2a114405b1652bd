internal import API
internal import Client
internal import JSON

/// Every active namespace has ConfigMaps with the certificate to trust the API server and the cluster's services by;
/// they are put back when somebody changes or deletes them.
/// https://kubernetes.io/docs/concepts/configuration/configmap/ and KEP-1205 (bound service account tokens)
struct RootCAPublisher: ClusterController, Reconciler {
    /// Names of ConfigMaps, and the key in each.
    static let published = [
        (name: "kube-root-ca.crt", key: "ca.crt"), (name: "openshift-service-ca.crt", key: "service-ca.crt"),
    ]

    private let client: any ObjectClient
    private let authority: String
    private let namespaces: Reflector<NamespaceState>
    /// Whether the ConfigMap is as it should be.
    private let configMaps: [Reflector<Bool>]
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, authority) = (environment.client, environment.authority)
        let queue = environment.queue()
        self.queue = queue
        namespaces = Reflector(client, .namespaces, time: environment.time) { NamespaceState($0) }
        configMaps = Self.published.map { name, key in
            let data: JSONValue = [key: .string(environment.authority)]
            return Reflector(
                environment.client, .configMaps,
                ListOptions(fieldSelector: FieldSelector("metadata.name", equals: name)),
                time: environment.time
            ) { $0["data"].value == data }
        }
        namespaces.onChange { queue.add($0.key) }
        for reflector in configMaps {
            reflector.onChange { if let namespace = splitKey($0.key).namespace { queue.add(namespace) } }
        }
    }

    func run() async {
        await Controller("root-ca-publisher", queue, self).run(following: [namespaces] + configMaps)
    }

    func reconcile(_ namespace: String) async throws -> ReconcileResult {
        guard namespaces[namespace]?.isActive == true else { return .done }
        for ((name, key), reflector) in zip(Self.published, configMaps) {
            let data: JSONValue = [key: .string(authority)]
            switch reflector[namespace + "/" + name] {
            case true: continue
            case nil:
                let configMap: JSONValue = [
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": [
                        "name": .string(name), "namespace": .string(namespace),
                        "annotations": [
                            "kubernetes.io/description":
                                "The authority whose certificates the API server and services of this cluster present."
                        ],
                    ],
                    "data": data,
                ]
                do throws(StatusError) {
                    _ = try await client.create(.configMaps, namespace: namespace, configMap)
                } catch { if error.reason != "AlreadyExists" { throw error } }
            default:
                try await client.modify(.configMaps, namespace: namespace, name: name) { configMap in
                    if configMap["data"] == data { return false }
                    configMap["data"] = data
                    return true
                }
            }
        }
        return .done
    }
}
