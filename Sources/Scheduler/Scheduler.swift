// Scheduler: gives every new Pod a Node.
//
// Pods and nodes arrive by watch; each is read once into a compact form (PodInfo, Node), and a Cache keeps the sums that
// the plugins need, so that placing a pod costs the same however many pods there are. Pods wait in a SchedulingQueue.
// Plugins/ holds one rule a file; Plugins/Plugin.swift lists them.

internal import API
public import Client
internal import JSON
internal import Synchronization

public final class Scheduler: Sendable {
    /// Pods with this `schedulerName` are placed.
    public static let name = "default-scheduler"
    /// How many answers to pods, bindings or refusals, may be on their way to the server.
    static let maximumInFlight = 64

    private struct State: Sendable {
        var cache = Cache()
        var queue = SchedulingQueue()
        var algorithm = Algorithm()
        var worker: CheckedContinuation<Void, Never>?
        var timer: (due: Double, task: Task<Void, Never>)?
    }
    private let state = Mutex(State())
    private let client: any ObjectClient
    private let recorder: Recorder
    private let time: any TimeSource

    public init(client: any ObjectClient, recorder: Recorder? = nil, time: any TimeSource = SystemTime()) {
        (self.client, self.time) = (client, time)
        self.recorder = recorder ?? Recorder(client, component: Self.name, time: time)
    }

    /// Places pods until the task is cancelled.
    public func run() async {
        let pods = Reflector(client, .pods, time: time) { PodInfo($0) }
        let nodes = Reflector(client, .nodes, time: time) { Node($0) }
        pods.onChange { [weak self] in self?.podChanged(from: $0.old, to: $0.new) }
        nodes.onChange { [weak self] in self?.nodeChanged($0.key, to: $0.new) }
        await withTaskGroup { group in
            group.addTask { await pods.run() }
            group.addTask { await nodes.run() }
            group.addTask {
                await pods.waitForSync()
                await nodes.waitForSync()
                await self.placePods()
            }
        }
        state.withLock { state in
            state.timer?.task.cancel()
            state.timer = nil
        }
    }

    // MARK: What happens in the cluster

    private func podChanged(from old: PodInfo?, to new: PodInfo?) {
        update { state, now in
            if let freed = state.cache.change(from: old, to: new) { Self.retryFitting(freed, &state, now) }
            if let new, new.demand != nil {
                state.queue.update(new, now: now)
            } else if let key = new?.key ?? old?.key {
                state.queue.remove(key)
            }
        }
    }

    private func nodeChanged(_ name: String, to node: Node?) {
        update { state, now in
            guard let node else { return state.cache.removeNode(name) }
            if state.cache.set(node) { Self.retryFitting(name, &state, now) }
        }
    }

    /// Unschedulable pods that this node could take now are tried again.
    private static func retryFitting(_ name: String, _ state: inout State, _ now: Double) {
        guard !state.queue.groups.isEmpty, let info = state.cache[name] else { return }
        state.queue.move(now: now) { Algorithm.fits($0, info) }
    }

    private func update(_ change: (inout State, _ now: Double) -> Void) {
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
        case bind(PodInfo, node: String)
        case refuse(PodInfo, Demand, Unschedulable)
    }

    private func placePods() async {
        await withTaskGroup(of: Void.self) { group in
            var inFlight = 0
            while await hasWork() {
                guard let answer = placeNext() else { continue }
                if inFlight == Self.maximumInFlight {
                    await group.next()
                    inFlight -= 1
                }
                inFlight += 1
                group.addTask {
                    switch answer {
                    case .bind(let pod, let node): await self.bind(pod, node)
                    case .refuse(let pod, let demand, let reason): await self.report(pod, demand, reason)
                    }
                }
            }
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
                // One like it was refused, and no node has changed for the better since.
                state.queue.setUnschedulable(pod, group.reason, generation: generation, now: now)
                return .refuse(pod, demand, group.reason)
            }
            do throws(Unschedulable) {
                let node = try state.algorithm.place(pod, demand, state.cache)
                state.cache.assume(pod, on: node)
                return .bind(pod, node: node)
            } catch {
                state.queue.setUnschedulable(pod, error, generation: generation, now: now)
                return .refuse(pod, demand, error)
            }
        }
    }

    private func bind(_ pod: PodInfo, _ node: String) async {
        let binding: JSONValue = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": ["namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid)],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
        ]
        do throws(StatusError) {
            _ = try await client.create(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding", binding)
            recorder.event(pod.reference, reason: "Scheduled", "Successfully assigned \(pod.key) to \(node)")
        } catch {
            update { state, now in
                if let freed = state.cache.forget(pod) { Self.retryFitting(freed, &state, now) }
                // A pod that is gone or bound by somebody else leaves the queue when the watch says so.
                state.queue.retryLater(pod, now: now)
            }
            if error.code != 404, error.code != 409 {
                recorder.event(
                    pod.reference, .warning, reason: "FailedScheduling",
                    "running Bind plugin \"DefaultBinder\": \(error.message)")
            }
        }
    }

    /// Says in the pod's status and in an event why it does not run.
    private func report(_ pod: PodInfo, _ demand: Demand, _ reason: Unschedulable) async {
        let message = reason.message
        recorder.event(pod.reference, .warning, reason: "FailedScheduling", message)
        if demand.reported == message { return }
        if reason.nodes == 0 {
            // A cluster that starts has no nodes for a moment; what passes so soon is not worth a write to every pod.
            do { try await time.sleep(until: time.uptime + 1.5) } catch { return }
            guard let now = try? await client.get(.pods, namespace: pod.namespace, name: pod.name), now.uid == pod.uid,
                (now["spec"]["nodeName"].string ?? "").isEmpty
            else { return }
        }
        var condition: JSONValue = [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
        ]
        if demand.reported == nil { condition["lastTransitionTime"] = .string(time.now.description) }
        // The list is merged by type. What cannot be written now is said by the event.
        _ = try? await client.patch(
            .pods, namespace: pod.namespace, name: pod.name, subresource: "status", .strategic,
            ["metadata": ["uid": .string(pod.uid)], "status": ["conditions": [condition]]])
    }
}
