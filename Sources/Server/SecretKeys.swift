public import Store
internal import Synchronization
public import TLS

/// The keys that Secrets are encrypted with in the store, in a file that only its owner may read: the newest first, and the older
/// ones until nothing is sealed with them any more.
/// https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
public final class SecretKeys: Seal {
    public let path: String
    private let keys: Mutex<[SealingKey]>
    /// As upstream marks what its provider `aesgcm` encrypted. JSON begins otherwise.
    private static let mark = Array("k8s:enc:aesgcm:v1:".utf8)
    private static let colon = UInt8(ascii: ":")

    /// Reads the file in a server's data directory, or makes it with a first key.
    public init(directory: String) throws(TLSError) {
        path = directory + "/secrets.keys"
        keys = Mutex(try Self.read(path))
        if keys.withLock({ $0.isEmpty }) { try add() }
    }

    private static func read(_ path: String) throws(TLSError) -> [SealingKey] {
        var keys: [SealingKey] = []
        for line in (try SecureFile.readText(path) ?? "").split(separator: "\n") {
            guard let key = SealingKey(text: line) else {
                throw TLSError("\(path): a line is not a key; restore the file from a backup")
            }
            keys.append(key)
        }
        return keys
    }

    private func write(_ new: [SealingKey]) throws(TLSError) {
        try SecureFile.write(new.map { $0.text + "\n" }.joined(), to: path, mode: 0o600)
        keys.withLock { $0 = new }
    }

    /// The key that is used from now on.
    public var newest: String { keys.withLock { $0.first?.id ?? "" } }
    public var count: Int { keys.withLock { $0.count } }

    /// Puts a new key in front.
    public func add() throws(TLSError) { try write([SealingKey()] + keys.withLock { $0 }) }

    /// Takes the keys that the file has now.
    public func reload() throws(TLSError) {
        let found = try Self.read(path)
        if !found.isEmpty { keys.withLock { $0 = found } }
    }

    /// Forgets all keys but the newest, which everything must be sealed with.
    public func dropOld() throws(TLSError) {
        let all = keys.withLock { $0 }
        if all.count > 1 { try write(Array(all.prefix(1))) }
    }

    // MARK: Seal

    public func covers(_ resource: String) -> Bool { resource == "secrets" }

    public func seal(_ bytes: [UInt8], place: [UInt8]) -> [UInt8] {
        guard let key = keys.withLock({ $0.first }) else { preconditionFailure("there is always a key") }
        return Self.mark + Array(key.id.utf8) + [Self.colon] + key.seal(bytes, context: place)
    }

    public func open(_ bytes: [UInt8], place: [UInt8]) throws(BackendError) -> [UInt8] {
        guard let (id, body) = Self.parts(bytes) else { return bytes }
        guard let key = keys.withLock({ $0.first { $0.id == id } }) else {
            throw BackendError(
                "Secrets are encrypted with the key \(id), which \(path) does not have: restore that file from a backup"
            )
        }
        guard let opened = key.open(body, context: place) else {
            throw BackendError(
                "the Secret at \(String(decoding: place, as: UTF8.self)) is not what was written with the key \(id)")
        }
        return opened
    }

    public func isCurrent(_ bytes: [UInt8]) -> Bool { Self.parts(bytes)?.id == newest }

    private static func parts(_ bytes: [UInt8]) -> (id: String, body: ArraySlice<UInt8>)? {
        guard bytes.starts(with: mark), let end = bytes[mark.count...].firstIndex(of: colon) else { return nil }
        return (String(decoding: bytes[mark.count..<end], as: UTF8.self), bytes[(end + 1)...])
    }
}
