import API
import Client
import ClientTesting
import Glibc
import JSON
import Runtime
import Testing

@testable import Node

/// What the agent adds to what the runtime takes, and what it costs while nothing happens. Prints; only run when asked
/// for: SEGLER_MEASURE=1.
@Suite(.serialized, .enabled(if: getenv("SEGLER_MEASURE") != nil)) struct CostTests {
    @Test func startingAPod() async throws {
        try await TestCluster.with { cluster in
            var direct: [Double] = []
            for number in 0..<6 {
                let name = "direct-\(number)"
                let start = ContinuousClock.now
                var sandbox = PodSandboxConfig(metadata: .init(name: name, uid: name, namespace: "default"))
                sandbox.logDirectory = "\(cluster.directory)/direct/\(name)"
                let id = try await cluster.driver.runPodSandbox(sandbox)
                var config = ContainerConfig(metadata: .init(name: "main"), image: ImageSpec(TestCluster.image))
                config.args = ["sleep 1000"]
                config.logPath = "main/0.log"
                try Files.makeDirectories("\(sandbox.logDirectory)/main")
                let container = try await cluster.driver.createContainer(
                    config, inPodSandbox: id, sandboxConfig: sandbox)
                try await cluster.driver.startContainer(id: container)
                direct.append((ContinuousClock.now - start) / .milliseconds(1))
            }
            var agent: [Double] = []
            for number in 0..<6 {
                let name = "pod-\(number)"
                let start = ContinuousClock.now
                cluster.run(
                    name, "sleep 1000",
                    spec: [
                        "volumes": [
                            ["name": "api", "projected": ["sources": [["serviceAccountToken": ["path": "token"]]]]]
                        ]
                    ], container: ["volumeMounts": [["name": "api", "mountPath": "/api"]]])
                await cluster.api.memory.wait { $0.object(.pods, "default/\(name)")?.phase == "Running" }
                agent.append((ContinuousClock.now - start) / .milliseconds(1))
            }
            print("sandbox, create, start alone: \(direct.sorted()) ms")
            print("through the agent:            \(agent.sorted()) ms")
        }
    }

    @Test func twentyPodsAtRest() async throws {
        try await TestCluster.with { cluster in
            for number in 0..<20 {
                cluster.run("pod-\(number)", "exec sleep 1000", spec: ["terminationGracePeriodSeconds": 1])
            }
            for number in 0..<20 { try await cluster.waitUntilRunning("pod-\(number)") }
            try await Task.sleep(for: .seconds(3))
            let before = cpu()
            try await Task.sleep(for: .seconds(60))
            print("CPU with 20 pods at rest: \((cpu() - before) / 60 * 100) %")
        }
    }

    func cpu() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
