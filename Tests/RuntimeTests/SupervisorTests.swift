import Glibc
import NIOCore
import Testing

@testable import Runtime

@Suite(.serialized)
struct SupervisorTests {
    @Test func podsSurviveWhenContainerdIsKilledAndItIsStartedAgain() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let before = try #require(UnixSocket.listener(at: node.configuration.socketPath))
            #expect(kill(before, SIGKILL) == 0)
            let status = try await eventually { try? await node.driver.containerStatus(id: pod.container) }
            let after = try await eventually { UnixSocket.listener(at: node.configuration.socketPath) }
            #expect(before != after)
            #expect(status.state == .running)
            #expect(node.logged.all.contains { $0.contains("exit code 137") })
            #expect(try await node.output(in: pod.container, "echo alive") == "alive\n")
        }
    }

    @Test func aCallUnderWayFailsWhenContainerdDies() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let stream = try await node.driver.exec(
                container: pod.container, command: ["cat"], streams: StreamSelection(stdin: true))
            let call = Task {
                try await node.driver.execSync(container: pod.container, command: ["sleep", "100"], timeout: 0)
            }
            _ = try await eventually {
                try await node.output(in: pod.container, "ps").contains("sleep 100\n") ? true : nil
            }
            kill(try #require(UnixSocket.listener(at: node.configuration.socketPath)), SIGKILL)
            let error = await #expect(throws: RuntimeError.self) { try await call.value }
            #expect(error?.code == .unavailable)
            let ended = await #expect(throws: RuntimeError.self) { try await stream.read() }
            #expect(ended?.code == .unavailable)
        }
    }

    @Test func podsRunOnWhileContainerdIsStoppedAndAreFoundAgain() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            await node.supervisor.stop()
            #expect(UnixSocket.listener(at: node.configuration.socketPath) == nil)
            let error = await #expect(throws: RuntimeError.self) { try await node.driver.version() }
            #expect(error?.code == .unavailable)
            try await node.supervisor.start()
            #expect(try await node.driver.containerStatus(id: pod.container).state == .running)
            #expect(try await node.output(in: pod.container, "echo alive") == "alive\n")
        }
    }

    @Test func aRunningContainerdIsTakenOverAndWatched() async throws {
        try await TestNode.with { node in
            await node.supervisor.release()
            let before = try #require(UnixSocket.listener(at: node.configuration.socketPath))
            let successor = try ContainerdSupervisor(node.configuration)
            try await successor.start()
            #expect(UnixSocket.listener(at: node.configuration.socketPath) == before)
            kill(before, SIGKILL)
            let after = try await eventually {
                UnixSocket.listener(at: node.configuration.socketPath).flatMap { $0 == before ? nil : $0 }
            }
            #expect(after != before)
            _ = try await eventually { try? await successor.driver.version() }
            await successor.release()
        }
    }

    @Test func aChangedConfigurationStartsContainerdAnewAndPodsRunOn() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            await node.supervisor.release()
            let before = try #require(UnixSocket.listener(at: node.configuration.socketPath))
            var changed = node.configuration
            changed.sandboxImage = "registry.example/pause:2"
            let successor = try ContainerdSupervisor(changed)
            try await successor.start()
            #expect(UnixSocket.listener(at: node.configuration.socketPath) != before)
            #expect(try await successor.driver.containerStatus(id: pod.container).state == .running)
            await successor.release()
        }
    }

    @Test func itIsNotInOurProcessGroup() async throws {
        try await TestNode.with { node in
            let pid = try #require(UnixSocket.listener(at: node.configuration.socketPath))
            #expect(getpgid(pid) == pid && getpgid(0) != pid)
        }
    }

    @Test func aContainerdThatCannotStartSaysWhy() async throws {
        try #require(geteuid() == 0, "these tests run containers, which needs root")
        let directory = "/tmp/segler-test-\(getpid())-broken"
        var configuration = try ContainerdConfiguration(dataDirectory: directory, stateDirectory: directory + "/s")
        configuration.stateDirectory = directory + "/containerd"  // must not be the root directory
        let supervisor = try ContainerdSupervisor(configuration)
        let error = await #expect(throws: RuntimeError.self) { try await supervisor.start() }
        #expect(error?.message.contains("must be different") == true, "\(error?.message ?? "")")
        _ = try await ChildProcess.run("/bin/rm", ["-rf", directory])
    }
}
