import Glibc
import Testing

@testable import Runtime

@Suite(.serialized)
struct ContainerTests {
    @Test func aPodRunsHasAnAddressAndIsRemoved() async throws {
        try await TestNode.with { node in
            let status = try await node.driver.status()
            #expect(status.runtimeReady.status)
            #expect(try await node.driver.version().runtimeName == "containerd")

            let pod = try await node.runPod("sleep 1000")
            let sandbox = try await node.driver.podSandboxStatus(id: pod.sandbox)
            #expect(sandbox.state == .ready)
            #expect(sandbox.ips.count == 1 && sandbox.ips[0].hasPrefix("\(node.subnet)."))
            #expect(sandbox.labels == ["app": "pod"])
            #expect(sandbox.metadata == node.sandboxConfig().metadata)

            let container = try await node.driver.containerStatus(id: pod.container)
            #expect(container.state == .running && container.startedAt > 0)
            #expect(try await node.driver.listContainers(ContainerFilter(podSandboxID: pod.sandbox)).count == 1)
            #expect(
                try await node.driver.listContainers(ContainerFilter(labelSelector: ["part": "other"])).isEmpty)
            #expect(
                try await node.driver.listPodSandbox(PodSandboxFilter(state: .ready, labelSelector: ["app": "pod"]))
                    .map(\.id) == [pod.sandbox])

            try await node.driver.stopContainer(id: pod.container, timeout: 0)
            let stopped = try await node.driver.containerStatus(id: pod.container)
            #expect(stopped.state == .exited && stopped.exitCode == 137 && stopped.finishedAt >= stopped.startedAt)

            try await node.driver.removeContainer(id: pod.container)
            try await node.driver.removeContainer(id: pod.container)
            try await node.driver.stopPodSandbox(id: pod.sandbox)
            try await node.driver.removePodSandbox(id: pod.sandbox)
            try await node.driver.removePodSandbox(id: pod.sandbox)
            let error = await #expect(throws: RuntimeError.self) {
                try await node.driver.podSandboxStatus(id: pod.sandbox)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func exitCodesAndLogLinesAreReported() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("echo out; echo err >&2; exit 3")
            let status = try await node.untilExited(pod.container)
            #expect(status.exitCode == 3 && status.reason == "Error")
            #expect(status.logPath == "\(node.directory)/logs/pod/main/0.log")
            let lines = try #require(Files.readText(status.logPath)).split(separator: "\n")
            #expect(lines.contains { $0.contains(" stdout F out") && $0.hasPrefix("20") })
            #expect(lines.contains { $0.contains(" stderr F err") })
        }
    }

    @Test func aRotatedLogIsReopened() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("while true; do echo tick; sleep 0.05; done")
            let path = "\(node.directory)/logs/pod/main/0.log"
            _ = try await eventually { (Files.length(path) ?? 0) > 0 ? true : nil }
            #expect(rename(path, path + ".old") == 0)
            try await node.driver.reopenContainerLog(id: pod.container)
            _ = try await eventually { (Files.length(path) ?? 0) > 0 ? true : nil }
        }
    }

    @Test func theSecurityContextIsApplied() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000") { _ in
            } container: { config in
                config.securityContext.runAsUser = 1234
                config.securityContext.runAsGroup = 2345
                config.securityContext.supplementalGroups = [3456]
                config.securityContext.readonlyRootfs = true
                config.securityContext.noNewPrivs = true
                config.securityContext.addCapabilities = ["NET_ADMIN"]
                config.securityContext.dropCapabilities = ["ALL"]
                config.securityContext.seccomp = .runtimeDefault
                config.envs = [EnvironmentVariable("GREETING", "hello")]
                config.mounts = [Mount(containerPath: "/logs", hostPath: node.directory, readonly: true)]
            }
            #expect(try await node.output(in: pod.container, "id -u; id -g; id -G") == "1234\n2345\n2345 3456\n")
            #expect(try await node.output(in: pod.container, "echo $GREETING") == "hello\n")
            #expect(try await node.output(in: pod.container, "touch /x 2>&1").contains("Read-only"))
            #expect(try await node.output(in: pod.container, "touch /logs/x 2>&1").contains("Read-only"))
            let status = try await node.output(in: pod.container, "cat /proc/1/status")
            #expect(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"))
            #expect(status.contains("CapBnd:\t0000000000001000"))
        }
    }

    @Test func resourcesAreLimitedChangedAndMeasured() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000") { _ in
            } container: { config in
                config.resources.memoryLimitInBytes = 64 << 20
                config.resources.cpuShares = 512
            }
            var resources = LinuxContainerResources()
            resources.memoryLimitInBytes = 96 << 20
            try await node.driver.updateContainerResources(id: pod.container, resources)
            let limit = try await node.output(
                in: pod.container, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>&1")
            #expect(limit.contains("\(96 << 20)"))
            let stats = try await node.driver.containerStats(id: pod.container)
            #expect((stats.memory?.workingSetBytes ?? 0) > 0 && (stats.cpu?.usageCoreNanoSeconds ?? 0) > 0)
            #expect(try await node.driver.listContainerStats(ContainerFilter()).map(\.id) == [pod.container])
        }
    }

    @Test func anOutOfMemoryKillIsNamed() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("x=a; while true; do x=$x$x; done") { _ in
            } container: {
                $0.resources.memoryLimitInBytes = 16 << 20
            }
            let status = try await node.untilExited(pod.container)
            #expect(status.reason == "OOMKilled" && status.exitCode == 137)
        }
    }

    @Test func execSyncReturnsOutputAndCodeAndStopsInTime() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000")
            let result = try await node.driver.execSync(
                container: pod.container, command: ["sh", "-c", "echo a; echo b >&2; exit 5"], timeout: 10)
            #expect(result == ExecSyncResult(stdout: Array("a\n".utf8), stderr: Array("b\n".utf8), exitCode: 5))
            let late = await #expect(throws: RuntimeError.self) {
                try await node.driver.execSync(container: pod.container, command: ["sleep", "100"], timeout: 1)
            }
            #expect(late?.code == .deadlineExceeded)
            let unknown = await #expect(throws: RuntimeError.self) {
                try await node.driver.execSync(container: "none", command: ["true"], timeout: 1)
            }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test func aHostPortLeadsToThePod() async throws {
        try await TestNode.with { node in
            #expect(CNIConfiguration.enableForwarding(ipv6: false).allSatisfy { $0.contains("br_netfilter") })
            let port = Int32(20000 + Int(getpid()) % 10000)
            _ = try await node.runPod("while true; do echo found me | nc -l -p 80; done") {
                $0.portMappings = [PortMapping(containerPort: 80, hostPort: port)]
            }
            let gateway = "\(node.subnet).1"
            let answer = try await eventually {
                try? await node.run("busybox", "timeout", "2", "busybox", "nc", gateway, "\(port)")
            }
            #expect(answer == "found me\n")
        }
    }

    @Test func theFirstProcessOfASandboxReapsOrphans() async throws {
        try await TestNode.with { node in
            let pod = try await node.runPod("sleep 1000") { _ in
            } container: {
                $0.securityContext.namespaceOptions.pid = .pod
            }
            _ = try await node.output(in: pod.container, "sh -c 'sleep 0.1 &'; sleep 0.3")
            let processes = try await node.output(in: pod.container, "ps -o pid,stat,comm")
            #expect(processes.contains("pause"))
            #expect(!processes.contains("Z"), "\(processes)")
        }
    }

    @Test func thousandsOfCallsInAShortTimeAreAnswered() async throws {
        try await TestNode.with { node in
            // The server pings with about every one of them, which must not be taken for an attack.
            for _ in 0..<1000 { _ = try await node.driver.version() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<500 { group.addTask { _ = try await node.driver.listContainers() } }
                try await group.waitForAll()
            }
        }
    }

    @Test func eventsAreGivenOrKnownToBeMissing() async throws {
        try await TestNode.with { node in
            let version = try await node.driver.version().runtimeVersion
            let events = try await node.driver.containerEvents()
            if version.hasPrefix("1.6.") {
                #expect(events == nil)
            } else {
                let pod = try await node.runPod("true")
                var iterator = try #require(events).makeAsyncIterator()
                while let event = try await iterator.next() {
                    if event.containerID == pod.container, event.kind == .stopped { return }
                }
                Issue.record("the container's end was not told")
            }
        }
    }
}
