import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct ReplicaSetTests {
    let cluster = Cluster(ReplicaSetController.self)
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    private func put(replicas: Int, _ more: JSONValue = [:]) {
        var spec = more
        spec["replicas"] = .int(replicas)
        api.put(.replicaSets, workload("apps/v1", "ReplicaSet", spec))
    }

    private func orphan(_ name: String, _ label: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["namespace": "ns", "name": .string(name), "labels": ["app": .string(label)]],
        ]
    }

    private func status(_ field: String) -> Int { api.object(.replicaSets, "ns/web")?["status"][field].int ?? 0 }

    @Test func itMakesAsManyPodsAsWantedAndCountsThem() async throws {
        put(replicas: 3)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["replicas"].int == 3 }
        let pods = api.pods()
        #expect(pods.count == 3)
        #expect(pods.allSatisfy { $0.name.hasPrefix("web-") && $0.label("app") == "web" })
        let owner = try #require(pods[0].controllerReference)
        #expect(owner.kind == "ReplicaSet" && owner.name == "web" && owner.blocksOwnerDeletion)
        await api.wait { $0.events("SuccessfulCreate").count == 3 }
        #expect(Set(api.events("SuccessfulCreate")) == Set(pods.map { "Created pod: \($0.name)" }))

        for pod in pods { try await api.setReady(pod.key) }
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["availableReplicas"].int == 3 }
        #expect(status("readyReplicas") == 3 && status("fullyLabeledReplicas") == 3)
        #expect(status("observedGeneration") == 1)
    }

    @Test func aPodIsAvailableAfterItsMinReadySeconds() async throws {
        put(replicas: 1, ["minReadySeconds": 10])
        await api.wait { $0.pods().count == 1 }
        try await api.setReady(api.pods()[0].key)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["readyReplicas"].int == 1 }
        #expect(status("availableReplicas") == 0)
        await time.waitForSleeper(until: 10)
        time.advance(seconds: 10)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["availableReplicas"].int == 1 }
    }

    @Test func aCopyThatIsBehindMakesNoPodTwice() async throws {
        await api.waitForWatch(.pods)
        await api.waitForWatch(.replicaSets)
        api.refuse { verb, resource, _ in verb == "watch" && resource == .pods ? .unavailable("not now") : nil }
        put(replicas: 0)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["observedGeneration"].int == 1 }
        api.breakWatches()
        time.advance(seconds: 1)
        for generation in 2...4 {
            try await api.change(.replicaSets, "ns/web") { $0["spec"]["replicas"] = 3 }
            // The watch of ReplicaSets comes back after its delay; that of Pods does not.
            while api.object(.replicaSets, "ns/web")?["status"]["observedGeneration"].int != generation {
                time.advance(seconds: 1)
                await Task.yield()
            }
        }
        #expect(api.pods().count == 3)
        #expect(api.calls.count { $0.hasPrefix("create pods") } == 3)
    }

    @Test func matchingOrphansAreAdoptedAndThoseThatNoLongerMatchAreReleased() async throws {
        api.put(.pods, orphan("a", "web"))
        api.put(.pods, orphan("other", "db"))
        put(replicas: 2)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["replicas"].int == 2 }
        #expect(api.object(.pods, "ns/a")?.controllerReference?.name == "web")
        #expect(api.object(.pods, "ns/other")?.controllerReference == nil)

        try await api.modify(.pods, namespace: "ns", name: "a") {
            $0["metadata"]["labels"]["app"] = "debug"
            return true
        }
        await api.wait { $0.object(.pods, "ns/a")?.controllerReference == nil }
        await api.wait { $0.pods().count { $0.controllerReference?.name == "web" } == 2 }
    }

    @Test func aRefusalIsAConditionAndAnEvent() async throws {
        api.refuse { verb, resource, _ in
            verb == "create" && resource == .pods
                ? StatusError(code: 403, reason: "Forbidden", message: "exceeded quota") : nil
        }
        put(replicas: 4)
        await api.wait { $0.object(.replicaSets, "ns/web")?.condition("ReplicaFailure").exists == true }
        let condition = try #require(api.object(.replicaSets, "ns/web")?.condition("ReplicaFailure"))
        #expect(condition["reason"].string == "FailedCreate" && condition["message"].string == "exceeded quota")
        await api.wait { !$0.events("FailedCreate").isEmpty }
        #expect(api.events("FailedCreate").first == "Error creating: exceeded quota")
        // What all would meet is met but once a try; the condition that was written may have led to another.
        #expect(api.calls.count { $0.hasPrefix("create pods") } < 4)
        api.refuseNothing()
        while api.pods().count < 4 {
            time.advance(seconds: 1)
            await Task.yield()
        }
        await api.wait { $0.object(.replicaSets, "ns/web")?.condition("ReplicaFailure").exists == false }
    }

    @Test func theLeastUsefulPodsGoFirst() async throws {
        put(replicas: 4)
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["replicas"].int == 4 }
        let keys = api.pods().map(\.key)
        for key in keys.dropFirst() { try await api.setReady(key, node: key) }
        try await api.modify(.pods, namespace: "ns", name: splitKey(keys[2]).name) {
            $0["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"] = "-5"
            return true
        }
        try await api.change(.replicaSets, "ns/web") { $0["spec"]["replicas"] = 2 }
        await api.wait { $0.pods().count == 2 }
        #expect(api.pods().map(\.key) == [keys[1], keys[3]])
        await api.wait { $0.events("SuccessfulDelete").count == 2 }
        await api.wait { $0.object(.replicaSets, "ns/web")?["status"]["terminatingReplicas"].int == 1 }
    }

    @Test func ranksFollowNodesReadinessRestartsAndAge() throws {
        let now = time.now
        func pod(_ name: String, node: String = "n", phase: String = "Running", ready: Double? = 100, restarts: Int = 0)
            throws -> Pod
        {
            var value: JSONValue = [
                "metadata": [
                    "name": .string(name), "uid": .string(name),
                    "creationTimestamp": .string(now.adding(seconds: -1000).description),
                ],
                "spec": ["nodeName": .string(node)],
                "status": ["phase": .string(phase), "containerStatuses": [["restartCount": .int(restarts)]]],
            ]
            if node.isEmpty { value["spec"].remove("nodeName") }
            if let ready { value.setCondition(Condition("Ready", true), now: now.adding(seconds: -ready)) }
            return Pod(try Object(parsing: value.encoded()))
        }
        let pods = try [
            pod("f", node: "n1", ready: 500), pod("e", node: "n2", ready: 500, restarts: 2),
            pod("d", node: "n3", ready: 10), pod("c", node: "n4", ready: nil),
            pod("b", node: "n5", phase: "Pending", ready: nil), pod("a", node: "", phase: "Pending", ready: nil),
        ]
        #expect(PodRanking(related: pods, now: now).sorted(pods).map(\.name) == ["a", "b", "c", "d", "e", "f"])
        // Two on one node: one of them goes before the one that is alone.
        let crowded = try [pod("alone", node: "x"), pod("one", node: "y"), pod("two", node: "y")]
        #expect(PodRanking(related: crowded, now: now).sorted(crowded).last?.name == "alone")
    }
}

@Suite struct ReplicationControllerTests {
    @Test func itsSelectorIsAMap() async throws {
        let cluster = Cluster(ReplicationControllerController.self)
        cluster.api.put(
            .replicationControllers,
            workload("v1", "ReplicationController", ["replicas": 2, "selector": ["app": "web"]]))
        await cluster.api.wait { $0.object(.replicationControllers, "ns/web")?["status"]["replicas"].int == 2 }
        #expect(cluster.api.pods().allSatisfy { $0.controllerReference?.kind == "ReplicationController" })
    }
}
