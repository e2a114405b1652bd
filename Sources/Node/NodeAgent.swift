internal import API
public import Client
internal import JSON
public import Runtime
internal import Synchronization

/// The agent of one node.
public final class NodeAgent: Sendable {
    public let configuration: NodeConfiguration
    let services: NodeServices
    let imageGarbage: ImageGarbage
    private let registrar: NodeRegistrar
    private struct State {
        var workers: [String: PodWorker] = [:]
        /// By namespace/name: the newest pod of that name.
        var names: [String: String] = [:]
        /// What the API shows of static pods, by namespace/name.
        var mirrors: [String: Object] = [:]
        var staticPods: StaticPods?
    }
    private let state = Mutex(State())

    /// - Parameter log: called with a line of text where no API object can tell what is wrong.
    public init(
        configuration: NodeConfiguration, client: any ObjectClient, runtime: any RuntimeDriver,
        log: @escaping NodeLog = { _ in }
    ) {
        self.configuration = configuration
        services = NodeServices(configuration, client, runtime, log)
        imageGarbage = ImageGarbage(services)
        registrar = NodeRegistrar(services, facts: HostFacts.read(dataDirectory: configuration.dataDirectory))
    }

    /// Whether the Node is registered and its condition Ready is True.
    public var isReady: Bool { registrar.isReady }

    /// Runs the node until the task is cancelled. Containers go on running then; the next run finds them.
    public func run() async {
        do {
            let directories = [
                configuration.podsDirectory, configuration.logsDirectory, configuration.seccompDirectory,
            ]
            try await blocking { for directory in directories { try Files.makeDirectories(directory) } }
        } catch {
            services.log("\(error)")
        }
        await withTaskGroup { group in
            let registered = Latch()
            group.addTask { await self.registrar.run { registered.open() } }
            group.addTask {
                await registered.wait()
                await self.followPods()
            }
            group.addTask { await self.services.serviceVariables.run() }
            group.addTask { await self.keepHouse() }
        }
        await services.recorder.flush()
    }

    // MARK: Pods

    private func followPods() async {
        let pods = Reflector(
            services.client, .pods,
            ListOptions(fieldSelector: FieldSelector("spec.nodeName", equals: configuration.nodeName)))
        pods.onChange { [weak self] change in self?.apply(change) }
        let watch = RuntimeWatch(services.driver, services.log) { [weak self] uids in
            self?.runtimeChanged(uids)
        } returned: { [weak self] in
            self?.wakeAll()
        }
        await withTaskGroup { group in
            let statics = StaticPods(services, staticWorkers)
            state.withLock { $0.staticPods = statics }
            group.addTask { await statics.run() }
            group.addTask { await pods.run() }
            group.addTask {
                // What belongs to no pod is only known once all pods are.
                await pods.waitForSync()
                await statics.waitForFirstRead()
                if Task.isCancelled { return }
                await self.adoptOrphanDirectories()
                await watch.run()
            }
        }
    }

    private func apply(_ change: Reflector<Object>.Change) {
        if (change.new ?? change.old)?.isMirror == true { return mirrorChanged(change) }
        if let old = change.old, old.uid != change.new?.uid { vanish(old.uid) }
        guard let pod = change.new else { return }
        let (worker, isNew) = state.withLock { state in
            state.names[pod.key] = pod.uid
            if let worker = state.workers[pod.uid] { return (worker, false) }
            let worker = PodWorker(pod, isGone: false, services) { [weak self] in self?.ended($0) }
            state.workers[pod.uid] = worker
            return (worker, true)
        }
        if isNew { worker.wake() } else { worker.update(pod) }
    }

    private func vanish(_ uid: String) { state.withLock { $0.workers[uid] }?.vanish() }

    private func ended(_ worker: PodWorker) {
        state.withLock { state in
            state.workers[worker.uid] = nil
            if state.names[worker.pod.key] == worker.uid { state.names[worker.pod.key] = nil }
        }
        if worker.pod.isStatic { state.withLock { $0.staticPods }?.wake() }
    }

    private func mirrorChanged(_ change: Reflector<Object>.Change) {
        let statics = state.withLock { state in
            state.mirrors[change.key] = change.new
            return state.staticPods
        }
        // Its status alone concerns nobody here.
        if change.new?.uid != change.old?.uid || change.new?.isBeingDeleted == true { statics?.wake() }
        if let pod = change.new, change.old?.uid != pod.uid { findWorker(pod.namespace, pod.name)?.wake() }
    }

    private var staticWorkers: StaticPods.Workers {
        .init(
            start: { [weak self] in self?.startStatic($0) ?? false },
            stop: { [weak self] in self?.vanish($0) },
            exists: { [weak self] uid in self?.state.withLock { $0.workers[uid] != nil } ?? false },
            mirrors: { [weak self] in self?.state.withLock { $0.mirrors } ?? [:] })
    }

    private func startStatic(_ pod: Object) -> Bool {
        let worker = state.withLock { state -> PodWorker? in
            // The one of that name before has not ended.
            if let uid = state.names[pod.key], state.workers[uid] != nil { return nil }
            let worker = PodWorker(pod, isGone: false, services) { [weak self] in self?.ended($0) }
            (state.names[pod.key], state.workers[pod.uid]) = (pod.uid, worker)
            return worker
        }
        worker?.wake()
        return worker != nil
    }

    /// As the API has them.
    var pods: [Object] { state.withLock { state in state.names.values.compactMap { state.workers[$0]?.pod } } }

    func findWorker(_ namespace: String, _ name: String) -> PodWorker? {
        state.withLock { state in state.names["\(namespace)/\(name)"].flatMap { state.workers[$0] } }
    }

    var workers: [PodWorker] { state.withLock { Array($0.workers.values) } }

    private func wakeAll() {
        for worker in workers { worker.wake() }
    }

    private func runtimeChanged(_ uids: Set<String>) {
        let (known, unknown) = state.withLock { state in
            (uids.compactMap { state.workers[$0] }, uids.filter { state.workers[$0] == nil })
        }
        for worker in known { worker.wake() }
        if !unknown.isEmpty { Task { await self.adoptOrphans(unknown) } }
    }

    // MARK: What belongs to no pod of the API

    /// Pods deleted while the agent was away: workers that only end them.
    private func adoptOrphans(_ uids: Set<String>) async {
        guard let sandboxes = try? await services.driver.listPodSandbox() else { return }
        for uid in uids {
            guard let metadata = sandboxes.first(where: { $0.metadata.uid == uid })?.metadata else { continue }
            orphan(uid, metadata.namespace, metadata.name)
        }
    }

    /// Directories of pods that neither the API nor the runtime knows.
    private func adoptOrphanDirectories() async {
        let (pods, logs) = (configuration.podsDirectory, configuration.logsDirectory)
        guard let names = try? await blocking({ (Files.names(in: pods), Files.names(in: logs)) }) else { return }
        for name in names.1 {
            let parts = name.split(separator: "_", maxSplits: 2).map(String.init)
            if parts.count == 3 { orphan(parts[2], parts[0], parts[1]) }
        }
        for uid in names.0 { orphan(uid, "", "") }
        if let cgroups = services.cgroups, let uids = try? await blocking({ cgroups.pods }) {
            for uid in uids { orphan(uid, "", "") }
        }
    }

    private func orphan(_ uid: String, _ namespace: String, _ name: String) {
        let pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string(uid)],
        ]
        guard let object = try? Object(parsing: pod.encoded()) else { return }
        let worker = state.withLock { state -> PodWorker? in
            guard state.workers[uid] == nil else { return nil }
            let worker = PodWorker(object, isGone: true, services) { [weak self] in self?.ended($0) }
            state.workers[uid] = worker
            return worker
        }
        worker?.wake()
    }

    // MARK: Housekeeping

    /// One round for all pods: those that take too much, logs that have grown too large, and once a minute ConfigMaps,
    /// Secrets and tokens, which change while pods run.
    private func keepHouse() async {
        var round = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(15))
            round += 1
            await relievePressure()
            for worker in workers where !Task.isCancelled {
                await worker.rotateLogs()
                await worker.checkVolumes()
                if round % 4 == 0 { await worker.refreshVolumes() }
            }
        }
    }
}
