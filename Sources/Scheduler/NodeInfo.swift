internal import API
internal import JSON

/// What a Node object says, as far as scheduling goes: a heartbeat makes an equal one.
final class Node: Sendable, Equatable {
    let name: String
    let labels: [String: String]
    let taints: [Taint]
    let isUnschedulable: Bool
    let allocatable: Resources
    let allowedPods: Int

    init(_ node: Object) {
        name = node.name
        var labels: [String: String] = [:]
        for (key, value) in node.metadata["labels"].members { labels[key] = value.string }
        self.labels = labels
        taints = node["spec"]["taints"].elements.map(Taint.init)
        isUnschedulable = node["spec"]["unschedulable"].bool ?? false
        let amounts = node["status"]["allocatable"].exists ? node["status"]["allocatable"] : node["status"]["capacity"]
        allocatable = Resources(amounts)
        allowedPods = amounts["pods"].string.flatMap { Quantity($0)?.value } ?? amounts["pods"].int ?? 0
    }

    static func == (a: Node, b: Node) -> Bool {
        a.name == b.name && a.labels == b.labels && a.taints == b.taints && a.isUnschedulable == b.isUnschedulable
            && a.allocatable == b.allocatable && a.allowedPods == b.allowedPods
    }
}

/// A node and the sums over its pods.
struct NodeInfo: Sendable {
    /// Nil while pods are bound to a name that no Node has.
    var node: Node?
    private(set) var requested = Resources()
    /// As `requested`, but with a share for pods that ask for nothing; for scores.
    private(set) var weighed = (milliCPU: 0, memory: 0)
    private(set) var pods = 0
    private(set) var hostPorts: [HostPort] = []

    /// What a pod that asks for nothing is taken to use (upstream's `DefaultMilliCPURequest`, `DefaultMemoryRequest`).
    static let assumedMilliCPU = 100
    static let assumedMemory = 200 << 20

    mutating func add(_ pod: PodInfo) {
        requested += pod.requests
        weighed.milliCPU += pod.weighedMilliCPU
        weighed.memory += pod.weighedMemory
        pods += 1
        if !pod.hostPorts.isEmpty { hostPorts += pod.hostPorts }
    }

    mutating func remove(_ pod: PodInfo) {
        requested -= pod.requests
        weighed.milliCPU -= pod.weighedMilliCPU
        weighed.memory -= pod.weighedMemory
        pods -= 1
        for port in pod.hostPorts {
            if let index = hostPorts.firstIndex(of: port) { hostPorts.remove(at: index) }
        }
    }
}

extension PodInfo {
    var weighedMilliCPU: Int { requests.milliCPU > 0 ? requests.milliCPU : NodeInfo.assumedMilliCPU }
    var weighedMemory: Int { requests.memory > 0 ? requests.memory : NodeInfo.assumedMemory }
}
