import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct JobTests {
    let cluster = Cluster(JobController.self)
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    private func make(_ spec: JSONValue = [:], policy: String = "Never") {
        var whole: JSONValue = [
            "completions": 1, "parallelism": 1, "backoffLimit": 6, "completionMode": "NonIndexed",
            "selector": ["matchLabels": ["job": "j"]],
            "template": [
                "metadata": ["labels": ["job": "j"]],
                "spec": ["restartPolicy": .string(policy), "containers": [["name": "c", "image": "i"]]],
            ],
        ]
        for (key, value) in spec.object ?? [:] { whole[key] = value }
        api.put(
            .jobs,
            [
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": ["namespace": "ns", "name": "j", "generation": 1], "spec": whole,
            ])
    }

    private static func status(_ api: MemoryAPI) -> JSONRef { api.object(.jobs, "ns/j")?["status"] ?? .missing }
    private static func active(_ api: MemoryAPI) -> [Object] {
        api.objects(.pods).filter {
            !$0.isBeingDeleted && !["Succeeded", "Failed"].contains($0["status"]["phase"].string)
        }
    }
    private static func has(_ api: MemoryAPI, _ type: String) -> Bool {
        api.object(.jobs, "ns/j")?.condition(type)["status"].equals("True") ?? false
    }
    private func waitForActive(_ count: Int) async { await api.wait { Self.active($0).count == count } }

    private func end(_ pod: Object, _ phase: String, exit: Int = 1, conditions: JSONValue = []) async throws {
        try await api.modify(.pods, namespace: "ns", name: pod.name, subresource: "status") { [time] object in
            object["status"] = [
                "phase": .string(phase), "conditions": conditions,
                "containerStatuses": [
                    [
                        "name": "c", "restartCount": 0,
                        "state": [
                            "terminated": [
                                "exitCode": .int(phase == "Failed" ? exit : 0),
                                "finishedAt": .string(time.now.description),
                            ]
                        ],
                    ]
                ],
            ]
            return true
        }
    }

    /// Does what nodes do with deleted Pods.
    private func endDeleted(_ count: Int) async throws {
        await api.wait { $0.objects(.pods).filter(\.isBeingDeleted).count == count }
        for pod in api.objects(.pods).filter(\.isBeingDeleted) {
            try await end(pod, "Failed", exit: 137)
            await api.wait { $0.object(.pods, pod.key)?.finalizers.isEmpty == true }
            try await api.delete(.pods, namespace: "ns", name: pod.name, .init(gracePeriodSeconds: 0))
        }
    }

    @Test func aJobIsCompleteWhenItsPodsSucceeded() async throws {
        make(["completions": 3, "parallelism": 2])
        for done in 0..<3 {
            await waitForActive(min(2, 3 - done))
            try await end(try #require(Self.active(api).first), "Succeeded")
        }
        await api.wait { Self.has($0, "Complete") }
        let job = try #require(api.object(.jobs, "ns/j"))
        #expect(job["status"]["succeeded"].int == 3)
        #expect(job["status"]["completionTime"].exists)
        #expect(job["status"]["uncountedTerminatedPods"].count == 0)
        #expect(job.condition("Complete")["reason"].string == "CompletionsReached")
        #expect(job.condition("SuccessCriteriaMet")["message"].string == "Reached expected number of succeeded pods")
        #expect(api.objects(.pods).count == 3)
        await api.wait { $0.objects(.pods).allSatisfy { $0.finalizers.isEmpty } }
        await api.wait { $0.objects(.events).contains { $0["reason"].equals("Completed") } }
    }

    @Test func podsAreOwnedTrackedAndMadeFromTheTemplate() async throws {
        make()
        await waitForActive(1)
        let pod = try #require(Self.active(api).first)
        #expect(pod.finalizers == ["batch.kubernetes.io/job-tracking"])
        #expect(pod.controllerReference?.uid == api.object(.jobs, "ns/j")?.uid)
        #expect(pod.name.hasPrefix("j-"))
        #expect(pod.label("job") == "j")
        await api.wait { Self.status($0)["active"].int == 1 && Self.status($0)["startTime"].exists }
    }

    @Test func failedPodsAreReplacedLaterAndLaterUntilTheLimit() async throws {
        make(["backoffLimit": 2])
        var waited: [Double] = []
        for failure in 1...3 {
            await waitForActive(1)
            try await end(try #require(Self.active(api).first), "Failed")
            await api.wait { Self.status($0)["failed"].int == failure }
            if failure == 3 { break }
            let delay = failure == 1 ? 10.0 : 20.0
            await time.waitForSleeper(until: time.uptime + delay)
            #expect(Self.active(api).isEmpty)
            waited.append(delay)
            time.advance(seconds: delay)
        }
        await api.wait { Self.has($0, "Failed") }
        let failed = try #require(api.object(.jobs, "ns/j")).condition("Failed")
        #expect(failed["reason"].string == "BackoffLimitExceeded")
        #expect(failed["message"].string == "Job has reached the specified backoff limit")
        #expect(Self.has(api, "FailureTarget"))
        #expect(Self.status(api)["failed"].int == 3)
        #expect(waited == [10, 20])
    }

    @Test func eachIndexHasItsPodAndItsNumber() async throws {
        make(["completions": 3, "parallelism": 3, "completionMode": "Indexed"])
        await waitForActive(3)
        let pods = Self.active(api)
        #expect(Set(pods.map { $0.annotation("batch.kubernetes.io/job-completion-index") }) == ["0", "1", "2"])
        let first = try #require(pods.first { $0.label("batch.kubernetes.io/job-completion-index") == "0" })
        #expect(first["spec"]["hostname"].string == "j-0")
        #expect(first.name.hasPrefix("j-0-"))
        let variable = first["spec"]["containers"][0]["env"][0]
        #expect(variable["name"].string == "JOB_COMPLETION_INDEX")
        #expect(
            variable["valueFrom"]["fieldRef"]["fieldPath"].string
                == "metadata.labels['batch.kubernetes.io/job-completion-index']")
        for pod in pods where pod.uid != first.uid { try await end(pod, "Succeeded") }
        await api.wait { Self.status($0)["completedIndexes"].string == "1,2" }
        try await end(first, "Succeeded")
        await api.wait { Self.has($0, "Complete") }
        #expect(Self.status(api)["completedIndexes"].string == "0-2")
        #expect(Self.status(api)["succeeded"].int == 3)
    }

    @Test func anIndexFailsByItsOwnLimitAndTheOthersGoOn() async throws {
        make(["completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 0])
        await waitForActive(2)
        let pods = Self.active(api).sorted { $0.name < $1.name }
        try await end(pods[0], "Failed")
        await api.wait { Self.status($0)["failedIndexes"].string == "0" }
        #expect(Self.active(api).map(\.uid) == [pods[1].uid])
        try await end(pods[1], "Succeeded")
        await api.wait { Self.has($0, "Failed") }
        #expect(api.object(.jobs, "ns/j")?.condition("Failed")["reason"].string == "FailedIndexes")
        #expect(Self.status(api)["completedIndexes"].string == "1")
    }

    @Test func tooManyFailedIndexesEndTheJob() async throws {
        make([
            "completions": 4, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 0,
            "maxFailedIndexes": 0,
        ])
        await waitForActive(2)
        try await end(Self.active(api)[0], "Failed")
        try await endDeleted(1)
        await api.wait { Self.has($0, "Failed") }
        #expect(api.object(.jobs, "ns/j")?.condition("Failed")["reason"].string == "MaxFailedIndexesExceeded")
        #expect(Self.active(api).isEmpty)
    }

    @Test func aFailurePolicyEndsTheJobIgnoresOrFailsAnIndex() async throws {
        make([
            "completions": 3, "parallelism": 3, "completionMode": "Indexed", "backoffLimitPerIndex": 5,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": [
                "rules": [
                    ["action": "FailJob", "onExitCodes": ["containerName": "c", "operator": "In", "values": [42]]],
                    ["action": "Ignore", "onPodConditions": [["type": "DisruptionTarget", "status": "True"]]],
                    ["action": "FailIndex", "onExitCodes": ["operator": "In", "values": [7]]],
                ]
            ],
        ])
        await waitForActive(3)
        let pods = Self.active(api).sorted { $0.name < $1.name }
        try await end(pods[0], "Failed", conditions: [["type": "DisruptionTarget", "status": "True"]])
        // Replaced at once, and not counted.
        await api.wait { api in Self.active(api).contains { $0.name.hasPrefix("j-0-") && $0.uid != pods[0].uid } }
        #expect(Self.status(api)["failed"].int == nil)
        try await end(pods[1], "Failed", exit: 7)
        await api.wait { Self.status($0)["failedIndexes"].string == "1" }
        try await end(pods[2], "Failed", exit: 42)
        await api.wait { Self.has($0, "FailureTarget") }
        let target = try #require(api.object(.jobs, "ns/j")).condition("FailureTarget")
        #expect(target["reason"].string == "PodFailurePolicy")
        #expect(
            target["message"].string
                == "Container c for pod ns/\(pods[2].name) failed with exit code 42 matching FailJob rule at index 0")
        try await endDeleted(1)
        await api.wait { Self.has($0, "Failed") }
    }

    @Test func aSuccessPolicyEndsTheJobEarly() async throws {
        make([
            "completions": 3, "parallelism": 3, "completionMode": "Indexed",
            "successPolicy": ["rules": [["succeededIndexes": "0", "succeededCount": 1]]],
        ])
        await waitForActive(3)
        try await end(try #require(Self.active(api).first { $0.name.hasPrefix("j-0-") }), "Succeeded")
        try await endDeleted(2)
        await api.wait { Self.has($0, "Complete") }
        let met = try #require(api.object(.jobs, "ns/j")).condition("SuccessCriteriaMet")
        #expect(met["reason"].string == "SuccessPolicy")
        #expect(met["message"].string == "Matched rules at index 0")
        #expect(Self.active(api).isEmpty)
    }

    @Test func aSuspendedJobHasNoPodsAndGoesOnWhenResumed() async throws {
        make(["parallelism": 2, "completions": 2])
        await waitForActive(2)
        try await api.modify(.jobs, namespace: "ns", name: "j") {
            $0["spec"]["suspend"] = true
            return true
        }
        await api.wait { Self.has($0, "Suspended") && Self.active($0).isEmpty }
        #expect(api.object(.jobs, "ns/j")?.condition("Suspended")["reason"].string == "JobSuspended")
        time.advance(seconds: 100)
        try await api.modify(.jobs, namespace: "ns", name: "j") {
            $0["spec"]["suspend"] = false
            return true
        }
        await waitForActive(2)
        await api.wait { $0.object(.jobs, "ns/j")?.condition("Suspended")["reason"].string == "JobResumed" }
        #expect(Self.status(api)["startTime"].string == time.now.description)
        #expect(Self.status(api)["failed"].int == nil)
    }

    @Test func aDeadlineEndsTheJob() async throws {
        make(["activeDeadlineSeconds": 30])
        await waitForActive(1)
        await time.waitForSleeper(until: 30)
        time.advance(seconds: 30)
        try await endDeleted(1)
        await api.wait { Self.has($0, "Failed") }
        let failed = try #require(api.object(.jobs, "ns/j")).condition("Failed")
        #expect(failed["reason"].string == "DeadlineExceeded")
        #expect(failed["message"].string == "Job was active longer than specified deadline")
        #expect(Self.active(api).isEmpty)
    }

    @Test func aJobManagedByOthersIsLeftAlone() async throws {
        make(["managedBy": "example.com/x"])
        api.put(
            .jobs,
            [
                "apiVersion": "batch/v1", "kind": "Job", "metadata": ["namespace": "ns", "name": "other"],
                "spec": [
                    "completions": 1, "parallelism": 1, "selector": ["matchLabels": ["x": "y"]],
                    "template": ["metadata": ["labels": ["x": "y"]], "spec": ["containers": []]],
                ],
            ])
        await api.wait { !$0.objects(.pods).isEmpty }
        #expect(api.objects(.pods).allSatisfy { $0.label("x") == "y" })
        #expect(!Self.status(api).exists)
    }

    @Test func fewerAreWantedSoTheLeastUsefulGo() async throws {
        make(["parallelism": 3, "completions": 5])
        await waitForActive(3)
        let ready = try #require(Self.active(api).last)
        try await api.modify(.pods, namespace: "ns", name: ready.name, subresource: "status") { [time] object in
            object["status"]["phase"] = "Running"
            return object.setCondition(Condition("Ready", true), now: time.now)
        }
        await api.wait { Self.status($0)["ready"].int == 1 }
        try await api.modify(.jobs, namespace: "ns", name: "j") {
            $0["spec"]["parallelism"] = 1
            return true
        }
        await waitForActive(1)
        #expect(Self.active(api).map(\.uid) == [ready.uid])
        await api.wait { $0.objects(.pods).count == 1 }
    }

    @Test func matchingOrphansAreTakenOverAndOthersLetGo() async throws {
        api.put(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["namespace": "ns", "name": "orphan", "labels": ["job": "j"]],
                "status": ["phase": "Running"],
            ])
        make()
        await api.wait { $0.object(.pods, "ns/orphan")?.controllerReference?.kind == "Job" }
        #expect(api.objects(.pods).count == 1)
        #expect(api.object(.pods, "ns/orphan")?.finalizers == [JobPod.finalizer])
        try await api.modify(.pods, namespace: "ns", name: "orphan") {
            $0["metadata"]["labels"] = [:]
            return true
        }
        await api.wait { $0.object(.pods, "ns/orphan")?.controllerReference == nil && $0.objects(.pods).count == 2 }
        #expect(api.object(.pods, "ns/orphan")?.finalizers == [])
    }

    @Test func podsOfADeletedJobLoseTheirFinalizer() async throws {
        make()
        await waitForActive(1)
        try await api.delete(.jobs, namespace: "ns", name: "j", .init())
        await api.wait { $0.objects(.pods).allSatisfy { $0.finalizers.isEmpty } }
    }

    @Test func aFinishedJobIsDeletedWhenItsTimeIsUp() async throws {
        let cluster = Cluster(TTLAfterFinished.self)
        cluster.api.put(
            .jobs,
            [
                "apiVersion": "batch/v1", "kind": "Job", "metadata": ["namespace": "ns", "name": "j"],
                "spec": ["ttlSecondsAfterFinished": 60],
                "status": [
                    "conditions": [
                        [
                            "type": "Complete", "status": "True",
                            "lastTransitionTime": .string(cluster.time.now.description),
                        ]
                    ]
                ],
            ])
        await cluster.time.waitForSleeper(until: 60)
        cluster.time.advance(seconds: 60)
        await cluster.api.wait { $0.object(.jobs, "ns/j")?.isBeingDeleted ?? true }
    }
}

@Suite struct IndexesTests {
    @Test(arguments: [
        ("", ""), ("3", "3"), ("1,2", "1,2"), ("1-3", "1-3"), ("1,2,3,5,7-9", "1-3,5,7-9"), ("x", ""), ("5-1", ""),
    ])
    func textIsReadAndWrittenInTheShortestForm(text: String, expected: String) {
        #expect(Indexes(text).description == expected)
    }

    @Test func aSetCountsAndKnowsItsMembers() {
        let set = Indexes("0-4,7", below: 6)
        #expect(set.count == 5)
        #expect(set.contains(4) && !set.contains(5) && !set.contains(7))
        #expect(set.union([5, 9]).description == "0-5,9")
        #expect(set.countCommon(with: Indexes("3-10")) == 2)
    }
}
