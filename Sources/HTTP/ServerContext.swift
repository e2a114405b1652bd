internal import NIOCore
internal import Synchronization

/// What all connections of one server share.
final class ServerContext: Sendable {
    let responder: any Responder
    let limits: HTTPLimits
    let connections: ConnectionTable

    init(responder: any Responder, limits: HTTPLimits) {
        self.responder = responder
        self.limits = limits
        connections = ConnectionTable(limits)
    }
}

/// A connection as the server's shutdown sees it. Called on its event loop.
protocol DrainableConnection: AnyObject {
    /// Takes no new requests, finishes the running ones, then says so with `ConnectionTable.settled`.
    func drain()
    /// Ends streams and WebSockets, then closes.
    func endStreams()
}

/// The open connections, counted for limits and known for the shutdown.
final class ConnectionTable: Sendable {
    typealias Handle = NIOLoopBound<any DrainableConnection>

    private struct Entry {
        var address: String
        var channel: any Channel
        var handle: Handle?
        var settled = false
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var perAddress: [String: Int] = [:]
        var nextID: UInt64 = 0
        var isDraining = false
        var whenSettled: EventLoopPromise<Void>?
        var whenEmpty: EventLoopPromise<Void>?
    }

    private let limits: HTTPLimits
    private let state = Mutex(State())

    init(_ limits: HTTPLimits) {
        self.limits = limits
    }

    var count: Int { state.withLock { $0.entries.count } }

    /// nil if there are too many already, or the server is shutting down.
    func admit(_ channel: any Channel, address: String) -> UInt64? {
        state.withLock { state in
            guard !state.isDraining, state.entries.count < limits.connections,
                state.perAddress[address, default: 0] < limits.connectionsPerAddress
            else { return nil }
            state.perAddress[address, default: 0] += 1
            state.nextID += 1
            state.entries[state.nextID] = Entry(address: address, channel: channel)
            return state.nextID
        }
    }

    /// The connection is past its handshake. Returns whether it should drain at once.
    func attach(_ id: UInt64, _ handle: Handle) -> Bool {
        state.withLock { state in
            state.entries[id]?.handle = handle
            return state.isDraining
        }
    }

    /// Nothing but streams is left on the draining connection.
    func settled(_ id: UInt64) {
        change { $0.entries[id]?.settled = true }
    }

    func remove(_ id: UInt64) {
        change { state in
            guard let entry = state.entries.removeValue(forKey: id) else { return }
            let left = state.perAddress[entry.address, default: 1] - 1
            state.perAddress[entry.address] = left == 0 ? nil : left
        }
    }

    /// Calls the promises that have come true outside the lock.
    private func change(_ f: (inout sending State) -> Void) {
        let due = state.withLock { state in
            f(&state)
            guard state.isDraining else { return [] as [EventLoopPromise<Void>] }
            var due: [EventLoopPromise<Void>] = []
            if let promise = state.whenSettled, state.entries.values.allSatisfy(\.settled) {
                due.append(promise)
                state.whenSettled = nil
            }
            if let promise = state.whenEmpty, state.entries.isEmpty {
                due.append(promise)
                state.whenEmpty = nil
            }
            return due
        }
        for promise in due { promise.succeed() }
    }

    /// Finishes running requests, then streams, then closes whatever is left; within `grace` for the requests and
    /// `streamGrace` for the rest.
    func drain(grace: TimeAmount, streamGrace: TimeAmount, on eventLoop: any EventLoop) async {
        await wait(grace, eventLoop) {
            $0.whenSettled = $1
        } begin: { entry in
            if let handle = entry.handle {
                handle.eventLoop.execute { handle.value.drain() }
            } else {
                entry.channel.close(promise: nil)
            }
        }
        await wait(streamGrace, eventLoop) {
            $0.whenEmpty = $1
        } begin: { entry in
            if let handle = entry.handle { handle.eventLoop.execute { handle.value.endStreams() } }
        }
        await wait(.seconds(5), eventLoop) {
            $0.whenEmpty = $1
        } begin: {
            $0.channel.close(promise: nil)
        }
    }

    private func wait(
        _ time: TimeAmount, _ eventLoop: any EventLoop,
        _ set: (inout sending State, EventLoopPromise<Void>) -> Void, begin: (Entry) -> Void
    ) async {
        let promise = eventLoop.makePromise(of: Void.self)
        let entries = state.withLock { state in
            state.isDraining = true
            return Array(state.entries.values)
        }
        for entry in entries { begin(entry) }
        let timer = eventLoop.scheduleTask(in: time) { promise.succeed() }
        change { set(&$0, promise) }
        try? await promise.futureResult.get()
        timer.cancel()
    }
}
