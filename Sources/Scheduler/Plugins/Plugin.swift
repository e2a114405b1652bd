/// Says on which nodes a pod cannot run. https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
protocol Filter: Sendable {
    /// False for pods that no node would be refused for.
    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool
    /// Why the node will not do, as users read it in FailedScheduling; nothing when it will.
    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String]
}

/// Says which of the possible nodes suit a pod better.
protocol Score: Sendable {
    var weight: Int { get }
    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool
    func score(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> Int
    var scale: ScoreScale { get }
}

/// What a plugin's numbers mean.
enum ScoreScale: Sendable {
    /// 0 (worst) to 100.
    case percent
    /// The highest of all nodes becomes 100.
    case moreIsBetter
    /// The highest of all nodes becomes 0.
    case lessIsBetter
}

/// The plugins in the order in which they are asked; a node that one refuses is not shown to the next.
enum Plugins {
    static let filters: [any Filter] = [
        NodeUnschedulable(), TaintToleration(), NodeAffinity(), NodePorts(), NodeResourcesFit(),
    ]
    static let scores: [any Score] = [
        TaintToleration(), NodeAffinity(), NodeResourcesFit(), NodeResourcesBalancedAllocation(),
    ]
}
