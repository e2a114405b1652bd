import Testing

@testable import Store

@Suite struct ListTests {
    let directory: TemporaryDirectory
    let store: Store

    init() throws {
        directory = try TemporaryDirectory()
        store = try openStore(directory.file())
    }

    @Test func objectsComeInByteOrderOfTheirKeys() async throws {
        for key in ["b/1", "a/2", "a-b/1", "a/10", "a.b/1", "B/1", "a"] { try await store.put(key) }
        #expect(
            try store.list("pods").objects.map(\.key) == ["B/1", "a", "a-b/1", "a.b/1", "a/10", "a/2", "b/1"])
        #expect(try store.list("pods", prefix: "a/").objects.map(\.key) == ["a/10", "a/2"])
        #expect(try store.list("pods", prefix: "c/").objects.isEmpty)
        #expect(try store.list("nodes").objects.isEmpty)
        #expect(try store.list("nodes").revision == 7)
        await store.close()
    }

    @Test func pagesCoverThePrefixOnceAndCountWhatRemains() async throws {
        for number in 0..<1000 {
            try await store.put("\(number % 3)/\(number * 7919 % 1000)")
        }
        let all = try store.list("pods", prefix: "1/").objects.map(\.key)
        #expect(all.count == 333)
        var paged: [String] = []
        repeat {
            let page = try store.list("pods", prefix: "1/", after: paged.last, limit: 10)
            paged += page.objects.map(\.key)
            #expect(page.remaining == all.count - paged.count)
            #expect(page.more == (page.remaining > 0))
            if !page.more { break }
        } while paged.count < all.count
        #expect(paged == all)
        let behind = try store.list("pods", prefix: "0/", after: "2/5", limit: 10)
        #expect(behind.objects.isEmpty && !behind.more && behind.remaining == 0)
        await store.close()
    }

    @Test func aFilteredListKnowsWhetherMoreMatch() async throws {
        for number in 0..<100 { try await store.put("a/\(100 + number)", number % 10 == 0 ? "ten" : "other") }
        let first = try store.list("pods", limit: 9) { $0.attributes.label("app") == "ten" }
        #expect(first.objects.count == 9)
        #expect(first.more)
        let last = try store.list("pods", after: first.objects.last?.key, limit: 9) {
            $0.attributes.label("app") == "ten"
        }
        #expect(last.objects.map(\.key) == ["a/190"])
        #expect(!last.more)
        await store.close()
    }

    @Test func pagesOfAnOldRevisionShowThatRevisionWhileWritesGoOn() async throws {
        var random = SystemRandomNumberGenerator()
        func change() async throws {
            let key = "\(Int.random(in: 0..<3, using: &random))/\(Int.random(in: 0..<300, using: &random))"
            if Bool.random(using: &random) || store.get("pods", key) == nil {
                try await store.put(key, "\(store.revision)")
            } else {
                try await store.delete(key)
            }
        }
        for _ in 0..<800 { try await change() }
        for prefix in ["", "1/"] {
            let whole = try store.list("pods", prefix: prefix)
            let expected = whole.objects.map(\.described)
            var paged: [StoredObject] = []
            while true {
                let page = try store.list(
                    "pods", prefix: prefix, after: paged.last?.key, limit: 7, at: whole.revision)
                paged += page.objects
                #expect(page.revision == whole.revision)
                #expect(page.remaining == expected.count - paged.count)
                if !page.more { break }
                for _ in 0..<10 { try await change() }
            }
            #expect(paged.map(\.described) == expected)
            #expect(try store.list("pods", prefix: prefix, at: whole.revision).objects.map(\.described) == expected)
        }
        await store.close()
    }

    @Test func everyRevisionOfTheWindowCanBeListed() async throws {
        var states: [Int64: [String]] = [0: []]
        for (key, text) in [("a", "1"), ("b", "2"), ("a", "3"), ("b", nil), ("c", "4"), ("b", "5"), ("a", nil)] {
            if let text { try await store.put(key, text) } else { try await store.delete(key) }
            states[store.revision] = try store.texts()
        }
        for (revision, state) in states { #expect(try store.texts(at: revision) == state) }
        #expect(states[4] == ["a=3"])
        await store.close()
    }

    @Test func revisionsThatAreGoneOrHaveNotHappenedAreRefused() async throws {
        let store = try openStore(directory.file("small.db"), window: HistoryWindow(events: 8))
        for number in 0..<100 { try await store.put("a", "\(number)") }
        let gone = #expect(throws: StoreError.self) { try store.list("pods", at: 50) }
        guard case .compacted(let oldest)? = gone else { return #expect(Bool(false), "\(String(describing: gone))") }
        #expect(try store.texts(at: oldest) == ["a=\(oldest - 1)"])
        let future = #expect(throws: StoreError.self) { try store.list("pods", at: 101) }
        guard case .tooLargeRevision(current: 100)? = future else {
            return #expect(Bool(false), "\(String(describing: future))")
        }
        await store.close()
        await self.store.close()
    }

    @Test func manyRandomChangesLeaveWhatTheyShould() async throws {
        var random = SystemRandomNumberGenerator()
        var expected: [String: String] = [:]
        for round in 0..<6 {
            // Growing, then shrinking to nothing.
            let deletes = round < 3 ? 0.2 : 0.9
            do {
                for number in 0..<2000 {
                    let key = "ns/\(Int.random(in: 0..<1500, using: &random))"
                    if Double.random(in: 0..<1, using: &random) < deletes {
                        guard expected.removeValue(forKey: key) != nil else { continue }
                        store.write(
                            Write(resource: "pods", key: key, expected: .any, change: .delete(encoded("")))
                        ) { _ in }
                    } else {
                        expected[key] = "\(round) \(number)"
                        store.write(
                            Write(
                                resource: "pods", key: key, expected: .any, change: .put(encoded("\(round) \(number)")))
                        ) { _ in }
                    }
                }
            }
            // Behind all others in the queue.
            try await store.put("last", in: "nodes")
            let listed = try store.list("pods").objects
            #expect(Dictionary(uniqueKeysWithValues: listed.map { ($0.key, $0.text) }) == expected)
            #expect(listed.map(\.key) == listed.map(\.key).sorted())
            #expect(store.count("pods") == expected.count)
            for key in expected.keys { #expect(store.get("pods", key)?.text == expected[key]) }
        }
        await store.close()
    }
}
