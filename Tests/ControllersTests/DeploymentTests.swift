import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct DeploymentTests {
    let cluster: Cluster
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    init() {
        cluster = Cluster(making: { Several($0, [DeploymentController.self, ReplicaSetController.self]) }, { _ in })
    }

    private func put(_ spec: JSONValue) {
        var spec = spec
        if spec["strategy"].isNull {
            spec["strategy"] = [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"],
            ]
        }
        spec["progressDeadlineSeconds"] = 600
        api.put(.deployments, workload("apps/v1", "Deployment", spec))
    }

    private func setImage(_ image: String) async throws {
        try await api.change(.deployments, "ns/web") {
            $0["spec"]["template"]["spec"]["containers"][0]["image"] = .string(image)
        }
    }

    private static func set(_ api: MemoryAPI, _ image: String) -> Object? {
        api.objects(.replicaSets).first { $0["spec"]["template"]["spec"]["containers"][0]["image"].equals(image) }
    }

    private static func isDone(_ api: MemoryAPI, _ image: String, replicas: Int) -> Bool {
        guard let deployment = api.object(.deployments, "ns/web") else { return false }
        return deployment.condition("Progressing")["reason"].equals("NewReplicaSetAvailable")
            && set(api, image)?["status"]["availableReplicas"].int == replicas
            && deployment["status"]["observedGeneration"].int == deployment.generation
            && deployment["status"]["replicas"].int == replicas
    }

    @Test func itMakesAReplicaSetAndSaysWhatBecomesOfIt() async throws {
        let node = SimulatedNode(api, time: time)
        put(["replicas": 2])
        await api.wait { Self.isDone($0, "web:1", replicas: 2) }
        let set = try #require(api.objects(.replicaSets).first)
        let hash = try #require(set.label("pod-template-hash"))
        #expect(set.name == "web-" + hash)
        #expect(set["spec"]["selector"]["matchLabels"]["pod-template-hash"].string == hash)
        #expect(set.annotation("deployment.kubernetes.io/revision") == "1")
        #expect(set.annotation("deployment.kubernetes.io/desired-replicas") == "2")
        #expect(set.annotation("deployment.kubernetes.io/max-replicas") == "3")
        #expect(api.pods().allSatisfy { $0.label("pod-template-hash") == hash })
        let deployment = try #require(api.object(.deployments, "ns/web"))
        #expect(deployment.annotation("deployment.kubernetes.io/revision") == "1")
        #expect(deployment.condition("Available")["reason"].equals("MinimumReplicasAvailable"))
        let progressing = deployment.condition("Progressing")
        #expect(progressing["message"].string == "ReplicaSet \"\(set.name)\" has successfully progressed.")
        #expect(deployment["status"]["updatedReplicas"].int == 2)
        #expect(!deployment["status"]["unavailableReplicas"].exists)
        await api.wait { $0.events("ScalingReplicaSet") == ["Scaled up replica set \(set.name) from 0 to 2"] }
        withExtendedLifetime(node) {}
    }

    @Test func anUpdateNeverGoesBelowWhatIsPromisedNorAboveTheSurge() async throws {
        let node = SimulatedNode(api, time: time)
        put(["replicas": 8])
        await api.wait { Self.isDone($0, "web:1", replicas: 8) }
        let watch = Task { [api] in
            var (least, most) = (8, 8)
            let pods = Reflector(api, .pods, time: ManualTime())
            let changes = pods.changes()
            async let running: Void = pods.run()
            for await _ in changes {
                let all = api.pods().map { Pod($0) }
                (least, most) = (min(least, all.count(where: \.isReady)), max(most, all.count))
            }
            await running
            return (least, most)
        }
        await api.wait { _ in true }
        try await setImage("web:2")
        await api.wait { Self.isDone($0, "web:2", replicas: 8) }
        watch.cancel()
        let (least, most) = await watch.value
        #expect(least >= 6)
        #expect(most <= 10)
        #expect(Self.set(api, "web:1")?["spec"]["replicas"].int == 0)
        #expect(Self.set(api, "web:2")?.annotation("deployment.kubernetes.io/revision") == "2")
        withExtendedLifetime(node) {}
    }

    @Test func aBrokenVersionStopsAtItsBoundsTimesOutAndRollsBack() async throws {
        let node = SimulatedNode(api, time: time)
        put(["replicas": 4])
        await api.wait { Self.isDone($0, "web:1", replicas: 4) }
        try await setImage("broken:1")
        // One more than wanted, one less of the old: 3 stay available.
        await api.wait {
            Self.set($0, "broken:1")?["status"]["replicas"].int == 2
                && Self.set($0, "web:1")?["status"]["availableReplicas"].int == 3
        }
        // All has come to rest: a step that is seen later would begin the deadline anew.
        await api.wait {
            let status = $0.object(.deployments, "ns/web")?["status"]
            let counts = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"]
            return counts.map { status?[$0].int } == [5, 2, 3, 3, 2]
        }
        #expect(api.object(.deployments, "ns/web")?.condition("Available")["status"].string == "True")
        await time.waitForSleeper(until: 601)
        time.advance(seconds: 601)
        await api.wait {
            $0.object(.deployments, "ns/web")?.condition("Progressing")["reason"].string == "ProgressDeadlineExceeded"
        }
        #expect(Self.set(api, "web:1")?["status"]["availableReplicas"].int == 3)

        try await setImage("web:1")
        await api.wait { Self.isDone($0, "web:1", replicas: 4) }
        let back = try #require(Self.set(api, "web:1"))
        #expect(back.annotation("deployment.kubernetes.io/revision") == "3")
        #expect(back.annotation("deployment.kubernetes.io/revision-history") == "1")
        #expect(api.object(.deployments, "ns/web")?.annotation("deployment.kubernetes.io/revision") == "3")
        #expect(api.objects(.replicaSets).count == 2)
        withExtendedLifetime(node) {}
    }

    @Test func recreateWaitsForTheLastOldPod() async throws {
        let node = SimulatedNode(api, time: time) { $0.isBeingDeleted }
        put(["replicas": 2, "strategy": ["type": "Recreate"]])
        await api.wait { Self.isDone($0, "web:1", replicas: 2) }
        try await setImage("web:2")
        await api.wait { $0.objects(.pods).allSatisfy(\.isBeingDeleted) && $0.objects(.pods).count == 2 }
        let pods = api.objects(.pods)
        try await api.delete(.pods, namespace: "ns", name: pods[0].name, DeleteOptions(gracePeriodSeconds: 0))
        await api.wait { Self.set($0, "web:1")?["status"]["terminatingReplicas"].int == 1 }
        #expect(Self.set(api, "web:2") == nil)
        try await api.delete(.pods, namespace: "ns", name: pods[1].name, DeleteOptions(gracePeriodSeconds: 0))
        await api.wait { Self.isDone($0, "web:2", replicas: 2) }
        withExtendedLifetime(node) {}
    }

    @Test func aPausedDeploymentIsScaledButNotUpdated() async throws {
        let node = SimulatedNode(api, time: time)
        put(["replicas": 2])
        await api.wait { Self.isDone($0, "web:1", replicas: 2) }
        try await api.change(.deployments, "ns/web") {
            $0["spec"]["paused"] = true
            $0["spec"]["replicas"] = 3
            $0["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
        }
        await api.wait { Self.set($0, "web:1")?["status"]["availableReplicas"].int == 3 }
        await api.wait {
            $0.object(.deployments, "ns/web")?.condition("Progressing")["reason"].string == "DeploymentPaused"
        }
        #expect(Self.set(api, "web:2") == nil)
        try await api.change(.deployments, "ns/web") { $0["spec"].remove("paused") }
        await api.wait { Self.isDone($0, "web:2", replicas: 3) }
        withExtendedLifetime(node) {}
    }

    @Test func oldReplicaSetsBeyondTheLimitAreDeleted() async throws {
        let node = SimulatedNode(api, time: time)
        put(["replicas": 1, "revisionHistoryLimit": 1])
        for version in 1...4 {
            if version > 1 { try await setImage("web:\(version)") }
            await api.wait { Self.isDone($0, "web:\(version)", replicas: 1) }
        }
        await api.wait { $0.objects(.replicaSets).count == 2 }
        #expect(Self.set(api, "web:3") != nil && Self.set(api, "web:4") != nil)
        withExtendedLifetime(node) {}
    }

    @Test func aReplicaSetOfSomebodyElseWithTheSameNameIsACollision() async throws {
        let spec: JSONValue = ["containers": [["name": "main", "image": "web:1"]]]
        let template: JSONValue = ["metadata": ["labels": ["app": "web"]], "spec": spec]
        var other = workload("apps/v1", "ReplicaSet", name: "web-" + template.hashName(collisions: 0), ["replicas": 0])
        other["spec"]["selector"] = ["matchLabels": ["app": "other"]]
        other["spec"]["template"]["metadata"]["labels"] = ["app": "other"]
        other["metadata"]["labels"] = ["app": "other"]
        api.put(.replicaSets, other)
        put(["replicas": 1])
        while api.object(.deployments, "ns/web")?["status"]["updatedReplicas"].int != 1 {
            time.advance(seconds: 1)
            await Task.yield()
        }
        #expect(api.object(.deployments, "ns/web")?["status"]["collisionCount"].int == 1)
        #expect(api.object(.replicaSets, "ns/web-" + template.hashName(collisions: 1)) != nil)
    }

    // MARK: Numbers

    private func deployment(_ replicas: Int, surge: JSONValue, unavailable: JSONValue) throws -> Deployment {
        let value = workload(
            "apps/v1", "Deployment",
            [
                "replicas": .int(replicas),
                "strategy": [
                    "type": "RollingUpdate", "rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable],
                ],
            ])
        return Deployment(try Object(parsing: value.encoded()))
    }

    private func set(
        _ image: String, _ replicas: Int, available: Int, maximum: Int, at second: Int
    ) throws -> Object {
        var value = workload("apps/v1", "ReplicaSet", name: image, ["replicas": .int(replicas)])
        value["spec"]["template"]["spec"]["containers"][0]["image"] = .string(image)
        value["metadata"]["uid"] = .string(image)
        value["metadata"]["creationTimestamp"] = .string(Time(secondsSince1970: second).description)
        value["metadata"]["annotations"]["deployment.kubernetes.io/max-replicas"] = .string(String(maximum))
        value["status"]["availableReplicas"] = .int(available)
        return try Object(parsing: value.encoded())
    }

    @Test func percentagesRoundSurgeUpAndUnavailabilityDown() throws {
        let quarter = try deployment(10, surge: "25%", unavailable: "25%")
        #expect(quarter.maxSurge == 3 && quarter.maxUnavailable == 2)
        let none = try deployment(2, surge: "0%", unavailable: "10%")
        #expect(none.maxSurge == 0 && none.maxUnavailable == 1)
        #expect(try deployment(3, surge: 1, unavailable: 5).maxUnavailable == 3)
    }

    @Test func aNewSizeIsSharedInProportion() throws {
        // The example of the documentation: 8 old and 5 new of 10 + 3, then 15 are wanted.
        let larger = try deployment(15, surge: 3, unavailable: 2)
        let sets = ReplicaSets(
            [
                try set("web:0", 8, available: 8, maximum: 13, at: 1),
                try set("web:1", 5, available: 0, maximum: 13, at: 2),
            ], of: larger)
        let sizes = Rollout.proportions(larger, sets).map { ($0.name, $1) }
        #expect(sizes.map(\.0) == ["web:0", "web:1"])
        #expect(sizes.map(\.1) == [11, 7])
    }

    @Test func brokenOldPodsGoFirstAndAvailableOnesOnlyBeyondThePromise() throws {
        let ten = try deployment(10, surge: 3, unavailable: 2)
        let sets = ReplicaSets(
            [
                try set("web:0", 6, available: 3, maximum: 13, at: 1),
                try set("web:9", 4, available: 4, maximum: 13, at: 2),
                try set("web:1", 3, available: 1, maximum: 13, at: 3),
            ], of: ten)
        // 13 there, 8 promised, 2 of the new not available: 3 may go, and the 3 broken ones do. 8 are available: no more.
        #expect(Rollout.oldReplicas(ten, sets).map { ($0.name, $1) }.map { "\($0.0) \($0.1)" } == ["web:0 3"])
        #expect(Rollout.newReplicas(ten, sets) == 3)
    }
}
