internal import API
internal import JSON

/// Which pods a rule of a pod speaks of: namespaces and labels.
struct PodMatcher: Hashable, Sendable {
    private let namespaces: Set<String>
    /// Namespaces by their labels, in addition.
    private let namespaceSelector: LabelSelector?
    private let selectors: [LabelSelector]
    private let id: String

    init(namespaces: Set<String>, namespaceSelector: LabelSelector? = nil, _ selectors: [LabelSelector]) {
        (self.namespaces, self.namespaceSelector, self.selectors) = (namespaces, namespaceSelector, selectors)
        id = ([namespaceSelector].compactMap(\.self) + selectors).map {
            // The text of a selector that matches nothing is empty, too.
            $0 == .nothing ? "!" : $0.description
        }.joined(separator: "|")
    }

    static func == (a: PodMatcher, b: PodMatcher) -> Bool {
        a.id == b.id && a.namespaces == b.namespaces && (a.namespaceSelector == nil) == (b.namespaceSelector == nil)
    }
    func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(namespaces)
    }

    var dependsOnNamespaces: Bool { namespaceSelector != nil }

    /// `labels` are those of all namespaces.
    func matches(_ pod: PodInfo, _ labels: [String: [String: String]]) -> Bool {
        guard selectors.allSatisfy({ $0.matches { pod.labels[$0] } }) else { return false }
        if namespaces.contains(pod.namespace) { return true }
        guard let namespaceSelector, let labels = labels[pod.namespace] else { return false }
        return namespaceSelector.matches { labels[$0] }
    }

    /// `matchLabelKeys` stand for the values that the pod itself has.
    /// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#matchlabelkeys
    static func keys(_ rule: JSONRef, _ labels: [String: String]) -> [LabelSelector] {
        [("matchLabelKeys", "in"), ("mismatchLabelKeys", "notin")].flatMap { field, comparison in
            rule[field].elements.compactMap { key in
                guard let key = key.string, let value = labels[key] else { return nil }
                return try? LabelSelector(parsing: "\(key) \(comparison) (\(value))")
            }
        }
    }
}

/// core/v1 PodAffinityTerm: pods, and what counts as one place.
struct AffinityTerm: Hashable, Sendable {
    let pods: PodMatcher
    let topologyKey: String

    init(_ term: JSONRef, namespace: String, labels: [String: String]) {
        var namespaces = Set(term["namespaces"].elements.compactMap(\.string))
        let selector = term["namespaceSelector"]
        if namespaces.isEmpty, selector.isNull { namespaces = [namespace] }
        pods = PodMatcher(
            namespaces: namespaces, namespaceSelector: selector.isNull ? nil : LabelSelector(selector),
            [LabelSelector(term["labelSelector"])] + PodMatcher.keys(term, labels))
        topologyKey = term["topologyKey"].string ?? ""
    }
}

/// core/v1 PodAffinity and PodAntiAffinity of a pod.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
struct PodAffinity: Sendable {
    let near: [AffinityTerm]
    let apart: [AffinityTerm]
    /// Negative weights are of anti-affinity.
    let preferred: [(weight: Int, term: AffinityTerm)]

    /// Nil when there is nothing in it.
    init?(_ affinity: JSONRef, namespace: String, labels: [String: String]) {
        let (wanted, unwanted) = (affinity["podAffinity"], affinity["podAntiAffinity"])
        guard wanted.exists || unwanted.exists else { return nil }
        func required(_ rules: JSONRef) -> [AffinityTerm] {
            rules["requiredDuringSchedulingIgnoredDuringExecution"].elements.map {
                AffinityTerm($0, namespace: namespace, labels: labels)
            }
        }
        func preferred(_ rules: JSONRef, _ sign: Int) -> [(Int, AffinityTerm)] {
            rules["preferredDuringSchedulingIgnoredDuringExecution"].elements.map {
                (
                    sign * ($0["weight"].int ?? 0),
                    AffinityTerm($0["podAffinityTerm"], namespace: namespace, labels: labels)
                )
            }
        }
        (near, apart) = (required(wanted), required(unwanted))
        self.preferred = preferred(wanted, 1) + preferred(unwanted, -1)
        if near.isEmpty, apart.isEmpty, self.preferred.isEmpty { return nil }
    }
}

/// core/v1 TopologySpreadConstraint.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
struct SpreadConstraint: Sendable {
    let maxSkew: Int
    let topologyKey: String
    /// DoNotSchedule.
    let isHard: Bool
    let pods: PodMatcher
    let minDomains: Int
    let honorsAffinity: Bool
    let honorsTaints: Bool

    init(_ constraint: JSONRef, namespace: String, labels: [String: String]) {
        maxSkew = constraint["maxSkew"].int ?? 1
        topologyKey = constraint["topologyKey"].string ?? ""
        isHard = !constraint["whenUnsatisfiable"].equals("ScheduleAnyway")
        pods = PodMatcher(
            namespaces: [namespace],
            [LabelSelector(constraint["labelSelector"])] + PodMatcher.keys(constraint, labels))
        minDomains = constraint["minDomains"].int ?? 1
        honorsAffinity = !constraint["nodeAffinityPolicy"].equals("Ignore")
        honorsTaints = constraint["nodeTaintsPolicy"].equals("Honor")
    }

    /// A soft one of those that pods of a workload have when they say nothing.
    init(default topologyKey: String, maxSkew: Int, _ pods: PodMatcher) {
        (self.topologyKey, self.maxSkew, self.pods) = (topologyKey, maxSkew, pods)
        (isHard, minDomains, honorsAffinity, honorsTaints) = (false, 1, true, false)
    }

    func counts(_ node: Node, for demand: Demand) -> Bool {
        (!honorsAffinity || demand.selects(node)) && (!honorsTaints || demand.tolerates(node))
    }
}
