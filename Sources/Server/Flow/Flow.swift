internal import Synchronization

/// How many requests of a level run at once; the others wait their turn, and are refused (429) when too many wait already. A
/// level's flood does not hold up another level.
/// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
final class Flow: Sendable {
    private struct State {
        var running = 0
        var nextID = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }
    private let state = Mutex(State())
    let limit: Int
    let queueLength: Int

    init(limit: Int, queueLength: Int) { (self.limit, self.queueLength) = (limit, queueLength) }

    /// Runs `body` when it is its turn; nil when there are too many before it, or the client went away.
    func run<Result>(_ body: () async -> Result) async -> Result? {
        if !enterAtOnce() { guard await enterInTurn() else { return nil } }
        defer { leave() }
        return await body()
    }

    private func enterAtOnce() -> Bool {
        state.withLock { state in
            guard state.running < limit else { return false }
            state.running += 1
            return true
        }
    }

    private func enterInTurn() async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.running < limit {
                        state.running += 1
                        return true
                    }
                    if state.waiting.count >= queueLength { return false }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let gone = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
            }
            gone?.resume(returning: false)
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}

/// The levels of this server. What keeps a cluster alive (the administrator's access, nodes, controllers, leases) has one of
/// its own, so that the rest cannot crowd it out.
struct Flows: Sendable {
    /// Reads of much at once: each keeps a core busy for milliseconds.
    let lists = Flow(limit: 2, queueLength: 200)
    let systemLists = Flow(limit: 2, queueLength: 1000)
    /// Everything that writes.
    let writes = Flow(limit: 200, queueLength: 2000)
    let systemWrites = Flow(limit: 200, queueLength: 2000)

    static func isSystem(_ caller: Caller, _ resource: String) -> Bool {
        resource == "leases"
            || caller.groups.contains {
                ["system:masters", "system:nodes", "system:serviceaccounts:kube-system"].contains($0)
            }
            || caller.user.hasPrefix("system:kube-")
    }
}
