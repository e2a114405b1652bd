internal import Glibc

/// No place may have many more pods of a kind than another.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
struct PodTopologySpread: Filter {
    private struct Spread: Sendable {
        let constraint: SpreadConstraint
        let countsItself: Bool
        /// Pods by place, nought included.
        var places: [String: Int] = [:]
        var least = 0

        mutating func findLeast() {
            least = places.count < constraint.minDomains ? 0 : places.values.min() ?? 0
        }
    }
    private let demand: Demand
    private let namespaces: [String: [String: String]]
    private var spreads: [Spread]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        let hard = demand.spread.filter(\.isHard)
        if hard.isEmpty { return nil }
        self.demand = demand
        namespaces = cache.pods.namespaces
        spreads = []
        let keys = hard.map(\.topologyKey)
        for constraint in hard {
            var spread = Spread(
                constraint: constraint, countsItself: constraint.pods.matches(pod, cache.pods.namespaces))
            let counts = cache.count([constraint.pods], ignoringDeleted: true)
            for info in cache.nodes {
                // Only nodes with all the keys take part.
                guard let node = info.node, keys.allSatisfy({ node.labels[$0] != nil }),
                    constraint.counts(node, for: demand), let place = node.labels[constraint.topologyKey]
                else { continue }
                spread.places[place, default: 0] += counts[node.name] ?? 0
            }
            spread.findLeast()
            spreads.append(spread)
        }
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        let reason = "node(s) didn't match pod topology spread constraints"
        for spread in spreads {
            guard let place = node.labels[spread.constraint.topologyKey] else {
                return Refusal(reason + " (missing required label)", isFinal: true, isRelational: true)
            }
            let skew = (spread.places[place] ?? 0) + (spread.countsItself ? 1 : 0) - spread.least
            if skew > spread.constraint.maxSkew { return Refusal(reason, isRelational: true) }
        }
        return nil
    }

    mutating func move(_ pod: PodInfo, on node: Node, by count: Int) {
        if pod.isBeingDeleted { return }
        for index in spreads.indices {
            guard spreads[index].constraint.pods.matches(pod, namespaces),
                spreads[index].constraint.counts(node, for: demand),
                let place = node.labels[spreads[index].constraint.topologyKey], spreads[index].places[place] != nil
            else { continue }
            spreads[index].places[place, default: 0] += count
            spreads[index].findLeast()
        }
    }
}

/// Rather where there are few pods of the kind: soft constraints, and those that pods of a workload have by default.
struct PodTopologySpreadScore: Score {
    static let weight = 2
    private static let hostname = "kubernetes.io/hostname"
    private struct Spread: Sendable {
        let constraint: SpreadConstraint
        /// Pods by node.
        let nodes: [String: Int]
        var places: [String: Int] = [:]
    }
    private var spreads: [Spread] = []
    /// Nodes without one of the keys are no candidates; with the default constraints they may lack some.
    private let needsAllKeys: Bool

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        var soft = demand.spread.filter { !$0.isHard }
        needsAllKeys = !demand.spread.isEmpty
        if demand.spread.isEmpty, let companions = cache.workloads.companions(of: pod, demand) {
            // https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#internal-default-constraints
            soft = [
                SpreadConstraint(default: Self.hostname, maxSkew: 3, companions),
                SpreadConstraint(default: "topology.kubernetes.io/zone", maxSkew: 5, companions),
            ]
        }
        if soft.isEmpty { return nil }
        for constraint in soft {
            var spread = Spread(
                constraint: constraint, nodes: cache.count([constraint.pods], ignoringDeleted: true))
            for (name, count) in spread.nodes {
                guard let node = cache[name]?.node, constraint.counts(node, for: demand),
                    let place = node.labels[constraint.topologyKey]
                else { continue }
                spread.places[place, default: 0] += count
            }
            spreads.append(spread)
        }
    }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        let nodes = positions.map { cache.nodes[$0].node }
        let isIgnored = nodes.map { node in
            needsAllKeys && spreads.contains { node?.labels[$0.constraint.topologyKey] == nil }
        }
        var sums = [Double](repeating: 0, count: positions.count)
        for spread in spreads {
            let key = spread.constraint.topologyKey
            var places: Set<String> = []
            for (node, isIgnored) in zip(nodes, isIgnored) where !isIgnored {
                if let place = node?.labels[key] { places.insert(place) }
            }
            // The fewer places there are, the less their difference weighs.
            let weight = log(Double(places.count + 2))
            for (index, node) in nodes.enumerated() where !isIgnored[index] {
                guard let node, let place = node.labels[key] else { continue }
                let count = key == Self.hostname ? spread.nodes[node.name] ?? 0 : spread.places[place] ?? 0
                sums[index] += Double(count) * weight + Double(spread.constraint.maxSkew - 1)
            }
        }
        let rounded = sums.map { Int($0.rounded()) }
        let counted = zip(rounded, isIgnored).filter { !$0.1 }.map(\.0)
        guard let least = counted.min(), let most = counted.max() else { return rounded.map { _ in 0 } }
        return zip(rounded, isIgnored).map { sum, isIgnored in
            isIgnored ? 0 : most == 0 ? 100 : 100 * (most + least - sum) / most
        }
    }
}
