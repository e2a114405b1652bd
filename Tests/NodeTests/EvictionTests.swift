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
                "node_cpu_usage_seconds_total 2.5", "node_memory_working_set_bytes 4096.0",
                "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"p\"} 0.5", "scrape_error 0",
            ])
    }
}
