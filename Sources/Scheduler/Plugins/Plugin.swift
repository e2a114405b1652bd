/// A rule about where one pod cannot run: a value made for that pod.
/// https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
protocol Filter: Sendable {
    /// Nil when the rule would refuse no node. Throws when it would refuse all of them.
    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) throws(PodRefusal)
    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal?
    /// What if there were one such pod more (1) or less (-1) on the node?
    mutating func move(_ pod: PodInfo, on node: Node, by count: Int)
}

extension Filter {
    mutating func move(_ pod: PodInfo, on node: Node, by count: Int) {}
}

/// Why a node will not do.
struct Refusal: Sendable {
    /// As users read it in FailedScheduling.
    let reasons: [String]
    /// Pushing out pods would not change it.
    let isFinal: Bool
    /// Whether pods on other nodes play a part.
    let isRelational: Bool

    init(_ reasons: String..., isFinal: Bool = false, isRelational: Bool = false) {
        self.init(reasons, isFinal: isFinal, isRelational: isRelational)
    }
    init(_ reasons: [String], isFinal: Bool = false, isRelational: Bool = false) {
        (self.reasons, self.isFinal, self.isRelational) = (reasons, isFinal, isRelational)
    }
}

/// No node can take the pod, and this is why.
struct PodRefusal: Error {
    let message: String
}

/// A rule about which of the possible nodes suit one pod better.
protocol Score: Sendable {
    static var weight: Int { get }
    /// Nil when all nodes are the same to it.
    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache)
    /// 0 (worst) to 100 for each of these positions in `cache.nodes`.
    func scores(_ positions: [Int], _ cache: Cache) -> [Int]
}

enum Scores {
    /// The highest becomes 100; with `reversed`, the highest becomes 0 and nought 100.
    static func scaled(_ scores: [Int], reversed: Bool = false) -> [Int] {
        let highest = scores.max() ?? 0
        guard highest > 0 else { return reversed ? scores.map { _ in 100 } : scores }
        return scores.map { reversed ? 100 - $0 * 100 / highest : $0 * 100 / highest }
    }
}

/// The plugins in the order in which they are asked; a node that one refuses is not shown to the next.
enum Plugins {
    static let filters: [any Filter.Type] = [
        NodeUnschedulable.self, TaintToleration.self, NodeAffinity.self, NodePorts.self, NodeResourcesFit.self,
        VolumeRestrictions.self, VolumeBinding.self, PodTopologySpread.self, InterPodAffinity.self,
    ]
    static let scores: [any Score.Type] = [
        TaintTolerationScore.self, NodeAffinityScore.self, LeastAllocated.self, BalancedAllocation.self,
        PodTopologySpreadScore.self, InterPodAffinityScore.self, ImageLocality.self,
    ]
}
