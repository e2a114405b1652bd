import API
import Client
import ClientTesting
import JSON
import Runtime
import Testing

@testable import Node

/// Pods on a real containerd, as a user sees them in the API.
@Suite(.serialized) struct PodTests {
    @Test func aPodRunsUntilItIsDeletedAndLeavesNothing() async throws {
        try await TestCluster.with { cluster in
            let pod = cluster.run("web", "echo hello; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")
            let running = try await cluster.waitUntilRunning("web")
            let status = running["status"]
            #expect(status["podIP"].string?.hasPrefix("10.") == true)
            #expect(status["hostIP"].equals("192.0.2.1"))
            #expect(status["qosClass"].equals("BestEffort"))
            #expect(status["startTime"].exists)
            #expect(status["observedGeneration"].int == 1)
            let container = running.container()
            #expect(container["containerID"].string?.hasPrefix("containerd://") == true)
            #expect(container["image"].equals(TestCluster.image))
            #expect(container["state"]["running"]["startedAt"].exists)
            #expect(container["restartCount"].int == 0)
            #expect(container["ready"].bool == true && container["started"].bool == true)
            for type in ["PodReadyToStartContainers", "Initialized", "ContainersReady", "PodScheduled"] {
                #expect(running.condition(type)["status"].equals("True"), "\(type)")
            }
            #expect(try await cluster.logs("web") == "hello\n")
            for event in ["Pulled", "Created", "Started"] { try await cluster.waitForEvent("web", event) }

            try await cluster.delete("web", grace: 30)
            try await cluster.waitUntilGone("web")
            try await cluster.waitForEvent("web", "Killing: Stopping container main")
            #expect(try await cluster.driver.listPodSandbox().isEmpty)
            #expect(try await cluster.driver.listContainers().isEmpty)
            #expect(!Files.exists(cluster.configuration.podDirectory(pod.uid)))
            #expect(!Files.exists(cluster.configuration.logDirectory(pod)))
        }
    }

    @Test func aPodThatEndsSucceedsOrFails() async throws {
        try await TestCluster.with { cluster in
            cluster.run("good", "exit 0", spec: ["restartPolicy": "Never"])
            cluster.run("bad", "echo why > /dev/termination-log; exit 3", spec: ["restartPolicy": "Never"])
            let good = try await cluster.wait("good") { $0.phase == "Succeeded" }
            #expect(good.container()["state"]["terminated"]["reason"].equals("Completed"))
            #expect(good.condition("Ready")["reason"].equals("PodCompleted"))
            let bad = try await cluster.wait("bad") { $0.phase == "Failed" }
            let end = bad.container()["state"]["terminated"]
            #expect(end["exitCode"].int == 3)
            #expect(end["reason"].equals("Error"))
            #expect(end["message"].equals("why\n"))
            #expect(end["startedAt"].exists && end["finishedAt"].exists)
        }
    }

    @Test func aContainerThatCrashesIsRestartedAndThenHeldBack() async throws {
        try await TestCluster.with { cluster in
            cluster.run("crasher", "echo run; exit 1")
            let pod = try await cluster.wait("crasher") {
                $0.container()["state"]["waiting"]["reason"].equals("CrashLoopBackOff")
            }
            #expect(pod.container()["restartCount"].int == 1)
            #expect(pod.container()["lastState"]["terminated"]["exitCode"].int == 1)
            #expect(pod.phase == "Running")
            let message = pod.container()["state"]["waiting"]["message"].string ?? ""
            #expect(message.hasPrefix("back-off 10s restarting failed container=main pod=crasher_default("))
            try await cluster.waitForEvent(
                "crasher", "BackOff: Back-off restarting failed container main in pod crasher")
            var options = LogOptions()
            options.previous = true
            #expect(try await cluster.logs("crasher", options) == "run\n")
        }
    }

    @Test func aKilledContainerComesBackWhileOthersGoOn() async throws {
        try await TestCluster.with { cluster in
            cluster.run("phoenix", "sleep 1000")
            let first = try await cluster.waitUntilRunning("phoenix")
            let id = try #require(first.container()["containerID"].string?.dropFirst("containerd://".count))
            try await cluster.driver.stopContainer(id: String(id), timeout: 0)
            let second = try await cluster.wait("phoenix") {
                $0.container()["restartCount"].int == 1 && $0.container()["state"]["running"].exists
            }
            #expect(second.container()["lastState"]["terminated"]["exitCode"].int == 137)
        }
    }

    @Test func aRestartedAgentFindsItsPodsRunning() async throws {
        try await TestCluster.with { cluster in
            cluster.run("stays", "while :; do sleep 1; done")
            cluster.run("goes", "sleep 1000")
            cluster.run("dies", "while [ ! -e /tmp/end ]; do sleep 0.1; done; exit 7", spec: ["restartPolicy": "Never"])
            let before = try await cluster.waitUntilRunning("stays")
            try await cluster.waitUntilRunning("goes")
            let dies = try await cluster.waitUntilRunning("dies")
            await cluster.stopAgent()

            _ = try await cluster.api.delete(
                .pods, namespace: "default", name: "goes", DeleteOptions(gracePeriodSeconds: 0))
            let id = String(try #require(dies.container()["containerID"].string?.dropFirst("containerd://".count)))
            _ = try await cluster.driver.execSync(container: id, command: ["/bin/touch", "/tmp/end"], timeout: 5)

            cluster.startAgent()
            let failed = try await cluster.wait("dies") { $0.phase == "Failed" }
            #expect(failed.container()["state"]["terminated"]["exitCode"].int == 7)
            // Of the pod that was deleted meanwhile, nothing is left.
            _ = try await eventually { () -> Bool? in
                try await cluster.driver.listPodSandbox().contains { $0.metadata.name == "goes" } ? nil : true
            }
            let after = try #require(cluster.pod("stays"))
            #expect(after.container()["containerID"].string == before.container()["containerID"].string)
            #expect(after.container()["restartCount"].int == 0)
        }
    }

    @Test func thePodsOwnFilesAndVariablesAreThere() async throws {
        try await TestCluster.with { cluster in
            cluster.api.memory.put(
                .configMaps, ["metadata": ["name": "settings", "namespace": "default"], "data": ["colour": "blue"]])
            cluster.api.memory.put(
                .secrets, ["metadata": ["name": "keys", "namespace": "default"], "data": ["password": "c2VjcmV0"]])
            let script = """
                echo name=$NAME ip=$IP colour=$COLOUR greeting=$GREETING
                cat /config/colour; echo; cat /secret/pass; echo; cat /api/token; echo; cat /api/labels; echo
                hostname; id -u; echo kept > /scratch/file; cat /one; echo
                """
            cluster.run(
                "files", script,
                spec: [
                    "restartPolicy": "Never", "hostname": "harbour",
                    "volumes": [
                        ["name": "config", "configMap": ["name": "settings"]],
                        [
                            "name": "secret",
                            "secret": ["secretName": "keys", "items": [["key": "password", "path": "pass"]]],
                        ],
                        [
                            "name": "api",
                            "projected": [
                                "sources": [
                                    ["serviceAccountToken": ["path": "token"]],
                                    [
                                        "downwardAPI": [
                                            "items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]
                                        ]
                                    ],
                                ]
                            ],
                        ],
                        ["name": "scratch", "emptyDir": [:]],
                    ],
                ],
                container: [
                    "env": [
                        ["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                        ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                        ["name": "COLOUR", "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "colour"]]],
                        ["name": "GREETING", "value": "hello-$(COLOUR)-$$(COLOUR)"],
                    ],
                    "securityContext": ["runAsUser": 1234],
                    "volumeMounts": [
                        ["name": "config", "mountPath": "/config"], ["name": "secret", "mountPath": "/secret"],
                        ["name": "api", "mountPath": "/api"], ["name": "scratch", "mountPath": "/scratch"],
                        ["name": "config", "mountPath": "/one", "subPath": "colour"],
                    ],
                ], metadata: ["labels": ["app": "files"]])
            let pod = try await cluster.wait("files") { $0.phase == "Succeeded" }
            let ip = pod["status"]["podIP"].string ?? ""
            #expect(
                try await cluster.logs("files") == """
                    name=files ip=\(ip) colour=blue greeting=hello-blue-$(COLOUR)
                    blue
                    secret
                    token of default for files
                    app="files"
                    harbour
                    1234
                    blue

                    """)
        }
    }

    @Test func aPodWaitsForAConfigMapThatComesLater() async throws {
        try await TestCluster.with { cluster in
            let volume: JSONValue = ["volumes": [["name": "config", "configMap": ["name": "late"]]]]
            cluster.run("mounts", "sleep 1000", spec: volume)
            cluster.run(
                "reads", "sleep 1000",
                container: ["env": [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "late", "key": "a"]]]]])
            try await cluster.waitForEvent("mounts", "FailedMount: MountVolume.SetUp failed for volume \"config\"")
            try await cluster.wait("reads") {
                $0.container()["state"]["waiting"]["reason"].equals("CreateContainerConfigError")
            }
            #expect(
                cluster.pod("mounts")?.container()["state"]["waiting"]["reason"].equals("ContainerCreating") == true)
            cluster.api.memory.put(
                .configMaps, ["metadata": ["name": "late", "namespace": "default"], "data": ["a": "b"]])
            try await cluster.waitUntilRunning("mounts")
            try await cluster.waitUntilRunning("reads")
        }
    }

    @Test func anImageThatCannotBePulledIsSaidSo() async throws {
        try await TestCluster.with { cluster in
            cluster.run("nowhere", "", container: ["image": "localhost:1/no/image:1"])
            cluster.run("never", "", container: ["image": "localhost:1/no/image:1", "imagePullPolicy": "Never"])
            try await cluster.wait("nowhere") { $0.container()["state"]["waiting"]["reason"].equals("ErrImagePull") }
            try await cluster.wait("nowhere") {
                $0.container()["state"]["waiting"]["reason"].equals("ImagePullBackOff")
            }
            try await cluster.wait("never") { $0.container()["state"]["waiting"]["reason"].equals("ErrImageNeverPull") }
            try await cluster.waitForEvent("nowhere", "Failed: Failed to pull image \"localhost:1/no/image:1\"")
            try await cluster.waitForEvent("nowhere", "BackOff: Back-off pulling image")
            try await cluster.delete("nowhere", grace: 30)
            try await cluster.waitUntilGone("nowhere")
        }
    }

    @Test func initContainersRunInOrderBeforeTheOthers() async throws {
        try await TestCluster.with { cluster in
            let image = JSONValue.string(TestCluster.image)
            let mounts: JSONValue = [["name": "work", "mountPath": "/work"]]
            cluster.run(
                "ordered", "cat /work/log",
                spec: [
                    "restartPolicy": "Never", "terminationGracePeriodSeconds": 2,
                    "volumes": [["name": "work", "emptyDir": ["medium": "Memory"]]],
                    "initContainers": [
                        ["name": "first", "image": image, "args": ["echo first >> /work/log"], "volumeMounts": mounts],
                        [
                            "name": "helper", "image": image, "restartPolicy": "Always",
                            "args": ["echo helper >> /work/log; sleep 1000"], "volumeMounts": mounts,
                        ],
                        [
                            "name": "second", "image": image, "volumeMounts": mounts,
                            "args": [
                                "while [ $(wc -l < /work/log) -lt 2 ]; do sleep 0.1; done; echo second >> /work/log"
                            ],
                        ],
                    ],
                ], container: ["volumeMounts": mounts])
            let pod = try await cluster.wait("ordered") { $0.phase == "Succeeded" }
            #expect(try await cluster.logs("ordered") == "first\nhelper\nsecond\n")
            #expect(pod.container("first")["state"]["terminated"]["exitCode"].int == 0)
        }
    }

    @Test func aFailedInitContainerKeepsThePodFromStarting() async throws {
        try await TestCluster.with { cluster in
            cluster.run(
                "stuck", "true",
                spec: [
                    "restartPolicy": "Never",
                    "initContainers": [["name": "first", "image": .string(TestCluster.image), "args": ["exit 4"]]],
                ])
            let pod = try await cluster.wait("stuck") { $0.phase == "Failed" }
            #expect(pod.container("first")["state"]["terminated"]["exitCode"].int == 4)
            #expect(pod.container()["state"]["waiting"]["reason"].equals("PodInitializing"))
            #expect(pod.condition("Initialized")["status"].equals("False"))
        }
    }

    @Test func aStubbornContainerIsKilledWhenItsTimeIsOver() async throws {
        try await TestCluster.with { cluster in
            cluster.run("stubborn", "trap '' TERM; while :; do sleep 1; done")
            try await cluster.waitUntilRunning("stubborn")
            let start = ContinuousClock.now
            try await cluster.delete("stubborn", grace: 3)
            try await cluster.waitUntilGone("stubborn")
            let took = ContinuousClock.now - start
            #expect(took > .seconds(2) && took < .seconds(8), "\(took)")
        }
    }

    @Test func aPodThatDoesNotFitFails() async throws {
        try await TestCluster.with { cluster in
            cluster.run("huge", "true", container: ["resources": ["requests": ["cpu": "4000"]]])
            let pod = try await cluster.wait("huge") { $0.phase == "Failed" }
            #expect(pod["status"]["reason"].equals("OutOfcpu"))
            cluster.run("elsewhere", "true", spec: ["nodeSelector": ["disk": "fast"]])
            let other = try await cluster.wait("elsewhere") { $0.phase == "Failed" }
            #expect(other["status"]["reason"].equals("NodeAffinity"))
        }
    }

    @Test func aPodThatRunsLongerThanItMayFails() async throws {
        try await TestCluster.with { cluster in
            cluster.run(
                "slow", "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done", spec: ["activeDeadlineSeconds": 2])
            let pod = try await cluster.wait("slow") { $0.phase == "Failed" }
            #expect(pod["status"]["reason"].equals("DeadlineExceeded"))
            #expect(pod.condition("Ready")["reason"].equals("PodFailed"))
        }
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        try await TestCluster.with { cluster in
            cluster.run("wrong", "", spec: ["restartPolicy": "Never"], container: ["command": ["/no/such/program"]])
            let pod = try await cluster.wait("wrong") { $0.phase == "Failed" }
            let end = pod.container()["state"]["terminated"]
            #expect(end["exitCode"].int == 128)
            #expect(end["message"].string?.contains("/no/such/program") == true)
        }
    }

    @Test func probesDecideReadinessAndRestarts() async throws {
        try await TestCluster.with { cluster in
            let probe: (String) -> JSONValue = {
                ["exec": ["command": ["/bin/sh", "-c", .string($0)]], "periodSeconds": 1, "failureThreshold": 1]
            }
            cluster.run(
                "probed", "sleep 1; touch /tmp/ready; sleep 2; touch /tmp/sick; sleep 1000",
                container: [
                    "readinessProbe": probe("cat /tmp/ready"), "livenessProbe": probe("[ ! -e /tmp/sick ]"),
                ], metadata: [:])
            let early = try await cluster.wait("probed") { $0.phase == "Running" }
            #expect(early.condition("Ready")["status"].equals("False"))
            try await cluster.waitUntilRunning("probed")
            try await cluster.waitForEvent("probed", "Killing: Container main failed liveness probe, will be restarted")
        }
    }
}
