internal import API
internal import JSON
internal import Runtime

/// What is to be done next for a pod: a function of its spec, of what the runtime holds, and of the time.
struct PodPlan: Sendable {
    enum Sandbox: Sendable, Equatable {
        case keep(String)
        case create(attempt: UInt32)
        /// All containers have ended for good.
        case none
    }
    struct Start: Sendable {
        let container: ContainerSpec
        let attempt: UInt32
        /// One made before, but not started.
        var created: String?
        /// When the instance before this one ended.
        var previousEnd: Time?
    }
    struct Kill: Sendable {
        let id: String
        let container: ContainerSpec?
        let message: String
        /// Seconds until it is killed; nil for the pod's grace period.
        var grace: Int?
    }
    /// The reason and message of a container that waits.
    struct Waiting: Sendable, Equatable {
        var reason: String
        var message: String
    }

    var sandbox = Sandbox.none
    var start: [Start] = []
    var kill: [Kill] = []
    var waiting: [String: Waiting] = [:]
    /// When there is something to do that no event will tell of.
    var wakeAt: Time?
    /// All init containers have done their work.
    var isInitialized = false
    /// Nothing will be started any more.
    var isFinished = false

    init() {}

    init(
        _ pod: Object, _ runtime: PodRuntime, backoffs: [String: RestartBackoff],
        failedProbes: [String: Prober.Kind] = [:], starting: Set<String> = [],
        startedSidecars: (ContainerSpec) -> Bool = { _ in true }, now: Time
    ) {
        let sandboxID = runtime.readySandbox?.id
        let inits = pod.initContainers
        let mains = pod.mainContainers
        let initFailed = inits.contains { container in
            container.role == .initialization
                && (Self.exitCode(container, pod, runtime).map {
                    $0 != 0 && !container.isRestarted(afterExitCode: $0, podPolicy: pod.restartPolicy)
                } ?? false)
        }
        isFinished = initFailed || mains.allSatisfy { Self.isDone($0, pod, runtime) }
        if isFinished {
            isInitialized = !initFailed
            // Sidecars have nobody left to serve.
            kill = runtime.nextToStop(pod).map {
                .init(id: $0.id, container: pod.containerSpec(named: $0.status.metadata.name), message: "")
            }
            return
        }
        guard let sandboxID else {
            sandbox = .create(attempt: runtime.sandboxes.first.map { $0.metadata.attempt + 1 } ?? 0)
            return
        }
        sandbox = .keep(sandboxID)

        /// The newest instance that lives, or lived, in the present sandbox.
        func current(_ container: ContainerSpec) -> PodRuntime.Instance? {
            runtime.latest(container.name).flatMap { $0.sandboxID == sandboxID ? $0 : nil }
        }
        let mainsExist = mains.contains { current($0) != nil }
        var isInitialized = true
        for container in inits {
            let instance = current(container)
            switch (container.role, instance?.status.state) {
            case (.initialization, .exited) where instance?.status.exitCode == 0: continue
            case (.initialization, _) where mainsExist: continue  // done, and cleaned up since
            case (.sidecar, .running):
                if let instance, let kind = failedProbes[instance.id] { killAfterProbe(container, instance, kind) }
                let isStarting = instance.map { starting.contains($0.id) } ?? false
                if mainsExist || startedSidecars(container) && !isStarting { continue }
                isInitialized = false
            case (.initialization, .running):
                isInitialized = false
            default:
                begin(container, pod, runtime, backoffs, now)
                if container.role == .initialization || !mainsExist { isInitialized = false }
            }
            if !isInitialized { break }
        }
        self.isInitialized = isInitialized
        guard isInitialized else { return }

        var isOpen = true
        for container in mains + pod.ephemeralContainers {
            guard let instance = current(container), instance.status.state == .running else {
                // One after the other: the next comes when the postStart hook of the one before has ended.
                if isOpen,
                    container.role == .ephemeral ? current(container) == nil : !Self.isDone(container, pod, runtime)
                {
                    begin(container, pod, runtime, backoffs, now)
                }
                continue
            }
            if let hash = instance.status.annotations[RuntimeLabels.containerHash], hash != container.hash {
                kill.append(
                    .init(
                        id: instance.id, container: container,
                        message: "Container \(container.name) definition changed, will be restarted"))
            } else if let kind = failedProbes[instance.id] {
                killAfterProbe(container, instance, kind)
            }
            if starting.contains(instance.id) { isOpen = false }
        }
    }

    private mutating func killAfterProbe(
        _ container: ContainerSpec, _ instance: PodRuntime.Instance, _ kind: Prober.Kind
    ) {
        kill.append(
            .init(
                id: instance.id, container: container,
                message: "Container \(container.name) failed \(kind == .startup ? "startup" : "liveness") probe, "
                    + "will be restarted",
                grace: container.spec[kind.rawValue]["terminationGracePeriodSeconds"].int))
    }

    /// Starts the container, unless it has to wait after its last end.
    private mutating func begin(
        _ container: ContainerSpec, _ pod: Object, _ runtime: PodRuntime, _ backoffs: [String: RestartBackoff],
        _ now: Time
    ) {
        let latest = runtime.latest(container.name)
        if let latest, latest.status.state == .created, case .keep(latest.sandboxID) = sandbox {
            start.append(Start(container: container, attempt: latest.attempt, created: latest.id))
            return
        }
        let status = pod.containerStatus(container.name)
        var attempt = latest.map { $0.attempt + 1 } ?? 0
        if latest == nil, let count = status["restartCount"].int, status["containerID"].exists {
            attempt = UInt32(clamping: count + 1)
        }
        var end: Time?
        if let latest, latest.status.state == .exited {
            let finishedAt = Time(nanoseconds: latest.status.finishedAt)
            end = finishedAt
            if let backoff = backoffs[container.name], let time = backoff.restartTime(finishedAt: finishedAt),
                now < time
            {
                waiting[container.name] = Waiting(
                    reason: "CrashLoopBackOff",
                    message:
                        "back-off \(goDuration(seconds: backoff.delay ?? 0)) restarting failed container=\(container.name) "
                        + "pod=\(pod.name)_\(pod.namespace)(\(pod.uid))")
                wakeAt = min(wakeAt ?? time, time)
                return
            }
        }
        start.append(Start(container: container, attempt: attempt, previousEnd: end))
    }

    /// How the container's last instance ended, if it has; also when only the API remembers it.
    static func exitCode(_ container: ContainerSpec, _ pod: Object, _ runtime: PodRuntime) -> Int? {
        if let latest = runtime.latest(container.name) {
            return latest.status.state == .exited ? Int(latest.status.exitCode) : nil
        }
        let status = pod.containerStatus(container.name)
        if let code = status["state"]["terminated"]["exitCode"].int { return code }
        // It ran, and the runtime knows nothing of it: upstream's exit code for a container that was lost.
        return status["state"]["running"].exists ? 137 : nil
    }

    /// Whether the container has ended and is not to be started again.
    static func isDone(_ container: ContainerSpec, _ pod: Object, _ runtime: PodRuntime) -> Bool {
        guard let code = exitCode(container, pod, runtime) else { return false }
        return !container.isRestarted(afterExitCode: code, podPolicy: pod.restartPolicy)
    }
}
