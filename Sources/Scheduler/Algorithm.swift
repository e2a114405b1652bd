/// Why no node will take a pod, with the number of nodes for each reason.
struct Unschedulable: Error, Sendable {
    let nodes: Int
    var reasons: [String: Int] = [:]
    /// Why no node at all can, for a reason of the pod's own.
    var podReason: String?
    /// Positions of the nodes where it would help to push out pods.
    var resolvable: [Int] = []
    /// Whether pods on other nodes play a part.
    var isRelational = false
    /// What came of the attempt to push out others.
    var preemption: String?

    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: 0/3 nodes ...`
    var message: String {
        if nodes == 0 { return "no nodes available to schedule pods" }
        let text = Self.message(nodes, podReason ?? Self.histogram(reasons))
        return preemption.map { "\(text) preemption: \($0)" } ?? text
    }

    static func message(_ nodes: Int, _ reasons: [String: Int]) -> String { message(nodes, histogram(reasons)) }
    private static func message(_ nodes: Int, _ text: String) -> String { "0/\(nodes) nodes are available: \(text)." }
    private static func histogram(_ reasons: [String: Int]) -> String {
        reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
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

    static func filters(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) throws(PodRefusal) -> [any Filter] {
        var filters: [any Filter] = []
        for type in Plugins.filters { if let filter = try type.init(pod, demand, &cache) { filters.append(filter) } }
        return filters
    }

    /// The first refusal; pods of no lower priority for which room is being made count as if they were there.
    static func refusal(
        _ pod: PodInfo, _ filters: [any Filter], _ node: Node, _ info: NodeInfo, _ cache: Cache
    ) -> Refusal? {
        if !cache.nominated.isEmpty, let nominated = cache.nominated[node.name] {
            var (filters, info, isOther) = (filters, info, false)
            for other in nominated.values where other.key != pod.key && other.priority >= pod.priority {
                isOther = true
                info.add(other)
                for index in filters.indices { filters[index].move(other, on: node, by: 1) }
            }
            if isOther, let refusal = first(filters, node, info) { return refusal }
        }
        return first(filters, node, info)
    }

    private static func first(_ filters: [any Filter], _ node: Node, _ info: NodeInfo) -> Refusal? {
        for filter in filters { if let refusal = filter.refusal(node, info) { return refusal } }
        return nil
    }

    static func fits(_ pod: PodInfo, on name: String, _ cache: inout Cache) -> Bool {
        guard let demand = pod.demand, let info = cache[name], let node = info.node,
            let filters = try? filters(pod, demand, &cache)
        else { return false }
        return refusal(pod, filters, node, info, cache) == nil
    }

    /// The name of the best node.
    mutating func place(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) throws(Unschedulable) -> String {
        var failure = Unschedulable(nodes: cache.nodeCount)
        let filters: [any Filter]
        do throws(PodRefusal) { filters = try Self.filters(pod, demand, &cache) } catch {
            failure.podReason = error.message
            throw failure
        }
        // The node that was made free for it comes first.
        if let (name, _) = cache.nominated.first(where: { $0.value[pod.key] != nil }), let info = cache[name],
            let node = info.node, Self.refusal(pod, filters, node, info, cache) == nil
        {
            return name
        }
        let enough = Self.enough(cache.nodeCount)
        let count = cache.nodes.count
        var possible: [Int] = []
        possible.reserveCapacity(enough)
        var seen = 0
        while seen < count, possible.count < enough {
            var position = start + seen
            if position >= count { position %= count }
            seen += 1
            guard let node = cache.nodes[position].node else { continue }
            guard let refusal = Self.refusal(pod, filters, node, cache.nodes[position], cache) else {
                possible.append(position)
                continue
            }
            for reason in refusal.reasons { failure.reasons[reason, default: 0] += 1 }
            if !refusal.isFinal { failure.resolvable.append(position) }
            if refusal.isRelational { failure.isRelational = true }
        }
        if count > 0 { start = (start + seen) % count }
        guard let best = best(possible, pod, demand, &cache), let node = cache.nodes[best].node else { throw failure }
        return node.name
    }

    private mutating func best(_ possible: [Int], _ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) -> Int? {
        guard possible.count > 1 else { return possible.first }
        var totals = [Int](repeating: 0, count: possible.count)
        for type in Plugins.scores {
            guard let plugin = type.init(pod, demand, &cache) else { continue }
            let scores = plugin.scores(possible, cache)
            for index in totals.indices { totals[index] += scores[index] * type.weight }
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
