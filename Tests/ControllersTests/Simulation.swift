import API
import Client
import ClientTesting
import JSON

@testable import Controllers

/// Several controllers as one, for a `Cluster`.
struct Several: ClusterController {
    let controllers: [any ClusterController]

    init(_ environment: Environment) { controllers = [] }
    init(_ environment: Environment, _ types: [any ClusterController.Type]) {
        controllers = types.map { $0.init(environment) }
    }

    func run() async {
        await withTaskGroup { group in
            for controller in controllers { group.addTask { await controller.run() } }
        }
    }
}

/// A node as far as controllers can see: binds Pods to itself, has them run and be ready unless the image says `broken`,
/// and lets go of deleted ones. What it does not do is run anything.
final class SimulatedNode: Sendable {
    private let run: Task<Void, Never>
    private let work: Task<Void, Never>

    /// `holds` keeps a Pod from getting ready, or from ending, as long as it says so.
    init(
        _ api: MemoryAPI, name: String = "node", time: any TimeSource,
        holds: @escaping @Sendable (Object) -> Bool = { _ in false }
    ) {
        let pods = Reflector(api, .pods, time: time)
        let changes = pods.changes()
        run = Task { await pods.run() }
        work = Task {
            for await change in changes {
                guard let pod = change.new, !holds(pod) else { continue }
                let (namespace, podName) = (pod.namespace, pod.name)
                if pod.isBeingDeleted {
                    _ = try? await api.delete(
                        .pods, namespace: namespace, name: podName, DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
                } else if pod["status"]["phase"].string == nil {
                    let isBroken = pod["spec"]["containers"][0]["image"].string?.contains("broken") == true
                    _ = try? await api.modify(.pods, namespace: namespace, name: podName) {
                        if $0["spec"]["nodeName"].isNull { $0["spec"]["nodeName"] = .string(name) }
                        $0["status"]["phase"] = "Running"
                        $0.setCondition(Condition("Ready", !isBroken), now: time.now)
                        return true
                    }
                }
            }
        }
    }

    deinit {
        run.cancel()
        work.cancel()
    }
}

extension MemoryAPI {
    /// Pods of a namespace that nobody deleted.
    func pods(_ namespace: String = "ns") -> [Object] {
        objects(.pods).filter { $0.namespace == namespace && !$0.isBeingDeleted }
    }

    func events(_ reason: String) -> [String] {
        objects(.events).filter { $0["reason"].equals(reason) }.compactMap { $0["message"].string }
    }

    func setReady(_ key: String, _ isReady: Bool = true, node: String = "node") async throws {
        let (namespace, name) = splitKey(key)
        try await modify(.pods, namespace: namespace, name: name) { [time] in
            $0["spec"]["nodeName"] = .string(node)
            $0["status"]["phase"] = "Running"
            $0.setCondition(Condition("Ready", isReady), now: time.now)
            return true
        }
    }

    /// Changes the spec as the API server does: the generation counts it.
    func change(_ resource: ResourceName, _ key: String, _ edit: @Sendable (inout JSONValue) -> Void) async throws {
        let (namespace, name) = splitKey(key)
        try await modify(resource, namespace: namespace, name: name) {
            edit(&$0)
            $0["metadata"]["generation"] = .int(($0["metadata"]["generation"].int ?? 0) + 1)
            return true
        }
    }
}

/// A workload object with a template whose Pods have the label app=web.
func workload(_ apiVersion: String, _ kind: String, name: String = "web", _ spec: JSONValue) -> JSONValue {
    var spec = spec
    if spec["selector"].isNull { spec["selector"] = ["matchLabels": ["app": "web"]] }
    if spec["template"].isNull {
        spec["template"] = [
            "metadata": ["labels": ["app": "web"]],
            "spec": ["containers": [["name": "main", "image": "web:1"]]],
        ]
    }
    return [
        "apiVersion": .string(apiVersion), "kind": .string(kind),
        "metadata": ["namespace": "ns", "name": .string(name), "generation": 1], "spec": spec,
    ]
}
