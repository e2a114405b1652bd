import Synchronization
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct WatchTests {
    let directory: TemporaryDirectory
    let store: Store

    init() throws {
        directory = try TemporaryDirectory()
        store = try openStore(directory.file())
    }

    @Test func aWatcherSeesEveryChangeInOrderWithTheStateBefore() async throws {
        try await store.put("a/x", "0")
        let watcher = try TestWatcher(store)
        try await store.put("a/x", "1")
        try await store.put("b/y", "2")
        try await store.put("a/x", "elsewhere", in: "services")
        try await store.delete("a/x", "3")
        let (events, state) = await watcher.next(3)
        #expect(events.map(\.described) == ["2 put a/x=1 was 0", "3 put b/y=2", "5 delete a/x=3 was 1"])
        #expect(state == .open)
        await store.close()
    }

    @Test func aWatcherOfANamespaceSeesOnlyThat() async throws {
        let watcher = try TestWatcher(store, prefix: "a/")
        for key in ["ab/x", "a/x", "b/x", "a-/x"] { try await store.put(key) }
        #expect(await watcher.next(1).events.map(\.object.key) == ["a/x"])
        try await store.put("b/z")
        #expect(watcher.drain().events.isEmpty)
        await store.close()
    }

    @Test func aWatcherResumesFromAnyRevisionOfTheWindow() async throws {
        for number in 1...600 { try await store.put("a/\(number % 7)", "\(number)") }
        for from in [Int64(0), 1, 299, 599] {
            let watcher = try TestWatcher(store, from: from, queueLimit: 100)
            let (events, _) = await watcher.next(600 - Int(from))
            #expect(events.map(\.revision) == Array(from + 1...600))
            watcher.watcher.cancel()
        }
        let now = try TestWatcher(store, from: 600)
        #expect(now.drain().events.isEmpty)
        await store.close()
    }

    @Test func aRevisionBeforeTheWindowOrInTheFutureIsRefused() async throws {
        let clock = TestClock()
        let store = try openStore(directory.file("old.db"), clock: clock)
        for number in 0..<10 { try await store.put("a", "\(number)") }
        clock.advance(301)
        await store.compact()
        let gone = #expect(throws: StoreError.self) { try store.watch("pods", from: 9) {} }
        guard case .compacted(oldest: 10)? = gone else { return #expect(Bool(false), "\(String(describing: gone))") }
        let future = #expect(throws: StoreError.self) { try store.watch("pods", from: 11) {} }
        guard case .tooLargeRevision(current: 10)? = future else {
            return #expect(Bool(false), "\(String(describing: future))")
        }
        let watcher = try TestWatcher(store, from: 10)
        try await store.put("a", "next")
        #expect(await watcher.next(1).events.map(\.revision) == [11])
        await store.close()
        await self.store.close()
    }

    @Test func aWatcherThatLagsBehindTheWindowIsOverflowedAndDelaysNobody() async throws {
        let store = try openStore(directory.file("small.db"), window: HistoryWindow(events: 100))
        let slow = try TestWatcher(store)
        let elsewhere = try TestWatcher(store, prefix: "quiet/")
        for number in 0..<500 { try await store.put("a/x", "\(number)") }
        #expect(slow.drain().state == .overflowed)
        #expect(slow.drain().state == .overflowed)
        // Nothing that concerns this one was lost, however much else happened.
        #expect(elsewhere.drain().state == .open)
        try await store.put("quiet/x")
        #expect(await elsewhere.next(1).events.map(\.object.key) == ["quiet/x"])
        await store.close()
        await self.store.close()
    }

    @Test func aWatcherIsWokenOnceUntilItDrains() async throws {
        let watcher = try TestWatcher(store)
        for number in 0..<50 { try await store.put("a/\(number)") }
        #expect(watcher.wakeCount.value.load(ordering: .sequentiallyConsistent) == 1)
        #expect(watcher.drain().events.count == 50)
        try await store.put("a/x")
        #expect(watcher.wakeCount.value.load(ordering: .sequentiallyConsistent) == 2)
        await store.close()
    }

    @Test func aBookmarkNeverRunsAheadOfWhatWasDrained() async throws {
        let watcher = try TestWatcher(store, prefix: "a/")
        for _ in 0..<5 { try await store.put("b/x") }
        #expect(watcher.watcher.revision == 5)
        try await store.put("a/x")
        try await store.put("b/x")
        #expect(watcher.watcher.revision == 5)
        #expect(watcher.drain().events.map(\.revision) == [6])
        #expect(watcher.watcher.revision == 7)
        await store.close()
    }

    @Test func aCancelledWatcherGetsNothingMore() async throws {
        let watcher = try TestWatcher(store)
        watcher.watcher.cancel()
        try await store.put("a/x")
        let (events, state) = watcher.drain()
        #expect(events.isEmpty)
        #expect(state == .closed)
        #expect(watcher.wakeCount.value.load(ordering: .sequentiallyConsistent) == 0)
        await store.close()
    }

    @Test func closingTheStoreEndsWatchesBehindTheirLastEvent() async throws {
        let watcher = try TestWatcher(store)
        let idle = try TestWatcher(store, "nodes")
        try await store.put("a/x")
        await store.close()
        let (events, state) = watcher.drain()
        #expect(events.count == 1)
        #expect(state == .closed)
        #expect(await idle.next(1).state == .closed)
    }

    @Test func listThenWatchMissesNothingUnderConcurrentWrites() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        let deletes = number % 5 == 4
                        let key = "\(task % 2)/\(task)-\((deletes ? number - 1 : number) % 20)"
                        if deletes { try await store.delete(key) } else { try await store.put(key, "\(number)") }
                    }
                }
            }
            for reader in 0..<8 {
                group.addTask {
                    let prefix = ["", "0/", "1/", "none/"][reader % 4]
                    var state: [String: String] = [:]
                    let list = try store.list("pods", prefix: prefix)
                    for object in list.objects { state[object.key] = object.text }
                    let watcher = try TestWatcher(store, prefix: prefix, from: list.revision, queueLimit: 50)
                    var last = list.revision
                    // The writers make 1600 revisions in all; the last one is waited for as a bookmark.
                    while watcher.watcher.revision < 1600 {
                        var events: [StoreEvent] = []
                        guard watcher.watcher.drain(into: &events) == .open else { break }
                        for event in events {
                            #expect(event.revision > last)
                            last = event.revision
                            #expect(event.previous?.text == state[event.object.key])
                            state[event.object.key] = event.kind == .put ? event.object.text : nil
                        }
                        await Task.yield()
                    }
                    let now = try store.list("pods", prefix: prefix).objects
                    #expect(Dictionary(uniqueKeysWithValues: now.map { ($0.key, $0.text) }) == state)
                    watcher.watcher.cancel()
                }
            }
            try await group.waitForAll()
        }
        #expect(store.revision == 1600)
        await store.close()
    }
}
