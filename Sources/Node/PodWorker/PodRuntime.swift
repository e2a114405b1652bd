internal import API
internal import JSON
internal import Runtime

/// What the runtime holds of one pod.
struct PodRuntime: Sendable {
    struct Instance: Sendable {
        let sandboxID: String
        let status: Runtime.ContainerStatus
        var id: String { status.id }
        var attempt: UInt32 { status.metadata.attempt }
    }
    /// The newest first.
    var sandboxes: [PodSandbox] = []
    /// Of the ready sandbox.
    var ips: [String] = []
    /// By container name, the newest first.
    var containers: [String: [Instance]] = [:]

    var readySandbox: PodSandbox? { sandboxes.first { $0.state == .ready } }
    var isEmpty: Bool { sandboxes.isEmpty && containers.isEmpty }
    var instances: [Instance] { containers.values.flatMap { $0 } }
    var running: [Instance] { instances.filter { $0.status.state == .running || $0.status.state == .unknown } }

    /// Of what runs, the containers whose turn it is to end: those that serve the others go last, in the reverse of the
    /// order in which they came. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#termination-with-sidecars
    func nextToStop(_ pod: Object) -> [Instance] {
        let sidecars = pod.initContainers.filter { $0.role == .sidecar }.map(\.name)
        let served = running.filter { !sidecars.contains($0.status.metadata.name) }
        if !served.isEmpty { return served }
        let last = sidecars.last { name in running.contains { $0.status.metadata.name == name } }
        return running.filter { $0.status.metadata.name == last }
    }

    func latest(_ name: String) -> Instance? { containers[name]?.first }

    /// - Parameters:
    ///   - finished: statuses of exited containers seen before, by ID: they never change again.
    ///   - before: what was read before; a sandbox keeps its addresses.
    static func read(
        uid: String, _ driver: any RuntimeDriver, finished: [String: Runtime.ContainerStatus], before: PodRuntime
    ) async throws -> PodRuntime {
        var runtime = PodRuntime()
        let labels = [RuntimeLabels.podUID: uid]
        async let sandboxes = driver.listPodSandbox(PodSandboxFilter(labelSelector: labels))
        let containers = try await driver.listContainers(ContainerFilter(labelSelector: labels))
        runtime.sandboxes =
            try await sandboxes
            .sorted { ($0.metadata.attempt, $0.createdAt) > ($1.metadata.attempt, $1.createdAt) }
        for container in containers {
            let status: Runtime.ContainerStatus
            if let known = finished[container.id] {
                status = known
            } else {
                do {
                    status = try await driver.containerStatus(id: container.id)
                } catch let error as RuntimeError where error.code == .notFound {
                    continue
                }
            }
            runtime.containers[status.metadata.name, default: []]
                .append(Instance(sandboxID: container.podSandboxID, status: status))
        }
        for name in runtime.containers.keys {
            runtime.containers[name]?.sort { ($0.attempt, $0.status.createdAt) > ($1.attempt, $1.status.createdAt) }
        }
        if let sandbox = runtime.readySandbox, sandbox.id == before.readySandbox?.id {
            runtime.ips = before.ips
        } else if let sandbox = runtime.readySandbox {
            do {
                runtime.ips = try await driver.podSandboxStatus(id: sandbox.id).ips
            } catch let error as RuntimeError where error.code == .notFound {}
        }
        return runtime
    }
}

extension PodRuntime {
    /// Takes in what was just made, so that it need not be listed.
    mutating func add(_ sandbox: PodSandboxStatus) {
        sandboxes.removeAll { $0.id == sandbox.id }
        sandboxes.insert(
            PodSandbox(
                id: sandbox.id, metadata: sandbox.metadata, state: sandbox.state, createdAt: sandbox.createdAt,
                labels: sandbox.labels, annotations: sandbox.annotations), at: 0)
        ips = sandbox.ips
    }

    mutating func add(_ status: Runtime.ContainerStatus, sandboxID: String) {
        containers[status.metadata.name, default: []].removeAll { $0.id == status.id }
        containers[status.metadata.name, default: []].insert(Instance(sandboxID: sandboxID, status: status), at: 0)
    }
}

extension Time {
    init(nanoseconds: Int64) { self.init(microsecondsSince1970: Int(nanoseconds / 1000)) }
}

extension Object {
    /// The status that the API has of a container: all that is known of one that the runtime has lost.
    func containerStatus(_ name: String) -> JSONRef {
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            if let status = self["status"][list].elements.first(where: { $0["name"].equals(name) }) { return status }
        }
        return .missing
    }
}
