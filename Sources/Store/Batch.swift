/// The writes of one commit: each is checked against what is visible and what is before it in the batch.
struct Batch {
    /// Of the last write so far.
    private(set) var revision: Int64
    private(set) var events: [(resource: String, event: StoreEvent)] = []
    private var staged: [Identity: StoredObject?] = [:]

    init(revision: Int64) {
        self.revision = revision
    }

    var records: [Record] {
        events.map { resource, event in
            Record(
                revision: event.revision, resource: resource, key: event.object.key, isDelete: event.kind == .delete,
                bytes: event.object.bytes)
        }
    }

    /// The outcome of a write, should the batch be committed.
    mutating func stage(
        _ write: Write, visible: (_ resource: String, _ key: String) -> StoredObject?
    ) -> Result<StoredObject, StoreError> {
        let identity = Identity(resource: write.resource, key: write.key)
        let current = staged[identity] ?? visible(write.resource, write.key)
        if let refusal = write.refusal(current) { return .failure(refusal) }

        revision += 1
        let (kind, encoded): (StoreEvent.Kind, Encoded) =
            switch write.change {
            case .put(let encoded): (.put, encoded)
            case .delete(let encoded): (.delete, encoded)
            }
        let object = StoredObject(
            key: write.key, revision: revision, bytes: encoded.spliced(revision: revision),
            attributes: encoded.attributes)
        events.append((write.resource, StoreEvent(kind: kind, object: object, previous: current)))
        staged[identity] = .some(kind == .put ? object : nil)
        return .success(object)
    }
}

extension Write {
    fileprivate func refusal(_ current: StoredObject?) -> StoreError? {
        switch (expected, current) {
        case (.absent, let current?): return .exists(current)
        case (.revision(let revision), let current?) where revision != current.revision: return .conflict(current)
        case (.revision, nil): return .notFound
        default: break
        }
        if case .delete = change, current == nil { return .notFound }
        return nil
    }
}

private struct Identity: Hashable {
    let resource: String
    let key: String

    static func == (left: Identity, right: Identity) -> Bool {
        compareBytes(left.key, right.key) == 0 && compareBytes(left.resource, right.resource) == 0
    }

    func hash(into hasher: inout Hasher) {
        withBytes(of: key) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        withBytes(of: resource) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
