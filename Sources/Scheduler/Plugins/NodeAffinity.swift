internal import API

/// nodeSelector, required and preferred node affinity.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
struct NodeAffinity: Filter, Score {
    let weight = 2
    let scale = ScoreScale.moreIsBetter

    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool {
        !demand.nodeSelector.isEmpty || demand.required != nil || !demand.preferred.isEmpty
    }

    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String] {
        let isMatch =
            demand.nodeSelector.matches { node.labels[$0] }
            && demand.required.map { terms in terms.contains { $0.matches(node) } } ?? true
        return isMatch ? [] : ["node(s) didn't match Pod's node affinity/selector"]
    }

    func score(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> Int {
        demand.preferred.reduce(0) { $0 + ($1.term.matches(node) ? $1.weight : 0) }
    }
}
