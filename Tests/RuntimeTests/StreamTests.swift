import NIOCore
import Testing

@testable import Runtime

@Suite(.serialized)
struct StreamTests {
    private let stdin = StreamSelection(stdin: true)

    @Test func aCommandReadsEndOfFileWhenStdinIsClosed() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let stream = try await node.driver.exec(
                container: pod.container, command: ["sh", "-c", "cat; echo done >&2"], streams: stdin)
            try await stream.write("hello ")
            try await stream.write("world")
            try await stream.closeStdin()
            let (stdout, stderr, status) = try await stream.readAll()
            #expect(stdout == "hello world" && stderr == "done\n")
            #expect(status.contains("\"Success\""))
            await stream.close()
        }
    }

    @Test func anExitCodeIsInTheStatus() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let stream = try await node.driver.exec(
                container: pod.container, command: ["sh", "-c", "exit 7"], streams: StreamSelection())
            let status = try await stream.readAll().status
            #expect(status.contains("\"ExitCode\"") && status.contains("\"7\""))
            await stream.close()
            let missing = try await node.driver.exec(
                container: pod.container, command: ["nothing"], streams: StreamSelection())
            #expect(try await missing.readAll().status.contains("\"Failure\""))
            await missing.close()
        }
    }

    @Test func manyMegabytesPassBothWaysAndASlowReaderIsWaitedFor() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let big = try await node.driver.exec(
                container: pod.container, command: ["head", "-c", "20000000", "/dev/zero"], streams: StreamSelection())
            // Long enough for all of it to have come, were nobody to hold it back.
            try await Task.sleep(for: .milliseconds(300))
            var count = 0
            while let chunk = try await big.read() {
                if case .stdout(let bytes) = chunk { count += bytes.readableBytes }
            }
            #expect(count == 20_000_000)
            await big.close()

            let counting = try await node.driver.exec(
                container: pod.container, command: ["wc", "-c"], streams: stdin)
            let block = ByteBuffer(repeating: 120, count: 1_000_000)
            for _ in 0..<5 { try await counting.write(block) }
            try await counting.closeStdin()
            #expect(try await counting.readAll().stdout == "5000000\n")
            await counting.close()
        }
    }

    @Test func aTerminalTakesItsNewSize() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let stream = try await node.driver.exec(
                container: pod.container, command: ["sh", "-c", "while read x; do stty size; done"],
                streams: StreamSelection(stdin: true, tty: true))
            try await stream.resize(TerminalSize(width: 100, height: 40))
            var seen = ""
            // Size and input go different ways: ask until the size has arrived.
            while !seen.contains("40 100") {
                try await stream.write("\n")
                guard case .stdout(let bytes) = try await stream.read() else { break }
                seen += String(buffer: bytes)
                try #require(seen.count < 100_000)
            }
            #expect(seen.contains("40 100"))
            await stream.close()
        }
    }

    @Test func attachReachesTheFirstProcess() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("cat; exit 4") { _ in
            } container: {
                $0.stdin = true
                $0.stdinOnce = true
            }
            let stream = try await node.driver.attach(container: pod.container, streams: stdin)
            try await stream.write("ahoy\n")
            guard case .stdout(let bytes) = try await stream.read() else {
                Issue.record("nothing came back")
                return
            }
            #expect(String(buffer: bytes) == "ahoy\n")
            try await stream.closeStdin()
            #expect(try await node.untilExited(pod.container).exitCode == 4)
            _ = try await stream.readAll()
            await stream.close()
        }
    }

    @Test func aForwardedPortCarriesBothWays() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("nc -ll -p 8080 -e cat")
            let reply = try await eventually("the port answers") { () -> String? in
                let stream = try await node.driver.portForward(podSandbox: pod.sandbox, port: 8080)
                try? await stream.write("ping over tcp")
                try? await stream.closeStdin()
                let stdout = try await stream.readAll().stdout
                await stream.close()
                return stdout.isEmpty ? nil : stdout
            }
            #expect(reply == "ping over tcp")

            let refused = try await node.driver.portForward(podSandbox: pod.sandbox, port: 9)
            #expect(try await refused.readAll().status.contains("refused"))
            await refused.close()
        }
    }

    @Test func closingAndCancellingEndARead() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let stream = try await node.driver.exec(
                container: pod.container, command: ["cat"], streams: stdin)
            let reading = Task { try await stream.read() }
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
            // The session itself lives on.
            try await stream.write("still here")
            #expect(try await stream.read() == .stdout(ByteBuffer(string: "still here")))
            let ending = Task { try await stream.read() }
            await stream.close()
            await #expect(throws: RuntimeError.self) { try await ending.value }
        }
    }
}
