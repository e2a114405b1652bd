/// Keeps pods away from cordoned nodes, unless they tolerate that.
struct NodeUnschedulable: Filter {
    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool {
        !demand.tolerations.contains { $0.tolerates(.unschedulable) }
    }

    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String] {
        node.isUnschedulable ? ["node(s) were unschedulable"] : []
    }
}
