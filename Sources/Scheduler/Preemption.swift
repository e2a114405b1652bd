/// Makes room for a pod by pushing out pods of lower priority.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
enum Preemption {
    static let conditionReason = "PreemptionByScheduler"

    struct Candidate: Sendable {
        let node: String
        /// The most important first.
        let victims: [PodInfo]
        /// How many of them a PodDisruptionBudget would keep.
        let violations: Int
    }
    enum Outcome: Sendable {
        case candidate(Candidate)
        /// Nothing to be done, in upstream's words; `isWaiting` when room is being made already.
        case none(String, isWaiting: Bool)
    }

    static func attempt(_ pod: PodInfo, _ demand: Demand, _ failure: Unschedulable, _ cache: inout Cache) -> Outcome {
        if !demand.mayPreempt { return .none("not eligible due to preemptionPolicy=Never.", isWaiting: false) }
        if let (name, _) = cache.nominated.first(where: { $0.value[pod.key] != nil }),
            let position = cache.position(of: name),
            failure.resolvable.contains(position),
            cache.nodes[position].pods.values.contains(where: { $0.isPreempted && $0.priority < pod.priority })
        {
            return .none("not eligible due to a terminating pod on the nominated node.", isWaiting: true)
        }
        var reasons: [String: Int] = [:]
        let hopeless = failure.nodes - failure.resolvable.count
        if hopeless > 0 { reasons["Preemption is not helpful for scheduling"] = hopeless }
        let none = "No preemption victims found for incoming pod"
        var candidates: [Candidate] = []
        if !cache.pods.priorities.keys.contains(where: { $0 < pod.priority }) {
            reasons.add(none, failure.resolvable.count)
        } else if let filters = try? Algorithm.filters(pod, demand, &cache) {
            // As upstream, a tenth of the nodes are enough to choose from.
            let enough = max(100, failure.nodes / 10)
            let offset = failure.resolvable.isEmpty ? 0 : Int.random(in: 0..<failure.resolvable.count)
            for position in failure.resolvable[offset...] + failure.resolvable[..<offset] {
                guard let node = cache.nodes[position].node else { continue }
                switch victims(for: pod, filters, node, cache.nodes[position], cache) {
                case .success(let candidate): candidates.append(candidate)
                case .failure(let refusal):
                    for reason in refusal.reasons.isEmpty ? [none] : refusal.reasons { reasons.add(reason, 1) }
                }
                if candidates.count == enough { break }
            }
        }
        guard let best = candidates.min(by: isBetter) else {
            return .none(Unschedulable.message(failure.nodes, reasons), isWaiting: false)
        }
        return .candidate(best)
    }

    private struct Hopeless: Error { let reasons: [String] }

    /// The least that must go from the node: all of lower priority, without those that can come back.
    private static func victims(
        for pod: PodInfo, _ filters: [any Filter], _ node: Node, _ info: NodeInfo, _ cache: Cache
    ) -> Result<Candidate, Hopeless> {
        let lower = info.pods.values.filter { $0.priority < pod.priority }.sorted(by: isMoreImportant)
        if lower.isEmpty { return .failure(Hopeless(reasons: [])) }
        var (filters, info) = (filters, info)
        func move(_ other: PodInfo, _ count: Int) {
            if count > 0 { info.add(other) } else { info.remove(other) }
            for index in filters.indices { filters[index].move(other, on: node, by: count) }
        }
        for other in lower { move(other, -1) }
        if let refusal = Algorithm.refusal(pod, filters, node, info, cache) {
            return .failure(Hopeless(reasons: refusal.reasons))
        }
        let kept = keptByBudgets(lower, cache)
        var victims: [PodInfo] = []
        var violations = 0
        for other in lower.filter({ kept.contains($0.key) }) + lower.filter({ !kept.contains($0.key) }) {
            move(other, 1)
            guard Algorithm.refusal(pod, filters, node, info, cache) != nil else { continue }
            move(other, -1)
            victims.append(other)
            if kept.contains(other.key) { violations += 1 }
        }
        // It fits though nobody goes: a pod went meanwhile. The next attempt will see it.
        if victims.isEmpty { return .failure(Hopeless(reasons: [])) }
        return .success(
            Candidate(node: node.name, victims: victims.sorted(by: isMoreImportant), violations: violations))
    }

    /// The keys of pods that their budgets would not let go, when they were asked in this order.
    private static func keptByBudgets(_ pods: [PodInfo], _ cache: Cache) -> Set<String> {
        if cache.budgets.isEmpty { return [] }
        var allowed = cache.budgets.mapValues(\.allowed)
        var kept: Set<String> = []
        for pod in pods {
            for (key, budget) in cache.budgets where budget.covers(pod) {
                allowed[key, default: 0] -= 1
                if allowed[key, default: 0] < 0 { kept.insert(pod.key) }
            }
        }
        return kept
    }

    private static func isMoreImportant(_ a: PodInfo, _ b: PodInfo) -> Bool {
        a.priority != b.priority ? a.priority > b.priority : (a.started, a.key) < (b.started, b.key)
    }

    /// Fewest broken budgets, then the least important victims, the least sum of priorities, the fewest victims, and
    /// the shortest lived.
    private static func isBetter(_ a: Candidate, _ b: Candidate) -> Bool {
        func rank(_ candidate: Candidate) -> (Int, Int, Int, Int) {
            let priorities = candidate.victims.map(\.priority)
            // The offset makes a sum grow with the number, too.
            let sum = priorities.reduce(0) { $0 + $1 + Int(Int32.max) + 1 }
            return (candidate.violations, priorities.max() ?? 0, sum, priorities.count)
        }
        func start(_ candidate: Candidate) -> String {
            let highest = candidate.victims.first?.priority
            return candidate.victims.filter { $0.priority == highest }.map(\.started).min() ?? ""
        }
        let (left, right) = (rank(a), rank(b))
        return left == right ? start(a) > start(b) : left < right
    }
}
