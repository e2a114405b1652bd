// ClientTesting: what tests of controllers, the scheduler and the node agent stand on. `MemoryAPI` is an `ObjectClient`
// over a dictionary with watches, finalizers and graceful deletion, but no schema; `ManualTime` passes when told to.

public import API
public import Client
internal import Synchronization

/// Time that passes only by `advance`.
public final class ManualTime: TimeSource {
    private struct State {
        var uptime = 0.0
        var sleepers: [Int: (deadline: Double, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var nextID = 0
        var watchers: [(deadline: Double?, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())
    public let start: Time

    public init(_ start: Time = Time(secondsSince1970: 1_800_000_000)) { self.start = start }

    public var uptime: Double { state.withLock { $0.uptime } }
    public var now: Time { start.adding(seconds: uptime) }

    public func sleep(until deadline: Double) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isDone, watchers) = state.withLock { state in
                    if Task.isCancelled || deadline <= state.uptime {
                        return (true, [CheckedContinuation<Void, Never>]())
                    }
                    state.sleepers[id] = (deadline, continuation)
                    let watchers = state.watchers.filter { Self.matches($0.deadline, deadline) }.map(\.continuation)
                    state.watchers.removeAll { Self.matches($0.deadline, deadline) }
                    return (false, watchers)
                }
                if isDone {
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        continuation.resume()
                    }
                }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation
                .resume(throwing: CancellationError())
        }
    }

    /// Wakes whoever sleeps until a moment within these seconds.
    public func advance(seconds: Double) {
        let woken = state.withLock { state in
            state.uptime += seconds
            let woken = state.sleepers.filter { $0.value.deadline <= state.uptime }
            for id in woken.keys { state.sleepers[id] = nil }
            return woken.values.map(\.continuation)
        }
        for sleeper in woken { sleeper.resume() }
    }

    /// Returns once somebody sleeps; until this moment of `uptime`, if given.
    public func waitForSleeper(until deadline: Double? = nil) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.values.contains(where: { Self.matches(deadline, $0.deadline) }) { return true }
                state.watchers.append((deadline, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private static func matches(_ wanted: Double?, _ deadline: Double) -> Bool {
        wanted.map { abs($0 - deadline) < 1e-6 } ?? true
    }

    /// How many are asleep.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }
}
