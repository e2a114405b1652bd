/// Who has to go when the node runs short of something: those that use more than they asked for before the others, then
/// the less important, then those furthest beyond their request.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#pod-selection-for-kubelet-eviction
struct EvictionCandidate: Equatable {
    var uid: String
    var priority: Int
    /// Bytes.
    var usage: Int
    var request: Int

    static func goesFirst(_ a: EvictionCandidate, _ b: EvictionCandidate) -> Bool {
        let (aExceeds, bExceeds) = (a.usage > a.request, b.usage > b.request)
        if aExceeds != bExceeds { return aExceeds }
        if a.priority != b.priority { return a.priority < b.priority }
        return a.usage - a.request > b.usage - b.request
    }
}
