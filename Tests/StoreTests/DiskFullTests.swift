import Foundation
import Synchronization
import Testing

@testable import Store

@Suite struct DiskFullTests {
    /// A small file system of its own; nil where mounting is not allowed.
    private static func mount(_ path: String) -> Bool {
        Glibc.mount("tmpfs", path, "tmpfs", 0, "size=2m") == 0
    }

    @Test func aFullDiskRefusesWritesVisiblyAndTheStoreGoesOnWhenThereIsRoom() async throws {
        let directory = try TemporaryDirectory()
        guard Self.mount(directory.path) else { return }
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        let ballast = directory.file("ballast")
        try Data(count: 500_000).write(to: URL(fileURLWithPath: ballast))

        let store = try openStore(directory.file())
        let watcher = try TestWatcher(store)
        let value = String(repeating: "v", count: 20_000)
        var written = 0
        var message: String?
        while message == nil, written < 1000 {
            do {
                try await store.put("a/\(written)", value, expecting: .absent)
                written += 1
            } catch {
                guard case .backend(let words) = error else { throw error }
                message = words
            }
        }
        #expect(message?.contains("the disk is full") == true)
        #expect(written > 5)
        #expect(store.get("pods", "a/\(written)") == nil)
        #expect(store.count("pods") == written)
        #expect(store.revision == Int64(written))
        #expect(watcher.drain().events.count == written)

        try FileManager.default.removeItem(atPath: ballast)
        try await store.put("a/\(written)", value, expecting: .absent)
        #expect(store.revision == Int64(written + 1))
        await store.close()
        let again = try openStore(directory.file())
        #expect(again.count("pods") == written + 1)
        #expect(again.revision == Int64(written + 1))
        await again.close()
    }

    @Test func everyWriteOfAFailedCommitFailsAndNoneIsVisible() async throws {
        let directory = try TemporaryDirectory()
        let backend = FailingBackend(try SQLiteBackend(path: directory.file()))
        let store = try Store(backend: backend, attributes: { _, _ in Attributes() })
        try await store.put("a/x", "before")
        let watcher = try TestWatcher(store)
        backend.fails.store(true, ordering: .sequentiallyConsistent)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    // Of these at most one could succeed, and none must be told that another did.
                    let error = await #expect(throws: StoreError.self) {
                        try await store.put("a/y", "lost", expecting: .absent)
                    }
                    guard case .backend("no luck")? = error else {
                        return #expect(Bool(false), "\(String(describing: error))")
                    }
                }
            }
        }
        #expect(try store.texts() == ["a/x=before"])
        #expect(watcher.drain().events.isEmpty)
        backend.fails.store(false, ordering: .sequentiallyConsistent)
        try await store.put("a/y", "after", expecting: .absent)
        #expect(try store.texts() == ["a/x=before", "a/y=after"])
        #expect(watcher.drain().events.map(\.described) == ["2 put a/y=after"])
        await store.close()
    }

    /// Passes everything on, except appends while it fails.
    private final class FailingBackend: Backend {
        let fails = Atomic<Bool>(false)
        private let base: SQLiteBackend

        init(_ base: SQLiteBackend) { self.base = base }

        func historyStarts() throws(BackendError) -> [String: Int64] { try base.historyStarts() }
        func load(_ visit: (Record) -> Void) throws(BackendError) { try base.load(visit) }
        func append(_ batch: [Record]) throws(BackendError) {
            if fails.load(ordering: .sequentiallyConsistent) { throw BackendError("no luck") }
            try base.append(batch)
        }
        func compact(removing dead: [Int64], historyStarts: [String: Int64]) throws(BackendError) {
            try base.compact(removing: dead, historyStarts: historyStarts)
        }
        func reseal() {}
        func close() { base.close() }
    }
}
