internal import API
internal import JSON

/// What an autoscaler recommended and did lately, and how that limits what it may do now.
/// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
struct ScalingHistory: Sendable {
    private typealias Entry = (at: Double, replicas: Int)
    private var recommendations: [Entry] = []
    private var added: [Entry] = []
    private var removed: [Entry] = []

    /// Nobody ever asks for what is older, in seconds (the API allows windows of an hour and periods of half of it).
    private static let longest = 3600.0
    private static let defaultDownWindow = 300

    /// What a limit says for the conditions.
    struct Verdict: Sendable, Equatable {
        var replicas: Int
        var ability: (reason: String, message: String)
        var limit: (isLimited: Bool, reason: String, message: String)

        static func == (a: Verdict, b: Verdict) -> Bool {
            a.replicas == b.replicas && a.ability == b.ability && a.limit == b.limit
        }
    }

    /// After a restart the present number counts as recommended, so that nothing shrinks at once.
    mutating func begin(with replicas: Int, now: Double) {
        if recommendations.isEmpty { recommendations = [(now, replicas)] }
    }

    mutating func record(from current: Int, to replicas: Int, now: Double) {
        if replicas > current { added.append((now, replicas - current)) }
        if replicas < current { removed.append((now, current - replicas)) }
        for list in [\ScalingHistory.added, \.removed] {
            self[keyPath: list].removeAll { $0.at < now - Self.longest }
        }
    }

    /// - Parameters:
    ///   - behavior: autoscaling/v2 HorizontalPodAutoscalerBehavior, with its defaults; missing for upstream's own limits.
    ///   - now: seconds of a clock that never goes back.
    mutating func limit(
        _ desired: Int, current: Int, bounds: ClosedRange<Int>, _ behavior: JSONRef, now: Double
    ) -> Verdict {
        let stable = stabilize(desired, current, behavior, now)
        var verdict = Verdict(
            replicas: stable, ability: ("ReadyForNewScale", "recommended size matches current size"),
            limit: (false, "DesiredWithinRange", "the desired count is within the acceptable range"))
        if stable != desired {
            let isUp = desired >= current
            verdict.ability =
                isUp
                ? (
                    "ScaleUpStabilized",
                    "recent recommendations were lower than current one, applying the lowest recent recommendation"
                )
                : (
                    "ScaleDownStabilized",
                    "recent recommendations were higher than current one, applying the highest recent recommendation"
                )
        }
        if stable > current {
            let most = max(current, mostAllowed(current, behavior, now))
            if stable > min(most, bounds.upperBound) {
                verdict.replicas = min(most, bounds.upperBound)
                verdict.limit =
                    bounds.upperBound > most
                    ? (
                        true, "ScaleUpLimit",
                        "the desired replica count is increasing faster than the maximum scale rate"
                    )
                    : (true, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
            }
        } else if stable < current {
            let least = min(current, leastAllowed(current, behavior["scaleDown"], now))
            if stable < max(least, bounds.lowerBound) {
                verdict.replicas = max(least, bounds.lowerBound)
                verdict.limit =
                    bounds.lowerBound < least
                    ? (
                        true, "ScaleDownLimit",
                        "the desired replica count is decreasing faster than the maximum scale rate"
                    ) : (true, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
            }
        }
        return verdict
    }

    /// Up to the lowest, down to the highest of what was recommended within the window of that direction.
    private mutating func stabilize(_ desired: Int, _ current: Int, _ behavior: JSONRef, _ now: Double) -> Int {
        func within(_ seconds: Int) -> [Int] {
            recommendations.filter { $0.at > now - Double(seconds) }.map(\.replicas) + [desired]
        }
        let up = within(behavior["scaleUp"]["stabilizationWindowSeconds"].int ?? 0).min() ?? desired
        let down =
            within(behavior["scaleDown"]["stabilizationWindowSeconds"].int ?? Self.defaultDownWindow).max() ?? desired
        recommendations.removeAll { $0.at < now - Self.longest }
        recommendations.append((now, desired))
        return min(max(current, up), down)
    }

    private func mostAllowed(_ current: Int, _ behavior: JSONRef, _ now: Double) -> Int {
        // Doubling, or four Pods.
        guard behavior.exists else { return max(2 * current, 4) }
        let rules = behavior["scaleUp"]
        if rules["selectPolicy"].equals("Disabled") { return current }
        let proposals = rules["policies"].elements.map { policy in
            let before = before(current, policy, now)
            let value = policy["value"].int ?? 0
            // Rounded up, or a few Pods would never become more.
            return policy["type"].equals("Percent") ? (before * (100 + value) + 99) / 100 : before + value
        }
        return (rules["selectPolicy"].equals("Min") ? proposals.min() : proposals.max()) ?? .max
    }

    private func leastAllowed(_ current: Int, _ rules: JSONRef, _ now: Double) -> Int {
        if rules["selectPolicy"].equals("Disabled") { return current }
        let proposals = rules["policies"].elements.map { policy in
            let before = before(current, policy, now)
            let value = policy["value"].int ?? 0
            return policy["type"].equals("Percent") ? before * (100 - value) / 100 : before - value
        }
        return (rules["selectPolicy"].equals("Min") ? proposals.max() : proposals.min()) ?? 0
    }

    /// How many there were when the policy's period began.
    private func before(_ current: Int, _ policy: JSONRef, _ now: Double) -> Int {
        func sum(_ entries: [Entry]) -> Int {
            let start = now - Double(policy["periodSeconds"].int ?? 0)
            return entries.reduce(0) { $0 + ($1.at > start ? $1.replicas : 0) }
        }
        return current - sum(added) + sum(removed)
    }
}
