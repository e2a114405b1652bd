import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct StatefulSetTests {
    let cluster = Cluster(StatefulSetController.self)
    var api: MemoryAPI { cluster.api }

    private func put(_ spec: JSONValue) {
        var spec = spec
        spec["serviceName"] = "web"
        if spec["updateStrategy"].isNull { spec["updateStrategy"] = ["type": "RollingUpdate"] }
        api.put(.statefulSets, workload("apps/v1", "StatefulSet", spec))
    }

    private static func names(_ api: MemoryAPI) -> [String] { api.pods().map(\.name) }
    private func status(_ field: String) -> JSONRef {
        api.object(.statefulSets, "ns/web")?["status"][field] ?? .missing
    }

    @Test func podsComeInOrderAndGoInReverse() async throws {
        put(["replicas": 2])
        await api.wait { Self.names($0) == ["web-0"] }
        let pod = try #require(api.object(.pods, "ns/web-0"))
        #expect(pod["spec"]["hostname"].string == "web-0" && pod["spec"]["subdomain"].string == "web")
        #expect(pod.label("statefulset.kubernetes.io/pod-name") == "web-0")
        #expect(pod.label("apps.kubernetes.io/pod-index") == "0")
        await api.wait { $0.object(.statefulSets, "ns/web")?["status"]["replicas"].int == 1 }
        #expect(Self.names(api) == ["web-0"])
        try await api.setReady("ns/web-0")
        await api.wait { Self.names($0) == ["web-0", "web-1"] }
        try await api.setReady("ns/web-1")
        await api.wait { $0.object(.statefulSets, "ns/web")?["status"]["availableReplicas"].int == 2 }
        await api.wait { $0.events("SuccessfulCreate").count == 2 }
        #expect(api.events("SuccessfulCreate").contains("create Pod web-0 in StatefulSet web successful"))

        try await api.change(.statefulSets, "ns/web") { $0["spec"]["replicas"] = 0 }
        await api.wait { Self.names($0) == ["web-0"] }
        await api.wait { $0.object(.statefulSets, "ns/web")?["status"]["observedGeneration"].int == 2 }
        // The second is still ending.
        #expect(Self.names(api) == ["web-0"])
        try await api.delete(.pods, namespace: "ns", name: "web-1", DeleteOptions(gracePeriodSeconds: 0))
        await api.wait { Self.names($0) == [] }
    }

    @Test func parallelPodsComeAtOnceFromTheFirstOrdinal() async throws {
        put(["replicas": 3, "podManagementPolicy": "Parallel", "ordinals": ["start": 5]])
        await api.wait { Self.names($0) == ["web-5", "web-6", "web-7"] }
    }

    @Test func aPartitionKeepsTheOldRevisionBelowIt() async throws {
        let node = SimulatedNode(api, time: cluster.time)
        put([
            "replicas": 3, "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]],
        ])
        await api.wait { $0.object(.statefulSets, "ns/web")?["status"]["availableReplicas"].int == 3 }
        let old = status("currentRevision").string
        try await api.change(.statefulSets, "ns/web") {
            $0["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
        }
        await api.wait {
            let status = $0.object(.statefulSets, "ns/web")?["status"] ?? .missing
            return status["updatedReplicas"].int == 1 && status["availableReplicas"].int == 3
        }
        // What is lost below the partition comes back as it was.
        let uid = api.object(.pods, "ns/web-0")?.uid
        try await api.delete(.pods, namespace: "ns", name: "web-0", DeleteOptions())
        await api.wait { $0.object(.pods, "ns/web-0").map { $0.uid != uid && Pod($0).isReady } ?? false }
        let images = api.pods().map { $0["spec"]["containers"][0]["image"].string }
        #expect(images == ["web:1", "web:1", "web:2"])
        #expect(status("currentRevision").string == old && status("updateRevision").string != old)

        try await api.change(.statefulSets, "ns/web") { $0["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0 }
        await api.wait {
            let status = $0.object(.statefulSets, "ns/web")?["status"] ?? .missing
            return status["currentRevision"].string == status["updateRevision"].string
                && status["currentReplicas"].int == 3
        }
        #expect(api.objects(.controllerRevisions).map { $0["revision"].int }.sorted { $0 ?? 0 < $1 ?? 0 } == [1, 2])
        withExtendedLifetime(node) {}
    }

    @Test func eachPodHasAClaimThatStaysOrGoesAsAsked() async throws {
        let node = SimulatedNode(api, time: cluster.time)
        put([
            "replicas": 2,
            "volumeClaimTemplates": [["metadata": ["name": "data"], "spec": ["accessModes": ["ReadWriteOnce"]]]],
            "persistentVolumeClaimRetentionPolicy": ["whenScaled": "Delete", "whenDeleted": "Retain"],
        ])
        await api.wait { $0.object(.statefulSets, "ns/web")?["status"]["availableReplicas"].int == 2 }
        let claim = try #require(api.object(.persistentVolumeClaims, "ns/data-web-1"))
        #expect(claim.label("app") == "web" && claim.ownerReferences.isEmpty)
        let volume = api.object(.pods, "ns/web-1")?["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        #expect(volume?.string == "data-web-1")
        let pod = try #require(api.object(.pods, "ns/web-1"))
        try await api.change(.statefulSets, "ns/web") { $0["spec"]["replicas"] = 1 }
        await api.wait { $0.object(.pods, "ns/web-1") == nil }
        #expect(api.object(.persistentVolumeClaims, "ns/data-web-1")?.ownerReferences.first?.uid == pod.uid)
        #expect(api.object(.persistentVolumeClaims, "ns/data-web-0")?.ownerReferences.isEmpty == true)
        withExtendedLifetime(node) {}
    }

    // MARK: Plans

    private func plan(_ spec: JSONValue, _ pods: [(Int, String, Bool)]) throws -> [StatefulSetPlan.Step] {
        let object = try Object(parsing: workload("apps/v1", "StatefulSet", spec).encoded())
        var byOrdinal: [Int: Pod] = [:]
        for (ordinal, revision, isReady) in pods {
            var value: JSONValue = [
                "metadata": [
                    "name": .string("web-\(ordinal)"), "labels": ["controller-revision-hash": .string(revision)],
                ], "status": ["phase": "Running"],
            ]
            value.setCondition(Condition("Ready", isReady), now: cluster.time.now)
            byOrdinal[ordinal] = Pod(try Object(parsing: value.encoded()))
        }
        return StatefulSetPlan(set: StatefulSet(object), pods: byOrdinal, revision: "new", now: cluster.time.now)
            .steps()
    }

    @Test func updatesGoDownFromTheHighestWithinMaxUnavailable() throws {
        let old = (0..<4).map { ($0, "old", true) }
        #expect(try plan(["replicas": 4], old) == [.update(ordinal: 3)])
        let two: JSONValue = [
            "replicas": 4, "podManagementPolicy": "Parallel",
            "updateStrategy": ["rollingUpdate": ["maxUnavailable": "50%"]],
        ]
        #expect(try plan(two, old) == [.update(ordinal: 3), .update(ordinal: 2)])
        #expect(try plan(two, Array(old.prefix(3)) + [(3, "new", false)]) == [.update(ordinal: 2)])
        // In order, nothing goes on while one is not available.
        #expect(try plan(["replicas": 4], Array(old.prefix(3)) + [(3, "new", false)]).isEmpty)
        #expect(try plan(["replicas": 4, "updateStrategy": ["type": "OnDelete"]], old).isEmpty)
    }

    @Test func theLastGoesFirstButNotBeforeUnhealthyOnes() throws {
        let spec: JSONValue = ["replicas": 1]
        #expect(
            try plan(spec, [(0, "new", true), (1, "new", true), (2, "new", true)]) == [.scaleDown(ordinal: 2)])
        #expect(try plan(spec, [(0, "new", true), (1, "new", false), (2, "new", true)]).isEmpty)
        #expect(try plan(spec, [(0, "new", true), (1, "new", true), (2, "new", false)]) == [.scaleDown(ordinal: 2)])
        #expect(try plan(spec, [(0, "new", false), (1, "new", true)]).isEmpty)
    }
}
