import CSQLite
import Glibc

/// The few calls of SQLite's C interface that a log needs. For one thread at a time.
final class SQLiteConnection {
    fileprivate let handle: OpaquePointer
    private let name: String

    /// While true, closing neither copies the write-ahead log into the database nor removes it.
    var leavesLog = false {
        didSet { _ = segler_sqlite_set_no_checkpoint_on_close(handle, leavesLog ? 1 : 0) }
    }

    /// - Parameter flags: SQLITE_OPEN_…, see https://www.sqlite.org/c3ref/open.html
    init(_ name: String, flags: Int32) throws(SQLiteFailure) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let opened else { throw SQLiteFailure(code: code, message: "out of memory") }
        handle = opened
        self.name = name
        if code != SQLITE_OK { throw failure(code) }
    }

    deinit {
        // Opening made an empty write-ahead log, if there was none. Only while nobody else can have it open.
        var lock: Int32 = 0
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_LOCKSTATE, &lock)
        var status = stat()
        if leavesLog, lock == exclusiveLock, stat(name + "-wal", &status) == 0, status.st_size == 0 {
            unlink(name + "-wal")
        }
        sqlite3_close_v2(handle)
    }

    /// The first bytes of the database file itself, up to a count, and its size in bytes.
    ///
    /// Through SQLite's own descriptor: closing another one would drop all locks that this process has on the file
    /// (https://www.sqlite.org/howtocorrupt.html, 2.2).
    func header(_ count: Int) throws(SQLiteFailure) -> (bytes: [UInt8], size: Int64) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        var code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard code == SQLITE_OK, let file, let methods = file.pointee.pMethods?.pointee else { throw failure(code) }
        var size: Int64 = 0
        code = methods.xFileSize(file, &size)
        guard code == SQLITE_OK else { throw failure(code) }
        var bytes = [UInt8](repeating: 0, count: count)
        // What is behind the end of the file reads as zeros, with this code.
        let shortRead = SQLITE_IOERR | 2 << 8
        code = methods.xRead(file, &bytes, Int32(count), 0)
        guard code == SQLITE_OK || code == shortRead else { throw failure(code) }
        return (bytes, size)
    }

    func execute(_ sql: String) throws(SQLiteFailure) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code) }
    }

    /// The first column of the first row; 0 if there is none.
    func number(_ sql: String) throws(SQLiteFailure) -> Int64 {
        let statement = try SQLiteStatement(sql, on: self)
        return try statement.step() ? statement.number(0) : 0
    }

    func text(_ sql: String) throws(SQLiteFailure) -> String {
        let statement = try SQLiteStatement(sql, on: self)
        return try statement.step() ? statement.text(0) : ""
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    fileprivate func failure(_ code: Int32) -> SQLiteFailure {
        let errno = sqlite3_system_errno(handle)
        let cause = errno == 0 ? "" : " (\(String(cString: strerror(errno))))"
        return SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(handle)) + cause)
    }
}

/// SQLITE_LOCK_EXCLUSIVE, which the header has as a macro: https://www.sqlite.org/c3ref/c_lock_exclusive.html
private let exclusiveLock: Int32 = 4

/// A result code with SQLite's words for it.
struct SQLiteFailure: Error {
    let code: Int32
    let message: String

    /// Without the extension, e.g. SQLITE_IOERR for SQLITE_IOERR_FSYNC.
    var primaryCode: Int32 { code & 0xFF }
}

/// A prepared statement; parameters are counted from 1, columns from 0.
final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let handle: OpaquePointer

    init(_ sql: String, on connection: SQLiteConnection) throws(SQLiteFailure) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw connection.failure(code) }
        self.connection = connection
        handle = prepared
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Whether there is a row. Without one the statement is reset.
    func step() throws(SQLiteFailure) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        let failure = code == SQLITE_DONE ? nil : connection.failure(code)
        sqlite3_reset(handle)
        if let failure { throw failure }
        return false
    }

    func reset() {
        sqlite3_reset(handle)
    }

    func bind(_ index: Int32, _ number: Int64) {
        sqlite3_bind_int64(handle, index, number)
    }

    /// Copied.
    func bind(_ index: Int32, _ text: String) {
        withBytes(of: text) { bytes in
            let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            bytes.withMemoryRebound(to: CChar.self) { characters in
                _ = sqlite3_bind_text(handle, index, characters.baseAddress, Int32(characters.count), transient)
            }
        }
    }

    /// Not copied: must stay until the statement is stepped, and is unbound by `clear`.
    func bind(_ index: Int32, uncopied bytes: UnsafeBufferPointer<UInt8>) {
        if let start = bytes.baseAddress, !bytes.isEmpty {
            sqlite3_bind_blob64(handle, index, start, UInt64(bytes.count), nil)
        } else {
            sqlite3_bind_zeroblob(handle, index, 0)
        }
    }

    func clear() {
        sqlite3_clear_bindings(handle)
    }

    func number(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column)))
        return String(decoding: bytes, as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(sqlite3_column_bytes(handle, column))
        return Array(unsafeUninitializedCapacity: count) { target, initialized in
            target.baseAddress.map { UnsafeMutableRawPointer($0).copyMemory(from: start, byteCount: count) }
            initialized = count
        }
    }
}
