import Foundation
import Testing

@testable import Store

/// Turns each byte into another one: enough to see who reads what.
private struct Mirror: Seal {
    let version: UInt8

    func covers(_ resource: String) -> Bool { resource == "secrets" }
    func seal(_ bytes: [UInt8], place: [UInt8]) -> [UInt8] { [0, version] + place + bytes.map { ~$0 } }
    func open(_ bytes: [UInt8], place: [UInt8]) throws(BackendError) -> [UInt8] {
        guard bytes.first == 0 else { return bytes }
        guard bytes.dropFirst(2).starts(with: place) else { throw BackendError("not its place") }
        return bytes.dropFirst(2 + place.count).map { ~$0 }
    }
    func isCurrent(_ bytes: [UInt8]) -> Bool { bytes.first == 0 && bytes[1] == version }
}

@Suite struct SealTests {
    let directory: TemporaryDirectory
    private let word = Array("a word that nobody may read".utf8)

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ seal: (any Seal)?, _ revision: Int64) throws {
        let backend = try SQLiteBackend(path: directory.file(), seal: seal)
        try backend.load { _ in }
        try backend.append([
            Record(revision: revision, resource: "secrets", key: "a/b", isDelete: false, bytes: word),
            Record(revision: revision + 1, resource: "pods", key: "a/b", isDelete: false, bytes: [1, 2, 3]),
        ])
        backend.close()
    }

    private func read(_ seal: (any Seal)?) throws -> [[UInt8]] {
        let backend = try SQLiteBackend(path: directory.file(), seal: seal)
        defer { backend.close() }
        var found: [[UInt8]] = []
        try backend.load { found.append($0.bytes) }
        return found
    }

    private var isWordOnDisk: Bool {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: directory.path).contains { name in
                try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + name)).range(of: Data(word)) != nil
            }
        }
    }

    @Test func whatIsSealedIsReadAsItWasWritten() throws {
        try write(Mirror(version: 1), 1)
        #expect(try !isWordOnDisk)
        #expect(try read(Mirror(version: 1)) == [word, [1, 2, 3]])
    }

    @Test func whatWasPlainIsSealedWhenItIsLoaded() throws {
        try write(nil, 1)
        #expect(try isWordOnDisk)
        #expect(try read(Mirror(version: 1)) == [word, [1, 2, 3]])
        #expect(try !isWordOnDisk)
        #expect(try read(Mirror(version: 1)) == [word, [1, 2, 3]])
    }

    @Test func anotherSealReplacesTheOneBefore() throws {
        try write(Mirror(version: 1), 1)
        #expect(try read(Mirror(version: 2)) == [word, [1, 2, 3]])
        // Without a seal one sees what is stored.
        #expect(try read(nil)[0].prefix(2) == [0, 2])
    }

    @Test func aRunningStoreSealsAgain() async throws {
        try write(nil, 1)
        let store = try Store(backend: SQLiteBackend(path: directory.file(), seal: Mirror(version: 3))) { _, _ in
            Attributes()
        }
        try await store.reseal()
        #expect(store.get("secrets", "a/b")?.bytes == word)
        await store.close()
        #expect(try read(nil)[0].prefix(2) == [0, 3])
    }
}
