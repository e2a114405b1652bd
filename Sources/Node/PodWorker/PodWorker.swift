internal import API
internal import Client
internal import JSON
internal import Runtime
internal import Synchronization

/// Brings one pod to what the API says of it, and tells the API how far it is.
///
/// Everything happens in `sync`: it looks at what the runtime holds, does what is missing and can be done at once, and
/// returns. What takes long (pulling, stopping) goes on beside it and wakes the worker when it has ended. So the order of
/// events does not matter, and a restart of the agent is one more `sync`.
actor PodWorker {
    struct Inbox {
        var pod: Object
        /// The pod is no longer in the API.
        var isGone: Bool
        var isDirty = false
        var isRunning = false
        var hasEnded = false
        /// Called after each look at the runtime.
        var observers: [Int: @Sendable () -> Void] = [:]
        var nextObserver = 0
    }
    nonisolated let uid: String
    nonisolated let services: NodeServices
    private nonisolated let inbox: Mutex<Inbox>
    private let ended: @Sendable (PodWorker) -> Void

    let status: StatusWriter
    var runtime = PodRuntime()
    var volumes: [String: MountedVolume]?
    var backoffs: [String: RestartBackoff] = [:]
    var waiting: [String: PodPlan.Waiting] = [:]
    var stops: [String: Stop] = [:]
    /// How often in a row each container could not be made.
    var creationFailures: [String: Int] = [:]
    /// Containers whose postStart hook has not ended.
    var starting: Set<String> = []
    var terminationMessages: [String: String] = [:]
    var isInitialized = false
    var prober: Prober?
    private var finished: [String: Runtime.ContainerStatus] = [:]
    private var logWatches: [String: FileWatcher.Watch] = [:]
    var references: [ObjectWatches.Key: FileWatcher.Watch] = [:]
    var isDisrupted = false
    private var isAdmitted = false
    var failure: PodPlan.Waiting?
    var allocation: Allocation?
    /// The node gave it something else than it began with.
    var wasResized = false
    var resize = ResizeState.none
    /// The sandbox was made by this worker, and not all containers have run yet.
    var isFirstStart = false
    /// What containers have, by their IDs, since they were made or last changed.
    var actual: [String: JSONValue] = [:]
    private var firstSeen = Time.now
    private var retries = Backoff(initial: 1, maximum: 20)
    private var alarm: (time: Time, task: Task<Void, Never>)?

    /// - Parameter pod: as the API has it; for one that is gone, as much as the runtime's labels tell.
    init(_ pod: Object, isGone: Bool, _ services: NodeServices, ended: @escaping @Sendable (PodWorker) -> Void) {
        (uid, self.services, self.ended) = (pod.uid, services, ended)
        inbox = Mutex(Inbox(pod: pod, isGone: isGone))
        status = StatusWriter(services, pod)
    }

    // MARK: From outside

    nonisolated var pod: Object { inbox.withLock { $0.pod } }

    nonisolated func update(_ pod: Object) {
        let old = inbox.withLock { inbox in
            defer { inbox.pod = pod }
            return inbox.pod
        }
        // The downward API shows them in files.
        if old.metadata["labels"].value != pod.metadata["labels"].value
            || old.metadata["annotations"].value != pod.metadata["annotations"].value
        {
            Task { await self.refreshVolumes() }
        }
        wake()
    }

    /// The pod was deleted from the API without waiting for this node.
    nonisolated func vanish() {
        inbox.withLock { $0.isGone = true }
        wake()
    }

    nonisolated func wake() {
        let starts = inbox.withLock { inbox in
            inbox.isDirty = true
            if inbox.isRunning || inbox.hasEnded { return false }
            inbox.isRunning = true
            return true
        }
        if starts { Task { await self.run() } }
    }

    /// Calls the closure whenever the runtime was looked at, until it is removed.
    nonisolated func observe(_ observer: @escaping @Sendable () -> Void) -> Int {
        inbox.withLock { inbox in
            inbox.nextObserver += 1
            inbox.observers[inbox.nextObserver] = observer
            return inbox.nextObserver
        }
    }

    nonisolated func removeObserver(_ id: Int) { inbox.withLock { _ = $0.observers.removeValue(forKey: id) } }

    /// The containers as they were when the runtime was last looked at.
    func instances(of container: String) -> [PodRuntime.Instance] { runtime.containers[container] ?? [] }

    // MARK: The loop

    private func run() async {
        while inbox.withLock({ inbox in
            let go = inbox.isDirty && !inbox.hasEnded
            inbox.isDirty = false
            if !go { inbox.isRunning = false }
            return go
        }) {
            let (pod, isGone) = inbox.withLock { ($0.pod, $0.isGone) }
            do {
                try await look()
                if isGone || pod.isBeingDeleted {
                    try await terminate(pod, isGone: isGone)
                } else {
                    try await sync(pod)
                }
                retries.reset()
            } catch {
                services.log("pod \(pod.key): \(error)")
                wake(at: .now.adding(seconds: retries.next()))
            }
        }
    }

    /// Wakes the worker at that time, unless an earlier alarm is set.
    func wake(at time: Time) {
        if let alarm, alarm.time <= time, alarm.time > .now { return }
        alarm?.task.cancel()
        let delay = max(0, time - .now)
        alarm = (
            time,
            Task { [weak self] in
                try? await Task.sleep(for: .seconds(delay))
                if !Task.isCancelled { self?.wake() }
            }
        )
    }

    func look() async throws {
        runtime = try await PodRuntime.read(uid: uid, services.driver, finished: finished, before: runtime)
        finished = Dictionary(
            runtime.instances.filter { $0.status.state == .exited }.map { ($0.id, $0.status) }
        ) { $1 }
        actual = actual.filter { id, _ in runtime.instances.contains { $0.id == id } }
        for instance in runtime.running where watchLog(of: instance.status.metadata.name) {
            // It may have ended between the look and the watch.
            wake()
        }
        for observer in inbox.withLock({ Array($0.observers.values) }) { observer() }
    }

    func end() {
        alarm?.task.cancel()
        prober?.stop()
        logWatches = [:]
        references = [:]
        inbox.withLock { $0.hasEnded = true }
        services.admission.remove(uid)
        services.measurements.forgetProbes(ofPod: uid)
        ended(self)
    }

    /// The runtime closes a container's log when the container ends: that comes sooner than any list. To be called before
    /// the container is started.
    /// Returns whether the watch is new.
    @discardableResult
    func watchLog(of name: String) -> Bool {
        guard logWatches[name] == nil, let watcher = services.watcher else { return false }
        let directory = "\(services.configuration.logDirectory(pod))/\(name)"
        logWatches[name] = watcher.watch(directory, FileWatcher.closed) { [weak self] _, file in
            guard let attempt = UInt32(file.dropLast(4)) else { return }
            Task { await self?.expectEnd(of: name, attempt) }
        }
        return logWatches[name] != nil
    }

    /// The log is closed a moment before the runtime reports the end.
    private func expectEnd(of name: String, _ attempt: UInt32) async {
        for delay in [0, 20, 100, 500] {
            try? await Task.sleep(for: .milliseconds(delay))
            if let instance = runtime.containers[name]?.first(where: { $0.attempt == attempt }),
                instance.status.state == .exited
            {
                return
            }
            wake()
        }
    }

    // MARK: A pod that is to run

    private func sync(_ pod: Object) async throws {
        if pod.phase == "Succeeded" || pod.phase == "Failed" { return try await finish(pod) }
        if !isAdmitted {
            if runtime.isEmpty, !pod["status"]["startTime"].exists {
                let rejection = try await services.rejection(of: pod) ?? services.admission.admit(pod)
                if let rejection { return await refuse(pod, rejection) }
            } else {
                services.admission.add(await loadAllocation(pod).applied(to: pod))
            }
            isAdmitted = true
            if runtime.isEmpty { await publish(pod) }
        }
        if failure != nil || hasPassedDeadline(pod) { return await fail(pod) }
        let pod = await allocate(pod)
        watchReferences(pod)
        // Every step changes what the runtime holds; after a few of them others have their turn.
        for _ in 0..<8 {
            if inbox.withLock({ $0.isGone || $0.pod.isBeingDeleted }) { break }
            let plan = PodPlan(
                pod, runtime, backoffs: backoffs, failedProbes: prober?.failed ?? [:], starting: starting,
                startedSidecars: { [prober, runtime] container in
                    !container.spec[Prober.Kind.startup.rawValue].exists
                        || runtime.latest(container.name).map { prober?.result($0.id, .startup) == true } ?? false
                }, now: .now)
            isInitialized = plan.isInitialized
            let restarts = try await actuate(pod)
            for (name, why) in plan.waiting { tellBackoff(pod, name, why) }
            let planned = Set(plan.start.map(\.container.name))
            waiting = waiting.filter { planned.contains($0.key) && $0.value.reason != "CrashLoopBackOff" }
                .merging(plan.waiting) { $1 }
            if let time = plan.wakeAt { wake(at: time) }
            for kill in plan.kill + restarts {
                let deadline = kill.grace.map { Time.now.adding(seconds: Double($0)) }
                stop(kill.id, pod, kill.container, message: kill.message, deadline: deadline)
            }

            var acted = false
            switch plan.sandbox {
            case .none: break
            case .create(let attempt): acted = try await createSandbox(pod, attempt)
            case .keep(let id):
                try await removeOthers(than: id)
                for start in plan.start {
                    if try await self.start(start, pod, sandboxID: id) { acted = true }
                    if !starting.isEmpty { break }
                }
            }
            await publish(pod)
            if plan.isFinished, runtime.running.isEmpty {
                for sandbox in runtime.sandboxes where sandbox.state == .ready {
                    try await services.driver.stopPodSandbox(id: sandbox.id)
                }
                services.admission.remove(uid)
            }
            if !acted { break }
        }
        if isFirstStart, pod.mainContainers.allSatisfy({ runtime.latest($0.name)?.status.state == .running }) {
            isFirstStart = false
            services.measurements.podStarted(after: .now - firstSeen)
        }
        await publish(pod)
        probe(pod)
    }

    /// The pod has ended: its containers stay for their logs, its address goes back.
    private func finish(_ pod: Object) async throws {
        services.admission.remove(uid)
        prober?.stop()
        references = [:]
        if !runtime.running.isEmpty {
            stopNext(pod)
            return
        }
        for sandbox in runtime.sandboxes where sandbox.state == .ready {
            try await services.driver.stopPodSandbox(id: sandbox.id)
        }
        await publish(pod)
    }

    /// Whether `activeDeadlineSeconds` are over; if not, the worker will be there when they are.
    private func hasPassedDeadline(_ pod: Object) -> Bool {
        guard let seconds = pod.spec["activeDeadlineSeconds"].int else { return false }
        let start = pod["status"]["startTime"].string.flatMap { Time($0) } ?? firstSeen
        let deadline = start.adding(seconds: Double(seconds))
        if deadline <= .now { return true }
        wake(at: deadline)
        return false
    }

    /// Stops everything; when that is done, the pod has failed.
    private func fail(_ pod: Object) async {
        if failure == nil {
            let message = "Pod was active on the node longer than the specified deadline"
            services.event(pod, .normal, "DeadlineExceeded", message)
            failure = .init(reason: "DeadlineExceeded", message: message)
        }
        waiting = [:]
        stopNext(pod, deadline: isDisrupted ? .now.adding(seconds: Self.minimumGrace) : nil)
        await publish(pod)
    }

    private func refuse(_ pod: Object, _ rejection: Admission.Rejection) async {
        services.event(pod, .warning, rejection.reason, rejection.message)
        failure = .init(reason: rejection.reason, message: "Pod was rejected: " + rejection.message)
        await publish(pod)
    }

    /// Of one container, two instances are kept: the present one and the one before, for `logs --previous`.
    private func removeOthers(than sandboxID: String) async throws {
        for sandbox in runtime.sandboxes where sandbox.id != sandboxID {
            try await services.driver.stopPodSandbox(id: sandbox.id)
            try await services.driver.removePodSandbox(id: sandbox.id)
        }
        for (name, instances) in runtime.containers where instances.count > 2 {
            for old in instances.dropFirst(2) where old.status.state != .running {
                try await services.driver.removeContainer(id: old.id)
                let logs = "\(services.configuration.logDirectory(pod))/\(name)"
                let attempt = "\(old.attempt).log"
                try await blocking {
                    for file in Files.names(in: logs) where file == attempt || file.hasPrefix(attempt + ".") {
                        try Files.removeTree("\(logs)/\(file)")
                    }
                }
            }
        }
    }

    private func tellBackoff(_ pod: Object, _ name: String, _ why: PodPlan.Waiting) {
        guard waiting[name] != why, let container = pod.containerSpec(named: name) else { return }
        services.event(
            pod, .warning, "BackOff",
            "Back-off restarting failed container \(name) in pod \(pod.name)_\(pod.namespace)(\(pod.uid))",
            fieldPath: container.fieldPath)
    }

    func publish(_ pod: Object, isTerminal: Bool = false) async {
        await readTerminationMessages()
        await status.publish(currentStatus(pod, isTerminal: isTerminal))
    }

    private func currentStatus(_ pod: Object, isTerminal: Bool) -> PodStatus {
        let prober = prober
        return PodStatus(
            pod: pod, runtime: runtime, hostIPs: services.hostIPs, runtimeName: services.runtimeName, waiting: waiting,
            probeResult: { prober?.result($0, $1) }, starting: starting,
            terminationMessages: terminationMessages, isInitialized: isInitialized, isTerminal: isTerminal,
            startTime: firstSeen, now: .now, failure: failure,
            isDisrupted: isDisrupted, resize: resize, actual: actual)
    }

    // MARK: Probes

    private func probe(_ pod: Object) {
        guard prober != nil || pod.allContainers.contains(where: { Prober.hasProbes($0) }) else { return }
        if prober == nil { prober = Prober(services) { [weak self] in self?.wake() } }
        prober?.update(pod, runtime)
    }

    /// Before a status is written: a container may have ended in the moment after it was started.
    private func readTerminationMessages() async {
        for instance in runtime.instances
        where instance.status.state == .exited && terminationMessages[instance.id] == nil {
            terminationMessages[instance.id] = await terminationMessage(instance)
            // The file is always there; what cannot be read now is read again.
            if terminationMessages[instance.id] == nil { wake(at: .now.adding(seconds: 1)) }
        }
    }

    private func terminationMessage(_ instance: PodRuntime.Instance) async -> String? {
        let name = instance.status.metadata.name
        let path = "\(services.configuration.podDirectory(uid))/containers/\(name)/\(instance.attempt)"
        let log = "\(services.configuration.logDirectory(pod))/\(name)/\(instance.attempt).log"
        let usesLog =
            instance.status.annotations[RuntimeLabels.terminationMessagePolicy] == "FallbackToLogsOnError"
            && instance.status.exitCode != 0
        let hasFile = !(instance.status.annotations[RuntimeLabels.terminationMessagePath] ?? "").isEmpty
        return try? await blocking {
            guard let bytes = hasFile ? Files.read(path, limit: 4096) : [] else {
                throw ConfigurationError("\(path) cannot be read")
            }
            if !bytes.isEmpty || !usesLog { return String(decoding: bytes, as: UTF8.self) }
            return LogTail.text(log, lines: 80, bytes: 2048)
        }
    }
}
