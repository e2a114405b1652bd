import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct NodeLifecycleTests {
    let cluster: Cluster
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    init() {
        cluster = Cluster(NodeLifecycle.self) { api in
            api.put(
                .nodes,
                [
                    "apiVersion": "v1", "kind": "Node", "metadata": ["name": "a"],
                    "spec": ["taints": [["key": "mine", "effect": "NoSchedule"]]],
                    "status": ["conditions": [["type": "Ready", "status": "True", "reason": "KubeletReady"]]],
                ])
            api.put(
                .leases,
                [
                    "kind": "Lease", "metadata": ["namespace": "kube-node-lease", "name": "a"],
                    "spec": ["renewTime": "2027-01-01T00:00:00.000000Z"],
                ])
        }
    }

    /// Another node, so that it is not the whole cluster that is lost: nothing makes it less than ready.
    private func addHealthyNode() {
        api.refuse { verb, resource, key in
            verb == "update" && resource == .nodes && key == "healthy" ? .internalError("it stays") : nil
        }
        api.put(.nodes, Self.node("healthy"))
    }

    private static func node(_ name: String, ready: String = "True", zone: String = "") -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(name), "labels": ["topology.kubernetes.io/zone": .string(zone)]],
            "status": ["conditions": [["type": "Ready", "status": .string(ready), "reason": "KubeletReady"]]],
        ]
    }

    @Test func nodesAreEvictedOneAfterTheOtherAndNotWhenAllAreLost() throws {
        func nodes(_ states: [(ready: Bool, zone: String)]) throws -> [Object] {
            try states.enumerated().map { index, state in
                try Object(
                    parsing: Self.node("n\(index)", ready: state.ready ? "True" : "Unknown", zone: state.zone).encoded()
                )
            }
        }
        let pace = EvictionPace()
        func decide(_ nodes: [Object], at uptime: Double, isEvicted: Bool = false) -> EvictionPace.Decision {
            pace.decide(nodes[0], isEvicted: isEvicted, among: nodes, uptime: uptime)
        }
        let few = try nodes([(false, "a"), (false, "a"), (true, "a")])
        #expect(decide(few, at: 0) == .evict)
        #expect(decide(few, at: 4) == .wait(6))
        #expect(decide(few, at: 4, isEvicted: true) == .evict)
        #expect(decide(few, at: 10) == .evict)
        // Each zone has its own pace.
        #expect(try decide(nodes([(false, "b"), (true, "b")]), at: 11) == .evict)
        #expect(try decide(nodes([(false, "c"), (false, "c")]), at: 20, isEvicted: true) == .spare)
        // Most of a small zone: something else is wrong.
        #expect(try decide(nodes([(false, "d"), (false, "d"), (false, "d"), (true, "d")]), at: 30) == .wait(nil))
        let large = try nodes(Array(repeating: (false, "e"), count: 40) + Array(repeating: (true, "e"), count: 20))
        #expect(decide(large, at: 100) == .evict)
        #expect(decide(large, at: 150) == .wait(50))
    }

    @Test func aClusterOfOneNodeKeepsItsPodsWhenThatIsLost() async throws {
        let cluster = Cluster(NodeLifecycle.self) { $0.put(.nodes, Self.node("only")) }
        await cluster.time.waitForSleeper(until: 40)
        cluster.time.advance(seconds: 40)
        await cluster.api.wait { $0.object(.nodes, "only")?["spec"]["taints"].count ?? 0 > 0 }
        #expect(
            cluster.api.object(.nodes, "only")?["spec"]["taints"].elements.map { $0["effect"].string } == ["NoSchedule"]
        )
    }

    private func taints(_ api: MemoryAPI) -> [String] {
        api.object(.nodes, "a")?["spec"]["taints"].elements.map {
            ($0["key"].string ?? "") + ":" + ($0["effect"].string ?? "")
        } ?? []
    }

    private func waitForTaints(_ taints: [String]) async {
        await api.wait { api in self.taints(api) == taints }
    }

    @Test func aSilentNodeBecomesUnknownAndIsTaintedUntilItIsBack() async throws {
        addHealthyNode()
        await time.waitForSleeper(until: 40)
        time.advance(seconds: 40)
        await waitForTaints([
            "mine:NoSchedule", "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute",
        ])
        let ready = try #require(api.object(.nodes, "a")).condition("Ready")
        #expect(ready["status"].string == "Unknown")
        #expect(ready["reason"].string == "NodeStatusUnknown")
        #expect(ready["message"].string == "Kubelet stopped posting node status.")
        #expect(ready["lastTransitionTime"].string == time.now.description)
        let noExecute = api.object(.nodes, "a")?["spec"]["taints"].elements.first { $0["effect"].equals("NoExecute") }
        #expect(noExecute?["timeAdded"].string == time.now.description)
        await api.wait { !$0.objects(.events).isEmpty }
        #expect(api.objects(.events).first?["reason"].string == "NodeNotReady")

        try await api.modify(.nodes, namespace: nil, name: "a", subresource: "status") { [time] node in
            node.setCondition(Condition("Ready", true, reason: "KubeletReady"), now: time.now)
            node["status"]["conditions"][0]["lastHeartbeatTime"] = .string(time.now.description)
            return true
        }
        await waitForTaints(["mine:NoSchedule"])
    }

    @Test func aNodeThatRenewsItsLeaseIsLeftAlone() async throws {
        await time.waitForSleeper(until: 40)
        time.advance(seconds: 30)
        let writes = api.calls.count
        try await api.modify(.leases, namespace: "kube-node-lease", name: "a") {
            $0["spec"]["renewTime"] = "2027-01-01T00:00:30.000000Z"
            return true
        }
        // The renewal is known when the next look is put off to 40 seconds after it.
        await api.wait { $0.calls.count > writes }
        for _ in 0..<100 { await Task.yield() }
        time.advance(seconds: 10)
        await time.waitForSleeper(until: 70)
        #expect(api.object(.nodes, "a")?.condition("Ready")["status"].string == "True")
    }

    @Test func notReadyAndCordonedNodesAreTainted() async throws {
        addHealthyNode()
        try await api.modify(.nodes, namespace: nil, name: "a", subresource: "status") { [time] in
            $0.setCondition(Condition("Ready", false, reason: "KubeletNotReady"), now: time.now)
        }
        await waitForTaints([
            "mine:NoSchedule", "node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute",
        ])
        try await api.modify(.nodes, namespace: nil, name: "a", subresource: "status") { [time] in
            $0.setCondition(Condition("Ready", true, reason: "KubeletReady"), now: time.now)
        }
        await waitForTaints(["mine:NoSchedule"])
        try await api.modify(.nodes, namespace: nil, name: "a") {
            $0["spec"]["unschedulable"] = true
            return true
        }
        await waitForTaints(["mine:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"])
        try await api.modify(.nodes, namespace: nil, name: "a") {
            $0["spec"].remove("unschedulable")
            return true
        }
        await waitForTaints(["mine:NoSchedule"])
    }
}
