/// Why no node will take a pod, with the number of nodes for each reason.
struct Unschedulable: Error, Sendable {
    let nodes: Int
    let reasons: [String: Int]

    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
    var message: String {
        if nodes == 0 { return "no nodes available to schedule pods" }
        let list = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return "0/\(nodes) nodes are available: \(list)."
    }
}

/// Filters and scores over the nodes of a cache.
struct Algorithm: Sendable {
    /// Where the last search ended, so that searches that stop early spread over all nodes.
    private var start = 0
    private var random = RandomBits()

    /// How many possible nodes are enough to choose from: all of a hundred, and a falling share of more (upstream's
    /// `percentageOfNodesToScore`, https://kubernetes.io/docs/concepts/scheduling-eviction/scheduler-perf-tuning/).
    static func enough(_ nodes: Int) -> Int {
        nodes < 100 ? nodes : max(100, nodes * max(5, 50 - nodes / 125) / 100)
    }

    static func fits(_ pod: PodInfo, _ info: NodeInfo) -> Bool {
        guard let demand = pod.demand, let node = info.node else { return false }
        return Plugins.filters.allSatisfy {
            !$0.concerns(pod, demand) || $0.reasons(pod, demand, node, info).isEmpty
        }
    }

    /// The name of the best node.
    mutating func place(_ pod: PodInfo, _ demand: Demand, _ cache: Cache) throws(Unschedulable) -> String {
        let filters = Plugins.filters.filter { $0.concerns(pod, demand) }
        let enough = Self.enough(cache.nodeCount)
        let count = cache.nodes.count
        var possible: [Int] = []
        possible.reserveCapacity(enough)
        var reasons: [String: Int] = [:]
        var seen = 0
        while seen < count, possible.count < enough {
            var position = start + seen
            if position >= count { position %= count }
            seen += 1
            let info = cache.nodes[position]
            guard let node = info.node else { continue }
            var isPossible = true
            for filter in filters {
                let found = filter.reasons(pod, demand, node, info)
                if found.isEmpty { continue }
                for reason in found { reasons[reason, default: 0] += 1 }
                isPossible = false
                break
            }
            if isPossible { possible.append(position) }
        }
        if count > 0 { start = (start + seen) % count }
        guard let best = best(possible, pod, demand, cache), let node = cache.nodes[best].node else {
            throw Unschedulable(nodes: cache.nodeCount, reasons: reasons)
        }
        return node.name
    }

    private mutating func best(_ possible: [Int], _ pod: PodInfo, _ demand: Demand, _ cache: Cache) -> Int? {
        guard possible.count > 1 else { return possible.first }
        var totals = [Int](repeating: 0, count: possible.count)
        for plugin in Plugins.scores where plugin.concerns(pod, demand) {
            var scores = possible.map { position in
                let info = cache.nodes[position]
                return info.node.map { plugin.score(pod, demand, $0, info) } ?? 0
            }
            if plugin.scale != .percent {
                // When all are nought, all are equally good.
                guard let highest = scores.max(), highest > 0 else { continue }
                for index in scores.indices {
                    scores[index] = scores[index] * 100 / highest
                    if plugin.scale == .lessIsBetter { scores[index] = 100 - scores[index] }
                }
            }
            for index in scores.indices { totals[index] += scores[index] * plugin.weight }
        }
        // One of the best at random, so that equal nodes fill evenly.
        var best = 0
        var equals = 1
        for index in totals.indices.dropFirst() {
            if totals[index] > totals[best] {
                (best, equals) = (index, 1)
            } else if totals[index] == totals[best] {
                equals += 1
                if random.next() % UInt64(equals) == 0 { best = index }
            }
        }
        return possible[best]
    }
}

/// Cheap random numbers (xorshift64), good enough to break ties.
private struct RandomBits: Sendable {
    private var state = UInt64.random(in: 1 ... .max)
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
