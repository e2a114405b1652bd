internal import API
internal import JSON

/// What can be done for a StatefulSet right now. Nothing is assumed about what was done before.
/// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees
struct StatefulSetPlan {
    enum Step: Equatable {
        case create(ordinal: Int)
        /// It ended by itself; it is made again under the same name.
        case replace(ordinal: Int)
        /// Beyond the wanted number.
        case scaleDown(ordinal: Int)
        /// Of an older revision.
        case update(ordinal: Int)
    }

    let set: StatefulSet
    let pods: [Int: Pod]
    /// The name of the revision that Pods shall have.
    let revision: String
    let now: Time

    /// Pods that are no longer wanted, the highest number first.
    var condemned: [Int] { pods.keys.filter { !set.ordinals.contains($0) }.sorted(by: >) }

    private func isAvailable(_ pod: Pod) -> Bool {
        !pod.isBeingDeleted && pod.isReady && pod.phase == "Running"
            && pod.isAvailable(minReadySeconds: set.minReadySeconds, now: now)
    }

    func steps() -> [Step] { set.isOrdered ? orderedSteps() : parallelSteps() }

    /// One step at a time; each waits until all Pods before it are available.
    private func orderedSteps() -> [Step] {
        for ordinal in set.ordinals {
            guard let pod = pods[ordinal] else { return [.create(ordinal: ordinal)] }
            if pod.isTerminal, !pod.isBeingDeleted { return [.replace(ordinal: ordinal)] }
            if !isAvailable(pod) { return [] }
        }
        let condemned = condemned
        if let last = condemned.first, let pod = pods[last] {
            if pod.isBeingDeleted { return [] }
            // Others that are not healthy come first; but the only one of those may go itself.
            let unhealthy = condemned.reversed().first { pods[$0].map { !isAvailable($0) } ?? false }
            return isAvailable(pod) && unhealthy == nil || unhealthy == last ? [.scaleDown(ordinal: last)] : []
        }
        return updates()
    }

    private func parallelSteps() -> [Step] {
        var steps: [Step] = []
        for ordinal in set.ordinals {
            guard let pod = pods[ordinal] else {
                steps.append(.create(ordinal: ordinal))
                continue
            }
            if pod.isTerminal, !pod.isBeingDeleted { steps.append(.replace(ordinal: ordinal)) }
        }
        steps += condemned.filter { pods[$0]?.isBeingDeleted == false }.map { .scaleDown(ordinal: $0) }
        return steps.isEmpty ? updates() : steps
    }

    /// From the highest number down to the partition, as many at once as may be missing. What is not available anyway is
    /// not missed more when it is replaced.
    private func updates() -> [Step] {
        guard set.isRolling else { return [] }
        var budget = set.maxUnavailable - set.ordinals.count { pods[$0].map { !isAvailable($0) } ?? true }
        var steps: [Step] = []
        for ordinal in set.ordinals.reversed() where ordinal >= set.start + set.partition {
            guard let pod = pods[ordinal], !pod.isBeingDeleted,
                pod.object.label(StatefulSet.Label.revision) != revision
            else { continue }
            if isAvailable(pod) {
                guard budget > 0 else { break }
                budget -= 1
            }
            steps.append(.update(ordinal: ordinal))
        }
        return steps
    }
}
