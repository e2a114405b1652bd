internal import JSON

/// How many Pods each ReplicaSet of a Deployment shall have next.
enum Rollout {
    /// The new one, as far as the surge allows. Never beyond the wanted number.
    static func newReplicas(_ deployment: Deployment, _ sets: ReplicaSets) -> Int {
        let present = sets.new?.replicas ?? 0
        if !deployment.isRolling || present > deployment.replicas { return deployment.replicas }
        let room = deployment.replicas + deployment.maxSurge - sets.wanted
        return present + max(0, min(room, deployment.replicas - present))
    }

    /// The old ones: first those of their Pods away that are not available anyway, then as many as there are available
    /// ones too many. The oldest first.
    static func oldReplicas(_ deployment: Deployment, _ sets: ReplicaSets) -> [(Replicas, Int)] {
        let minimum = deployment.replicas - deployment.maxUnavailable
        let unavailableNew = sets.new.map { $0.replicas - $0.available } ?? 0
        let removable = sets.wanted - minimum - unavailableNew
        guard removable > 0 else { return [] }
        var sizes = sets.old.map(\.replicas)
        var budget = removable
        for (index, set) in sets.old.enumerated() where budget > 0 && sizes[index] > set.available {
            let count = min(budget, sizes[index] - set.available)
            sizes[index] -= count
            budget -= count
        }
        budget = max(0, sets.available - minimum)
        for index in sizes.indices where budget > 0 {
            let count = min(budget, sizes[index])
            sizes[index] -= count
            budget -= count
        }
        return zip(sets.old, sizes).filter { $0.replicas != $1 }
    }

    /// After a change of the wanted number: the share that each had, so that a rollout under way stays as risky as it
    /// was. What rounding leaves goes to the largest.
    /// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
    static func proportions(_ deployment: Deployment, _ sets: ReplicaSets) -> [(Replicas, Int)] {
        let active = sets.active
        if active.count <= 1 {
            guard let only = active.first ?? sets.new ?? sets.old.last else { return [] }
            return only.replicas == deployment.replicas ? [] : [(only, deployment.replicas)]
        }
        if let new = sets.new, new.replicas == deployment.replicas, new.desiredAnnotation == deployment.replicas,
            new.available == deployment.replicas
        {
            return sets.old.filter { $0.replicas > 0 }.map { ($0, 0) }
        }
        guard deployment.isRolling else { return [] }
        let allowed = deployment.replicas > 0 ? deployment.replicas + deployment.maxSurge : 0
        let change = allowed - sets.wanted
        // Of equally large ones, the newest grows and the oldest shrinks.
        let ordered = active.enumerated().sorted { a, b in
            if a.element.replicas != b.element.replicas { return a.element.replicas > b.element.replicas }
            let isOlder = a.offset < b.offset
            return change > 0 ? !isOlder : isOlder
        }.map(\.element)
        var done = 0
        var sizes = ordered.map { set in
            let share = share(set, deployment, change, done)
            done += share
            return set.replicas + share
        }
        sizes[0] = max(0, sizes[0] + change - done)
        return Array(zip(ordered, sizes))
    }

    private static func share(_ set: Replicas, _ deployment: Deployment, _ change: Int, _ done: Int) -> Int {
        if change == done { return 0 }
        let part: Int
        if deployment.replicas == 0 {
            part = -set.replicas
        } else {
            let before = set.maximumAnnotation.flatMap { $0 > 0 ? $0 : nil } ?? deployment.status["replicas"].int ?? 0
            if before == 0 { return 0 }
            let size = Double(set.replicas * (deployment.replicas + deployment.maxSurge)) / Double(before)
            part = Int(size.rounded()) - set.replicas
        }
        return change > 0 ? min(part, change - done) : max(part, change - done)
    }
}
