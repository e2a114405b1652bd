/// Keeps pods away from cordoned nodes, unless they tolerate that.
struct NodeUnschedulable: Filter {
    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if demand.tolerations.contains(where: { $0.tolerates(.unschedulable) }) { return nil }
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        node.isUnschedulable ? Refusal("node(s) were unschedulable", isFinal: true) : nil
    }
}
