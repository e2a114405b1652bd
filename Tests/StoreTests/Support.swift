import Foundation
import Synchronization

@testable import Store

/// A directory that lives as long as the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "store-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String = "store.db") -> String { path + "/" + name }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// A clock that only moves when told.
final class TestClock: Sendable {
    private let seconds = Mutex(1000.0)

    var now: @Sendable () -> Double {
        { self.seconds.withLock { $0 } }
    }

    func advance(_ by: Double) {
        seconds.withLock { $0 += by }
    }
}

func openStore(
    _ path: String, window: HistoryWindow = HistoryWindow(), clock: TestClock = TestClock()
) throws -> Store {
    try Store(
        backend: SQLiteBackend(path: path), attributes: { _, bytes in attributes(of: bytes) },
        historyWindow: window, now: clock.now)
}

/// Test objects carry "app=<text up to the first space>" as their label.
func attributes(of bytes: [UInt8]) -> Attributes {
    let text = String(decoding: bytes, as: UTF8.self)
    return Attributes(labels: ["app": String(text.prefix { $0 != " " })])
}

func encoded(_ text: String) -> Encoded {
    Encoded(bytes: Array(text.utf8), attributes: attributes(of: Array(text.utf8)))
}

extension Store {
    @discardableResult
    func put(
        _ key: String, _ text: String = "x", in resource: String = "pods", expecting expected: Expectation = .any
    ) async throws(StoreError) -> StoredObject {
        try await write(Write(resource: resource, key: key, expected: expected, change: .put(encoded(text))))
    }

    @discardableResult
    func delete(
        _ key: String, _ text: String = "gone", in resource: String = "pods", expecting expected: Expectation = .any
    ) async throws(StoreError) -> StoredObject {
        try await write(Write(resource: resource, key: key, expected: expected, change: .delete(encoded(text))))
    }

    /// "key=text" of each object.
    func texts(_ resource: String = "pods", at revision: Int64? = nil) throws -> [String] {
        try list(resource, at: revision).objects.map(\.described)
    }
}

extension StoredObject {
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var described: String { key + "=" + text }
}

extension StoreEvent {
    /// "revision put key=text was text".
    var described: String {
        "\(revision) \(kind) \(object.described)" + (previous.map { " was " + $0.text } ?? "")
    }
}

/// A watcher whose wakes can be awaited.
final class TestWatcher: Sendable {
    let watcher: Watcher
    private let wakes: AsyncStream<Void>
    let wakeCount: Counter

    final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    init(
        _ store: Store, _ resource: String = "pods", prefix: String = "", from: Int64? = nil, queueLimit: Int = 1000
    ) throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let count = Counter()
        wakes = stream
        wakeCount = count
        watcher = try store.watch(resource, prefix: prefix, from: from, queueLimit: queueLimit) {
            count.value.add(1, ordering: .sequentiallyConsistent)
            continuation.yield()
        }
    }

    /// Drains at wakes until there were this many events, or the watch ended.
    func next(_ count: Int) async -> (events: [StoreEvent], state: Watcher.State) {
        var events: [StoreEvent] = []
        for await _ in wakes {
            let state = watcher.drain(into: &events)
            if events.count >= count || state != .open { return (events, state) }
        }
        return (events, .closed)
    }

    func drain() -> (events: [StoreEvent], state: Watcher.State) {
        var events: [StoreEvent] = []
        let state = watcher.drain(into: &events)
        return (events, state)
    }
}

/// Testing has an `Expectation` too.
typealias Expected = Expectation
