/// Numbers about placed pods by node, for rules that look at other pods: kept up to date pod by pod, so that asking costs
/// no look at every pod.
struct PodIndex: Sendable {
    /// Pods that match all of these.
    struct Question: Hashable, Sendable {
        let matchers: [PodMatcher]
        var ignoresDeleted = false
    }
    /// What placed pods ask of new ones: these terms, and how many pods ask for it or the sum of their weights.
    private(set) var apart: [AffinityTerm: [String: Int]] = [:]
    private(set) var preferred: [AffinityTerm: [String: Int]] = [:]
    /// How many pods use each claim.
    private(set) var claims: [String: Int] = [:]
    /// How many pods have each priority.
    private(set) var priorities: [Int: Int] = [:]
    private var answers: [Question: [String: Int]] = [:]
    private var asked: [Question] = []
    private static let capacity = 128

    /// The labels of each namespace.
    var namespaces: [String: [String: String]] = [:] {
        didSet {
            let isVoid: (Question) -> Bool = { $0.matchers.contains(where: \.dependsOnNamespaces) }
            asked.removeAll(where: isVoid)
            answers = answers.filter { !isVoid($0.key) }
        }
    }

    mutating func add(_ pod: PodInfo, on node: String, by count: Int = 1) {
        priorities.add(pod.priority, count)
        for claim in pod.claims { claims.add(claim, count) }
        if let affinity = pod.affinity {
            for term in affinity.apart { apart[term, default: [:]].add(node, count) }
            // What is required of some counts a little for others (upstream's hardPodAffinityWeight).
            for term in affinity.near { preferred[term, default: [:]].add(node, count) }
            for (weight, term) in affinity.preferred { preferred[term, default: [:]].add(node, weight * count) }
            if count < 0 {
                for term in affinity.apart where apart[term]?.isEmpty == true { apart[term] = nil }
                for term in affinity.near + affinity.preferred.map(\.term) where preferred[term]?.isEmpty == true {
                    preferred[term] = nil
                }
            }
        }
        for question in asked where matches(pod, question) { answers[question]?.add(node, count) }
    }

    func matches(_ pod: PodInfo, _ question: Question) -> Bool {
        !(question.ignoresDeleted && pod.isBeingDeleted)
            && question.matchers.allSatisfy { $0.matches(pod, namespaces) }
    }

    /// How many such pods each node has; nodes without any are left out.
    mutating func count(_ question: Question, _ nodes: [NodeInfo]) -> [String: Int] {
        if let answer = answers[question] { return answer }
        var answer: [String: Int] = [:]
        for info in nodes {
            guard let node = info.node else { continue }
            let count = info.pods.values.count { matches($0, question) }
            if count > 0 { answer[node.name] = count }
        }
        if asked.count == Self.capacity { answers[asked.removeFirst()] = nil }
        asked.append(question)
        answers[question] = answer
        return answer
    }
}

extension Dictionary where Value == Int {
    /// Nought is not kept.
    mutating func add(_ key: Key, _ count: Int) {
        let sum = (self[key] ?? 0) + count
        self[key] = sum == 0 ? nil : sum
    }
}
