import API
import Client
import ClientTesting
import Glibc
import JSON
import Runtime
import Testing

@testable import Node

func object(_ value: JSONValue) throws -> Object { try Object(parsing: value.encoded()) }

func podObject(_ spec: JSONValue, status: JSONValue = [:], metadata: JSONValue = [:]) throws -> Object {
    var pod: JSONValue = ["metadata": ["name": "a", "namespace": "ns", "uid": "u"], "spec": spec, "status": status]
    for (key, value) in metadata.object ?? JSONObject() { pod["metadata"][key] = value }
    return try object(pod)
}

@Suite struct ExpansionTests {
    @Test(arguments: [
        ("plain", "plain"), ("$(A)", "1"), ("x$(A)y$(B)z", "x1y2z"), ("$(C)", "$(C)"), ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A", "$A"), ("$(A", "$(A"), ("end$", "end$"), ("$()", "$()"), ("ä$(A)ö", "ä1ö"), ("$($(A))", "$($(A))"),
    ])
    func variablesAreReplacedAsUpstreamDoes(_ text: String, _ expected: String) {
        #expect(expandVariables(text) { ["A": "1", "B": "2"][$0] } == expected)
    }
}

@Suite struct EnvironmentTests {
    func variables(_ container: JSONValue, _ data: ReferencedData = ReferencedData()) throws -> [String: String] {
        let pod = try podObject(
            ["containers": [container], "serviceAccountName": "robot"], metadata: ["labels": ["app": "x"]])
        let builder = EnvironmentBuilder(
            fields: PodFields(pod: pod, nodeName: "n", hostIPs: ["1.1.1.1"], podIPs: ["2.2.2.2", "::2"]), data: data,
            allocatable: ["cpu": Quantity(8), "memory": Quantity(1 << 30)], services: ["SERVICE": "s"])
        let list = try builder.variables(of: pod.mainContainers[0].spec)
        return Dictionary(uniqueKeysWithValues: list.map { ($0.key, $0.value) })
    }

    @Test func fieldsAndResourcesAreRead() throws {
        let field: (String) -> JSONValue = { ["fieldRef": ["fieldPath": .string($0)]] }
        let resource: (String) -> JSONValue = { ["resourceFieldRef": ["resource": .string($0)]] }
        let values = try variables([
            "name": "c", "resources": ["limits": ["cpu": "250m"], "requests": ["memory": "64Mi"]],
            "env": [
                ["name": "IPS", "valueFrom": field("status.podIPs")],
                ["name": "NODE", "valueFrom": field("spec.nodeName")],
                ["name": "APP", "valueFrom": field("metadata.labels['app']")],
                ["name": "NONE", "valueFrom": field("metadata.annotations['no']")],
                ["name": "ACCOUNT", "valueFrom": field("spec.serviceAccountName")],
                ["name": "CPU", "valueFrom": resource("limits.cpu")],
                ["name": "MEMORY", "valueFrom": resource("requests.memory")],
                ["name": "ALL", "valueFrom": resource("limits.memory")],
                ["name": "JOINED", "value": "$(NODE)/$(SERVICE)/$(LATER)"], ["name": "LATER", "value": "x"],
            ],
        ])
        #expect(values["IPS"] == "2.2.2.2,::2")
        #expect(values["NODE"] == "n" && values["APP"] == "x" && values["NONE"] == "" && values["ACCOUNT"] == "robot")
        #expect(values["CPU"] == "1" && values["MEMORY"] == "67108864" && values["ALL"] == "1073741824")
        #expect(values["JOINED"] == "n/s/$(LATER)")
        #expect(values["SERVICE"] == "s")
    }

    @Test func ownVariablesReplaceThoseOfAWholeConfigMap() throws {
        var data = ReferencedData()
        data[.configMap, "m"] = ["A": Array("1".utf8), "B": Array("2".utf8)]
        let values = try variables(
            [
                "name": "c",
                "envFrom": [["prefix": "P_", "configMapRef": ["name": "m"]], ["configMapRef": ["name": "m"]]],
                "env": [["name": "B", "value": "own"]],
            ], data)
        #expect(values["P_A"] == "1" && values["A"] == "1" && values["B"] == "own")
    }

    @Test func whatIsMissingIsNamedUnlessOptional() throws {
        var data = ReferencedData()
        data[.configMap, "m"] = [:]
        let reference: (String, JSONValue) -> JSONValue = { field, value in
            var container: JSONValue = ["name": "c", "env": [["name": "A", "valueFrom": [:]]]]
            container["env"][0]["valueFrom"][field] = value
            return container
        }
        let noKey = #expect(throws: ConfigurationError.self) {
            try variables(reference("configMapKeyRef", ["name": "m", "key": "k"]), data)
        }
        #expect(noKey?.message == "couldn't find key k in ConfigMap ns/m")
        let noSecret = #expect(throws: ConfigurationError.self) {
            try variables(reference("secretKeyRef", ["name": "s", "key": "k"]), data)
        }
        #expect(noSecret?.message == "secret \"s\" not found")
        #expect(try variables(reference("secretKeyRef", ["name": "s", "key": "k", "optional": true]))["A"] == nil)
    }
}

extension JSONValue {
    func with(_ edit: (inout JSONValue) -> Void) -> JSONValue {
        var value = self
        edit(&value)
        return value
    }
}

@Suite struct ResourceTests {
    static let classes: [(JSONValue, QOSClass)] = [
        ([:], QOSClass.bestEffort),
        (["requests": ["cpu": "1"]], .burstable),
        (["requests": ["cpu": "1", "memory": "1Gi"], "limits": ["cpu": "1", "memory": "1Gi"]], .guaranteed),
        (["limits": ["cpu": "1", "memory": "1Gi"]], .guaranteed),
        (["requests": ["cpu": "1", "memory": "1Gi"], "limits": ["cpu": "2", "memory": "1Gi"]], .burstable),
        (["limits": ["memory": "1Gi"]], .burstable),
    ]

    @Test(arguments: classes)
    func theClassFollowsFromRequestsAndLimits(_ resources: JSONValue, _ expected: QOSClass) throws {
        #expect(QOSClass(try podObject(["containers": [["name": "c", "resources": resources]]])) == expected)
    }

    @Test func limitsBecomeCgroupValues() throws {
        let pod = try podObject([
            "containers": [
                [
                    "name": "c",
                    "resources": [
                        "requests": ["cpu": "100m", "memory": "256Mi"], "limits": ["cpu": "500m", "memory": "1Gi"],
                    ],
                ]
            ]
        ])
        let resources = LinuxContainerResources(pod.mainContainers[0], of: pod, memoryCapacity: 1 << 30)
        #expect(resources.cpuShares == 102)
        #expect(resources.cpuQuota == 50_000 && resources.cpuPeriod == 100_000)
        #expect(resources.memoryLimitInBytes == 1 << 30)
        #expect(resources.oomScoreAdj == 750)
    }

    @Test func aPodAsksForItsLargestMoment() throws {
        let request: (String, String) -> JSONValue = {
            ["name": .string($0), "resources": ["requests": ["cpu": .string($1)]]]
        }
        let sidecar = request("s", "200m").with { $0["restartPolicy"] = "Always" }
        let pod = try podObject([
            "containers": [request("a", "100m"), request("b", "100m")],
            "initContainers": [request("i", "300m"), sidecar, request("j", "250m")],
        ])
        #expect(podRequest(pod, "cpu").milliValue == 450)
    }
}

@Suite struct BackoffTests {
    @Test func theFirstRestartComesAtOnceAndLaterOnesWaitLonger() {
        var backoff = RestartBackoff()
        var now = Time(secondsSince1970: 1_000_000)
        #expect(backoff.restartTime(finishedAt: now) == nil)
        var waits: [Double] = []
        for _ in 0..<8 {
            backoff.restarted(finishedAt: now, now: now)
            let finished = now.adding(seconds: 1)
            now = backoff.restartTime(finishedAt: finished) ?? finished
            waits.append(now - finished)
        }
        #expect(waits == [10, 20, 40, 80, 160, 300, 300, 300])
        // After ten minutes of running it starts over.
        backoff.restarted(finishedAt: now, now: now)
        let later = now.adding(seconds: 601)
        #expect(backoff.restartTime(finishedAt: later) == nil)
        backoff.restarted(finishedAt: later, now: later)
        #expect(backoff.delay == 10)
    }

    @Test func durationsReadAsGoPrintsThem() {
        #expect([10, 80, 300, 3661].map { goDuration(seconds: $0) } == ["10s", "1m20s", "5m0s", "1h1m1s"])
        #expect(
            [Duration.milliseconds(56), .milliseconds(1234), .seconds(2), .milliseconds(65_050)].map(goSeconds)
                == ["56ms", "1.234s", "2s", "1m5.05s"])
    }
}

@Suite struct PlanTests {
    func instance(
        _ name: String, _ state: ContainerState, attempt: UInt32 = 0, exitCode: Int32 = 0, sandbox: String = "s0",
        finishedAt: Int = 1_000_000, hash: String? = nil
    ) -> PodRuntime.Instance {
        var status = Runtime.ContainerStatus(
            id: "\(name)-\(attempt)", metadata: .init(name: name, attempt: attempt), state: state,
            createdAt: Int64(attempt),
            image: "i")
        status.exitCode = exitCode
        status.startedAt = 999_990_000_000_000
        status.finishedAt = Int64(finishedAt) * 1_000_000_000
        if let hash { status.annotations[RuntimeLabels.containerHash] = hash }
        return PodRuntime.Instance(sandboxID: sandbox, status: status)
    }

    func runtime(_ instances: PodRuntime.Instance..., ready: Bool = true) -> PodRuntime {
        var runtime = PodRuntime()
        runtime.sandboxes = [
            PodSandbox(
                id: "s0", metadata: .init(name: "a", uid: "u", namespace: "ns"), state: ready ? .ready : .notReady,
                createdAt: 0)
        ]
        for instance in instances { runtime.containers[instance.status.metadata.name, default: []].append(instance) }
        for name in runtime.containers.keys { runtime.containers[name]?.sort { $0.attempt > $1.attempt } }
        return runtime
    }

    let now = Time(secondsSince1970: 1_000_001)

    func plan(_ pod: Object, _ runtime: PodRuntime, _ backoffs: [String: RestartBackoff] = [:]) -> PodPlan {
        PodPlan(pod, runtime, backoffs: backoffs, now: now)
    }

    @Test func aNewPodGetsASandboxAndThenItsContainers() throws {
        let pod = try podObject(["containers": [["name": "c"], ["name": "d"]]])
        #expect(plan(pod, PodRuntime()).sandbox == .create(attempt: 0))
        let second = plan(pod, runtime())
        #expect(second.sandbox == .keep("s0"))
        #expect(second.start.map(\.container.name) == ["c", "d"])
        #expect(plan(pod, runtime(instance("c", .running), instance("d", .running))).start.isEmpty)
    }

    @Test func aDeadSandboxIsReplacedWhileThereIsWork() throws {
        let pod = try podObject(["containers": [["name": "c"]]])
        let dead = runtime(instance("c", .exited, exitCode: 1), ready: false)
        #expect(plan(pod, dead).sandbox == .create(attempt: 1))
        let never = try podObject(["restartPolicy": "Never", "containers": [["name": "c"]]])
        #expect(plan(never, dead).isFinished)
    }

    @Test(arguments: [
        ("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 1, false),
    ])
    func theRestartPolicyDecides(_ policy: String, _ code: Int32, _ restarts: Bool) throws {
        let pod = try podObject(["restartPolicy": .string(policy), "containers": [["name": "c"]]])
        let plan = plan(pod, runtime(instance("c", .exited, exitCode: code)))
        #expect(plan.start.map(\.attempt) == (restarts ? [1] : []))
        #expect(plan.isFinished == !restarts)
    }

    @Test func aContainerMadeBeforeTheAgentDiedIsStartedNotMadeAgain() throws {
        let pod = try podObject(["containers": [["name": "c"]]])
        let plan = plan(pod, runtime(instance("c", .created, attempt: 3)))
        #expect(plan.start.map(\.created) == ["c-3"])
        #expect(plan.start.map(\.attempt) == [3])
    }

    @Test func whatTheRuntimeForgotIsNotRunTwice() throws {
        let terminated: JSONValue = [
            "containerStatuses": [
                [
                    "name": "c", "restartCount": 2, "containerID": "containerd://x",
                    "state": ["terminated": ["exitCode": 0]],
                ]
            ]
        ]
        let once = try podObject(["restartPolicy": "Never", "containers": [["name": "c"]]], status: terminated)
        #expect(plan(once, PodRuntime()).isFinished)
        let always = try podObject(["containers": [["name": "c"]]], status: terminated)
        #expect(plan(always, runtime()).start.map(\.attempt) == [3])
    }

    @Test func aBackOffIsWaitedFor() throws {
        let pod = try podObject(["containers": [["name": "c"]]])
        var backoff = RestartBackoff()
        backoff.restarted(finishedAt: now.adding(seconds: -5), now: now.adding(seconds: -5))
        let plan = plan(pod, runtime(instance("c", .exited, attempt: 1, exitCode: 1)), ["c": backoff])
        #expect(plan.start.isEmpty)
        #expect(plan.waiting["c"]?.reason == "CrashLoopBackOff")
        #expect(plan.waiting["c"]?.message == "back-off 10s restarting failed container=c pod=a_ns(u)")
        #expect(plan.wakeAt == Time(secondsSince1970: 1_000_010))
    }

    @Test func initContainersGoOneByOne() throws {
        let pod = try podObject([
            "initContainers": [["name": "i"], ["name": "s", "restartPolicy": "Always"], ["name": "j"]],
            "containers": [["name": "c"]],
        ])
        #expect(plan(pod, runtime()).start.map(\.container.name) == ["i"])
        #expect(plan(pod, runtime(instance("i", .running))).start.isEmpty)
        let done = instance("i", .exited)
        #expect(plan(pod, runtime(done)).start.map(\.container.name) == ["s"])
        let helped = plan(pod, runtime(done, instance("s", .running)))
        #expect(helped.start.map(\.container.name) == ["j"] && !helped.isInitialized)
        let ready = plan(pod, runtime(done, instance("s", .running), instance("j", .exited)))
        #expect(ready.start.map(\.container.name) == ["c"] && ready.isInitialized)
        // A sidecar that ended comes back without holding up the others.
        let later = plan(
            pod, runtime(done, instance("s", .exited), instance("j", .exited), instance("c", .running)))
        #expect(later.start.map(\.container.name) == ["s"] && later.isInitialized)
    }

    @Test func anotherImageReplacesTheContainer() throws {
        let pod = try podObject(["containers": [["name": "c", "image": "new"]]])
        let plan = plan(pod, runtime(instance("c", .running, hash: "old")))
        #expect(plan.kill.map(\.message) == ["Container c definition changed, will be restarted"])
    }
}

@Suite struct StatusTests {
    let plans = PlanTests()

    func status(_ pod: Object, _ runtime: PodRuntime, _ edit: (inout PodStatus) -> Void = { _ in }) -> JSONValue {
        var status = PodStatus(
            pod: pod, runtime: runtime, hostIPs: ["1.1.1.1"], startTime: plans.now, now: plans.now)
        edit(&status)
        var value = pod.value
        #expect(status.write(to: &value))
        // The same once more changes nothing: no write, no event.
        var again = value
        #expect(!status.write(to: &again))
        return value["status"]
    }

    @Test(arguments: [
        ("Always", [ContainerState.running, .running], [0, 0] as [Int32], "Running"),
        ("Always", [.exited, .exited], [0, 0], "Running"),
        ("Never", [.running, .exited], [0, 1], "Running"),
        ("Never", [.exited, .exited], [0, 0], "Succeeded"),
        ("Never", [.exited, .exited], [0, 1], "Failed"),
        ("OnFailure", [.exited, .exited], [0, 1], "Running"),
        ("Always", [.running, .created], [0, 0], "Pending"),
    ])
    func thePhaseFollowsFromTheContainers(
        _ policy: String, _ states: [ContainerState], _ codes: [Int32], _ phase: String
    ) throws {
        let pod = try podObject(["restartPolicy": .string(policy), "containers": [["name": "c"], ["name": "d"]]])
        let runtime = plans.runtime(
            plans.instance("c", states[0], exitCode: codes[0]), plans.instance("d", states[1], exitCode: codes[1]))
        #expect(status(pod, runtime)["phase"] == .string(phase))
    }

    @Test func anEndIsForGood() throws {
        let pod = try podObject(["containers": [["name": "c"]]], status: ["phase": "Failed"])
        #expect(status(pod, plans.runtime(plans.instance("c", .running)))["phase"] == "Failed")
    }

    @Test func aRunningContainerThatTheRuntimeLostIsSaidToHaveEnded() throws {
        let pod = try podObject(
            ["restartPolicy": "Never", "containers": [["name": "c"]]],
            status: [
                "phase": "Running",
                "containerStatuses": [
                    [
                        "name": "c", "restartCount": 0, "containerID": "containerd://x",
                        "state": ["running": ["startedAt": "t"]],
                    ]
                ],
            ])
        let status = status(pod, PodRuntime())
        #expect(status["phase"] == "Failed")
        #expect(status["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown")
        #expect(status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137)
    }

    @Test func readinessGatesHoldThePodBack() throws {
        let pod = try podObject(["containers": [["name": "c"]], "readinessGates": [["conditionType": "example.com/x"]]])
        let status = status(pod, plans.runtime(plans.instance("c", .running)))
        let ready = status["conditions"].array?.first { $0["type"] == "Ready" }
        #expect(ready?["status"] == "False" && ready?["reason"] == "ReadinessGatesNotReady")
    }

    @Test func conditionsOfOthersStay() throws {
        let pod = try podObject(
            ["containers": [["name": "c"]]], status: ["conditions": [["type": "example.com/x", "status": "True"]]])
        let status = status(pod, plans.runtime(plans.instance("c", .running)))
        #expect(status["conditions"].array?.contains { $0["type"] == "example.com/x" } == true)
    }
}

@Suite struct NodeStatusTests {
    @Test func aNodeTellsWhatItIsAndHas() throws {
        let directory = "/tmp"
        let facts = HostFacts.read(dataDirectory: directory)
        #expect(facts.cpus > 0 && facts.memory > 0 && facts.ephemeralStorage > 0)
        #expect(!facts.kernelVersion.isEmpty && !facts.bootID.isEmpty && !facts.osImage.isEmpty)
        var status = NodeStatus(
            facts: facts,
            configuration: NodeConfiguration(nodeName: "n", dataDirectory: directory, nodeAddress: "1.1.1.1"))
        var node = status.node
        #expect(status.write(to: &node, now: .now, heartbeat: false))
        #expect(node["metadata"]["labels"]["kubernetes.io/hostname"] == "n")
        #expect(node["status"]["conditions"].array?.last?["message"] == "container runtime is down")
        status.runtime = RuntimeStatus(
            runtimeReady: .init(status: true),
            networkReady: .init(status: false, reason: "NetworkPluginNotReady", message: "cni plugin not initialized"))
        #expect(
            status.readyProblem == "container runtime network not ready: NetworkReady=false "
                + "reason:NetworkPluginNotReady message:cni plugin not initialized")
        status.runtime?.networkReady.status = true
        #expect(status.readyProblem == nil)
        #expect(status.write(to: &node, now: .now, heartbeat: false))
        #expect(!status.write(to: &node, now: .now, heartbeat: false))
        #expect(status.write(to: &node, now: .now.adding(seconds: 300), heartbeat: true))
    }

    @Test func osReleaseIsRead() {
        #expect(
            HostFacts.osImage("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n")
                == "Debian GNU/Linux 12 (bookworm)")
    }
}

@Suite struct DNSTests {
    let host = DNSConfig(resolvConf: "# x\nnameserver 9.9.9.9\nsearch example.com\noptions timeout:1\n")
    var configuration = NodeConfiguration(nodeName: "n", dataDirectory: "/d", nodeAddress: "1.1.1.1")

    @Test func podsUseTheClustersDNSWhenThereIsOne() throws {
        let pod = try podObject(["containers": [], "dnsPolicy": "ClusterFirst"])
        #expect(DNSConfig(pod, configuration, host: host) == host)
        var configuration = configuration
        configuration.clusterDNS = ["10.96.0.10"]
        let config = DNSConfig(pod, configuration, host: host)
        #expect(config.servers == ["10.96.0.10"])
        #expect(config.searches == ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com"])
        #expect(config.options == ["ndots:5"])
    }

    @Test func aPodsOwnConfigurationIsAdded() throws {
        let pod = try podObject([
            "containers": [], "dnsPolicy": "None",
            "dnsConfig": [
                "nameservers": ["8.8.8.8"], "searches": ["a"],
                "options": [["name": "ndots", "value": "2"], ["name": "edns0"]],
            ],
        ])
        #expect(
            DNSConfig(pod, configuration, host: host)
                == DNSConfig(servers: ["8.8.8.8"], searches: ["a"], options: ["ndots:2", "edns0"]))
    }

    @Test func hostAliasesAreInTheHostsFile() throws {
        let pod = try podObject(["containers": [], "hostAliases": [["ip": "3.3.3.3", "hostnames": ["x", "y"]]]])
        let text = hostsFile(pod, podIPs: ["2.2.2.2"], configuration, host: nil)
        #expect(text.contains("\n2.2.2.2\ta\n"))
        #expect(text.hasSuffix("\n# Entries added by HostAliases.\n3.3.3.3\tx\ty\n"))
    }
}

@Suite struct FileTests {
    func withDirectory(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/segler-node-files-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try Files.makeDirectories(path)
        defer { try? Files.removeTree(path) }
        try await body(path)
    }

    @Test func filesOfAVolumeChangeTogether() async throws {
        try await withDirectory { directory in
            var payload = Payload()
            payload.files = ["a": .init(bytes: [1], mode: 0o644), "sub/b": .init(bytes: [2], mode: 0o600)]
            try AtomicWriter.write(payload, to: directory, group: nil)
            #expect(Files.read(directory + "/a") == [1] && Files.read(directory + "/sub/b") == [2])
            let first = Files.readLink(directory + "/..data")
            try AtomicWriter.write(payload, to: directory, group: nil)
            #expect(Files.readLink(directory + "/..data") == first, "nothing is written without need")
            payload.files = ["a": .init(bytes: [3], mode: 0o644)]
            try AtomicWriter.write(payload, to: directory, group: nil)
            #expect(Files.read(directory + "/a") == [3])
            #expect(!Files.exists(directory + "/sub"))
            #expect(Files.names(in: directory).count == 3, "the old directory is gone")
            payload.files = ["../x": .init(bytes: [], mode: 0o644)]
            #expect(throws: VolumeError.self) { try AtomicWriter.write(payload, to: directory, group: nil) }
        }
    }

    @Test func removingATreeFollowsNoLink() async throws {
        try await withDirectory { directory in
            try Files.write(directory + "/kept", [1])
            try Files.makeDirectories(directory + "/tree/deep/deeper")
            symlink(directory, directory + "/tree/deep/link")
            try Files.removeTree(directory + "/tree")
            #expect(!Files.exists(directory + "/tree") && Files.exists(directory + "/kept"))
            try Files.removeTree(directory + "/tree")
        }
    }

    @Test func theTailOfALogIsFoundFromItsEnd() async throws {
        try await withDirectory { directory in
            let path = directory + "/0.log"
            let lines = (0..<20_000).map { "2026-01-01T00:00:00.000000001Z stdout F line \($0)\n" }.joined()
            try Files.write(path, lines.utf8)
            for count in [0, 1, 3, 5000, 20_000, 30_000] {
                var options = LogOptions()
                options.tailLines = count
                let text = try await read(path, options)
                #expect(text.split(separator: "\n").count == min(count, 20_000))
                if count > 0 { #expect(text.hasSuffix("line 19999\n")) }
            }
        }
    }

    @Test func partsOfALongLineAreJoined() async throws {
        try await withDirectory { directory in
            let path = directory + "/0.log"
            let text = """
                2026-01-01T00:00:00Z stdout P long
                2026-01-01T00:00:00Z stdout P er
                2026-01-01T00:00:01Z stderr F  line
                2026-01-01T00:00:02Z stdout F\u{20}
                not a log line
                2026-01-01T00:00:03Z stdout F last

                """
            try Files.write(path, text.utf8)
            #expect(try await read(path, LogOptions()) == "longer line\n\nlast\n")
            var options = LogOptions()
            options.timestamps = true
            #expect(
                try await read(path, options).hasPrefix("2026-01-01T00:00:00Z longer line\n2026-01-01T00:00:02Z \n"))
            options = LogOptions()
            options.sinceTime = Time("2026-01-01T00:00:02Z")
            #expect(try await read(path, options) == "\nlast\n")
            #expect(LogTail.text(path, lines: 2, bytes: 100) == "last\n")
        }
    }

    @Test func aFollowedLogGoesOnAfterRotation() async throws {
        try await withDirectory { directory in
            let path = directory + "/0.log"
            let line: (String) -> String.UTF8View = { "2026-01-01T00:00:00Z stdout F \($0)\n".utf8 }
            try Files.write(path, line("one"))
            let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let watcher = try FileWatcher()
            let watch = watcher.watch(directory, FileWatcher.modified | FileWatcher.created) { _, _ in
                continuation.yield()
            }
            var options = LogOptions()
            options.follow = true
            let reader = LogReader(
                path: path, options, state: { .writing }, signals: signals,
                sources: watch.map { [$0] } ?? [])
            #expect(try await reader.next() == Array("one\n".utf8))
            rename(path, path + ".1")
            try Files.write(path, line("two"))
            #expect(try await reader.next() == Array("two\n".utf8))
        }
    }

    func read(_ path: String, _ options: LogOptions) async throws -> String {
        let reader = LogReader(
            path: path, options, state: { .ended }, signals: AsyncStream { $0.finish() }, sources: [])
        var text = ""
        while let piece = try await reader.next() { text += String(decoding: piece, as: UTF8.self) }
        return text
    }
}

@Suite struct ImageNameTests {
    @Test(arguments: [
        "busybox", "busybox:1", "docker.io/library/busybox:1.36.1", "localhost:5000/a/b_c/d--e:T.a-g_1",
        "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "[::1]:5000/x", "Host/x",
        "a__b/c.d",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ])
    func namesThatRuntimesKnowAreTaken(_ name: String) { #expect(isImageName(name)) }

    @Test(arguments: [
        "", "Not An Image!", "Upper", "a:", "a:b:c", "/a", "a//b", "a/", "-a", "a..b", "a___b", "a@sha256:12",
        "ho st/x",
        "host:port/x", "a:\(String(repeating: "t", count: 129))",
    ])
    func othersAreRefused(_ name: String) { #expect(!isImageName(name)) }
}

@Suite struct CredentialTests {
    @Test func credentialsFitTheRegistry() throws {
        let auths = try object([
            "https://index.docker.io/v1/": ["auth": "dTpw"],
            "registry.example.com/team": ["username": "t", "password": "x"],
            "registry.example.com": ["username": "r", "password": "y"],
            "*.cloud.test": ["username": "w", "password": "z"],
        ]).root
        let names = { (image: String) in ImageCredentials.matching(image, auths).map(\.username) }
        #expect(names("busybox") == ["u"])
        #expect(names("registry.example.com/team/app:1") == ["t", "r"])
        #expect(names("registry.example.com/teams/app:1") == ["r"])
        #expect(names("a.cloud.test/x") == ["w"])
        #expect(names("a.b.cloud.test/x") == [])
        #expect(names("localhost:5000/x") == [])
    }
}
