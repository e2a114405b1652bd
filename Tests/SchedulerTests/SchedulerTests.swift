import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Scheduler

@Suite struct SchedulerTests {
    let cluster = Cluster()
    var api: MemoryAPI { cluster.api }
    var time: ManualTime { cluster.time }

    @Test func aPodGetsANodeAndAnEventThatSaysSo() async throws {
        api.put(.nodes, node("a"))
        api.put(.pods, pod("web", cpu: "1"))
        #expect(await cluster.nodeOf("web") == "a")
        await api.wait { !$0.objects(.events).isEmpty }
        let event = try #require(api.objects(.events).first)
        #expect(event["reason"].string == "Scheduled")
        #expect(event["message"].string == "Successfully assigned ns/web to a")
        #expect(event["source"]["component"].string == "default-scheduler")
    }

    @Test func aPodThatFitsNowhereIsToldWhyAndIsPlacedWhenANodeComes() async throws {
        api.put(.nodes, node("small", cpu: "1"))
        api.put(.nodes, node("cordoned", ["unschedulable": true]))
        api.put(.pods, pod("web", cpu: "2", memory: "1Gi"))
        #expect(
            await cluster.refusalOf("web")
                == "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
        let condition = try #require(api.object(.pods, "ns/web")).condition("PodScheduled")
        #expect(condition["reason"].string == "Unschedulable")
        #expect(condition["lastTransitionTime"].string == time.now.description)
        await cluster.recorder.flush()
        #expect(api.objects(.events).map { $0["reason"].string } == ["FailedScheduling"])
        #expect(api.objects(.events).map { $0["type"].string } == ["Warning"])

        // Before a second has passed the pod backs off.
        api.put(.nodes, node("big"))
        await time.waitForSleeper(until: 1)
        #expect(!cluster.isBound("web"))
        time.advance(seconds: 1)
        #expect(await cluster.nodeOf("web") == "big")
    }

    @Test func withoutNodesTheMessageSaysSoAfterAMoment() async {
        api.put(.pods, pod("web"))
        cluster.start()
        await time.waitForSleeper(until: 1.5)
        time.advance(seconds: 1.5)
        #expect(await cluster.refusalOf("web") == "no nodes available to schedule pods")
    }

    @Test func aDeletedPodMakesRoomForTheOneThatWaits() async throws {
        api.put(.nodes, node("a", cpu: "1"))
        api.put(.pods, pod("first", cpu: "1"))
        #expect(await cluster.nodeOf("first") == "a")
        api.put(.pods, pod("second", cpu: "500m"))
        #expect(
            await cluster.refusalOf("second")
                == "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
        )
        time.advance(seconds: 20)
        try await api.delete(.pods, namespace: "ns", name: "first", .init(gracePeriodSeconds: 0))
        #expect(await cluster.nodeOf("second") == "a")
    }

    @Test func aFinishedPodMakesRoomToo() async throws {
        api.put(.nodes, node("a", pods: "1"))
        api.put(.pods, pod("job"))
        #expect(await cluster.nodeOf("job") == "a")
        api.put(.pods, pod("next"))
        #expect(
            await cluster.refusalOf("next")
                == "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
        )
        time.advance(seconds: 20)
        try await api.modify(.pods, namespace: "ns", name: "job", subresource: "status") {
            $0["status"]["phase"] = "Succeeded"
            return true
        }
        #expect(await cluster.nodeOf("next") == "a")
    }

    @Test func anUncordonedNodeIsUsedAtOnceByPodsThatWaited() async throws {
        api.put(.nodes, node("a", ["unschedulable": true]))
        api.put(.pods, pod("web"))
        _ = await cluster.refusalOf("web")
        time.advance(seconds: 20)
        try await api.modify(.nodes, namespace: nil, name: "a") {
            $0["spec"]["unschedulable"] = false
            return true
        }
        #expect(await cluster.nodeOf("web") == "a")
    }

    @Test func theNodeNeverGetsMoreThanItHas() async {
        for name in ["a", "b"] { api.put(.nodes, node(name, cpu: "2")) }
        for index in 0..<12 { api.put(.pods, pod("p\(index)", cpu: "500m")) }
        cluster.start()
        await api.wait { api in
            api.objects(.pods).allSatisfy {
                $0["spec"]["nodeName"].exists || $0.condition("PodScheduled")["status"].string == "False"
            }
        }
        let nodes = api.objects(.pods).compactMap { $0["spec"]["nodeName"].string }
        #expect(nodes.count { $0 == "a" } == 4)
        #expect(nodes.count { $0 == "b" } == 4)
    }

    @Test func gatedForeignAndDeletedPodsAreLeftAlone() async throws {
        api.put(.nodes, node("a"))
        api.put(.pods, pod("gated", ["schedulingGates": [["name": "wait"]]]))
        api.put(.pods, pod("foreign", ["schedulerName": "other"]))
        var deleted = pod("deleted")
        deleted["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
        api.put(.pods, deleted)
        api.put(.pods, pod("last"))
        _ = await cluster.nodeOf("last")
        for name in ["gated", "foreign", "deleted"] { #expect(!cluster.isBound(name)) }
        try await api.modify(.pods, namespace: "ns", name: "gated") {
            $0["spec"]["schedulingGates"] = []
            return true
        }
        #expect(await cluster.nodeOf("gated") == "a")
    }

    @Test func aRefusedBindingIsTriedAgain() async {
        api.put(.nodes, node("a", cpu: "1"))
        api.refuse { verb, resource, _ in verb == "create" && resource == .pods ? .unavailable("no") : nil }
        api.put(.pods, pod("web", cpu: "1"))
        cluster.start()
        await time.waitForSleeper(until: 1)
        api.refuseNothing()
        time.advance(seconds: 1)
        #expect(await cluster.nodeOf("web") == "a")
    }

    @Test func theMoreImportantOfTwoWaitingPodsGoesFirst() async throws {
        api.put(.nodes, node("a", ["unschedulable": true]))
        for (name, priority) in [("low", 0), ("high", 1000)] {
            api.put(.pods, pod(name, cpu: "3", ["priority": .int(priority)]))
            _ = await cluster.refusalOf(name)
        }
        // Both back off until the same moment, and are tried in the order of their priority.
        try await api.modify(.nodes, namespace: nil, name: "a") {
            $0["spec"]["unschedulable"] = false
            return true
        }
        await time.waitForSleeper(until: 1)
        time.advance(seconds: 1)
        #expect(await cluster.nodeOf("high") == "a")
        #expect(!cluster.isBound("low"))
    }
}
