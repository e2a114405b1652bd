/// Keeps pods away from tainted nodes, and rather away from those with PreferNoSchedule.
struct TaintToleration: Filter, Score {
    let weight = 3
    let scale = ScoreScale.lessIsBetter

    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool { true }

    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String] {
        for taint in node.taints where taint.repels && !demand.tolerations.contains(where: { $0.tolerates(taint) }) {
            return ["node(s) had untolerated taint(s)"]
        }
        return []
    }

    func score(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> Int {
        if node.taints.isEmpty { return 0 }
        return node.taints.count { taint in
            taint.effect == "PreferNoSchedule" && !demand.tolerations.contains { $0.tolerates(taint) }
        }
    }
}
