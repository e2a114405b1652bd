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

    private func taints(_ api: MemoryAPI) -> [String] {
        api.object(.nodes, "a")?["spec"]["taints"].elements.map {
            ($0["key"].string ?? "") + ":" + ($0["effect"].string ?? "")
        } ?? []
    }

    private func waitForTaints(_ taints: [String]) async {
        await api.wait { api in self.taints(api) == taints }
    }

    @Test func aSilentNodeBecomesUnknownAndIsTaintedUntilItIsBack() async throws {
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
