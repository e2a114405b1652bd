internal import API
internal import Client
internal import JSON

/// Keeps the wanted number of Pods of each ReplicaSet.
/// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
struct ReplicaSetController: ClusterController {
    private let replicas: ReplicaReconciler

    init(_ environment: Environment) {
        replicas = ReplicaReconciler(
            environment, component: "replicaset-controller", kind: "ReplicaSet", .replicaSets,
            environment.shared.replicaSets
        ) { LabelSelector($0["spec"]["selector"]) }
    }

    func run() async { await replicas.run() }
}

/// The same of ReplicationControllers, whose selector is a map.
/// https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
struct ReplicationControllerController: ClusterController {
    private let replicas: ReplicaReconciler

    init(_ environment: Environment) {
        let owners = SharedCopies.owners(environment.client, .replicationControllers, environment.time)
        replicas = ReplicaReconciler(
            environment, component: "replication-controller", kind: "ReplicationController", .replicationControllers,
            owners
        ) { LabelSelector(matchLabels: $0["spec"]["selector"]) }
    }

    func run() async { await replicas.run() }
}
