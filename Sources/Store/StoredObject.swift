/// One state of an object: immutable, shared by the store, its history, watchers and answers.
public final class StoredObject: Sendable {
    /// "namespace/name", or "name" for cluster-scoped resources.
    public let key: String
    /// The revision of the write that made this state.
    public let revision: Int64
    /// The encoded object, its revision included.
    public let bytes: [UInt8]
    public let attributes: Attributes

    public init(key: String, revision: Int64, bytes: [UInt8], attributes: Attributes = Attributes()) {
        self.key = key
        self.revision = revision
        self.bytes = bytes
        self.attributes = attributes
    }
}

/// An encoded object with the place where its revision goes: the store assigns revisions when it commits, so what is
/// stored is the bytes before the place, the revision in decimal digits, and the bytes behind it.
public struct Encoded: Sendable {
    /// Without the digits of the revision.
    public var bytes: [UInt8]
    /// Where the digits are inserted; -1: nowhere.
    public var revisionOffset: Int
    public var attributes: Attributes

    public init(bytes: [UInt8], revisionOffset: Int = -1, attributes: Attributes = Attributes()) {
        self.bytes = bytes
        self.revisionOffset = revisionOffset
        self.attributes = attributes
    }

    /// The bytes to keep, in an array without spare capacity: it lives as long as the object.
    func spliced(revision: Int64) -> [UInt8] {
        guard bytes.indices.contains(revisionOffset) || revisionOffset == bytes.count else {
            return bytes.capacity - bytes.count < 64 ? bytes : Array(exactly: bytes)
        }
        var digits = String(revision)
        return digits.withUTF8 { digits in
            Array(unsafeUninitializedCapacity: bytes.count + digits.count) { target, count in
                bytes.withUnsafeBufferPointer { source in
                    var end = target.initialize(
                        fromContentsOf: UnsafeBufferPointer(rebasing: source[..<revisionOffset]))
                    end = target[end...].initialize(fromContentsOf: digits)
                    end = target[end...].initialize(
                        fromContentsOf: UnsafeBufferPointer(rebasing: source[revisionOffset...]))
                    count = end
                }
            }
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate init(exactly bytes: [UInt8]) {
        self.init(unsafeUninitializedCapacity: bytes.count) { target, count in
            count = target.initialize(fromContentsOf: bytes)
        }
    }
}
