/// The durable log below a store.
///
/// The store calls `historyStarts` and `load` once, while it starts, and then everything else from its one writer
/// thread, so a backend may block and need not expect concurrent calls.
///
/// A backend that several servers share (etcd) will add `changes(since:)`, an asynchronous sequence of the records that
/// others append: the store then learns revisions from the backend instead of assigning them.
public protocol Backend: AnyObject, Sendable {
    /// For each compacted resource the revision up to which its history is gone.
    func historyStarts() throws(BackendError) -> [String: Int64]

    /// Every record in revision order. Those up to a resource's history start only serve to know its objects.
    func load(_ visit: (Record) -> Void) throws(BackendError)

    /// Makes the records durable, all or, if it throws, none. They are on the disk when it returns.
    func append(_ batch: [Record]) throws(BackendError)

    /// Removes records that neither the objects nor the history need, and keeps the new history starts, all or nothing.
    /// The newest record is never among them, so that its revision survives.
    func compact(removing dead: [Int64], historyStarts: [String: Int64]) throws(BackendError)

    /// Seals again what is not sealed as it would be now, all or nothing, and leaves nothing of it on the disk.
    func reseal() throws(BackendError)

    func close()
}

/// One write in the log.
public struct Record: Sendable {
    public var revision: Int64
    public var resource: String
    public var key: String
    public var isDelete: Bool
    /// The state written; for a delete the last state, with the revision of the delete.
    public var bytes: [UInt8]

    public init(revision: Int64, resource: String, key: String, isDelete: Bool, bytes: [UInt8]) {
        self.revision = revision
        self.resource = resource
        self.key = key
        self.isDelete = isDelete
        self.bytes = bytes
    }
}

/// One line for an operator: what is wrong, where, and what to do.
public struct BackendError: Error, CustomStringConvertible {
    public var message: String
    public var description: String { message }

    public init(_ message: String) {
        self.message = message
    }
}
