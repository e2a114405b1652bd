internal import Synchronization

/// A priority level: how many seats its requests take at once; the others wait in queues, fairly by flow, and are refused (429)
/// when too many wait already. A level's flood does not hold up another level.
/// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
final class Flow: Sendable {
    struct Limits: Sendable, Equatable {
        var seats: Int
        /// 0: nobody waits.
        var queues = 0
        /// Into how many queues one flow may come.
        var handSize = 1
        var queueLength = 0
    }
    private struct Waiter {
        let id: Int
        let seats: Int
        let continuation: CheckedContinuation<Bool, Never>
    }
    private struct State {
        var limits: Limits
        var taken = 0
        var nextID = 0
        /// Those that are not empty.
        var queues: [Int: [Waiter]] = [:]
        /// The queues whose turn it is, the next one first.
        var turns: [Int] = []

        /// A request that is bigger than the whole level runs alone.
        func hasRoom(_ seats: Int) -> Bool { taken == 0 || taken + seats <= limits.seats }

        mutating func admitNext() -> [Waiter] {
            var admitted: [Waiter] = []
            while let queue = turns.first, let next = queues[queue]?.first, hasRoom(next.seats) {
                taken += next.seats
                admitted.append(next)
                turns.removeFirst()
                queues[queue]?.removeFirst()
                if queues[queue]?.isEmpty == true { queues[queue] = nil } else { turns.append(queue) }
            }
            return admitted
        }
    }
    private let state: Mutex<State>

    init(_ limits: Limits) { state = Mutex(State(limits: limits)) }

    var limits: Limits {
        get { state.withLock { $0.limits } }
        set {
            let admitted = state.withLock { state in
                state.limits = newValue
                return state.admitNext()
            }
            for waiter in admitted { waiter.continuation.resume(returning: true) }
        }
    }

    /// Runs `body` when it is its turn; nil when there are too many before it, or the client went away. `flow` says who are to
    /// be fair to each other.
    func run<Result>(seats: Int = 1, flow: Int = 0, _ body: () async -> Result) async -> Result? {
        let isIn = state.withLock { state in
            guard state.turns.isEmpty, state.hasRoom(seats) else { return false }
            state.taken += seats
            return true
        }
        if !isIn { guard await wait(seats, flow) else { return nil } }
        defer { leave(seats) }
        return await body()
    }

    private func wait(_ seats: Int, _ flow: Int) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.turns.isEmpty, state.hasRoom(seats) {
                        state.taken += seats
                        return true
                    }
                    guard let queue = Self.shortest(state.limits, flow, { state.queues[$0]?.count ?? 0 }),
                        state.queues[queue]?.count ?? 0 < state.limits.queueLength
                    else { return false }
                    if state.queues[queue] == nil { state.turns.append(queue) }
                    state.queues[queue, default: []].append(Waiter(id: id, seats: seats, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let gone = state.withLock { state -> Waiter? in
                for (queue, waiters) in state.queues {
                    guard let place = waiters.firstIndex(where: { $0.id == id }) else { continue }
                    let waiter = state.queues[queue]?.remove(at: place)
                    if state.queues[queue]?.isEmpty == true {
                        state.queues[queue] = nil
                        state.turns.removeAll { $0 == queue }
                    }
                    return waiter
                }
                return nil
            }
            gone?.continuation.resume(returning: false)
        }
    }

    /// The queue with the fewest requests of those that a flow is dealt: two flows hardly share all of theirs.
    private static func shortest(_ limits: Limits, _ flow: Int, _ length: (Int) -> Int) -> Int? {
        guard limits.queues > 0 else { return nil }
        var seed = UInt64(bitPattern: Int64(flow))
        return (0..<max(1, limits.handSize)).map { _ in
            // SplitMix64, https://prng.di.unimi.it/splitmix64.c
            seed &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (seed ^ seed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ mixed >> 31) % UInt64(limits.queues))
        }.min { length($0) < length($1) }
    }

    private func leave(_ seats: Int) {
        let admitted = state.withLock { state in
            state.taken -= seats
            return state.admitNext()
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
