/// The store: every object of the cluster as bytes under a resource and a key, each with the revision of its last write.
///
/// All live objects and the recent history are held in memory; reads and watches never touch the disk. Writes go through
/// one thread that commits whatever is queued as one transaction of the `Backend` (group commit), and only then makes
/// it visible, tells the watchers and answers. The module knows bytes, keys and revisions, and nothing of what is in
/// the bytes.
///
/// - `Store`: this file (reads), `Store+List.swift`, `Store+Write.swift`, `Store+Watch.swift`
/// - `Writer`: the thread behind the writes; `Contents`: what it publishes
/// - `Backend`: what a durable log must do; `SQLite/` is the embedded one

import Synchronization

public final class Store: Sendable {
    let backend: any Backend
    let window: HistoryWindow
    /// Seconds on a clock that never goes back.
    let now: @Sendable () -> Double
    /// Everything that is committed and visible. Held for microseconds; never while anything blocks.
    let contents: Mutex<Contents>
    /// Watchers were offered everything up to here. Trails `contents.revision` by the time that takes.
    let published: Atomic<Int64>
    let closed = Atomic<Bool>(false)
    let queue = Mutex(WriteQueue())
    let doorbell = Doorbell()

    /// Reads the whole log of the backend and starts the writer thread, which runs until `close()`.
    ///
    /// - Parameters:
    ///   - attributes: reads an object's labels and fields from its stored bytes; called once for each record here.
    ///     Afterwards every write brings its own.
    ///   - historyWindow: how much history watches and lists at older revisions can go back.
    ///   - now: the clock that `historyWindow.seconds` is measured with, in seconds.
    /// - Throws: `.backend` if the log cannot be read.
    public init(
        backend: any Backend,
        attributes: @escaping @Sendable (_ resource: String, _ bytes: [UInt8]) -> Attributes,
        historyWindow: HistoryWindow = HistoryWindow(),
        now: @escaping @Sendable () -> Double = monotonicSeconds
    ) throws(StoreError) {
        self.backend = backend
        self.window = historyWindow
        self.now = now
        let (loaded, dead) = try Contents.load(from: backend, window: historyWindow, now: now(), attributes)
        published = Atomic(loaded.revision)
        contents = Mutex(loaded)
        let started = startThread { [self] in
            var writer = Writer(store: self, dead: dead)
            writer.run()
        }
        guard started else { throw .backend("cannot start the store's writer thread") }
    }

    /// The newest committed and visible revision; 0 before the first write.
    public var revision: Int64 {
        contents.withLock { $0.revision }
    }

    public func get(_ resource: String, _ key: String) -> StoredObject? {
        contents.withLock { $0.resources[resource]?.objects[key] }
    }

    /// How many objects a resource has.
    public func count(_ resource: String) -> Int {
        contents.withLock { $0.resources[resource]?.objects.count ?? 0 }
    }

    /// The resources that have objects, sorted.
    public func resources() -> [String] {
        contents.withLock { contents in
            contents.resources.filter { !$0.value.objects.isEmpty }.map(\.key)
        }.sorted()
    }
}
