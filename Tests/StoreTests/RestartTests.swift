import CSQLite
import Foundation
import Testing

@testable import Store

@Suite struct RestartTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func objectsAttributesAndHistorySurvive() async throws {
        var store = try openStore(directory.file())
        try await store.put("a/x", "one")
        try await store.put("a/y", "two")
        try await store.put("a/x", "three")
        try await store.delete("a/y", "last words")
        await store.close()
        #expect(directory.names == ["store.db"])

        store = try openStore(directory.file())
        #expect(store.revision == 4)
        #expect(try store.texts() == ["a/x=three"])
        #expect(store.get("pods", "a/x")?.revision == 3)
        #expect(store.get("pods", "a/x")?.attributes.label("app") == "three")
        #expect(try store.texts(at: 2) == ["a/x=one", "a/y=two"])
        let watcher = try TestWatcher(store, from: 1)
        #expect(
            await watcher.next(3).events.map(\.described)
                == ["2 put a/y=two", "3 put a/x=three was one", "4 delete a/y=last words was two"])
        await store.close()
    }

    @Test func theFileIsForItsOwnerOnly() async throws {
        let store = try openStore(directory.file())
        try await store.put("a", "secret")
        for name in directory.names {
            let mode = try FileManager.default.attributesOfItem(atPath: directory.file(name))[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        await store.close()
    }

    @Test func aRevisionIsNeverUsedTwiceEvenIfTheNewestObjectIsDeletedAndCompacted() async throws {
        let clock = TestClock()
        var store = try openStore(directory.file(), clock: clock)
        for round in 0..<4 {
            try await store.put("a/x", "\(round)")
            try await store.delete("a/x")
            clock.advance(1000)
            await store.compact()
            #expect(store.revision == Int64(2 * round + 2))
            await store.close()
            store = try openStore(directory.file(), clock: clock)
            #expect(store.revision == Int64(2 * round + 2))
        }
        #expect(try await store.put("a/x").revision == 9)
        await store.close()
    }

    @Test func whatIsCompactedIsGoneFromTheDiskAndStaysGoneAfterARestart() async throws {
        let clock = TestClock()
        var store = try openStore(directory.file(), clock: clock)
        for number in 0..<2000 { try await store.put("a/\(number % 3)", "\(number)") }
        try await store.put("b", in: "nodes")
        clock.advance(1000)
        await store.compact()
        await store.close()
        #expect(try rows() == 4)

        store = try openStore(directory.file(), clock: clock)
        #expect(try store.texts() == ["a/0=1998", "a/1=1999", "a/2=1997"])
        #expect(throws: StoreError.self) { try store.watch("pods", from: 1999) {} }
        #expect(throws: StoreError.self) { try store.list("pods", at: 1999) }
        _ = try store.watch("pods", from: 2000) {}
        await store.close()
    }

    @Test func recordsThatALostCompactionLeftAreRemovedLater() async throws {
        // The window is smaller than what the log has: as after a kill between an append and the compaction.
        var store = try openStore(directory.file())
        for number in 0..<300 { try await store.put("a/\(number % 3)", "\(number)") }
        for number in 0..<3 { try await store.delete("a/\(number)", "\(number)") }
        try await store.put("b", "stays")
        await store.close()
        #expect(try rows() == 304)

        let clock = TestClock()
        store = try openStore(directory.file(), window: HistoryWindow(events: 8), clock: clock)
        await store.compact()
        #expect(try store.texts() == ["b=stays"])
        clock.advance(1000)
        await store.compact()
        await store.close()
        #expect(try rows() == 1)
    }

    @Test func aSteadyStreamOfUpdatesDoesNotGrowTheLog() async throws {
        let store = try openStore(directory.file(), window: HistoryWindow(events: 100))
        for number in 0..<5000 {
            store.write(
                Write(resource: "pods", key: "a/\(number % 10)", expected: .any, change: .put(encoded("\(number)")))
            ) { _ in }
        }
        await store.close()
        #expect(try rows() < 1600)
    }

    @Test func supersededObjectsAreReleasedWhenTheyLeaveTheWindow() async throws {
        let clock = TestClock()
        let store = try openStore(directory.file(), clock: clock)
        weak let first = try await store.put("a/x", "one")
        try await store.put("a/x", "two")
        #expect(first != nil)
        clock.advance(301)
        await store.compact()
        #expect(first == nil)
        await store.close()
    }

    @Test func largeSupersededObjectsAreForgottenBeforeTheirNumberIsReached() async throws {
        let store = try openStore(directory.file(), window: HistoryWindow(bytes: 1 << 20))
        let large = String(repeating: "x", count: 100_000)
        weak let first = try await store.put("a/x", large)
        for _ in 0..<30 { try await store.put("a/x", large) }
        #expect(first == nil)
        #expect(throws: StoreError.self) { try store.watch("pods", from: 1) {} }
        _ = try store.watch("pods", from: 25) {}
        await store.close()
    }

    private func rows() throws -> Int64 {
        try SQLiteConnection(directory.file(), flags: SQLITE_OPEN_READONLY).number("SELECT count(*) FROM log")
    }
}
