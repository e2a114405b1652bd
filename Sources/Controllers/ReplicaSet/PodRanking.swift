internal import API
internal import JSON

/// Which Pods go first when there are too many.
/// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset and
/// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost
struct PodRanking {
    private struct Rank {
        let pod: Pod
        /// Compared in turn; the smaller goes first.
        let order: [Int]
        /// How long ready, and how old: as powers of two, so that of Pods of about the same age any may go.
        let readiness: Int
        let restarts: [Int]
        let age: Int
    }
    /// Pods that serve the same purpose, by node.
    private let neighbours: [String: Int]
    private let now: Time

    init(related: [Pod], now: Time) {
        neighbours = related.reduce(into: [:]) { $0[$1.nodeName, default: 0] += 1 }
        self.now = now
    }

    func sorted(_ pods: [Pod]) -> [Pod] {
        pods.map(rank).sorted(by: Self.goesFirst).map(\.pod)
    }

    private func rank(_ pod: Pod) -> Rank {
        let phase = pod.phase
        let cost = pod.object.annotation("controller.kubernetes.io/pod-deletion-cost").flatMap { Int($0) } ?? 0
        return Rank(
            pod: pod,
            order: [
                pod.nodeName.isEmpty ? 0 : 1, phase == "Pending" ? 0 : phase == "Running" ? 2 : 1,
                pod.isReady ? 1 : 0, cost, -(neighbours[pod.nodeName] ?? 0),
            ],
            readiness: logarithm(pod.readySince),
            restarts: [-restarts(pod, "containerStatuses"), -restarts(pod, "initContainerStatuses")],
            age: logarithm(pod.object.created))
    }

    private func restarts(_ pod: Pod, _ list: String) -> Int {
        pod.object["status"][list].elements.map { $0["restartCount"].int ?? 0 }.max() ?? 0
    }

    /// -1 for what is not over a nanosecond ago.
    private func logarithm(_ since: Time?) -> Int {
        guard let since else { return -1 }
        let age = (now.microsecondsSince1970 - since.microsecondsSince1970) * 1000
        return age <= 0 ? -1 : Int.bitWidth - 1 - age.leadingZeroBitCount
    }

    private static func goesFirst(_ a: Rank, _ b: Rank) -> Bool {
        if a.order != b.order { return a.order.lexicographicallyPrecedes(b.order) }
        if a.readiness != b.readiness { return a.readiness < b.readiness }
        if a.restarts != b.restarts { return a.restarts.lexicographicallyPrecedes(b.restarts) }
        if a.age != b.age { return a.age < b.age }
        return a.pod.uid < b.pod.uid
    }
}
