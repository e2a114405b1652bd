/// Pods that must be in one place with others, or apart from them; those others ask for the latter, too.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
struct InterPodAffinity: Filter {
    /// How many pods there are in each place, by topology key and value.
    private typealias Places = [String: [String: Int]]
    private let pod: PodInfo
    private let namespaces: [String: [String: String]]
    /// Who must be near: pods that match all terms.
    private var near: Places = [:]
    private var apart: Places = [:]
    /// Pods that want this one to be elsewhere.
    private var shunning: Places = [:]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        let shunning = cache.pods.apart.filter { $0.key.pods.matches(pod, cache.pods.namespaces) }
        if shunning.isEmpty, pod.affinity?.near.isEmpty ?? true, pod.affinity?.apart.isEmpty ?? true { return nil }
        self.pod = pod
        namespaces = cache.pods.namespaces
        for (term, nodes) in shunning { Self.add(nodes, term.topologyKey, &self.shunning, cache) }
        guard let affinity = pod.affinity else { return }
        if !affinity.near.isEmpty {
            let nodes = cache.count(affinity.near.map(\.pods))
            for key in Set(affinity.near.map(\.topologyKey)) { Self.add(nodes, key, &near, cache) }
        }
        for term in affinity.apart { Self.add(cache.count([term.pods]), term.topologyKey, &apart, cache) }
    }

    private static func add(_ nodes: [String: Int], _ key: String, _ places: inout Places, _ cache: Cache) {
        for (name, count) in nodes {
            if let value = cache[name]?.node?.labels[key] { places[key, default: [:]].add(value, count) }
        }
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        if let affinity = pod.affinity {
            if !isNear(node, affinity.near) {
                return Refusal("node(s) didn't match pod affinity rules", isFinal: true, isRelational: true)
            }
            for term in affinity.apart {
                if let value = node.labels[term.topologyKey], apart[term.topologyKey]?[value] != nil {
                    return Refusal("node(s) didn't match pod anti-affinity rules", isRelational: true)
                }
            }
        }
        for (key, places) in shunning {
            if let value = node.labels[key], places[value] != nil {
                return Refusal("node(s) didn't satisfy existing pods anti-affinity rules", isRelational: true)
            }
        }
        return nil
    }

    private func isNear(_ node: Node, _ terms: [AffinityTerm]) -> Bool {
        if terms.isEmpty { return true }
        let values = terms.map { node.labels[$0.topologyKey] }
        guard values.allSatisfy({ $0 != nil }) else { return false }
        let isThere = zip(terms, values).allSatisfy { term, value in near[term.topologyKey]?[value ?? ""] != nil }
        // The first of a group that wants to be together has nobody to join.
        return isThere || near.values.allSatisfy(\.isEmpty) && terms.allSatisfy { $0.pods.matches(pod, namespaces) }
    }

    mutating func move(_ other: PodInfo, on node: Node, by count: Int) {
        func add(_ key: String, _ places: inout Places) {
            if let value = node.labels[key] { places[key, default: [:]].add(value, count) }
        }
        for term in other.affinity?.apart ?? [] where term.pods.matches(pod, namespaces) {
            add(term.topologyKey, &shunning)
        }
        guard let affinity = pod.affinity else { return }
        if !affinity.near.isEmpty, affinity.near.allSatisfy({ $0.pods.matches(other, namespaces) }) {
            for key in Set(affinity.near.map(\.topologyKey)) { add(key, &near) }
        }
        for term in affinity.apart where term.pods.matches(other, namespaces) { add(term.topologyKey, &apart) }
    }
}

/// Preferred affinity and anti-affinity, of this pod and of those that are there.
struct InterPodAffinityScore: Score {
    static let weight = 2
    private var places: [String: [String: Int]] = [:]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        for (term, nodes) in cache.pods.preferred where term.pods.matches(pod, cache.pods.namespaces) {
            add(nodes, 1, term.topologyKey, cache)
        }
        for (weight, term) in pod.affinity?.preferred ?? [] {
            add(cache.count([term.pods]), weight, term.topologyKey, cache)
        }
        if places.isEmpty { return nil }
    }

    private mutating func add(_ nodes: [String: Int], _ weight: Int, _ key: String, _ cache: Cache) {
        for (name, count) in nodes {
            if let value = cache[name]?.node?.labels[key] { places[key, default: [:]].add(value, count * weight) }
        }
    }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        let sums = positions.map { position in
            guard let labels = cache.nodes[position].node?.labels else { return 0 }
            return places.reduce(0) { sum, place in sum + (labels[place.key].flatMap { place.value[$0] } ?? 0) }
        }
        guard let (least, most) = sums.min().flatMap({ least in sums.max().map { (least, $0) } }), most > least else {
            return sums.map { _ in 0 }
        }
        return sums.map { 100 * ($0 - least) / (most - least) }
    }
}
