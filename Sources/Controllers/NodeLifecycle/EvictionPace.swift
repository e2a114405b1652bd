internal import API
internal import Client
internal import JSON
internal import Synchronization

/// How fast nodes that do not answer lose their Pods. When none answers the fault is likely here, and none does.
/// https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
final class EvictionPace: Sendable {
    enum Decision: Equatable {
        case evict
        /// Not yet: again in so many seconds; nil until other nodes change.
        case wait(Double?)
        /// No node answers: also those that were to lose their Pods keep them.
        case spare
    }

    /// Nodes a second in each zone (upstream's `--node-eviction-rate` and `--secondary-node-eviction-rate`).
    static let rate = 0.1
    static let reducedRate = 0.01
    /// From this share of a zone on its nodes are evicted slowly, in clusters of at least this size, or not at all.
    static let unhealthyShare = 0.55
    static let largeCluster = 50

    /// When each zone may evict the next node (uptime).
    private let next = Mutex<[String: Double]>([:])

    static func isReady(_ node: Object) -> Bool { node.condition("Ready")["status"].equals("True") }

    private static func zone(_ node: Object) -> String {
        (node.label("topology.kubernetes.io/region") ?? "") + ":" + (node.label("topology.kubernetes.io/zone") ?? "")
    }

    /// About a node that is not ready and keeps its Pods so far, or not (`isEvicted`).
    func decide(_ node: Object, isEvicted: Bool, among nodes: [Object], uptime: Double) -> Decision {
        if !nodes.contains(where: Self.isReady) { return .spare }
        if isEvicted { return .evict }
        let zone = Self.zone(node)
        let members = nodes.filter { Self.zone($0) == zone }
        let lost = members.filter { !Self.isReady($0) }.count
        var rate = Self.rate
        if lost > 2, lost < members.count, Double(lost) >= Self.unhealthyShare * Double(members.count) {
            guard members.count > Self.largeCluster else { return .wait(nil) }
            rate = Self.reducedRate
        }
        return next.withLock { next in
            let due = next[zone] ?? 0
            guard uptime >= due else { return .wait(due - uptime) }
            next[zone] = uptime + 1 / rate
            return .evict
        }
    }
}
