import API
import Client
import ClientTesting
import JSON
import Synchronization
import Testing

@Suite struct ReflectorTests {
    let time = ManualTime()
    let api: MemoryAPI

    init() { api = MemoryAPI(time: time) }

    func pod(_ name: String, _ labels: JSONValue = [:]) -> JSONValue {
        ["apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": .string(name), "labels": labels]]
    }

    @Test func itHoldsWhatTheServerHoldsAndTellsOfChanges() async throws {
        api.put(.pods, pod("a"))
        let pods = Reflector(api, .pods, time: time)
        #expect(!pods.hasSynced)
        var changes = pods.changes().makeAsyncIterator()
        let run = Task { await pods.run() }
        await pods.waitForSync()
        #expect(pods.keys == ["ns/a"])
        #expect(await changes.next()?.key == "ns/a")

        api.put(.pods, pod("b"))
        let added = await changes.next()
        #expect(added?.old == nil)
        #expect(added?.new?.name == "b")
        #expect(pods["ns/b"]?.name == "b")

        try await api.modify(.pods, namespace: "ns", name: "a") {
            $0["metadata"]["labels"]["x"] = "y"
            return true
        }
        let modified = await changes.next()
        #expect(modified?.old?.label("x") == nil)
        #expect(modified?.new?.label("x") == "y")

        try await api.delete(.pods, namespace: "ns", name: "a", .init())
        let deleted = await changes.next()
        #expect(deleted?.old?.label("x") == "y")
        #expect(deleted?.new == nil)
        #expect(pods["ns/a"] == nil)
        run.cancel()
        await run.value
        #expect(await changes.next() == nil)
    }

    @Test func aBrokenWatchContinuesWhereItWasWithoutListing() async throws {
        let lists = Mutex(0)
        api.refuse { verb, _, _ in
            if verb == "list" { lists.withLock { $0 += 1 } }
            return nil
        }
        let pods = Reflector(api, .pods, time: time)
        var changes = pods.changes().makeAsyncIterator()
        let run = Task { await pods.run() }
        await api.waitForWatch(.pods)
        api.breakWatches(.unavailable("restarting"))
        api.put(.pods, pod("a"))
        await time.waitForSleeper()
        time.advance(seconds: 0.2)
        #expect(await changes.next()?.key == "ns/a")
        #expect(lists.withLock { $0 } == 1)
        run.cancel()
    }

    @Test func anExpiredVersionIsListedAgainAndOnlyDifferencesAreTold() async throws {
        for name in ["kept", "changed", "gone"] { api.put(.pods, pod(name)) }
        let pods = Reflector(api, .pods, time: time)
        let told = Mutex<[String]>([])
        pods.onChange { change in
            told.withLock {
                $0.append("\(change.key) \(change.old == nil ? "" : "old") \(change.new == nil ? "" : "new")")
            }
        }
        let run = Task { await pods.run() }
        await pods.waitForSync()
        await api.waitForWatch(.pods)
        told.withLock { $0 = [] }
        api.breakWatches(.expired("too slow"))
        try await api.delete(.pods, namespace: "ns", name: "gone", .init())
        api.put(.pods, pod("changed", ["a": "b"]))
        api.put(.pods, pod("new"))
        api.compact()
        await time.waitForSleeper()
        time.advance(seconds: 0.2)
        await api.waitForWatch(.pods)
        #expect(
            told.withLock { $0.sorted() } == ["ns/changed old new", "ns/gone old ", "ns/new  new"])
        run.cancel()
    }

    @Test func aBookmarkMovesTheVersionToContinueFrom() async {
        let pods = Reflector(api, .pods, time: time)
        let run = Task { await pods.run() }
        await api.waitForWatch(.pods)
        api.put(.nodes, ["metadata": ["name": "n"]])
        api.bookmark()

        api.compact()
        api.breakWatches()
        await time.waitForSleeper()
        time.advance(seconds: 0.2)
        await api.waitForWatch(.pods)
        run.cancel()
    }

    @Test func aRefusingServerIsAskedLaterAndLater() async {
        let asked = Mutex<[Double]>([])
        api.refuse { [time] verb, _, _ in
            asked.withLock { $0.append(time.uptime) }
            return .unavailable("no")
        }
        let pods = Reflector(api, .pods, time: time)
        let run = Task { await pods.run() }
        while asked.withLock({ $0.count }) < 6 {
            await time.waitForSleeper()
            time.advance(seconds: 0.05)
        }
        let times = asked.withLock { $0 }
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        for (gap, delay) in zip(gaps, [0.1, 0.2, 0.4, 0.8, 1.6]) {
            #expect(gap > delay - 0.001, "\(gaps)")
            #expect(gap < 2 * delay + 0.06, "\(gaps)")
        }
        #expect(!pods.hasSynced)
        run.cancel()
    }

    @Test func onlyWhatTheTransformKeepsIsHeld() async {
        api.put(.pods, pod("a", ["keep": "yes"]))
        api.put(.pods, pod("b"))
        let names = Reflector(api, .pods, time: time) { $0.label("keep") }
        let run = Task { await names.run() }
        await names.waitForSync()
        #expect(names.snapshot == ["ns/a": "yes"])
        run.cancel()
    }

    @Test func selectorsLimitWhatIsSeen() async {
        api.put(.pods, pod("a", ["x": "1"]))
        api.put(.pods, pod("b", ["x": "2"]))
        let options = ListOptions(
            labelSelector: LabelSelector(matchLabels: try! Object(parsing: Array(#"{"x":"2"}"#.utf8)).root))
        let pods = Reflector(api, .pods, options, time: time)
        let run = Task { await pods.run() }
        await pods.waitForSync()
        #expect(pods.keys == ["ns/b"])
        run.cancel()
    }
}
