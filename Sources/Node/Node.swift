// Node: the agent that runs the pods bound to one node.
//
// It knows the rest of the cluster only through the API: it watches its pods, writes their status, and keeps its Node and
// Lease fresh. What runs is whatever the container runtime reports; the agent keeps nothing of its own that a restart
// could lose. One `PodWorker` a pod brings the two together, again and again, step by step; every step may be repeated.
//
//   NodeAgent       starts everything, hands pods to their workers, finds what nobody owns any more
//   Registration/   the Node object: capacity, conditions, addresses; the Lease
//   PodWorker/      what to do next for a pod (PodPlan), doing it (PodWorker), saying how it is (PodStatus)
//   Containers/     from a pod's spec to the runtime's terms: environment, resources, security, DNS
//   Images/         pulling, by policy and with back-off
//   Volumes/        a kind of volume a file, and one line in `VolumeKinds`
//   Probes/         liveness, readiness, startup
//   Streams/        logs, exec, attach, port-forward
//   Eviction/       pods that take more than there is
//   Stats/, Server/ what runs uses, and what a kubelet answers on its own port
//   Support/        files, mounts, inotify

public import API

/// How an agent is told to run its node.
public struct NodeConfiguration: Sendable {
    public var nodeName: String
    /// Where pods' volumes (`pods/UID`) and logs (`logs/pods/NAMESPACE_NAME_UID`) are kept.
    public var dataDirectory: String
    /// The addresses of this node's pods, e.g. 10.42.0.0/24; empty where something else gives them out.
    public var podCIDR: String
    /// This node's address, as other nodes and its own pods reach it.
    public var nodeAddress: String
    /// The runtime's socket, for messages: unix:///run/containerd/containerd.sock.
    public var runtimeEndpoint: String
    public var maxPods = 110
    public var evictionThresholds = EvictionThresholds()
    /// Percent of the disk in use at which unused images begin to go, and below which they stay.
    public var imageHighPercent = 85
    public var imageLowPercent = 80
    /// What is kept back from pods, by resource (`--kube-reserved`, `--system-reserved`).
    public var reserved: [String: Quantity] = [:]
    /// The name of the cgroup that holds those of all pods; nil: the runtime places containers as it likes.
    public var cgroupRoot: String?
    /// Where the agent's own API listens.
    public var kubeletPort = 10250
    /// Whether another port is taken when that one is in use.
    public var mayChooseKubeletPort = false
    /// Put on the Node besides the well-known ones.
    public var labels: [String: String] = [:]
    /// Taints that a Node is born with: `(key, value, effect)`.
    public var registerWithTaints: [(key: String, value: String, effect: String)] = []
    /// What the Node reports as kubeletVersion.
    public var version = "v1.36.2"
    /// Addresses of the cluster's DNS; while there is none, pods resolve as the host does.
    public var clusterDNS: [String] = []
    public var clusterDomain = "cluster.local"
    /// What pods find the API server with (KUBERNETES_SERVICE_HOST and _PORT); empty while it has no Service.
    public var apiServerHost = ""
    public var apiServerPort = 443

    /// Where the manifests of static pods are; in the data directory by default.
    public var manifestDirectory: String
    /// Sysctls that pods may set though they are not known to be safe; a `*` at the end stands for any rest.
    public var allowedUnsafeSysctls: [String] = []

    public init(
        nodeName: String, dataDirectory: String, podCIDR: String = "", nodeAddress: String, runtimeEndpoint: String = ""
    ) {
        (self.nodeName, self.dataDirectory, self.podCIDR) = (nodeName, dataDirectory, podCIDR)
        (self.nodeAddress, self.runtimeEndpoint) = (nodeAddress, runtimeEndpoint)
        manifestDirectory = dataDirectory + "/manifests"
    }

    /// Everything of one pod but its logs.
    func podDirectory(_ uid: String) -> String { "\(dataDirectory)/pods/\(uid)" }
    var podsDirectory: String { dataDirectory + "/pods" }
    var logsDirectory: String { dataDirectory + "/logs/pods" }
    var seccompDirectory: String { dataDirectory + "/seccomp/" }

    func logDirectory(_ pod: Object) -> String { "\(logsDirectory)/\(pod.namespace)_\(pod.name)_\(pod.uid)" }
}

/// Where the agent tells its operator what no API object can hold.
public typealias NodeLog = @Sendable (String) -> Void
