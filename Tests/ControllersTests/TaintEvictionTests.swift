import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct TaintEvictionTests {
    let cluster = Cluster(TaintEviction.self) { api in
        api.put(.nodes, ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "n"], "spec": [:]])
    }
    var api: MemoryAPI { cluster.api }

    private func pod(_ name: String, _ tolerations: JSONValue = []) {
        api.put(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": .string(name)],
                "spec": ["nodeName": "n", "tolerations": tolerations],
            ])
    }

    private func taint(_ key: String = "node.kubernetes.io/unreachable") async throws {
        try await api.modify(.nodes, namespace: nil, name: "n") { [cluster] in
            $0["spec"]["taints"] = [
                ["key": .string(key), "effect": "NoExecute", "timeAdded": .string(cluster.time.now.description)]
            ]
            return true
        }
    }

    private func waitForDeletion(_ name: String) async {
        await api.wait { $0.object(.pods, "ns/" + name)?.isBeingDeleted ?? true }
    }

    @Test func podsThatTolerateNothingGoAtOnceAndSayWhy() async throws {
        pod("a")
        pod("b", [["operator": "Exists"]])
        try await taint()
        await waitForDeletion("a")
        let condition = try #require(api.object(.pods, "ns/a")).condition("DisruptionTarget")
        #expect(condition["reason"].string == "DeletionByTaintManager")
        #expect(condition["message"].string == "Taint manager: deleting due to NoExecute taint")
        #expect(api.object(.pods, "ns/b")?.isBeingDeleted == false)
    }

    @Test func podsStayAsLongAsTheyTolerateTheTaint() async throws {
        pod(
            "a",
            [
                [
                    "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                    "tolerationSeconds": 300,
                ]
            ])
        try await taint()
        await cluster.time.waitForSleeper(until: 300)
        cluster.time.advance(seconds: 299)
        #expect(api.object(.pods, "ns/a")?.isBeingDeleted == false)
        cluster.time.advance(seconds: 1)
        await waitForDeletion("a")
    }

    @Test func aNodeThatIsBackInTimeKeepsItsPods() async throws {
        pod("a", [["key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300]])
        try await taint()
        await cluster.time.waitForSleeper(until: 300)
        try await api.modify(.nodes, namespace: nil, name: "n") {
            $0["spec"].remove("taints")
            return true
        }
        await api.wait { api in
            api.objects(.events).contains { $0["message"].equals("Cancelling deletion of Pod ns/a") }
        }
        cluster.time.advance(seconds: 400)
        for _ in 0..<200 { await Task.yield() }
        #expect(api.object(.pods, "ns/a")?.isBeingDeleted == false)
    }

    @Test func podsOfANodeThatIsLostAreNotReady() async throws {
        let cluster = Cluster(NodeLifecycle.self) { api in
            api.put(
                .nodes,
                [
                    "apiVersion": "v1", "kind": "Node", "metadata": ["name": "n"],
                    "status": ["conditions": [["type": "Ready", "status": "True"]]],
                ])
            api.put(
                .pods,
                [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": "a"],
                    "spec": ["nodeName": "n"],
                    "status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]],
                ])
        }
        await cluster.time.waitForSleeper(until: 40)
        cluster.time.advance(seconds: 40)
        await cluster.api.wait { $0.object(.pods, "ns/a")?.condition("Ready")["status"].string == "False" }
    }
}
