/// One committed write, as watchers see it.
public struct StoreEvent: Sendable {
    public enum Kind: Sendable {
        case put, delete
    }

    public let kind: Kind
    /// What was written; for a delete the last state, with the revision of the delete.
    public let object: StoredObject
    /// The state before, nil if there was none: a selector that matched it and does not match `object` must be told.
    public let previous: StoredObject?

    public var revision: Int64 { object.revision }
}

/// How much history each resource keeps. What exceeds any of the three is forgotten, oldest first, in steps of some
/// hundred events or a fifth of the time.
public struct HistoryWindow: Sendable {
    /// An event is kept at least this long, if the other two allow. After a restart the time starts anew.
    public var seconds: Double
    public var events: Int
    /// Bytes of superseded and deleted states, which only the history keeps in memory.
    public var bytes: Int

    public init(seconds: Double = 300, events: Int = 10_000, bytes: Int = 16 << 20) {
        self.seconds = seconds
        self.events = events
        self.bytes = bytes
    }

    /// How long one chunk of history takes events.
    var step: Double { seconds / 5 }
}

/// The recent events of one resource, in revision order, in chunks that are forgotten as a whole.
struct History: Sendable {
    private struct Chunk {
        var events: [StoreEvent] = []
        var bytes = 0
        let opened: Double
        var latest: Double
    }

    private static let chunkLimit = 256

    /// Every event behind this revision is here.
    private(set) var start: Int64
    private var chunks: [Chunk] = []
    private var count = 0
    private var bytes = 0

    init(start: Int64) {
        self.start = start
    }

    /// When the oldest chunk becomes too old, in the clock's seconds; nil if there is none.
    func expiry(_ window: HistoryWindow) -> Double? {
        chunks.first.map { $0.latest + window.seconds }
    }

    mutating func append(_ event: StoreEvent, now: Double, window: HistoryWindow) {
        // Small windows get small chunks, so that they are kept to.
        let limit = min(Self.chunkLimit, max(1, window.events / 8))
        let isOpen = chunks.last.map { chunk in
            chunk.events.count < limit && chunk.bytes < window.bytes / 8 && now - chunk.opened < window.step
        }
        if isOpen != true { chunks.append(Chunk(opened: now, latest: now)) }
        let size = (event.previous?.bytes.count ?? 0) + (event.kind == .delete ? event.object.bytes.count : 0)
        chunks[chunks.count - 1].events.append(event)
        chunks[chunks.count - 1].bytes += size
        chunks[chunks.count - 1].latest = now
        count += 1
        bytes += size
    }

    /// Forgets what the window does not cover and returns it, so that the caller can release it without the lock.
    mutating func trim(now: Double, window: HistoryWindow) -> [StoreEvent] {
        var forgotten: [StoreEvent] = []
        while let first = chunks.first,
            first.latest + window.seconds <= now
                || (chunks.count > 1 && (count > window.events || bytes > window.bytes))
        {
            chunks.removeFirst()
            count -= first.events.count
            bytes -= first.bytes
            start = first.events.last?.revision ?? start
            forgotten += first.events
        }
        return forgotten
    }

    /// Calls `visit` with the events behind a revision, oldest first, until it returns false.
    func forEach(after revision: Int64, _ visit: (StoreEvent) -> Bool) {
        let firstChunk = partitionPoint(chunks.count) { (chunks[$0].events.last?.revision ?? 0) <= revision }
        for chunk in chunks[firstChunk...] {
            let first = partitionPoint(chunk.events.count) { chunk.events[$0].revision <= revision }
            for event in chunk.events[first...] where !visit(event) { return }
        }
    }

    /// The revision of the newest event, or of the newest that was forgotten.
    var newest: Int64 { chunks.last?.events.last?.revision ?? start }
}
