/// Two pods cannot have the same port of one node.
struct NodePorts: Filter {
    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool { !pod.hostPorts.isEmpty }

    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String] {
        for wanted in pod.hostPorts where info.hostPorts.contains(where: wanted.conflicts) {
            return ["node(s) didn't have free ports for the requested pod ports"]
        }
        return []
    }
}
