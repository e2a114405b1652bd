import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct EventAndPodTests {
    private func event(_ name: String, _ last: Time) -> JSONValue {
        [
            "kind": "Event",
            "metadata": ["namespace": "ns", "name": .string(name), "creationTimestamp": "2020-01-01T00:00:00Z"],
            "lastTimestamp": .string(last.description),
        ]
    }

    @Test func anEventIsDeletedAnHourAfterItLastHappened() async throws {
        let cluster = Cluster(EventTTL.self)
        let (api, time) = (cluster.api, cluster.time)
        await api.waitForWatch(.events)
        api.put(.events, event("young", time.now))
        await time.waitForSleeper(until: 3600)
        api.put(.events, event("old", time.now.adding(seconds: -3000)))
        await time.waitForSleeper(until: 600)
        time.advance(seconds: 600)
        await api.waitForEnd(.events, "ns/old")
        #expect(api.object(.events, "ns/young") != nil)

        // It happens again, and stays.
        try await api.modify(.events, namespace: "ns", name: "young") {
            $0["lastTimestamp"] = .string(time.now.adding(seconds: 2000).description)
            return true
        }
        await time.waitForSleeper(until: 3600)
        time.advance(seconds: 3000)
        await time.waitForSleeper(until: 6200)
        #expect(api.object(.events, "ns/young") != nil)
        time.advance(seconds: 2600)
        await api.waitForEnd(.events, "ns/young")
    }

    private func pod(_ name: String, node: String?, phase: String = "Running", created: Int = 0) -> JSONValue {
        [
            "kind": "Pod",
            "metadata": [
                "namespace": "ns", "name": .string(name),
                "creationTimestamp": .string(Time(secondsSince1970: created).description),
            ],
            "spec": node.map { ["nodeName": .string($0)] } ?? [:], "status": ["phase": .string(phase)],
        ]
    }

    @Test func podsOfANodeThatIsGoneEndAfterAWhile() async throws {
        let cluster = Cluster(PodGC.self) { api in
            for name in ["a", "b"] { api.put(.nodes, ["kind": "Node", "metadata": ["name": .string(name)]]) }
            api.put(.pods, self.pod("lost", node: "a"))
            api.put(.pods, self.pod("fine", node: "b"))
        }
        let (api, time) = (cluster.api, cluster.time)
        await api.waitForWatch(.pods)
        try await api.delete(.nodes, namespace: nil, name: "a", .init())
        await time.waitForSleeper(until: 40)
        time.advance(seconds: 40)
        await api.waitForEnd(.pods, "ns/lost")
        #expect(api.calls.contains("update pods/status ns/lost"))
        #expect(api.object(.pods, "ns/fine") != nil)
    }

    @Test func aNodeThatComesBackInTimeKeepsItsPods() async throws {
        let cluster = Cluster(PodGC.self) { api in
            api.put(.pods, self.pod("p", node: "a"))
        }
        let (api, time) = (cluster.api, cluster.time)
        await time.waitForSleeper(until: 40)
        api.put(.nodes, ["kind": "Node", "metadata": ["name": "a"]])
        api.put(.pods, pod("deleted", node: nil))
        time.advance(seconds: 40)
        // Something that is done surely afterwards.
        try await api.modify(.pods, namespace: "ns", name: "deleted") {
            $0["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
            return true
        }
        await api.waitForEnd(.pods, "ns/deleted")
        #expect(api.object(.pods, "ns/p") != nil)
    }

    @Test func deletedPodsOfANodeOutOfServiceGo() async throws {
        let cluster = Cluster(PodGC.self) { api in
            api.put(.nodes, ["kind": "Node", "metadata": ["name": "a"]])
            for name in ["deleted", "other"] { api.put(.pods, self.pod(name, node: "a")) }
        }
        let api = cluster.api
        try await api.delete(.pods, namespace: "ns", name: "deleted", .init())
        await api.waitForWatch(.pods)
        try await api.modify(.nodes, namespace: nil, name: "a") {
            $0["spec"]["taints"] = [["key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"]]
            return true
        }
        await api.waitForEnd(.pods, "ns/deleted")
        #expect(api.object(.pods, "ns/other") != nil)
    }

    @Test func theOldestOfTooManyFinishedPodsGo() async throws {
        let strict: @Sendable (Controllers.Environment) -> any ClusterController = { PodGC($0, maximumTerminated: 2) }
        let cluster = Cluster(making: strict) { api in
            api.put(.nodes, ["kind": "Node", "metadata": ["name": "a"]])
            for (index, phase) in ["Succeeded", "Running", "Failed", "Succeeded"].enumerated() {
                api.put(.pods, self.pod("p\(index)", node: "a", phase: phase, created: index))
            }
        }
        let api = cluster.api
        await api.waitForEnd(.pods, "ns/p0")
        #expect(api.objects(.pods).map(\.name) == ["p1", "p2", "p3"])
    }
}
