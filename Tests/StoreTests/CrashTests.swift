import Foundation
import Testing

@testable import Store

/// Built beside the tests.
func crashWriter() throws -> URL {
    try URL(fileURLWithPath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        .deletingLastPathComponent().appendingPathComponent("store-crash-writer")
}

@Suite(.timeLimit(.minutes(5))) struct CrashTests {
    /// kill -9 at random moments: whatever was acknowledged is there, and every value is whole.
    @Test func nothingAcknowledgedIsLostWhenTheProcessIsKilled() async throws {
        let directory = try TemporaryDirectory()
        // What the processes acknowledged last of each key; a nil checksum is a delete.
        var acknowledged: [String: (revision: Int64, checksum: Int64?)] = [:]
        var newest: Int64 = 0
        for round in 0..<25 {
            let lines = try runAndKill(directory.file(), afterLines: Int.random(in: 1...400))
            for line in lines where line.count == 4 {
                let revision = try #require(Int64(line[2]))
                if revision > acknowledged[line[1]]?.revision ?? 0 {
                    acknowledged[line[1]] = (revision, line[0] == "put" ? Int64(line[3]) : nil)
                }
                newest = max(newest, revision)
            }

            let store = try openStore(directory.file())
            #expect(store.revision >= newest, "round \(round)")
            newest = store.revision
            for (key, last) in acknowledged {
                let object = store.get("pods", key)
                if let object {
                    #expect(object.revision >= last.revision, "\(key) in round \(round)")
                    if object.revision == last.revision { #expect(payloadChecksum(object.bytes) == last.checksum) }
                } else {
                    // Gone: by an acknowledged delete, or one that was killed before it could be acknowledged.
                    #expect(last.checksum == nil || key.hasSuffix("deleted"), "\(key) in round \(round)")
                }
            }
            for object in try store.list("pods").objects {
                #expect(isWhole(object.bytes), "\(object.key) in round \(round)")
            }
            await store.close()
        }
        #expect(acknowledged.count > 100)
    }

    private func runAndKill(_ path: String, afterLines limit: Int) throws -> [[String]] {
        let process = Process()
        process.executableURL = try crashWriter()
        process.arguments = [path, "write"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var data = Data()
        var lines = 0
        while case let some = output.fileHandleForReading.availableData, !some.isEmpty {
            data += some
            lines += some.count { $0 == UInt8(ascii: "\n") }
            if lines > limit { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        // The last line may be cut off.
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map { $0.split(separator: " ").map(String.init) }
    }

    /// The child writes a checksum, a space and what it is the checksum of.
    private func isWhole(_ bytes: [UInt8]) -> Bool {
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return false }
        return Int64(String(decoding: bytes[..<space], as: UTF8.self)) == sum(bytes[(space + 1)...])
    }

    private func payloadChecksum(_ bytes: [UInt8]) -> Int64? {
        bytes.firstIndex(of: UInt8(ascii: " ")).flatMap { Int64(String(decoding: bytes[..<$0], as: UTF8.self)) }
    }

    private func sum(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(7) { $0 &* 31 &+ Int64($1) }
    }
}
