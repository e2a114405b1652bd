import Synchronization

/// What a list saw: all of it at one revision.
public struct Snapshot: Sendable {
    public let revision: Int64
    /// In key order.
    public let objects: [StoredObject]
    /// Whether there is another page behind the last object.
    public let more: Bool
    /// How many objects are behind the last one; 0 if the list was filtered, where it is not counted.
    public let remaining: Int

    public init(revision: Int64, objects: [StoredObject], more: Bool, remaining: Int) {
        (self.revision, self.objects, self.more, self.remaining) = (revision, objects, more, remaining)
    }
}

extension Store {
    /// One consistent snapshot of a resource.
    ///
    /// - Parameters:
    ///   - prefix: "" or "namespace/".
    ///   - after: continue behind this key.
    ///   - limit: of objects; 0: all.
    ///   - at: nil: now; else as it was at that revision.
    ///   - matching: called outside of any lock.
    /// - Throws: `.compacted`, `.tooLargeRevision`.
    public func list(
        _ resource: String, prefix: String = "", after: String? = nil, limit: Int = 0, at: Int64? = nil,
        matching: ((StoredObject) -> Bool)? = nil
    ) throws(StoreError) -> Snapshot {
        // Copies share their chunks: nothing is copied here.
        let (now, state) = contents.withLock { ($0.revision, $0.resources[resource]) }
        let revision = at ?? now
        guard revision <= now else { throw .tooLargeRevision(current: now) }
        let objects = state?.objects ?? SortedObjects()
        var changes: [Change] = []
        if let history = state?.history, revision < now {
            guard revision >= history.start else { throw .compacted(oldest: history.start) }
            changes = Change.since(revision, in: history, prefix: prefix, after: after)
        }

        var page = Page(limit: limit, matching: matching)
        let end = objects.position { compareBytes($0, prefix) < 0 || hasPrefix($0, prefix) }
        var position = objects.position { candidate in
            compareBytes(candidate, prefix) < 0 || after.map { compareBytes(candidate, $0) <= 0 } ?? false
        }
        if matching == nil {
            let size = objects.distance(from: position, to: end)
            page.objects.reserveCapacity(limit > 0 ? min(limit, size) : size)
        }
        var rest = changes[...]
        while !page.isComplete {
            guard let change = rest.first else {
                guard position < end else { break }
                for object in objects.run(from: position, to: end) {
                    if page.isComplete { break }
                    page.add(object)
                    position.index += 1
                }
                position = objects.normalized(position)
                continue
            }
            let object = position < end ? objects[position] : nil
            let order = object.map { compareBytes($0.key, change.key) } ?? 1
            if order < 0, let object {
                page.add(object)
            } else {
                change.before.map { page.add($0) }
                rest.removeFirst()
            }
            if order <= 0 { position = objects.position(after: position) }
        }
        let remaining =
            objects.distance(from: position, to: end)
            + rest.reduce(0) { $0 + ($1.before == nil ? 0 : 1) - ($1.existsNow ? 1 : 0) }
        return page.snapshot(revision: revision, remaining: remaining)
    }
}

/// How one key differs between an older revision and now.
private struct Change {
    let key: String
    let before: StoredObject?
    let existsNow: Bool

    /// In key order. The first event of a key behind the revision knows the state at the revision, the last one
    /// whether it exists now.
    static func since(_ revision: Int64, in history: History, prefix: String, after: String?) -> [Change] {
        var events: [StoreEvent] = []
        history.forEach(after: revision) { event in
            if hasPrefix(event.object.key, prefix),
                after.map({ compareBytes(event.object.key, $0) > 0 }) ?? true
            {
                events.append(event)
            }
            return true
        }
        events.sort { left, right in
            let order = compareBytes(left.object.key, right.object.key)
            return order != 0 ? order < 0 : left.revision < right.revision
        }
        var changes: [Change] = []
        for event in events {
            let key = event.object.key
            let earlier = changes.last.flatMap { compareBytes($0.key, key) == 0 ? $0 : nil }
            if earlier != nil { changes.removeLast() }
            changes.append(
                Change(
                    key: key, before: earlier.map(\.before) ?? event.previous, existsNow: event.kind == .put))
        }
        return changes
    }
}

/// Collects up to a limit; with a filter it looks one match further, to know whether there are more.
private struct Page {
    let limit: Int
    let matching: ((StoredObject) -> Bool)?
    var objects: [StoredObject] = []
    var sawMore = false

    init(limit: Int, matching: ((StoredObject) -> Bool)?) {
        self.limit = limit
        self.matching = matching
    }

    var isComplete: Bool {
        limit > 0 && (matching == nil ? objects.count == limit : sawMore)
    }

    mutating func add(_ object: StoredObject) {
        if let matching, !matching(object) { return }
        if limit > 0, objects.count == limit { sawMore = true } else { objects.append(object) }
    }

    func snapshot(revision: Int64, remaining: Int) -> Snapshot {
        matching == nil
            ? Snapshot(revision: revision, objects: objects, more: remaining > 0, remaining: remaining)
            : Snapshot(revision: revision, objects: objects, more: sawMore, remaining: 0)
    }
}
