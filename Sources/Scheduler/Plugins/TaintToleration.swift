/// Keeps pods away from tainted nodes.
struct TaintToleration: Filter {
    private let demand: Demand

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) { self.demand = demand }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        if node.taints.isEmpty || demand.tolerates(node) { return nil }
        return Refusal("node(s) had untolerated taint(s)", isFinal: true)
    }
}

/// Rather not on nodes with taints of the effect PreferNoSchedule.
struct TaintTolerationScore: Score {
    static let weight = 3
    private let tolerations: [Toleration]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) { tolerations = demand.tolerations }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        Scores.scaled(
            positions.map { position in
                guard let taints = cache.nodes[position].node?.taints, !taints.isEmpty else { return 0 }
                return taints.count { taint in
                    taint.effect == "PreferNoSchedule" && !tolerations.contains { $0.tolerates(taint) }
                }
            }, reversed: true)
    }
}
