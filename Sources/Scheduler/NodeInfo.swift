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
    /// The sizes of the images that are there, by name.
    let images: [String: Int]

    init(_ node: Object) {
        name = node.name
        labels = [String: String](labels: node.metadata["labels"])
        taints = node["spec"]["taints"].elements.map(Taint.init)
        isUnschedulable = node["spec"]["unschedulable"].bool ?? false
        let amounts = node["status"]["allocatable"].exists ? node["status"]["allocatable"] : node["status"]["capacity"]
        allocatable = Resources(amounts)
        allowedPods = amounts["pods"].string.flatMap { Quantity($0)?.value } ?? amounts["pods"].int ?? 0
        var images: [String: Int] = [:]
        for image in node["status"]["images"].elements {
            for name in image["names"].elements {
                if let name = name.string { images[name] = image["sizeBytes"].int ?? 0 }
            }
        }
        self.images = images
    }

    static func == (a: Node, b: Node) -> Bool {
        a.name == b.name && a.labels == b.labels && a.taints == b.taints && a.isUnschedulable == b.isUnschedulable
            && a.allocatable == b.allocatable && a.allowedPods == b.allowedPods && a.images == b.images
    }
}

/// A node and the sums over its pods.
struct NodeInfo: Sendable {
    /// Nil while pods are bound to a name that no Node has.
    var node: Node?
    private(set) var requested = Resources()
    /// As `requested`, but with a share for pods that ask for nothing; for scores.
    private(set) var weighed = (milliCPU: 0, memory: 0)
    private(set) var pods: [String: PodInfo] = [:]
    private(set) var hostPorts: [HostPort] = []

    /// What a pod that asks for nothing is taken to use (upstream's `DefaultMilliCPURequest`, `DefaultMemoryRequest`).
    static let assumedMilliCPU = 100
    static let assumedMemory = 200 << 20

    mutating func add(_ pod: PodInfo) {
        requested += pod.requests
        weighed.milliCPU += pod.weighedMilliCPU
        weighed.memory += pod.weighedMemory
        pods[pod.key] = pod
        if !pod.hostPorts.isEmpty { hostPorts += pod.hostPorts }
    }

    mutating func remove(_ pod: PodInfo) {
        requested -= pod.requests
        weighed.milliCPU -= pod.weighedMilliCPU
        weighed.memory -= pod.weighedMemory
        pods[pod.key] = nil
        for port in pod.hostPorts {
            if let index = hostPorts.firstIndex(of: port) { hostPorts.remove(at: index) }
        }
    }
}

extension PodInfo {
    var weighedMilliCPU: Int { requests.milliCPU > 0 ? requests.milliCPU : NodeInfo.assumedMilliCPU }
    var weighedMemory: Int { requests.memory > 0 ? requests.memory : NodeInfo.assumedMemory }
}
