/// Two pods cannot have the same port of one node.
struct NodePorts: Filter {
    private let ports: [HostPort]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if pod.hostPorts.isEmpty { return nil }
        ports = pod.hostPorts
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        for wanted in ports where info.hostPorts.contains(where: wanted.conflicts) {
            return Refusal("node(s) didn't have free ports for the requested pod ports")
        }
        return nil
    }
}
