// Measures the store: commits, CPU for each, watch deliveries, memory. Run it in a release build:
//     bench-store [DIRECTORY]

import Glibc
import Store
import Synchronization

func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// Resident memory in MiB, from /proc/self/statm.
func residentMiB() -> Double {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    fgets(&line, 200, file)
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
        separator: " ")
    return fields.count > 1 ? (Double(fields[1]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576 : 0
}

func rounded(_ value: Double, _ digits: Double = 10) -> Double {
    (value * digits).rounded() / digits
}

func measure(_ name: String, _ count: Int, _ body: () async throws -> Void) async rethrows {
    let cpu = cpuSeconds()
    let start = ContinuousClock.now
    try await body()
    let wall = (ContinuousClock.now - start) / .seconds(1)
    let each = (cpuSeconds() - cpu) / Double(count) * 1e6
    print("\(name): \(Int(Double(count) / wall))/s, \(rounded(each)) us CPU each")
}

func put(_ store: Store, _ key: String, size: Int) async throws {
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: size)
    _ = try await store.write(
        Write(
            resource: "pods", key: key, expected: .any,
            change: .put(Encoded(bytes: bytes, revisionOffset: 10, attributes: Attributes(labels: ["app": "web"])))))
}

func write(_ store: Store, writers: Int, each: Int, size: Int, name: String) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<writers {
            group.addTask {
                for number in 0..<each { try await put(store, "\(name)/\(writer)-\(number)", size: size) }
            }
        }
        try await group.waitForAll()
    }
}

if CommandLine.arguments.dropFirst().first == "--load" {
    let start = ContinuousClock.now
    let store = try Store(backend: SQLiteBackend(path: CommandLine.arguments[2])) { _, _ in
        Attributes(labels: ["app": "web"])
    }
    print("loaded in another process in \(ContinuousClock.now - start): \(rounded(residentMiB())) MiB")
    store.closeAndWait()
    exit(0)
}

/// Runs this program once more.
func runSelf(_ arguments: [String]) {
    var words = (["/proc/self/exe"] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    var status: Int32 = 0
    if posix_spawn(&child, "/proc/self/exe", nil, nil, &words, nil) == 0 { waitpid(child, &status, 0) }
}

let base = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "/tmp"
let path = "\(base)/bench-store-\(getpid()).db"
func open() throws -> Store {
    try Store(backend: SQLiteBackend(path: path), attributes: { _, _ in Attributes(labels: ["app": "web"]) })
}
defer { unlink(path) }

print("process: \(rounded(residentMiB())) MiB")
var store = try open()
print("empty store: \(rounded(residentMiB())) MiB")
try await write(store, writers: 16, each: 625, size: 5000, name: "big")
print("10,000 objects of 5 KB written: \(rounded(residentMiB())) MiB")
await store.close()
runSelf(["--load", path])
store = try open()

try await measure("1 writer, 1 KB", 3000) { try await write(store, writers: 1, each: 3000, size: 1000, name: "one") }
try await measure("16 writers, 1 KB", 32_000) {
    try await write(store, writers: 16, each: 2000, size: 1000, name: "many")
}
try await measure("16 writers updating, 1 KB", 32_000) {
    try await write(store, writers: 16, each: 2000, size: 1000, name: "many")
}
await measure("get", 1_000_000) {
    for number in 0..<1_000_000 { _ = store.get("pods", "many/\(number % 16)-\(number % 2000)") }
}
try await measure("list of all \(store.count("pods"))", 100) {
    for _ in 0..<100 { _ = try store.list("pods") }
}
try await measure("list of a page of 500", 1000) {
    for _ in 0..<1000 { _ = try store.list("pods", after: "many/8", limit: 500) }
}

// 200 watchers, each drained on one of two threads' worth of tasks, as connections would on event loops.
let delivered = Atomic<Int>(0)
let watchers = try (0..<200).map { number in
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    return (try store.watch("pods", from: nil) { continuation.yield() }, stream)
}
for updates in [200, 20_000] {
    delivered.store(0, ordering: .relaxed)
    let total = updates * watchers.count
    try await measure("200 watchers, \(updates) updates: delivery", total) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (watcher, stream) in watchers {
                group.addTask {
                    var seen = 0
                    var events: [StoreEvent] = []
                    for await _ in stream {
                        events.removeAll(keepingCapacity: true)
                        _ = watcher.drain(into: &events)
                        seen += events.count
                        if seen == updates { break }
                    }
                    delivered.add(seen, ordering: .relaxed)
                }
            }
            group.addTask { try await write(store, writers: 16, each: updates / 16, size: 1000, name: "many") }
            group.addTask { try await write(store, writers: 1, each: updates % 16, size: 1000, name: "rest") }
            try await group.waitForAll()
        }
    }
    print("  delivered \(delivered.load(ordering: .relaxed)) of \(total)")
}
await store.close()
