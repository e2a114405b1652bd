import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct DaemonSetTests {
    let cluster = Cluster(DaemonSetController.self)
    var api: MemoryAPI { cluster.api }

    private func node(_ name: String, taints: JSONValue = [], labels: JSONValue = [:]) {
        api.put(
            .nodes,
            [
                "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "labels": labels],
                "spec": ["taints": taints],
            ])
    }

    private func put(_ update: JSONValue = ["maxUnavailable": 1]) {
        api.put(
            .daemonSets,
            workload(
                "apps/v1", "DaemonSet", ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": update]]))
    }

    private static func places(_ api: MemoryAPI) -> [String] {
        api.pods().compactMap { DaemonSet.node(of: Pod($0)) }.sorted()
    }

    private func bindAll() async throws {
        for pod in api.pods() where pod["spec"]["nodeName"].string == nil {
            try await api.setReady(pod.key, node: DaemonSet.node(of: Pod(pod)) ?? "")
        }
    }

    @Test func everyNodeThatFitsGetsOnePod() async throws {
        node("a")
        node("cordoned", taints: [["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]])
        node("reserved", taints: [["key": "only", "value": "batch", "effect": "NoSchedule"]])
        put()
        await api.wait { Self.places($0) == ["a", "cordoned"] }
        await api.wait { $0.object(.daemonSets, "ns/web")?["status"]["currentNumberScheduled"].int == 2 }
        #expect(api.object(.daemonSets, "ns/web")?["status"]["desiredNumberScheduled"].int == 2)
        let tolerations = api.pods()[0]["spec"]["tolerations"].elements.map { $0["key"].string ?? "" }
        #expect(tolerations.contains("node.kubernetes.io/not-ready"))

        node("b")
        await api.wait { Self.places($0) == ["a", "b", "cordoned"] }
        try await bindAll()
        await api.wait { $0.object(.daemonSets, "ns/web")?["status"]["numberAvailable"].int == 3 }
        try await api.modify(.nodes, namespace: nil, name: "b") {
            $0["spec"]["taints"] = [["key": "out", "effect": "NoExecute"]]
            return true
        }
        await api.wait { Self.places($0) == ["a", "cordoned"] }
    }

    @Test func anUpdateReplacesOneNodeAfterTheOther() async throws {
        let simulated = SimulatedNode(api, time: cluster.time) { !$0.isBeingDeleted }
        for name in ["a", "b", "c"] { node(name) }
        put()
        await api.wait { Self.places($0).count == 3 }
        try await bindAll()
        await api.wait { $0.object(.daemonSets, "ns/web")?["status"]["numberAvailable"].int == 3 }
        try await api.change(.daemonSets, "ns/web") {
            $0["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
        }
        for updated in 1...3 {
            await api.wait {
                let new = $0.pods().filter { $0["spec"]["containers"][0]["image"].equals("web:2") }
                return new.count == updated && $0.pods().count == 3
                    && new.count { $0["spec"]["nodeName"].string == nil } == 1
            }
            try await bindAll()
        }
        await api.wait { $0.object(.daemonSets, "ns/web")?["status"]["updatedNumberScheduled"].int == 3 }
        #expect(api.objects(.controllerRevisions).count == 2)
        withExtendedLifetime(simulated) {}
    }

    @Test func aSurgeStartsTheNewPodBesideTheOld() async throws {
        node("a")
        put(["maxSurge": 1, "maxUnavailable": 0])
        await api.wait { Self.places($0) == ["a"] }
        try await bindAll()
        await api.wait { $0.object(.daemonSets, "ns/web")?["status"]["numberAvailable"].int == 1 }
        try await api.change(.daemonSets, "ns/web") {
            $0["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
        }
        await api.wait { Self.places($0) == ["a", "a"] }
        try await bindAll()
        await api.wait {
            $0.pods().count == 1 && $0.pods()[0]["spec"]["containers"][0]["image"].equals("web:2")
        }
    }

    @Test func aPodThatFailsIsReplacedLaterAndLater() async throws {
        node("a")
        put()
        for delay in [1.0, 2.0, 4.0] {
            await api.wait { $0.pods().count == 1 && Pod($0.pods()[0]).phase == "Pending" }
            let pod = api.pods()[0]
            try await api.modify(.pods, namespace: "ns", name: pod.name) {
                $0["spec"]["nodeName"] = "a"
                $0["status"]["phase"] = "Failed"
                return true
            }
            let until = cluster.time.uptime + delay
            await cluster.time.waitForSleeper(until: until)
            #expect(api.object(.pods, pod.key) != nil)
            cluster.time.advance(seconds: delay)
            await api.wait { $0.object(.pods, pod.key) == nil }
        }
        await api.wait { !$0.events("FailedDaemonPod").isEmpty }
    }
}
