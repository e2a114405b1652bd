import CSQLite
import Foundation
import Testing

@testable import Store

/// A file that is not a sound store of ours is refused in one line that names it, and stays as it is.
@Suite struct BadFileTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func aFileThatIsNoDatabase() throws {
        for content in ["hello", String(repeating: "not a database ", count: 1000)] {
            try Data(content.utf8).write(to: URL(fileURLWithPath: directory.file()))
            try expectRefusal("is not a SQLite database")
        }
    }

    @Test func theDatabaseOfAnotherProgram() throws {
        try withDatabase("CREATE TABLE log (a); INSERT INTO log VALUES (1);")
        try expectRefusal("is the database of another program")
    }

    @Test func theDatabaseOfAnotherProgramThatIsAllInItsWriteAheadLog() throws {
        let other = try SQLiteConnection(directory.file(), flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        other.leavesLog = true
        try other.execute(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a);"
        )
        let copy = try TemporaryDirectory()
        for name in directory.names {
            try FileManager.default.copyItem(atPath: directory.file(name), toPath: copy.file(name))
        }
        try expectRefusal("is the database of another program", in: copy)
    }

    @Test func theDatabaseOfANewerVersion() async throws {
        try await makeStore()
        try withDatabase("PRAGMA user_version = 7")
        try expectRefusal("newer version")
    }

    @Test func aStoreWithoutItsTables() async throws {
        try await makeStore()
        try withDatabase("DROP TABLE log")
        try expectRefusal("is damaged")
    }

    @Test func aDirectory() throws {
        try FileManager.default.createDirectory(atPath: directory.file(), withIntermediateDirectories: false)
        let error = #expect(throws: BackendError.self) { try SQLiteBackend(path: directory.file()) }
        #expect(error?.message.contains(directory.file()) == true)
    }

    @Test func aDirectoryThatDoesNotExist() throws {
        let error = #expect(throws: BackendError.self) { try SQLiteBackend(path: directory.file("none/store.db")) }
        #expect(error?.message.contains("none/store.db") == true)
        #expect(error?.message.contains("No such file or directory") == true)
    }

    @Test func damageAnywhereInTheDataIsNoticed() async throws {
        try await makeStore()
        let sound = try Data(contentsOf: URL(fileURLWithPath: directory.file()))
        // One byte of each kind of place: in a value, in a key, in the structure of a page.
        for needle in ["the quick brown fox 77", "ns/name-33"] {
            var data = sound
            let place = try #require(data.range(of: Data(needle.utf8), options: .backwards))
            data[place.upperBound - 1] ^= 1
            try data.write(to: URL(fileURLWithPath: directory.file()))
            try expectRefusal("is damaged")
        }
        for page in 1..<sound.count / 4096 {
            var data = sound
            data.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: 0xA5, count: 4096))
            try data.write(to: URL(fileURLWithPath: directory.file()))
            try expectRefusal("is damaged")
        }
        // Cut off.
        try sound[..<(sound.count / 2)].write(to: URL(fileURLWithPath: directory.file()))
        let before = try contents(directory)["store.db"]
        let error = #expect(throws: BackendError.self) { try SQLiteBackend(path: directory.file()) }
        #expect(error?.message.contains("is damaged") == true)
        #expect(try contents(directory)["store.db"] == before)
    }

    @Test func aFileThatAnotherProcessUses() async throws {
        try await makeStore()
        let other = Process()
        other.executableURL = try crashWriter()
        other.arguments = [directory.file()]
        let output = Pipe()
        let input = Pipe()
        other.standardOutput = output
        other.standardInput = input
        try other.run()
        defer { kill(other.processIdentifier, SIGKILL) }
        #expect(output.fileHandleForReading.availableData.starts(with: Data("ready".utf8)))
        let error = #expect(throws: BackendError.self) { try SQLiteBackend(path: directory.file()) }
        #expect(error?.message.contains("in use by another process") == true, "\(String(describing: error))")
        #expect(error?.message.contains(directory.file()) == true)
        kill(other.processIdentifier, SIGKILL)
        other.waitUntilExit()
        let store = try openStore(directory.file())
        #expect(store.count("pods") == 100)
        await store.close()
    }

    @Test func aFileThatThisProcessUses() async throws {
        let store = try openStore(directory.file())
        #expect(throws: BackendError.self) { try SQLiteBackend(path: directory.file()) }
        try await store.put("a/x", "still works")
        await store.close()
        try await openStore(directory.file()).close()
    }

    @Test func anEmptyFileOrABareHeaderBecomesAStore() async throws {
        try Data().write(to: URL(fileURLWithPath: directory.file()))
        var store = try openStore(directory.file())
        try await store.put("a")
        await store.close()
        let other = directory.file("odd name %?#.db")
        try SQLiteConnection(other, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).execute(
            "PRAGMA journal_mode = WAL")
        store = try openStore(other)
        try await store.put("a")
        await store.close()
        try await openStore(other).close()
        #expect(directory.names == ["odd name %?#.db", "store.db"])
    }

    // MARK: -

    private func makeStore() async throws {
        let store = try openStore(directory.file())
        for number in 0..<100 {
            try await store.put(
                "ns/name-\(number)", "the quick brown fox \(number)" + String(repeating: ".", count: 300))
        }
        await store.close()
    }

    private func withDatabase(_ sql: String) throws {
        try SQLiteConnection(directory.file(), flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).execute(sql)
    }

    private func contents(_ directory: TemporaryDirectory) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in directory.names {
            contents[name] = try Data(contentsOf: URL(fileURLWithPath: directory.file(name)))
        }
        return contents
    }

    private func expectRefusal(_ words: String, in directory: TemporaryDirectory? = nil) throws {
        let directory = directory ?? self.directory
        let before = try contents(directory)
        var message = "opened"
        do {
            _ = try openStore(directory.file())
        } catch {
            message = "\(error)"
        }
        #expect(message.contains(words))
        #expect(message.contains(directory.file()))
        #expect(!message.contains("\n"))
        let after = try contents(directory)
        #expect(after == before, "changed: \(message), \(before.mapValues(\.count)) -> \(after.mapValues(\.count))")
    }
}
