internal import API
internal import Client
internal import JSON
internal import Runtime
internal import Synchronization

/// Runs the probes of one pod's running containers and keeps their results.
/// https://kubernetes.io/docs/concepts/workloads/pods/probes/
final class Prober: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case startup = "startupProbe"
        case liveness = "livenessProbe"
        case readiness = "readinessProbe"
        /// As events name it.
        var title: String {
            switch self {
            case .startup: "Startup probe"
            case .liveness: "Liveness probe"
            case .readiness: "Readiness probe"
            }
        }
    }
    private struct Key: Hashable {
        let containerID: String
        let kind: Kind
    }
    private struct State {
        var tasks: [Key: Task<Void, Never>] = [:]
        var results: [Key: Bool] = [:]
    }
    private let state = Mutex(State())
    private let services: NodeServices
    private let changed: @Sendable () -> Void

    /// - Parameter changed: called when a result is another than before.
    init(_ services: NodeServices, changed: @escaping @Sendable () -> Void) {
        (self.services, self.changed) = (services, changed)
    }

    deinit { stop() }

    static func hasProbes(_ container: ContainerSpec) -> Bool {
        Kind.allCases.contains { container.spec[$0.rawValue].exists }
    }

    /// Containers that have to be restarted.
    var failed: Set<String> {
        state.withLock { state in
            Set(state.results.filter { !$0.value && ($0.key.kind == .liveness) }.map(\.key.containerID))
        }
    }

    /// nil while it is not known.
    func result(_ containerID: String, _ kind: Kind) -> Bool? {
        state.withLock { $0.results[Key(containerID: containerID, kind: kind)] }
    }

    /// Starts the probes of containers that run, stops those of others.
    func update(_ pod: Object, _ runtime: PodRuntime) {
        var wanted: [Key: (ContainerSpec, PodRuntime.Instance)] = [:]
        for container in pod.allContainers {
            guard let instance = runtime.latest(container.name), instance.status.state == .running else { continue }
            for kind in Kind.allCases where container.spec[kind.rawValue].exists {
                wanted[Key(containerID: instance.id, kind: kind)] = (container, instance)
            }
        }
        state.withLock { state in
            for (key, task) in state.tasks where wanted[key] == nil {
                task.cancel()
                state.tasks[key] = nil
                state.results[key] = nil
            }
            for (key, (container, instance)) in wanted where state.tasks[key] == nil {
                let address = pod.isHostNetwork ? services.hostIPs.first : runtime.ips.first
                let probe = Probe(
                    spec: container.spec[key.kind.rawValue], container: container, containerID: instance.id,
                    address: address ?? "127.0.0.1")
                let startedAt = Time(nanoseconds: instance.status.startedAt)
                state.tasks[key] = Task { [weak self] in await Self.run(self, probe, key, pod, startedAt) }
            }
        }
    }

    func stop() {
        state.withLock { state in
            for task in state.tasks.values { task.cancel() }
            state.tasks = [:]
            state.results = [:]
        }
    }

    private static func run(_ prober: Prober?, _ probe: Probe, _ key: Key, _ pod: Object, _ startedAt: Time) async {
        guard let services = prober?.services else { return }
        weak let prober = prober
        let spec = probe.spec
        let period = Double(spec["periodSeconds"].int ?? 10)
        let delay = Double(spec["initialDelaySeconds"].int ?? 0) - (Time.now - startedAt)
        let limits = (failure: spec["failureThreshold"].int ?? 3, success: spec["successThreshold"].int ?? 1)
        try? await Task.sleep(for: .seconds(max(0, delay)))
        var row = (result: false, count: 0)
        while !Task.isCancelled {
            // Liveness and readiness wait for the startup probe.
            let hasStarted =
                !probe.container.spec[Kind.startup.rawValue].exists || prober?.result(key.containerID, .startup) == true
            if key.kind == .startup || hasStarted {
                let result = await probe.run(services.driver)
                if Task.isCancelled { return }
                let isSuccess = result == nil
                row = row.result == isSuccess ? (isSuccess, row.count + 1) : (isSuccess, 1)
                if let result {
                    services.event(
                        pod, .warning, "Unhealthy", "\(key.kind.title) failed: \(result)",
                        fieldPath: probe.container.fieldPath)
                }
                if row.count >= (isSuccess ? limits.success : limits.failure) {
                    prober?.set(key, isSuccess)
                    if key.kind == .startup, isSuccess { return }
                } else if prober?.state.withLock({ $0.results[key] }) == nil, !isSuccess, key.kind == .readiness {
                    prober?.set(key, false)
                }
            }
            try? await Task.sleep(for: .seconds(period))
        }
    }

    private func set(_ key: Key, _ result: Bool) {
        let isNew = state.withLock { state in
            guard state.tasks[key] != nil else { return false }
            if key.kind == .startup, !result {
                // A container that does not start in time is restarted as one that does not live.
                state.results[Key(containerID: key.containerID, kind: .liveness)] = false
            }
            return state.results.updateValue(result, forKey: key) != result
        }
        if isNew { changed() }
    }
}
