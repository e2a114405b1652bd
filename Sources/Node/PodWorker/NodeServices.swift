internal import API
internal import Client
internal import Runtime
internal import Synchronization

/// What all pod workers share.
final class NodeServices: Sendable {
    let configuration: NodeConfiguration
    let client: any ObjectClient
    let driver: any RuntimeDriver
    let recorder: Recorder
    let images: ImagePuller
    let admission: Admission
    let tokens = TokenCache()
    let serviceVariables: ServiceVariables
    let watches: ObjectWatches
    let stats: StatsCollector
    let measurements = Measurements()
    let cgroups: Cgroups?
    let watcher: FileWatcher?
    let log: NodeLog

    private struct State {
        var allocatable: [String: Quantity] = [:]
        var memoryCapacity = 0
        var runtimeName = "containerd"
    }
    private let state = Mutex(State())

    init(
        _ configuration: NodeConfiguration, _ client: any ObjectClient, _ driver: any RuntimeDriver,
        _ log: @escaping NodeLog
    ) {
        (self.configuration, self.client, self.driver, self.log) = (configuration, client, driver, log)
        recorder = Recorder(client, component: "kubelet", instance: configuration.nodeName)
        images = ImagePuller(driver)
        serviceVariables = ServiceVariables(client)
        watches = ObjectWatches(client)
        stats = StatsCollector(driver)
        cgroups = Cgroups(root: configuration.cgroupRoot)
        admission = Admission(nodeName: configuration.nodeName)
        // Without inotify the ends of containers are seen a little later.
        watcher = try? FileWatcher()
    }

    var allocatable: [String: Quantity] { state.withLock { $0.allocatable } }
    var memoryCapacity: Int { state.withLock { $0.memoryCapacity } }
    /// The scheme of container IDs.
    var runtimeName: String {
        get { state.withLock { $0.runtimeName } }
        set { state.withLock { $0.runtimeName = newValue } }
    }
    var hostIPs: [String] { [configuration.nodeAddress] }

    func update(allocatable: [String: Quantity], memoryCapacity: Int) {
        state.withLock { ($0.allocatable, $0.memoryCapacity) = (allocatable, memoryCapacity) }
    }

    /// - Parameter uid: of the Node; its name where that is not known, as upstream's agent has it.
    func nodeEvent(_ type: EventType, _ reason: String, _ message: String, uid: String? = nil) {
        let name = configuration.nodeName
        recorder.event(ObjectReference(kind: "Node", name: name, uid: uid ?? name), type, reason: reason, message)
    }

    func event(_ pod: Object, _ type: EventType, _ reason: String, _ message: String, fieldPath: String = "") {
        let reference = ObjectReference(
            kind: "Pod", namespace: pod.namespace, name: pod.name, uid: pod.uid, resourceVersion: pod.resourceVersion,
            fieldPath: fieldPath)
        recorder.event(reference, type, reason: reason, message)
    }

    func fields(of pod: Object, podIPs: [String]) -> PodFields {
        PodFields(
            pod: pod, nodeName: configuration.nodeName, hostIPs: hostIPs, podIPs: pod.isHostNetwork ? hostIPs : podIPs)
    }

    func volumeContext(_ pod: Object, podIPs: [String]) -> VolumeContext {
        VolumeContext(
            pod: pod, fields: fields(of: pod, podIPs: podIPs), allocatable: allocatable, nodeLabels: admission.labels,
            podDirectory: configuration.podDirectory(pod.uid), client: client, tokens: tokens)
    }

    /// The variables by which programs in pods find the API server while there is no Service for it.
    var apiServerVariables: [String: String] {
        let host = configuration.apiServerHost
        guard !host.isEmpty else { return [:] }
        let port = String(configuration.apiServerPort)
        let url = "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        return [
            "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port,
            "KUBERNETES_PORT": url, "KUBERNETES_PORT_\(port)_TCP": url, "KUBERNETES_PORT_\(port)_TCP_PROTO": "tcp",
            "KUBERNETES_PORT_\(port)_TCP_PORT": port, "KUBERNETES_PORT_\(port)_TCP_ADDR": host,
        ]
    }
}
