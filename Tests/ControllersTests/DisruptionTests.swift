import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct DisruptionTests {
    let cluster = Cluster(DisruptionController.self) { api in
        api.put(
            .replicaSets,
            [
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": ["namespace": "ns", "name": "rs", "uid": "rs-uid"], "spec": ["replicas": 4],
            ])
    }
    var api: MemoryAPI { cluster.api }

    private func pod(_ name: String, ready: Bool = true, owned: Bool = true, owner: JSONValue? = nil) {
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["namespace": "ns", "name": .string(name), "labels": ["app": "web"]],
            "status": ["phase": "Running", "conditions": [["type": "Ready", "status": ready ? "True" : "False"]]],
        ]
        if owned {
            let set: JSONValue = [
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "rs-uid", "controller": true,
            ]
            pod["metadata"]["ownerReferences"] = [owner ?? set]
        }
        api.put(.pods, pod)
    }

    private func budget(_ spec: JSONValue) {
        var spec = spec
        spec["selector"] = ["matchLabels": ["app": "web"]]
        api.put(
            .podDisruptionBudgets,
            [
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": ["namespace": "ns", "name": "b", "generation": 1], "spec": spec,
            ])
    }

    private func wait(allowed: Int, healthy: Int, desired: Int, expected: Int) async {
        await api.wait { api in
            guard let budget = api.object(.podDisruptionBudgets, "ns/b") else { return false }
            let status = budget["status"]
            return status["disruptionsAllowed"].int == allowed && status["currentHealthy"].int == healthy
                && status["desiredHealthy"].int == desired && status["expectedPods"].int == expected
                && status["observedGeneration"].int == 1
                && budget.condition("DisruptionAllowed")["reason"].string
                    == (allowed > 0 ? "SufficientPods" : "InsufficientPods")
        }
    }

    @Test func ownersOfOtherKindsSayByTheirScaleHowManyThereShouldBe() async {
        let resource = ResourceName("shards", group: "db.example")
        api.put(
            resource,
            [
                "apiVersion": "db.example/v1", "kind": "Shard",
                "metadata": ["namespace": "ns", "name": "s", "uid": "s-uid"],
                "spec": ["replicas": 4],
            ])
        budget(["maxUnavailable": "25%"])
        for name in ["a", "b", "c", "d"] {
            pod(
                name,
                owner: [
                    "apiVersion": "db.example/v1", "kind": "Shard", "name": "s", "uid": "s-uid", "controller": true,
                ])
        }
        await wait(allowed: 1, healthy: 4, desired: 3, expected: 4)
    }

    @Test func aNumberThatMustBeAvailableLeavesTheRest() async {
        budget(["minAvailable": 2])
        for name in ["a", "b", "c"] { pod(name) }
        await wait(allowed: 1, healthy: 3, desired: 2, expected: 3)
        pod("c", ready: false)
        await wait(allowed: 0, healthy: 2, desired: 2, expected: 3)
    }

    @Test func aShareIsOfWhatTheControllerWantsRoundedUp() async {
        budget(["minAvailable": "60%"])
        for name in ["a", "b", "c", "d"] { pod(name) }
        // 60 % of 4 are 2.4, so 3.
        await wait(allowed: 1, healthy: 4, desired: 3, expected: 4)
    }

    @Test func whatMayBeUnavailableCountsMissingPods() async {
        budget(["maxUnavailable": 1])
        for name in ["a", "b", "c"] { pod(name) }
        await wait(allowed: 0, healthy: 3, desired: 3, expected: 4)
        pod("d")
        await wait(allowed: 1, healthy: 4, desired: 3, expected: 4)
    }

    @Test func aGrantedEvictionCountsUntilThePodGoesOrTimeIsUp() async throws {
        budget(["minAvailable": 1])
        for name in ["a", "b"] { pod(name) }
        await wait(allowed: 1, healthy: 2, desired: 1, expected: 2)
        try await api.modify(.podDisruptionBudgets, namespace: "ns", name: "b", subresource: "status") { [cluster] in
            $0["status"]["disruptedPods"] = ["a": .string(cluster.time.now.description)]
            $0["status"]["disruptionsAllowed"] = 0
            return true
        }
        await wait(allowed: 0, healthy: 1, desired: 1, expected: 2)
        await cluster.time.waitForSleeper(until: 120)
        cluster.time.advance(seconds: 120)
        await wait(allowed: 1, healthy: 2, desired: 1, expected: 2)
        #expect(api.object(.podDisruptionBudgets, "ns/b")?["status"]["disruptedPods"].exists == false)
    }

    @Test func podsThatNobodyControlsAreReportedWhereTheirNumberMatters() async {
        budget(["maxUnavailable": 1])
        pod("a", owned: false)
        await api.wait { $0.objects(.events).contains { $0["reason"].equals("UnmanagedPods") } }
        await wait(allowed: 0, healthy: 1, desired: 0, expected: 0)
    }
}
