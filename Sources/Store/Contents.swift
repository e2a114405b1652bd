/// What is committed and visible: the objects, history and watchers of each resource.
struct Contents: Sendable {
    struct Resource: Sendable {
        var objects = SortedObjects()
        var history: History
        var watchers: [Watcher] = []
    }

    var revision: Int64 = 0
    var resources: [String: Resource] = [:]

    /// Replays a backend's log.
    ///
    /// - Returns: the contents, and the revisions of records that nothing needs any more.
    static func load(
        from backend: any Backend, window: HistoryWindow, now: Double,
        _ attributes: (_ resource: String, _ bytes: [UInt8]) -> Attributes
    ) throws(StoreError) -> (Contents, dead: [Int64]) {
        var contents = Contents()
        var dead: [Int64] = []
        do {
            for (resource, start) in try backend.historyStarts() {
                contents.resources[resource] = Resource(history: History(start: start))
            }
            try backend.load { record in
                contents.replay(record, attributes(record.resource, record.bytes), now: now, window: window, &dead)
            }
        } catch {
            backend.close()
            throw .backend(error.message)
        }
        return (contents, dead)
    }

    private mutating func replay(
        _ record: Record, _ attributes: Attributes, now: Double, window: HistoryWindow, _ dead: inout [Int64]
    ) {
        revision = max(revision, record.revision)
        let event = StoreEvent(
            kind: record.isDelete ? .delete : .put,
            object: StoredObject(
                key: record.key, revision: record.revision, bytes: record.bytes, attributes: attributes),
            previous: resources[record.resource]?.objects[record.key])
        let forgotten = apply(event, to: record.resource, now: now, window: window)
        dead += forgotten.flatMap(\.deadRevisions)
    }

    /// Makes one write visible. Returns the events that left the history.
    mutating func apply(
        _ event: StoreEvent, to resource: String, now: Double, window: HistoryWindow
    ) -> [StoreEvent] {
        // The default of a new resource starts at 0: nothing of it was ever forgotten.
        func apply(to resource: inout Resource) -> [StoreEvent] {
            switch event.kind {
            case .put: resource.objects.put(event.object)
            case .delete: resource.objects.remove(event.object.key)
            }
            // Replayed from the log, but older than the history was when it was last compacted.
            guard event.revision > resource.history.start else { return [event] }
            resource.history.append(event, now: now, window: window)
            return resource.history.trim(now: now, window: window)
        }
        return apply(to: &resources[resource, default: Resource(history: History(start: 0))])
    }
}

extension StoreEvent {
    /// The records of the log that nobody needs once this event is forgotten.
    var deadRevisions: [Int64] {
        (previous.map { [$0.revision] } ?? []) + (kind == .delete ? [revision] : [])
    }
}
