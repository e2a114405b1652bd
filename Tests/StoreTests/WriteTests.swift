import Synchronization
import Testing

@testable import Store

@Suite struct WriteTests {
    let directory: TemporaryDirectory
    let store: Store

    init() throws {
        directory = try TemporaryDirectory()
        store = try openStore(directory.file())
    }

    @Test func revisionsStartAtOneAndCountEveryWriteOfEveryResource() async throws {
        #expect(store.revision == 0)
        #expect(try await store.put("a/x").revision == 1)
        #expect(try await store.put("a/x", in: "services").revision == 2)
        #expect(try await store.delete("a/x").revision == 3)
        #expect(store.revision == 3)
        #expect(store.resources() == ["services"])
        await store.close()
    }

    @Test func theRevisionIsSplicedIntoTheBytes() async throws {
        let middle = Encoded(bytes: Array(#"{"rv":"","a":1}"#.utf8), revisionOffset: 7)
        let end = Encoded(bytes: Array("at the end ".utf8), revisionOffset: 11)
        let write = Write(resource: "pods", key: "a/x", expected: .absent, change: .put(middle))
        #expect(try await store.write(write).text == #"{"rv":"1","a":1}"#)
        #expect(store.get("pods", "a/x")?.text == #"{"rv":"1","a":1}"#)
        let gone = try await store.write(
            Write(resource: "pods", key: "a/x", expected: .revision(1), change: .delete(end)))
        #expect(gone.text == "at the end 2")
        let start = Encoded(bytes: Array(" first".utf8), revisionOffset: 0)
        #expect(
            try await store.write(Write(resource: "pods", key: "b", expected: .any, change: .put(start))).text
                == "3 first")
        await store.close()
    }

    @Test func creatingWhatExistsIsRefusedWithTheExistingObject() async throws {
        try await store.put("a/x", "one", expecting: .absent)
        let error = await #expect(throws: StoreError.self) { try await store.put("a/x", "two", expecting: .absent) }
        guard case .exists(let object)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(object.described == "a/x=one")
        #expect(store.revision == 1)
        await store.close()
    }

    @Test func anUpdateOfAnOldRevisionIsRefusedWithTheCurrentObject() async throws {
        let first = try await store.put("a/x", "one")
        try await store.put("a/x", "two", expecting: .revision(first.revision))
        for attempt in [store.put, store.delete] {
            let error = await #expect(throws: StoreError.self) {
                _ = try await attempt("a/x", "three", "pods", .revision(first.revision))
            }
            guard case .conflict(let object)? = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
            #expect(object.described == "a/x=two")
        }
        await store.close()
    }

    @Test func whatIsNotThereCannotBeUpdatedOrDeleted() async throws {
        for expected in [Expected.revision(1), .any] {
            await #expect(throws: StoreError.self) { try await store.delete("a/x", expecting: expected) }
        }
        await #expect(throws: StoreError.self) { try await store.put("a/x", expecting: .revision(1)) }
        #expect(try await store.put("a/x", expecting: .any).revision == 1)
        await store.close()
    }

    @Test func ofConcurrentUpdatesFromOneRevisionExactlyOneWins() async throws {
        for round in 0..<20 {
            let before = try await store.put("a/x", "round \(round)")
            let wins = await withTaskGroup(of: Bool.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        (try? await store.put("a/x", "task \(task)", expecting: .revision(before.revision))) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
        }
        await store.close()
    }

    @Test func writesQueuedTogetherSeeEachOther() async throws {
        // The first completion runs on the writer thread: what it queues forms one batch.
        let outcomes = await withCheckedContinuation { (continuation: CheckedContinuation<[String], Never>) in
            let outcomes = Mutex<[String]>([])
            let record: WriteCompletion = { result in
                let all = outcomes.withLock { outcomes in
                    switch result {
                    case .success(let object): outcomes.append("\(object.revision) \(object.described)")
                    case .failure(let error): outcomes.append(error.description)
                    }
                    return outcomes
                }
                if all.count == 6 { continuation.resume(returning: all) }
            }
            store.write(Write(resource: "pods", key: "first", expected: .any, change: .put(encoded("1")))) { _ in
                func write(_ expected: Expected, _ change: Write.Change) {
                    store.write(
                        Write(resource: "pods", key: "x", expected: expected, change: change), completion: record)
                }
                write(.absent, .put(encoded("a")))
                write(.absent, .put(encoded("b")))
                write(.revision(2), .put(encoded("c")))
                write(.revision(3), .delete(encoded("d")))
                write(.revision(3), .put(encoded("e")))
                write(.absent, .put(encoded("f")))
            }
        }
        #expect(outcomes == ["2 x=a", "x exists already", "3 x=c", "4 x=d", "no such object", "5 x=f"])
        #expect(try store.texts() == ["first=1", "x=f"])
        await store.close()
    }

    @Test func concurrentWritersGetRevisionsWithoutGapsOrRepeats() async throws {
        let revisions: [Int64] = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for task in 0..<16 {
                group.addTask {
                    var revisions: [Int64] = []
                    for number in 0..<50 {
                        revisions.append(try await store.put("\(task)/\(number % 10)", "\(number)").revision)
                    }
                    return revisions
                }
            }
            return try await group.reduce(into: []) { all, some in
                #expect(some == some.sorted())
                all += some
            }
        }
        #expect(revisions.sorted() == Array(1...800))
        #expect(store.count("pods") == 160)
        await store.close()
    }

    @Test func keysAreDistinguishedByTheirBytesAlone() async throws {
        try await store.put("r/caf\u{E9}", "composed", expecting: .absent)
        try await store.put("r/cafe\u{301}", "decomposed", expecting: .absent)
        #expect(store.get("pods", "r/caf\u{E9}")?.text == "composed")
        #expect(store.get("pods", "r/cafe\u{301}")?.text == "decomposed")
        await store.close()
    }

    @Test func aClosedStoreRefusesWritesAndStillReads() async throws {
        try await store.put("a/x", "one")
        await store.close()
        await store.close()
        let error = await #expect(throws: StoreError.self) { try await store.put("a/y") }
        guard case .closed? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(try store.texts() == ["a/x=one"])
        #expect(throws: StoreError.self) { try store.watch("pods", from: nil) {} }
    }

    @Test func closingCommitsWhatIsQueued() async throws {
        let acknowledged = Atomic<Int>(0)
        for number in 0..<3000 {
            store.write(
                Write(resource: "pods", key: "\(number)", expected: .absent, change: .put(encoded("x")))
            ) { result in
                if (try? result.get()) != nil { acknowledged.add(1, ordering: .sequentiallyConsistent) }
            }
        }
        store.closeAndWait()
        #expect(acknowledged.load(ordering: .sequentiallyConsistent) == 3000)
        let again = try openStore(directory.file())
        #expect(again.count("pods") == 3000)
        await again.close()
    }
}
