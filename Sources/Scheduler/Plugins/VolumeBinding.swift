internal import Client

/// Volumes must be within reach of the node, or be had for it.
/// https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
struct VolumeBinding: Filter {
    private var bound: [Storage.Volume?] = []
    private(set) var unbound: [ClaimState] = []
    private let storage: Storage

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) throws(PodRefusal) {
        if pod.claims.isEmpty { return nil }
        storage = cache.storage
        for key in pod.claims {
            let name = splitKey(key).name
            guard let claim = storage.claims[key] else {
                throw PodRefusal(message: "persistentvolumeclaim \"\(name)\" not found")
            }
            if claim.isBeingDeleted {
                throw PodRefusal(message: "persistentvolumeclaim \"\(name)\" is being deleted")
            }
            if claim.phase == "Lost" {
                throw PodRefusal(
                    message:
                        "persistentvolumeclaim \"\(name)\" bound to non-existent persistentvolume \"\(claim.volumeName)\""
                )
            }
            if claim.isBound {
                bound.append(storage.volumes[claim.volumeName])
            } else if claim.volumeName.isEmpty, storage.classes[claim.className]?.isDelayed == true {
                unbound.append(claim)
            } else {
                throw PodRefusal(message: "pod has unbound immediate PersistentVolumeClaims")
            }
        }
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        for volume in bound {
            guard let volume else {
                return Refusal(
                    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", isFinal: true)
            }
            if !volume.isReachable(from: node) {
                return Refusal("node(s) didn't match PersistentVolume's node affinity", isFinal: true)
            }
        }
        if !unbound.isEmpty, storage.plan(unbound, on: node) == nil {
            return Refusal("node(s) didn't find available persistent volumes to bind", isFinal: true)
        }
        return nil
    }

    /// What is to be done on this node.
    static func plan(_ pod: PodInfo, _ demand: Demand, on node: Node, _ cache: inout Cache) -> Storage.Plan {
        guard let binding = try? VolumeBinding(pod, demand, &cache) else { return Storage.Plan() }
        return cache.storage.plan(binding.unbound, on: node) ?? Storage.Plan()
    }
}

/// A claim with the access mode ReadWriteOncePod is for one pod at a time.
struct VolumeRestrictions: Filter {
    private var claims: [String] = []
    private var users: [String: Int] = [:]

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        if pod.claims.isEmpty { return nil }
        for key in pod.claims where cache.storage.claims[key]?.accessModes.contains("ReadWriteOncePod") == true {
            claims.append(key)
            users[key] = cache.pods.claims[key]
        }
        if users.isEmpty { return nil }
    }

    func refusal(_ node: Node, _ info: NodeInfo) -> Refusal? {
        guard claims.contains(where: { users[$0] != nil }) else { return nil }
        return Refusal(
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
            isRelational: true)
    }

    mutating func move(_ pod: PodInfo, on node: Node, by count: Int) {
        for claim in pod.claims where claims.contains(claim) { users.add(claim, count) }
    }
}
