internal import API
internal import JSON

/// What a DaemonSet needs on its nodes: first one Pod on each, then the newest revision.
struct DaemonSetPlan {
    struct Place {
        let name: String
        let fit: NodeFit
        /// The oldest first.
        let pods: [Pod]
    }

    let set: DaemonSet
    let hash: String
    let now: Time
    let places: [Place]
    /// Nodes that get a Pod, and Pods that go.
    private(set) var creations: [String] = []
    private(set) var deletions: [Pod] = []
    /// Those of the Pods to delete that ended by themselves.
    private(set) var ended: [Pod] = []

    init(_ set: DaemonSet, hash: String, nodes: [Object], pods: [Pod], now: Time) {
        (self.set, self.hash, self.now) = (set, hash, now)
        let byNode = Dictionary(grouping: pods.sorted { Object.isOlder($0.object, $1.object) }) {
            DaemonSet.node(of: $0) ?? ""
        }
        places = nodes.map {
            Place(name: $0.name, fit: NodeFit($0, template: set.spec["template"]), pods: byNode[$0.name] ?? [])
        }
        let names = Set(nodes.map(\.name))
        // Meant for a node that is gone: nobody else would delete it before it is bound.
        deletions = pods.filter { pod in
            pod.nodeName.isEmpty && !pod.isBeingDeleted && !(DaemonSet.node(of: pod).map(names.contains) ?? false)
        }
        for place in places { manage(place) }
    }

    func isAvailable(_ pod: Pod) -> Bool {
        !pod.isBeingDeleted && pod.isAvailable(minReadySeconds: set.minReadySeconds, now: now)
    }
    func isNew(_ pod: Pod) -> Bool { pod.object.label(DaemonSet.hashLabel) == hash }

    var desired: Int { places.count(where: \.fit.shouldRun) }

    private mutating func manage(_ place: Place) {
        let present = place.pods.filter { !$0.isBeingDeleted }
        guard place.fit.mayStay else {
            deletions += present
            return
        }
        if place.fit.shouldRun, place.pods.isEmpty { creations.append(place.name) }
        ended += present.filter(\.isTerminal)
        var running = present.filter { !$0.isTerminal }
        guard running.count > 1 else { return }
        guard set.bounds(nodes: desired).surge > 0 else {
            // The one that is bound longest stays.
            running.sort { a, b in !a.nodeName.isEmpty && b.nodeName.isEmpty }
            deletions += running.dropFirst()
            return
        }
        // One of each revision, until the new one has taken over.
        let (new, old) = (running.first(where: isNew), running.first { !isNew($0) })
        deletions += running.filter { $0.uid != new?.uid && $0.uid != old?.uid }
        if let new, let old, !old.isReady || isAvailable(new) { deletions.append(old) }
    }

    /// The rolling update, on nodes where `manage` has nothing to do.
    mutating func update() {
        guard set.isRolling else { return }
        let bounds = set.bounds(nodes: desired)
        if bounds.surge > 0 { surge(bounds.surge) } else { replace(bounds.unavailable) }
    }

    private func newAndOld(_ place: Place) -> (new: Pod?, old: Pod?) {
        let pods = place.pods.filter { !$0.isBeingDeleted && !$0.isTerminal }
        return (pods.first(where: isNew), pods.first { !isNew($0) })
    }

    /// Old Pods go as long as not too many nodes are without one that is available; those that are not, at once.
    private mutating func replace(_ maximum: Int) {
        var (unavailable, candidates): (Int, [Pod]) = (0, [])
        for place in places where place.fit.shouldRun {
            switch newAndOld(place) {
            case (let new?, nil): if !isAvailable(new) { unavailable += 1 }
            case (nil, let old?):
                if isAvailable(old) {
                    candidates.append(old)
                } else {
                    unavailable += 1
                    deletions.append(old)
                }
            default: unavailable += 1
            }
        }
        deletions += candidates.prefix(max(0, maximum - unavailable))
    }

    /// A new Pod beside the old one, which `manage` deletes when the new one is available.
    private mutating func surge(_ maximum: Int) {
        var (surging, candidates): (Int, [String]) = (0, [])
        for place in places where place.fit.shouldRun {
            switch newAndOld(place) {
            case (let new?, .some): if !isAvailable(new) { surging += 1 }
            case (nil, let old?):
                if isAvailable(old) { candidates.append(place.name) } else { creations.append(place.name) }
            default: break
            }
        }
        creations += candidates.prefix(max(0, maximum - surging))
    }
}
