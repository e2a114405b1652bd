/// The node must have what the pod asks for.
struct NodeResourcesFit: Filter {
    private let asked: Resources

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) { asked = pod.requests }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        let (has, used) = (node.allocatable, info.requested)
        // What is not asked for does not matter, even on a node that is over-committed.
        func lacks(_ asked: Int, _ has: Int, _ used: Int) -> Bool { asked > 0 && asked > has - used }
        if info.pods.count + 1 <= node.allowedPods, !lacks(asked.milliCPU, has.milliCPU, used.milliCPU),
            !lacks(asked.memory, has.memory, used.memory),
            !lacks(asked.ephemeralStorage, has.ephemeralStorage, used.ephemeralStorage), asked.others.isEmpty
        {
            return nil
        }
        var reasons: [String] = []
        // More than an empty node has cannot be had by pushing out pods.
        var isFinal = false
        func check(_ name: String, _ asked: Int, _ has: Int, _ used: Int) {
            guard lacks(asked, has, used) else { return }
            reasons.append("Insufficient \(name)")
            if asked > has { isFinal = true }
        }
        if info.pods.count + 1 > node.allowedPods { reasons.append("Too many pods") }
        check("cpu", asked.milliCPU, has.milliCPU, used.milliCPU)
        check("memory", asked.memory, has.memory, used.memory)
        check("ephemeral-storage", asked.ephemeralStorage, has.ephemeralStorage, used.ephemeralStorage)
        for (name, amount) in asked.others { check(name, amount, has.others[name] ?? 0, used.others[name] ?? 0) }
        return reasons.isEmpty ? nil : Refusal(reasons, isFinal: isFinal)
    }
}

/// Rather where much of CPU and memory is left.
struct LeastAllocated: Score {
    static let weight = 1
    private let pod: PodInfo

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) { self.pod = pod }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        func free(_ used: Int, _ has: Int) -> Int { has <= 0 || used > has ? 0 : (has - used) * 100 / has }
        let (milliCPU, memory) = (pod.weighedMilliCPU, pod.weighedMemory)
        return positions.map { position in
            guard let has = cache.nodes[position].node?.allocatable else { return 0 }
            let used = cache.nodes[position].weighed
            return (free(used.milliCPU + milliCPU, has.milliCPU) + free(used.memory + memory, has.memory)) / 2
        }
    }
}

/// Rather where CPU and memory would be used to similar shares.
struct BalancedAllocation: Score {
    static let weight = 1
    private let (milliCPU, memory): (Int, Int)

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if pod.requests.milliCPU == 0, pod.requests.memory == 0 { return nil }
        (milliCPU, memory) = (pod.requests.milliCPU, pod.requests.memory)
    }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        func share(_ used: Int, _ has: Int) -> Double { has <= 0 ? 1 : min(1, Double(used) / Double(has)) }
        return positions.map { position in
            guard let has = cache.nodes[position].node?.allocatable else { return 0 }
            let cpu = share(cache.nodes[position].requested.milliCPU + milliCPU, has.milliCPU)
            let memory = share(cache.nodes[position].requested.memory + memory, has.memory)
            // The standard deviation of two numbers is half their distance.
            return Int((1 - abs(cpu - memory) / 2) * 100)
        }
    }
}
