internal import API
internal import Client
internal import JSON
internal import Runtime
internal import Synchronization

/// Keeps the Node and its Lease: made at the start, renewed every 10 s, the status written when it changes and every 5 min.
/// https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats
actor NodeRegistrar {
    static let renewInterval = 10.0
    static let leaseDuration = 40
    static let statusInterval = 300.0
    /// Seconds that the node must be without pressure before it says so.
    static let pressureTransition = 300.0
    static let leaseNamespace = "kube-node-lease"

    private let services: NodeServices
    private var status: NodeStatus
    private var node: Object?
    private var lastStatus: Time?
    private var areImagesStale = true
    /// When each condition of pressure was last found to hold.
    private var lastShortage: [String: Time] = [:]
    private let ready: Mutex<Bool>

    init(_ services: NodeServices, facts: HostFacts) {
        self.services = services
        status = NodeStatus(facts: facts, configuration: services.configuration)
        ready = Mutex(false)
        services.update(allocatable: status.allocatable, memoryCapacity: facts.memory)
        services.admission.update(allocatable: status.allocatable, labels: status.labels)
    }

    /// Whether the Node's last written condition Ready was True.
    nonisolated var isReady: Bool { ready.withLock { $0 } }

    /// Runs until it is cancelled. `registered` is called once the Node is in the API.
    func run(registered: @escaping @Sendable () -> Void) async {
        var backoff = Backoff(initial: 0.1, maximum: 5)
        await observe()
        while !Task.isCancelled {
            do {
                try await register()
                break
            } catch {
                services.log("node not registered: \(error)")
                try? await Task.sleep(for: .seconds(backoff.next()))
            }
        }
        registered()
        while !Task.isCancelled {
            await beat()
            // While the node is not ready, it may be any moment.
            try? await Task.sleep(for: .seconds(isReady ? Self.renewInterval : 0.5))
            await observe()
        }
    }

    /// An image came or went.
    func imagesChanged() { areImagesStale = true }

    // MARK: Looking

    private func observe() async {
        let directory = services.configuration.dataDirectory
        let driver = services.driver
        status.runtime = try? await driver.status()
        if status.runtime != nil, status.version == nil, let version = try? await driver.version() {
            status.version = version
            services.runtimeName = version.runtimeName
        }
        if areImagesStale, let images = try? await driver.listImages() {
            status.images = images
            areImagesStale = false
        }
        let thresholds = services.configuration.evictionThresholds
        if let shortages = try? await blocking({ Shortage.observe(thresholds, directory) }) {
            let now = Time.now
            for shortage in shortages { lastShortage[shortage.signal.condition] = now }
        }
        func isShort(_ condition: String) -> Bool {
            lastShortage[condition].map { .now - $0 < Self.pressureTransition } ?? false
        }
        status.pressure = .init(
            memory: isShort("MemoryPressure"), disk: isShort("DiskPressure"), pids: isShort("PIDPressure"))
    }

    // MARK: Telling

    private func register() async throws(StatusError) {
        let name = services.configuration.nodeName
        do throws(StatusError) {
            var new = status.node
            _ = status.write(to: &new, now: .now, heartbeat: true)
            node = try await services.client.create(.nodes, namespace: nil, new)
        } catch {
            guard error.reason == "AlreadyExists" else { throw error }
            let status = status
            let before = try await services.client.get(.nodes, namespace: nil, name: name)
            node = try await services.client.modify(.nodes, namespace: nil, name: name) { status.adopt(&$0) }
            let bootID = before["status"]["nodeInfo"]["bootID"].string ?? ""
            if !bootID.isEmpty, bootID != status.facts.bootID {
                event(.warning, "Rebooted", "Node \(name) has been rebooted, boot id: \(status.facts.bootID)")
            }
        }
        event(.normal, "Starting", "Starting kubelet.")
    }

    private func beat() async {
        do {
            try await writeStatus()
        } catch {
            services.log("node status not written: \(error)")
            // It was deleted: it comes again.
            if error.code == 404 { try? await register() }
        }
        do {
            try await renewLease()
        } catch {
            services.log("node lease not renewed: \(error)")
        }
    }

    private func writeStatus() async throws(StatusError) {
        let now = Time.now
        let heartbeat = lastStatus.map { now - $0 >= Self.statusInterval } ?? true
        if heartbeat { areImagesStale = true }
        let (status, name) = (status, services.configuration.nodeName)
        let wasReady = isReady
        var isWritten = false
        let written = try await services.client.modify(.nodes, namespace: nil, name: name, subresource: "status") {
            node in
            isWritten = status.write(to: &node, now: now, heartbeat: heartbeat)
            return isWritten
        }
        node = written
        if isWritten { lastStatus = now }
        let isReady = status.readyProblem == nil
        ready.withLock { $0 = isReady }
        if isReady != wasReady {
            event(
                .normal, isReady ? "NodeReady" : "NodeNotReady",
                "Node \(name) status is now: \(isReady ? "NodeReady" : "NodeNotReady")")
        }
        services.admission.update(
            allocatable: status.allocatable,
            labels: Dictionary(written.metadata["labels"].members.map { ($0.key, $0.value.string ?? "") }) { $1 })
    }

    private func renewLease() async throws(StatusError) {
        let name = services.configuration.nodeName
        let owner: JSONValue = OwnerReference(apiVersion: "v1", kind: "Node", name: name, uid: node?.uid ?? "").value
        let now = JSONValue.string(Time.now.microseconds)
        do throws(StatusError) {
            try await services.client.modify(.leases, namespace: Self.leaseNamespace, name: name) { lease in
                lease["spec"]["renewTime"] = now
                lease["spec"]["holderIdentity"] = .string(name)
                lease["spec"]["leaseDurationSeconds"] = .int(Self.leaseDuration)
                lease["metadata"]["ownerReferences"] = [owner]
                return true
            }
        } catch {
            guard error.code == 404 else { throw error }
            let lease: JSONValue = [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": [
                    "name": .string(name), "namespace": .string(Self.leaseNamespace), "ownerReferences": [owner],
                ],
                "spec": [
                    "holderIdentity": .string(name), "leaseDurationSeconds": .int(Self.leaseDuration), "renewTime": now,
                ],
            ]
            _ = try await services.client.create(.leases, namespace: Self.leaseNamespace, lease)
        }
    }

    private func event(_ type: EventType, _ reason: String, _ message: String) {
        services.nodeEvent(type, reason, message, uid: node?.uid)
    }
}
