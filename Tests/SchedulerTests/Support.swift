import API
import Client
import ClientTesting
import JSON
import Synchronization

@testable import Scheduler

func node(_ name: String, cpu: String = "4", memory: String = "8Gi", pods: String = "110", _ spec: JSONValue = [:])
    -> JSONValue
{
    [
        "apiVersion": "v1", "kind": "Node",
        "metadata": ["name": .string(name), "labels": ["kubernetes.io/hostname": .string(name)]], "spec": spec,
        "status": [
            "allocatable": ["cpu": .string(cpu), "memory": .string(memory), "pods": .string(pods)]
        ],
    ]
}

func pod(_ name: String, cpu: String? = nil, memory: String? = nil, _ spec: JSONValue = [:]) -> JSONValue {
    var requests: JSONValue = [:]
    if let cpu { requests["cpu"] = .string(cpu) }
    if let memory { requests["memory"] = .string(memory) }
    var whole: JSONValue = [
        "schedulerName": "default-scheduler",
        "containers": [["name": "c", "image": "i", "resources": ["requests": requests]]],
    ]
    for (field, value) in spec.object ?? [:] { whole[field] = value }
    return [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": .string(name)], "spec": whole,
        "status": ["phase": "Pending"],
    ]
}

/// A scheduler at work on a cluster in memory. It begins when something is asked of it, and finds what was put before.
final class Cluster: Sendable {
    let time = ManualTime()
    let api: MemoryAPI
    let recorder: Recorder
    private let run = Mutex<Task<Void, Never>?>(nil)

    init() {
        api = MemoryAPI(time: time)
        recorder = Recorder(api, component: "default-scheduler", time: time)
    }

    deinit { run.withLock { $0?.cancel() } }

    func start() {
        let scheduler = Scheduler(client: api, recorder: recorder, time: time)
        run.withLock { run in if run == nil { run = Task { await scheduler.run() } } }
    }

    /// The node that the pod gets.
    func nodeOf(_ name: String) async -> String {
        start()
        await api.wait { $0.object(.pods, "ns/" + name)?["spec"]["nodeName"].string != nil }
        return api.object(.pods, "ns/" + name)?["spec"]["nodeName"].string ?? ""
    }

    /// The message of the pod's condition PodScheduled=False.
    func refusalOf(_ name: String) async -> String {
        start()
        await api.wait { $0.object(.pods, "ns/" + name)?.condition("PodScheduled")["status"].string == "False" }
        return api.object(.pods, "ns/" + name)?.condition("PodScheduled")["message"].string ?? ""
    }

    func isBound(_ name: String) -> Bool { api.object(.pods, "ns/" + name)?["spec"]["nodeName"].string != nil }
}

extension JSONValue {
    /// The object with these labels.
    func labelled(_ labels: JSONValue) -> JSONValue {
        var object = self
        for (key, value) in labels.object ?? [:] { object["metadata"]["labels"][key] = value }
        return object
    }

    /// The pod, running on a node.
    func on(_ node: String) -> JSONValue {
        var pod = self
        pod["spec"]["nodeName"] = .string(node)
        pod["status"]["phase"] = "Running"
        return pod
    }
}

/// A pod affinity term about pods with this label.
func term(_ label: (String, String), _ topologyKey: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
    var term: JSONValue = [
        "labelSelector": ["matchLabels": [label.0: .string(label.1)]], "topologyKey": topologyKey,
    ]
    for (field, value) in more.object ?? [:] { term[field] = value }
    return term
}

/// What the scheduler does once with the cluster as it is: the node, or what is wrong.
struct Placement {
    var cache = Cache()
    var algorithm = Algorithm()

    init(nodes: [JSONValue], pods: [JSONValue] = []) throws {
        for node in nodes { _ = cache.set(Node(try Object(parsing: node.encoded()))) }
        for pod in pods { _ = cache.change(from: nil, to: PodInfo(try Object(parsing: pod.encoded()))) }
    }

    mutating func place(_ pod: JSONValue) throws -> String {
        let info = PodInfo(try Object(parsing: pod.encoded()))
        guard let demand = info.demand else { return "nothing to do" }
        do { return try algorithm.place(info, demand, &cache) } catch { return error.message }
    }
}
