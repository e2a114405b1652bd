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
        /// As measurements name it.
        var metric: String {
            switch self {
            case .startup: "Startup"
            case .liveness: "Liveness"
            case .readiness: "Readiness"
            }
        }
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

    /// Containers that have to be restarted, and the kind of probe that says so.
    var failed: [String: Kind] {
        state.withLock { state in
            let failed = state.results.keys.filter { $0.kind != .readiness && state.results[$0] == false }
            return Dictionary(failed.map { ($0.containerID, $0.kind) }) { $1 }
        }
    }

    /// nil while it is not known.
    func result(_ containerID: String, _ kind: Kind) -> Bool? {
        state.withLock { $0.results[Key(containerID: containerID, kind: kind)] }
    }

    /// Starts the probes of containers that run, stops those of others. Liveness and readiness wait for the startup probe.
    /// - Parameter kinds: the others are stopped.
    func update(_ pod: Object, _ runtime: PodRuntime, kinds: [Kind] = Kind.allCases) {
        var wanted: [Key: (ContainerSpec, PodRuntime.Instance)] = [:]
        for container in pod.allContainers {
            guard let instance = runtime.latest(container.name), instance.status.state == .running else { continue }
            let needsStartup = container.spec[Kind.startup.rawValue].exists
            if needsStartup { recall(container, instance, pod) }
            for kind in kinds where container.spec[kind.rawValue].exists {
                if kind != .startup, needsStartup, result(instance.id, .startup) != true { continue }
                wanted[Key(containerID: instance.id, kind: kind)] = (container, instance)
            }
        }
        state.withLock { state in
            for (key, task) in state.tasks where wanted[key] == nil {
                task.cancel()
                state.tasks[key] = nil
            }
            let running = Set(runtime.running.map(\.id))
            state.results = state.results.filter { running.contains($0.key.containerID) }
            for (key, (container, instance)) in wanted where state.tasks[key] == nil {
                if key.kind == .startup, state.results[key] == true { continue }
                let address = pod.isHostNetwork ? services.hostIPs.first : runtime.ips.first
                let target = ActionTarget(
                    container: container, containerID: instance.id, address: address ?? "127.0.0.1")
                let probe = Probe(spec: container.spec[key.kind.rawValue], target: target)
                let startedAt = Time(nanoseconds: instance.status.startedAt)
                state.tasks[key] = Task { [weak self] in await Self.run(self, probe, key, pod, startedAt) }
            }
        }
    }

    /// What the API remembers: a restart of the agent does not make a container start anew.
    private func recall(_ container: ContainerSpec, _ instance: PodRuntime.Instance, _ pod: Object) {
        let known = pod.containerStatus(container.name)
        guard known["started"].bool == true, known["containerID"].string?.hasSuffix("://" + instance.id) == true else {
            return
        }
        state.withLock { state in
            let key = Key(containerID: instance.id, kind: .startup)
            if state.results[key] == nil, state.tasks[key] == nil { state.results[key] = true }
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
        var tick = ContinuousClock.now
        while !Task.isCancelled {
            let outcome = await probe.run(services.driver)
            if Task.isCancelled { return }
            tell(outcome, key.kind, probe.target.container, pod, services)
            services.measurements.probed(
                key.kind.metric, outcome.metric, container: probe.target.container.name, pod: pod.name,
                namespace: pod.namespace, uid: pod.uid)
            var isSuccess: Bool?
            switch outcome {
            case .success, .warning: isSuccess = true
            case .failure: isSuccess = false
            case .unknown: break
            }
            if let isSuccess {
                row = row.result == isSuccess ? (isSuccess, row.count + 1) : (isSuccess, 1)
                if row.count >= (isSuccess ? limits.success : limits.failure) {
                    prober?.set(key, isSuccess)
                    if key.kind == .startup, isSuccess { return }
                }
            }
            tick = max(tick + .seconds(period), .now)
            try? await Task.sleep(until: tick, clock: .continuous)
        }
    }

    private static func tell(
        _ outcome: Probe.Outcome, _ kind: Kind, _ container: ContainerSpec, _ pod: Object, _ services: NodeServices
    ) {
        let (reason, message): (String, String)
        switch outcome {
        case .success: return
        case .warning(let text): (reason, message) = ("ProbeWarning", "\(kind.title) warning: \(text)")
        case .failure(let text): (reason, message) = ("Unhealthy", "\(kind.title) failed: \(text)")
        case .unknown(let text):
            (reason, message) = ("Unhealthy", "\(kind.title) errored and resulted in unknown state: \(text)")
        }
        services.event(pod, .warning, reason, message, fieldPath: container.fieldPath)
    }

    private func set(_ key: Key, _ result: Bool) {
        let isNew = state.withLock { state in
            guard state.tasks[key] != nil else { return false }
            return state.results.updateValue(result, forKey: key) != result
        }
        if isNew { changed() }
    }
}
