// Scheduler: gives every new Pod a Node.
//
// Pods and nodes arrive by watch; each is read once into a compact form (PodInfo, Node), and a Cache keeps the sums that
// the plugins need, so that placing a pod costs the same however many pods there are. Pods wait in a SchedulingQueue.
// Plugins/ holds one rule a file; Plugins/Plugin.swift lists them. Answers/ writes to the API what was decided.

internal import API
public import Client
internal import JSON
internal import Synchronization

public final class Scheduler: Sendable {
    /// Pods with this `schedulerName` are placed.
    public static let name = "default-scheduler"
    /// How many answers to pods, bindings or refusals, may be on their way to the server.
    static let maximumInFlight = 64

    struct State: Sendable {
        var cache = Cache()
        var queue = SchedulingQueue()
        var algorithm = Algorithm()
        var worker: CheckedContinuation<Void, Never>?
        var timer: (due: Double, task: Task<Void, Never>)?
        /// Pods that wait for their claims.
        var waiting: [String: ClaimWait] = [:]
    }
    private let state = Mutex(State())
    let client: any ObjectClient
    let recorder: Recorder
    let time: any TimeSource

    public init(client: any ObjectClient, recorder: Recorder? = nil, time: any TimeSource = SystemTime()) {
        (self.client, self.time) = (client, time)
        self.recorder = recorder ?? Recorder(client, component: Self.name, time: time)
    }

    /// Places pods until the task is cancelled.
    public func run() async {
        let sources = sources()
        await withTaskGroup { group in
            for source in sources { group.addTask { await source.run() } }
            group.addTask {
                for source in sources { await source.waitForSync() }
                await self.placePods()
            }
        }
        state.withLock { state in
            state.timer?.task.cancel()
            state.timer = nil
        }
    }

    func update(_ change: (inout State, _ now: Double) -> Void) {
        let now = time.uptime
        let worker = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state, now)
            setTimer(&state)
            guard state.queue.hasActive else { return nil }
            defer { state.worker = nil }
            return state.worker
        }
        worker?.resume()
    }

    /// Makes the timer wait for the pod that stops backing off first.
    private func setTimer(_ state: inout State) {
        guard let due = state.queue.nextDue, due < state.timer?.due ?? .infinity else { return }
        state.timer?.task.cancel()
        let task = Task { [weak self, time] in
            do { try await time.sleep(until: due) } catch { return }
            self?.update { state, now in
                state.timer = nil
                state.queue.activateDue(now: now)
            }
        }
        state.timer = (due, task)
    }

    // MARK: Placing pods

    private enum Answer: Sendable {
        case bind(PodInfo, node: String, Storage.Plan)
        case refuse(PodInfo, Demand, Unschedulable, nominated: String?)
        case preempt(PodInfo, Demand, Unschedulable, Preemption.Candidate)
    }

    private func placePods() async {
        await withTaskGroup(of: Bool.self) { group in
            var inFlight = 0
            while await hasWork() {
                guard let answer = placeNext() else { continue }
                // Pods that wait for volumes are many and idle: they are not counted.
                var isCounted = true
                if case .bind(_, _, let plan) = answer, !plan.isEmpty { isCounted = false }
                while isCounted, inFlight == Self.maximumInFlight, let wasCounted = await group.next() {
                    if wasCounted { inFlight -= 1 }
                }
                if isCounted { inFlight += 1 }
                group.addTask { [isCounted] in
                    await self.give(answer)
                    return isCounted
                }
            }
        }
    }

    private func give(_ answer: Answer) async {
        switch answer {
        case .bind(let pod, let node, let plan): await bind(pod, node, plan)
        case .refuse(let pod, let demand, let reason, let nominated):
            await report(pod, demand, reason, nominated: nominated)
        case .preempt(let pod, let demand, let reason, let candidate):
            await report(pod, demand, reason, nominated: candidate.node)
            await evict(candidate, for: pod)
        }
    }

    /// Returns true when a pod may be waiting; false when the task is cancelled.
    private func hasWork() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.queue.hasActive || Task.isCancelled { return true }
                    state.worker = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.worker = nil }
                return state.worker
            }?.resume()
        }
        return !Task.isCancelled
    }

    private func placeNext() -> Answer? {
        let now = time.uptime
        return state.withLock { state in
            guard let pod = state.queue.pop(), let demand = pod.demand else { return nil }
            let generation = state.cache.generation
            if let group = state.queue.groups[demand.signature], group.generation == generation {
                // One like it was refused, and nothing has changed for the better since.
                state.queue.setUnschedulable(pod, group.reason, generation: generation, now: now)
                return .refuse(pod, demand, group.reason, nominated: nil)
            }
            do throws(Unschedulable) {
                let name = try state.algorithm.place(pod, demand, &state.cache)
                var plan = Storage.Plan()
                if !pod.claims.isEmpty, let node = state.cache[name]?.node {
                    plan = VolumeBinding.plan(pod, demand, on: node, &state.cache)
                }
                state.cache.assume(pod, on: name)
                state.cache.storage.reserve(plan, for: pod.key)
                return .bind(pod, node: name, plan)
            } catch {
                return Self.refuse(pod, demand, error, generation, &state, now)
            }
        }
    }

    private static func refuse(
        _ pod: PodInfo, _ demand: Demand, _ failure: Unschedulable, _ generation: Int, _ state: inout State,
        _ now: Double
    ) -> Answer {
        var failure = failure
        if failure.nodes == 0 {
            state.queue.setUnschedulable(pod, failure, generation: generation, now: now)
            return .refuse(pod, demand, failure, nominated: nil)
        }
        switch Preemption.attempt(pod, demand, failure, &state.cache) {
        case .candidate(let candidate):
            state.queue.setUnschedulable(pod, failure, generation: -1, now: now)
            // Whoever is less important has to look for another place.
            for other in (state.cache.nominated[candidate.node] ?? [:]).values where other.priority < pod.priority {
                state.cache.denominate(other.key)
            }
            state.cache.nominate(pod, candidate.node)
            return .preempt(pod, demand, failure, candidate)
        case .none(let message, let isWaiting):
            failure.preemption = message
            state.queue.setUnschedulable(pod, failure, generation: isWaiting ? -1 : generation, now: now)
            if isWaiting { return .refuse(pod, demand, failure, nominated: nil) }
            state.cache.denominate(pod.key)
            return .refuse(pod, demand, failure, nominated: pod.nominatedNode.isEmpty ? nil : "")
        }
    }
}
