import CSQLite
import Synchronization

/// The log in a SQLite database of this process alone: one table, a row for each write, in order of the revision.
///
/// Appending touches only the end of the table and no index. Which rows can go is known to the store.
public final class SQLiteBackend: Backend {
    private struct Open {
        let connection: SQLiteConnection
        let insert: SQLiteStatement
        let remove: SQLiteStatement
        let keepStart: SQLiteStatement
    }

    public let path: String
    private let seal: (any Seal)?
    private let state: Mutex<Open?>

    /// Opens or creates the file, for its owner only, and locks it. The directory must exist.
    ///
    /// - Throws: with the file untouched, if it is not a database, belongs to another program or a newer version, is
    ///   damaged, or is in use.
    public init(path: String, seal: (any Seal)? = nil) throws(BackendError) {
        (self.path, self.seal) = (path, seal)
        let connection = try SQLiteFile.open(path)
        do {
            let insert = try SQLiteStatement("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", on: connection)
            let remove = try SQLiteStatement("DELETE FROM log WHERE revision = ?", on: connection)
            let keepStart = try SQLiteStatement("INSERT OR REPLACE INTO history VALUES (?, ?)", on: connection)
            state = Mutex(Open(connection: connection, insert: insert, remove: remove, keepStart: keepStart))
        } catch {
            throw SQLiteFile.describe(error, path)
        }
    }

    public func historyStarts() throws(BackendError) -> [String: Int64] {
        try use { open throws(SQLiteFailure) in
            var starts: [String: Int64] = [:]
            let rows = try SQLiteStatement("SELECT resource, start FROM history", on: open.connection)
            while try rows.step() { starts[rows.text(0)] = rows.number(1) }
            return starts
        }
    }

    /// What is not sealed as it would be now is afterwards.
    public func load(_ visit: (Record) -> Void) throws(BackendError) {
        let isStale = try read("") { record throws(BackendError) in
            var record = record
            let isStale = seal?.covers(record.resource) == true && seal?.isCurrent(record.bytes) == false
            try open(&record)
            visit(record)
            return isStale
        }
        // All of it could be read: from here on it is maintained.
        try use { open throws(SQLiteFailure) in open.connection.leavesLog = false }
        if isStale { try reseal() }
    }

    /// Calls `visit` with the records as they are on the disk; returns whether any call returned true.
    private func read(
        _ condition: String, _ visit: (Record) throws(BackendError) -> Bool
    ) throws(BackendError) -> Bool {
        let (damage, failure, found): (String?, BackendError?, Bool) = try use { open throws(SQLiteFailure) in
            let rows = try SQLiteStatement(
                "SELECT revision, resource, key, is_delete, value, checksum FROM log \(condition) ORDER BY revision",
                on: open.connection)
            var found = false
            while try rows.step() {
                let record = Record(
                    revision: rows.number(0), resource: rows.text(1), key: rows.text(2),
                    isDelete: rows.number(3) != 0, bytes: rows.bytes(4))
                guard record.revision > 0, rows.number(5) == record.checksum else {
                    return ("the record at revision \(record.revision) is not what was written", nil, found)
                }
                do throws(BackendError) {
                    if try visit(record) { found = true }
                } catch { return (nil, error, found) }
            }
            return (nil, nil, found)
        }
        if let damage { throw SQLiteFile.damaged(path, damage) }
        if let failure { throw failure }
        return found
    }

    private func open(_ record: inout Record) throws(BackendError) {
        guard let seal, seal.covers(record.resource) else { return }
        record.bytes = try seal.open(record.bytes, place: record.place)
    }

    private func sealed(_ record: Record) -> Record {
        guard let seal, seal.covers(record.resource) else { return record }
        var record = record
        record.bytes = seal.seal(record.bytes, place: record.place)
        return record
    }

    public func reseal() throws(BackendError) {
        guard let seal else { return }
        var stale: [Record] = []
        var wasPlain = false
        _ = try read("") { record throws(BackendError) in
            guard seal.covers(record.resource), !seal.isCurrent(record.bytes) else { return false }
            var record = record
            let stored = record.bytes
            try open(&record)
            if record.bytes == stored { wasPlain = true }
            stale.append(record)
            return true
        }
        if stale.isEmpty { return }
        let records = stale.map(sealed)
        try transaction { open throws(SQLiteFailure) in
            let update = try SQLiteStatement(
                "UPDATE log SET value = ?, checksum = ? WHERE revision = ?", on: open.connection)
            for record in records {
                update.bind(2, record.checksum)
                update.bind(3, record.revision)
                try record.bytes.withUnsafeBufferPointer { bytes throws(SQLiteFailure) in
                    update.bind(1, uncopied: bytes)
                    defer { update.clear() }
                    _ = try update.step()
                }
            }
        }
        // What could be read before is neither in free pages nor in the write-ahead log any more.
        if wasPlain {
            try use { open throws(SQLiteFailure) in
                try open.connection.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
            }
        }
    }

    public func append(_ batch: [Record]) throws(BackendError) {
        try transaction { open throws(SQLiteFailure) in
            let insert = open.insert
            for record in batch.lazy.map(self.sealed) {
                insert.bind(1, record.revision)
                insert.bind(2, record.resource)
                insert.bind(3, record.key)
                insert.bind(4, record.isDelete ? 1 : 0)
                insert.bind(6, record.checksum)
                try record.bytes.withUnsafeBufferPointer { bytes throws(SQLiteFailure) in
                    insert.bind(5, uncopied: bytes)
                    defer { insert.clear() }
                    _ = try insert.step()
                }
            }
        }
    }

    public func compact(removing dead: [Int64], historyStarts: [String: Int64]) throws(BackendError) {
        try transaction { open throws(SQLiteFailure) in
            for (resource, start) in historyStarts {
                open.keepStart.bind(1, resource)
                open.keepStart.bind(2, start)
                _ = try open.keepStart.step()
            }
            for revision in dead {
                open.remove.bind(1, revision)
                _ = try open.remove.step()
            }
        }
    }

    public func close() {
        // Checkpoints, removes the write-ahead log, and gives up the lock.
        state.withLock { $0 = nil }
    }

    private func transaction(_ body: (Open) throws(SQLiteFailure) -> Void) throws(BackendError) {
        try use { open throws(SQLiteFailure) in
            do throws(SQLiteFailure) {
                try open.connection.execute("BEGIN IMMEDIATE")
                try body(open)
                try open.connection.execute("COMMIT")
            } catch {
                if open.connection.isInTransaction { try? open.connection.execute("ROLLBACK") }
                // Copying the write-ahead log into the file lets it start over, which may be all the room there is.
                if error.primaryCode == SQLITE_FULL { try? open.connection.execute("PRAGMA wal_checkpoint") }
                throw error
            }
        }
    }

    private func use<Result: Sendable>(
        _ body: (Open) throws(SQLiteFailure) -> Result
    ) throws(BackendError) -> Result {
        let result: Swift.Result<Result, BackendError> = state.withLock { open in
            guard let open else { return .failure(BackendError("\(path) is closed")) }
            do throws(SQLiteFailure) {
                return .success(try body(open))
            } catch {
                return .failure(SQLiteFile.describe(error, path))
            }
        }
        return try result.get()
    }
}

extension Record {
    /// Over all of the record, eight bytes at a time. Every step is a bijection of the sum so far, so a difference
    /// in one word always shows.
    var checksum: Int64 {
        var sum = UInt64(bitPattern: revision) ^ (isDelete ? 0x9E37_79B9_7F4A_7C15 : 0)
        func add(_ word: UInt64) {
            sum = (sum ^ word) &* 0xFF51_AFD7_ED55_8CCD
            sum ^= sum >> 32
        }
        func add(_ bytes: UnsafeBufferPointer<UInt8>) {
            let raw = UnsafeRawBufferPointer(bytes)
            let whole = raw.count & ~7
            for offset in stride(from: 0, to: whole, by: 8) {
                add(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
            var tail: UInt64 = 0
            for offset in whole..<raw.count { tail = tail << 8 | UInt64(raw[offset]) }
            add(tail)
            add(UInt64(raw.count))
        }
        withBytes(of: resource) { add($0) }
        withBytes(of: key) { add($0) }
        bytes.withUnsafeBufferPointer { add($0) }
        return Int64(bitPattern: sum)
    }
}
