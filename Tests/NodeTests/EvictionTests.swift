import API
import JSON
import Testing

@testable import Node

@Suite struct EvictionTests {
    private func order(_ candidates: [EvictionCandidate]) -> [String] {
        candidates.sorted(by: EvictionCandidate.goesFirst).map(\.uid)
    }

    @Test func whoUsesMoreThanRequestedGoesBeforeWhoDoesNot() {
        let within = EvictionCandidate(uid: "within", priority: 0, usage: 900, request: 1000)
        let beyond = EvictionCandidate(uid: "beyond", priority: 1000, usage: 20, request: 10)
        #expect(order([within, beyond]) == ["beyond", "within"])
    }

    @Test func theLessImportantGoesFirstThenWhoIsFurthestBeyond() {
        let important = EvictionCandidate(uid: "important", priority: 5, usage: 500, request: 0)
        let small = EvictionCandidate(uid: "small", priority: 1, usage: 100, request: 50)
        let large = EvictionCandidate(uid: "large", priority: 1, usage: 200, request: 50)
        #expect(order([important, small, large]) == ["large", "small", "important"])
    }
}

@Suite struct EvictionThresholdTests {
    @Test func whatIsNotNamedKeepsItsDefault() throws {
        let thresholds = try EvictionThresholds(parsing: "memory.available<1Gi,nodefs.inodesFree<7.5%")
        #expect(thresholds.amounts[.memory] == .number(1 << 30))
        #expect(thresholds.amounts[.nodeInodes] == .percent(7.5))
        #expect(thresholds.amounts[.nodeDisk] == .percent(10) && thresholds.amounts[.processes] == nil)
        #expect(EvictionThresholds.Amount.percent(7.5).value(of: 1000) == 75)
    }

    @Test(arguments: ["memory.available", "memory<1Gi", "memory.available<much", "nodefs.available<101%"])
    func nonsenseIsRefused(_ text: String) {
        #expect(throws: EvictionThresholdError.self) { try EvictionThresholds(parsing: text) }
    }

    @Test func messagesNameAmountsAsPeopleWriteThem() {
        let shortage = Shortage(signal: .nodeDisk, available: 1 << 20, threshold: 10 << 30)
        #expect(
            shortage.message
                == "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 1Mi. ")
    }
}

@Suite struct CgroupLimitTests {
    private func limits(_ spec: JSONValue) throws -> Cgroups.Limits {
        let pod: JSONValue = ["metadata": ["name": "p", "namespace": "n", "uid": "u"], "spec": spec]
        return Cgroups.limits(of: try Object(parsing: pod.encoded()))
    }

    @Test func onlyLimitsOfAllContainersLimitThePod() throws {
        let both: JSONValue = ["name": "a", "resources": ["limits": ["cpu": "100m", "memory": "1Mi"]]]
        let one: JSONValue = ["name": "b", "resources": ["requests": ["cpu": "1"], "limits": ["memory": "2Mi"]]]
        let limits = try limits(["containers": [both, one]])
        #expect(limits == .init(shares: 1126, quota: nil, memory: 3 << 20, pids: nil))
    }

    @Test func thePodsOwnLimitsCountFirst() throws {
        let limits = try limits([
            "resources": ["limits": ["cpu": "2", "memory": "64Mi"]], "containers": [["name": "a"]],
        ])
        #expect(limits.quota == 200_000 && limits.memory == 64 << 20)
    }
}

@Suite struct ResourceMetricsTests {
    @Test func valuesCarryUpstreamsNamesLabelsAndUnits() {
        let summary: JSONValue = [
            "node": ["cpu": ["usageCoreNanoSeconds": 2_500_000_000], "memory": ["workingSetBytes": 4096]],
            "pods": [
                [
                    "podRef": ["name": "p", "namespace": "n"],
                    "containers": [["name": "c", "cpu": ["usageCoreNanoSeconds": 500_000_000], "memory": [:]]],
                    "cpu": ["usageCoreNanoSeconds": 500_000_000], "memory": [:],
                ]
            ],
        ]
        let lines = MetricsText(resourcesOf: summary).text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                "container_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"p\"} 0.5",
                "node_cpu_usage_seconds_total 2.5", "node_memory_working_set_bytes 4096",
                "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"p\"} 0.5", "scrape_error 0",
            ])
    }
}
