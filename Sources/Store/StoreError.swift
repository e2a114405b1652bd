public enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The object was expected to be absent.
    case exists(StoredObject)
    /// The object has another revision than expected; carries its current state.
    case conflict(StoredObject)
    /// There is no such object to replace or delete.
    case notFound
    /// The history before `oldest` is gone.
    case compacted(oldest: Int64)
    /// The revision has not happened yet.
    case tooLargeRevision(current: Int64)
    /// The disk refused (full, I/O error). Nothing of the write is visible; later writes may succeed.
    case backend(String)
    /// The store was closed.
    case closed

    public var description: String {
        switch self {
        case .exists(let object): "\(object.key) exists already"
        case .conflict(let object): "\(object.key) was changed: it is at revision \(object.revision)"
        case .notFound: "no such object"
        case .compacted(let oldest): "the history before revision \(oldest) is gone"
        case .tooLargeRevision(let current): "the newest revision is \(current)"
        case .backend(let message): message
        case .closed: "the store is closed"
        }
    }
}
