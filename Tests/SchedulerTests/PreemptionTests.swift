import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Scheduler

@Suite struct PreemptionTests {
    let cluster = Cluster()
    var api: MemoryAPI { cluster.api }

    private func low(_ name: String, _ priority: Int, cpu: String, on node: String) -> JSONValue {
        pod(name, cpu: cpu, ["priority": .int(priority)]).on(node)
    }

    @Test func aMoreImportantPodTakesThePlaceOfAnother() async throws {
        api.put(.nodes, node("a", cpu: "2"))
        api.put(.pods, low("keeper", 100, cpu: "1", on: "a"))
        api.put(.pods, low("victim", 10, cpu: "1", on: "a"))
        api.put(.pods, pod("urgent", cpu: "1", ["priority": 1000]))
        cluster.start()
        await api.wait { $0.object(.pods, "ns/victim")?.isBeingDeleted == true }
        let victim = try #require(api.object(.pods, "ns/victim"))
        #expect(victim.condition("DisruptionTarget")["reason"].string == "PreemptionByScheduler")
        #expect(
            victim.condition("DisruptionTarget")["message"].string
                == "default-scheduler: preempting to accommodate a higher priority pod")
        #expect(api.object(.pods, "ns/keeper")?.isBeingDeleted == false)
        #expect(api.object(.pods, "ns/urgent")?["status"]["nominatedNodeName"].string == "a")
        await cluster.recorder.flush()
        let event = try #require(api.objects(.events).first { $0["reason"].string == "Preempted" })
        #expect(event["involvedObject"]["name"].string == "victim")
        #expect(event["message"].string == "Preempted by pod \(api.object(.pods, "ns/urgent")?.uid ?? "") on node a")

        // While the victim ends, its place is not given to others.
        api.put(.pods, pod("sneaky", cpu: "1", ["priority": 500]))
        _ = await cluster.refusalOf("sneaky")
        cluster.time.advance(seconds: 20)
        try await api.delete(.pods, namespace: "ns", name: "victim", .init(gracePeriodSeconds: 0))
        #expect(await cluster.nodeOf("urgent") == "a")
        #expect(!cluster.isBound("sneaky"))
    }

    @Test func aPodThatMustNotPreemptWaits() async {
        api.put(.nodes, node("a", cpu: "1"))
        api.put(.pods, low("other", 0, cpu: "1", on: "a"))
        api.put(.pods, pod("polite", cpu: "1", ["priority": 1000, "preemptionPolicy": "Never"]))
        #expect(
            await cluster.refusalOf("polite")
                == "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
        )
        #expect(api.object(.pods, "ns/other")?.isBeingDeleted == false)
    }

    private func attempt(_ placement: inout Placement, _ pod: JSONValue) throws -> Preemption.Outcome {
        let info = PodInfo(try Object(parsing: pod.encoded()))
        let demand = try #require(info.demand)
        do {
            _ = try placement.algorithm.place(info, demand, &placement.cache)
        } catch let failure as Unschedulable {
            return Preemption.attempt(info, demand, failure, &placement.cache)
        }
        Issue.record("there is room")
        return .none("", isWaiting: false)
    }

    private func candidate(_ placement: inout Placement, _ pod: JSONValue) throws -> Preemption.Candidate? {
        if case .candidate(let candidate) = try attempt(&placement, pod) { candidate } else { nil }
    }

    @Test func theLeastImportantVictimsAreChosen() throws {
        var placement = try Placement(
            nodes: [node("a", cpu: "1"), node("b", cpu: "1"), node("c", cpu: "1")],
            pods: [
                low("middle", 50, cpu: "1", on: "a"), low("low1", 10, cpu: "500m", on: "b"),
                low("low2", 10, cpu: "500m", on: "b"), low("lowest", 10, cpu: "1", on: "c"),
            ])
        let best = try #require(try candidate(&placement, pod("p", cpu: "1", ["priority": 100])))
        // The same priority, but one pod instead of two.
        #expect(best.node == "c")
        #expect(best.victims.map(\.name) == ["lowest"])
    }

    @Test func noMorePodsGoThanMust() throws {
        var placement = try Placement(
            nodes: [node("a", cpu: "3")],
            pods: [
                low("low", 1, cpu: "1", on: "a"), low("lower", 0, cpu: "1", on: "a"), low("high", 9, cpu: "1", on: "a"),
            ])
        let best = try #require(try candidate(&placement, pod("p", cpu: "1", ["priority": 5])))
        #expect(best.victims.map(\.name) == ["lower"])
    }

    @Test func aDisruptionBudgetIsKeptWhereThatIsPossible() throws {
        var placement = try Placement(
            nodes: [node("a", cpu: "1"), node("b", cpu: "1")],
            pods: [
                low("guarded", 0, cpu: "1", on: "a").labelled(["app": "db"]), low("free", 5, cpu: "1", on: "b"),
            ])
        let budget: JSONValue = [
            "metadata": ["namespace": "ns", "name": "db"], "spec": ["selector": ["matchLabels": ["app": "db"]]],
            "status": ["disruptionsAllowed": 0],
        ]
        placement.cache.budgets["ns/db"] = DisruptionBudget(try Object(parsing: budget.encoded()))
        let best = try #require(try candidate(&placement, pod("p", cpu: "1", ["priority": 100])))
        #expect(best.victims.map(\.name) == ["free"])
        // It is no more than a wish.
        let only = try #require(
            try candidate(
                &placement, pod("p", cpu: "1", ["priority": 100, "nodeSelector": ["kubernetes.io/hostname": "a"]])))
        #expect(only.victims.map(\.name) == ["guarded"])
        #expect(only.violations == 1)
    }

    @Test func victimsOfAntiAffinityMakeRoomToo() throws {
        let rule: JSONValue = [
            "priority": 100,
            "affinity": [
                "podAntiAffinity": [
                    "requiredDuringSchedulingIgnoredDuringExecution": [term(("app", "web"), "kubernetes.io/hostname")]
                ]
            ],
        ]
        var placement = try Placement(
            nodes: [node("a")], pods: [low("web", 0, cpu: "1", on: "a").labelled(["app": "web"])])
        #expect(try candidate(&placement, pod("p", rule))?.victims.map(\.name) == ["web"])
    }

    @Test func whatPreemptionCannotHelpIsSaidForEachNode() throws {
        var placement = try Placement(
            nodes: [node("a", cpu: "1"), node("b", cpu: "4"), node("c", ["unschedulable": true])],
            pods: [low("equal", 100, cpu: "3", on: "b"), low("low", 0, cpu: "500m", on: "b")])
        guard case .none(let message, _) = try attempt(&placement, pod("p", cpu: "2", ["priority": 100])) else {
            Issue.record("a candidate")
            return
        }
        #expect(
            message
                == "0/3 nodes are available: 1 Insufficient cpu, 2 Preemption is not helpful for scheduling.")
    }
}
