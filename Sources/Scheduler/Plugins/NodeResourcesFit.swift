/// The node must have what the pod asks for, and rather much of it left (LeastAllocated).
struct NodeResourcesFit: Filter, Score {
    let weight = 1
    let scale = ScoreScale.percent

    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool { true }

    func reasons(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> [String] {
        let (asked, has, used) = (pod.requests, node.allocatable, info.requested)
        var reasons: [String] = []
        if info.pods + 1 > node.allowedPods { reasons.append("Too many pods") }
        // What is not asked for does not matter, even on a node that is over-committed.
        if asked.milliCPU > 0, asked.milliCPU > has.milliCPU - used.milliCPU { reasons.append("Insufficient cpu") }
        if asked.memory > 0, asked.memory > has.memory - used.memory { reasons.append("Insufficient memory") }
        if asked.ephemeralStorage > 0, asked.ephemeralStorage > has.ephemeralStorage - used.ephemeralStorage {
            reasons.append("Insufficient ephemeral-storage")
        }
        if !asked.others.isEmpty {
            for (name, amount) in asked.others
            where amount > 0 && amount > (has.others[name] ?? 0) - (used.others[name] ?? 0) {
                reasons.append("Insufficient \(name)")
            }
        }
        return reasons
    }

    func score(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> Int {
        func free(_ used: Int, _ has: Int) -> Int { has <= 0 || used > has ? 0 : (has - used) * 100 / has }
        let cpu = free(info.weighed.milliCPU + pod.weighedMilliCPU, node.allocatable.milliCPU)
        let memory = free(info.weighed.memory + pod.weighedMemory, node.allocatable.memory)
        return (cpu + memory) / 2
    }
}

/// Prefers nodes whose CPU and memory would be used to similar shares.
struct NodeResourcesBalancedAllocation: Score {
    let weight = 1
    let scale = ScoreScale.percent

    func concerns(_ pod: PodInfo, _ demand: Demand) -> Bool {
        pod.requests.milliCPU > 0 || pod.requests.memory > 0
    }

    func score(_ pod: PodInfo, _ demand: Demand, _ node: Node, _ info: NodeInfo) -> Int {
        func share(_ used: Int, _ has: Int) -> Double { has <= 0 ? 1 : min(1, Double(used) / Double(has)) }
        let cpu = share(info.requested.milliCPU + pod.requests.milliCPU, node.allocatable.milliCPU)
        let memory = share(info.requested.memory + pod.requests.memory, node.allocatable.memory)
        // The standard deviation of two numbers is half their distance.
        return Int((1 - abs(cpu - memory) / 2) * 100)
    }
}
