import CSQLite
import Glibc

/// Opening the file of an embedded store: find out what it is without touching it, then take it for this process.
///
/// A file is ours by its `application_id` (https://www.sqlite.org/pragma.html#pragma_application_id); `user_version`
/// is the version of the schema. The mode is WAL with synchronous=FULL: a commit returns after its fsync
/// (https://www.sqlite.org/pragma.html#pragma_synchronous), and locking_mode=EXCLUSIVE keeps other processes out.
enum SQLiteFile {
    /// "Sglr"
    static let applicationID: Int64 = 0x5367_6C72
    static let version: Int64 = 1

    private static let schema = """
        CREATE TABLE log (
            revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, is_delete INTEGER NOT NULL,
            value BLOB NOT NULL, checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE history (resource TEXT PRIMARY KEY, start INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        """

    static func open(_ path: String) throws(BackendError) -> SQLiteConnection {
        do {
            try inspect(path)
            createPrivately(path)
            let connection = try SQLiteConnection(path, flags: SQLITE_OPEN_READWRITE)
            // Until the content proves sound, nothing is changed.
            connection.leavesLog = true
            try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            let mode = try connection.text("PRAGMA journal_mode = WAL")
            // Pages freed by a delete are not overwritten with zeros: that would write them all again.
            try connection.execute(
                """
                PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA cache_size = -2000; PRAGMA secure_delete = FAST;
                PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 16777216;
                """)
            let synchronous = try connection.number("PRAGMA synchronous")
            guard mode == "wal", synchronous == 2 else {
                throw BackendError(
                    "\(path): SQLite does not keep commits on the disk here (journal_mode=\(mode), "
                        + "synchronous=\(synchronous)); choose a data directory on a local file system")
            }
            if try isEmpty(connection) {
                try connection.execute("BEGIN IMMEDIATE; \(schema) COMMIT; PRAGMA wal_checkpoint;")
            }
            try identify(connection, path)
            return connection
        } catch let error as BackendError {
            throw error
        } catch let failure as SQLiteFailure {
            throw describe(failure, path)
        } catch {
            throw BackendError("\(path): \(error)")
        }
    }

    /// Reads what the file is from its header, without locks, without its write-ahead log, and without leaving anything
    /// beside it. https://www.sqlite.org/fileformat2.html#the_database_header
    private static func inspect(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return }
        let connection = try SQLiteConnection(
            "file:\(escaped(path))?immutable=1", flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        let (header, size) = try connection.header(108)
        func number(at offset: Int, bytes: Int) -> Int64 {
            header[offset..<offset + bytes].reduce(0) { $0 << 8 | Int64($1) }
        }
        guard header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw SQLiteFailure(code: SQLITE_NOTADB, message: "")
        }
        let (id, found) = (number(at: 68, bytes: 4), number(at: 60, bytes: 4))
        // A start that was cut off may have left nothing but a header: one page, without any table.
        if id == 0, found == 0, size == number(at: 16, bytes: 2), number(at: 103, bytes: 2) == 0 { return }
        try check(id: id, version: found, path)
    }

    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { escaped, byte in
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0x80...:
                escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            default: escaped.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }

    private static func isEmpty(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
        let marks = try connection.number("PRAGMA application_id") | connection.number("PRAGMA user_version")
        return try marks | connection.number("SELECT count(*) FROM sqlite_schema") == 0
    }

    private static func identify(_ connection: SQLiteConnection, _ path: String) throws {
        let found = try connection.number("PRAGMA user_version")
        try check(id: try connection.number("PRAGMA application_id"), version: found, path)
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('log', 'history')"
        guard found == version, try connection.number(tables) == 2 else {
            throw damaged(path, "its tables are missing")
        }
    }

    private static func check(id: Int64, version found: Int64, _ path: String) throws(BackendError) {
        guard id == applicationID else {
            throw BackendError(
                "\(path) is the database of another program; choose another data directory or move the file away")
        }
        guard found <= version else {
            throw BackendError(
                "\(path) was written by a newer version of this program (schema \(found), this one knows up to "
                    + "\(version)); run that version or choose another data directory")
        }
    }

    /// It will hold Secrets. SQLite gives the files beside it the same mode.
    private static func createPrivately(_ path: String) {
        let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    static func damaged(_ path: String, _ what: String) -> BackendError {
        BackendError("\(path) is damaged (\(what)); restore it from a backup or move it away to start empty")
    }

    static func describe(_ failure: SQLiteFailure, _ path: String) -> BackendError {
        switch failure.primaryCode {
        case SQLITE_NOTADB:
            BackendError("\(path) is not a SQLite database; choose another data directory or move the file away")
        case SQLITE_CORRUPT:
            damaged(path, failure.message)
        case SQLITE_BUSY, SQLITE_LOCKED:
            BackendError("\(path) is in use by another process; stop that one or choose another data directory")
        case SQLITE_FULL:
            BackendError("\(path): the disk is full; make room on it")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY:
            BackendError(
                "cannot open \(path) for writing: \(failure.message); check that its directory exists and the permissions"
            )
        default:
            BackendError("\(path): \(failure.message); check the disk")
        }
    }
}
