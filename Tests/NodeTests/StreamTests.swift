import API
import Client
import JSON
import Testing

@testable import Node

@Suite(.serialized) struct StreamTests {
    @Test func logsAreCutToTheOptions() async throws {
        try await TestCluster.with { cluster in
            cluster.run("log", "for i in 1 2 3 4 5; do echo line $i; done; sleep 1000")
            try await cluster.waitUntilRunning("log")
            _ = try await eventually { try await cluster.logs("log").hasSuffix("line 5\n") ? true : nil }
            var options = LogOptions()
            options.tailLines = 2
            #expect(try await cluster.logs("log", options) == "line 4\nline 5\n")
            options.limitBytes = 9
            #expect(try await cluster.logs("log", options) == "line 4\nli")
            options = LogOptions()
            options.timestamps = true
            options.tailLines = 1
            let line = try await cluster.logs("log", options)
            #expect(line.hasPrefix("20") && line.hasSuffix("Z line 5\n"))
            options = LogOptions()
            options.sinceTime = Time.now.adding(seconds: 60)
            #expect(try await cluster.logs("log", options) == "")
        }
    }

    @Test func followedLogsEndWithTheContainer() async throws {
        try await TestCluster.with { cluster in
            cluster.run("log", "for i in 1 2 3; do echo line $i; sleep 0.3; done", spec: ["restartPolicy": "Never"])
            try await cluster.wait("log") { !$0.container()["containerID"].isNull }
            var options = LogOptions()
            options.follow = true
            #expect(try await cluster.logs("log", options) == "line 1\nline 2\nline 3\n")
        }
    }

    @Test func logsOfWhatHasNotStartedAreRefused() async throws {
        try await TestCluster.with { cluster in
            cluster.run("wait", "", container: ["image": "localhost:1/no/image:1", "imagePullPolicy": "Never"])
            try await cluster.wait("wait") { $0.container()["state"]["waiting"]["reason"].equals("ErrImageNeverPull") }
            let error = await #expect(throws: StatusError.self) { try await cluster.logs("wait") }
            #expect(error?.code == 400)
            #expect(error?.message == "container \"main\" in pod \"wait\" is waiting to start: ErrImageNeverPull")
            let other = await #expect(throws: StatusError.self) { try await cluster.logs("wait", container: "none") }
            #expect(other?.message == "container none is not valid for pod wait")
        }
    }

    @Test func execReadsStdinAndReportsTheExitCode() async throws {
        try await TestCluster.with { cluster in
            cluster.run("shell", "sleep 1000")
            try await cluster.waitUntilRunning("shell")
            var options = ExecOptions()
            options.command = ["/bin/sh", "-c", "cat; echo oops >&2; exit 3"]
            (options.stdin, options.stdout, options.stderr) = (true, true, true)
            let stream = try await cluster.agent.exec(namespace: "default", pod: "shell", container: "main", options)
            try await stream.writeStdin(Array("input".utf8))
            try await stream.closeStdin()
            var (out, err, status) = ("", "", "")
            for try await piece in stream.output {
                switch piece {
                case .stdout(let bytes): out += String(decoding: bytes, as: UTF8.self)
                case .stderr(let bytes): err += String(decoding: bytes, as: UTF8.self)
                case .status(let bytes): status += String(decoding: bytes, as: UTF8.self)
                }
            }
            stream.close()
            #expect(out == "input")
            #expect(err == "oops\n")
            #expect(status.contains("\"ExitCode\"") && status.contains("\"3\""))
        }
    }
}
