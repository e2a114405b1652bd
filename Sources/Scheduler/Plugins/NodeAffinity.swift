internal import API

/// nodeSelector and required node affinity.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
struct NodeAffinity: Filter {
    private let demand: Demand

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if demand.nodeSelector.isEmpty, demand.required == nil { return nil }
        self.demand = demand
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        demand.selects(node) ? nil : Refusal("node(s) didn't match Pod's node affinity/selector", isFinal: true)
    }
}

/// Preferred node affinity.
struct NodeAffinityScore: Score {
    static let weight = 2
    private let preferred: [(weight: Int, term: NodeSelectorTerm)]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if demand.preferred.isEmpty { return nil }
        preferred = demand.preferred
    }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        Scores.scaled(
            positions.map { position in
                guard let node = cache.nodes[position].node else { return 0 }
                return preferred.reduce(0) { $0 + ($1.term.matches(node) ? $1.weight : 0) }
            })
    }
}
