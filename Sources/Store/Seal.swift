/// Makes the objects of some resources unreadable on the disk; in memory they are as ever.
public protocol Seal: Sendable {
    func covers(_ resource: String) -> Bool

    /// - Parameter place: what the bytes belong to: they open there alone.
    func seal(_ bytes: [UInt8], place: [UInt8]) -> [UInt8]

    /// - Throws: when the key is missing, saying which.
    func open(_ bytes: [UInt8], place: [UInt8]) throws(BackendError) -> [UInt8]

    /// Whether the bytes are sealed as they would be now; not so those that are not sealed at all.
    func isCurrent(_ bytes: [UInt8]) -> Bool
}

extension Record {
    /// Resource, key and revision: a sealed record is of no use in another's place.
    var place: [UInt8] { Array("\(resource)/\(key)@\(revision)".utf8) }
}

extension Store {
    /// Seals again whatever is not sealed as it would be now, durably; for use after the keys have changed.
    public func reseal() async throws(BackendError) {
        let failure: BackendError? = await withUnsafeContinuation { continuation in
            enqueue {
                $0.reseals.append { continuation.resume(returning: $0) }
            } otherwise: {
                continuation.resume(returning: BackendError("the store is closed"))
            }
        }
        if let failure { throw failure }
    }
}
