// Writes to a store from many tasks and prints every acknowledged write, until it is killed:
//     put KEY REVISION CHECKSUM      or      delete KEY REVISION -
// Without "write" it only holds the store open until its input ends.

import Glibc
import Store

func say(_ line: String) {
    let line = line + "\n"
    _ = line.utf8.withContiguousStorageIfAvailable { Glibc.write(1, $0.baseAddress, $0.count) }
}

func payload() -> (checksum: Int64, bytes: [UInt8]) {
    // Small ones, ones that fill pages, and ones that span many.
    let size = Int.random(in: 1...([20, 500, 3000, 20000].randomElement() ?? 20))
    let body = [UInt8](repeating: UInt8.random(in: 32..<127), count: size - 1) + [UInt8.random(in: 32..<127)]
    let checksum = body.reduce(Int64(7)) { $0 &* 31 &+ Int64($1) }
    return (checksum, Array("\(checksum) ".utf8) + body)
}

guard CommandLine.arguments.count > 1 else {
    say("usage: store-crash-writer FILE [write]")
    exit(2)
}
let store = try Store(
    backend: SQLiteBackend(path: CommandLine.arguments[1]), attributes: { _, _ in Attributes() },
    historyWindow: HistoryWindow(events: 200))
say("ready")
guard CommandLine.arguments.count > 2 else {
    while getchar() != EOF {}
    exit(0)
}

try await withThrowingTaskGroup(of: Void.self) { group in
    for task in 0..<12 {
        group.addTask {
            for number in 0... {
                let deletes = number % 4 == 3
                let key = "\(task)/\(number % 40)" + (number % 4 >= 2 ? "-deleted" : "")
                let previous = "\(task)/\((number - 1) % 40)-deleted"
                if deletes {
                    let gone = try await store.write(
                        Write(resource: "pods", key: previous, expected: .any, change: .delete(Encoded(bytes: [0x20]))))
                    say("delete \(previous) \(gone.revision) -")
                } else {
                    let (checksum, bytes) = payload()
                    let object = try await store.write(
                        Write(resource: "pods", key: key, expected: .any, change: .put(Encoded(bytes: bytes))))
                    say("put \(key) \(object.revision) \(checksum)")
                }
            }
        }
    }
    try await group.waitForAll()
}
