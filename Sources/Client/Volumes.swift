public import API
internal import JSON

/// What binding looks at in a PersistentVolumeClaim (core/v1).
/// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims
public struct ClaimState: Sendable, Equatable {
    public static let bindCompleted = "pv.kubernetes.io/bind-completed"
    public static let boundByController = "pv.kubernetes.io/bound-by-controller"
    public static let selectedNode = "volume.kubernetes.io/selected-node"
    public static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    /// Who is to make the volume.
    public static let provisioner = "volume.kubernetes.io/storage-provisioner"

    public let key: String
    public let uid: String
    public let phase: String
    /// Empty while there is none.
    public let volumeName: String
    /// Whether the binding is finished on the claim's side.
    public let isBound: Bool
    /// The volume was chosen by a controller, not by the user.
    public let isBoundByController: Bool
    /// Empty: volumes without a class.
    public let className: String
    public let accessModes: [String]
    /// Bytes.
    public let request: Int
    public let selector: LabelSelector?
    public let volumeMode: String
    /// The node of the first pod, chosen by the scheduler.
    public let selectedNode: String
    public let isBeingDeleted: Bool

    public init(_ claim: Object) {
        let spec = claim["spec"]
        (key, uid, isBeingDeleted) = (claim.key, claim.uid, claim.isBeingDeleted)
        phase = claim["status"]["phase"].string ?? "Pending"
        volumeName = spec["volumeName"].string ?? ""
        isBound = !volumeName.isEmpty && claim.annotation(Self.bindCompleted) != nil
        isBoundByController = claim.annotation(Self.boundByController) != nil
        className =
            claim.annotation("volume.beta.kubernetes.io/storage-class") ?? spec["storageClassName"].string ?? ""
        accessModes = spec["accessModes"].elements.compactMap(\.string)
        request = spec["resources"]["requests"]["storage"].string.flatMap { Quantity($0)?.value } ?? 0
        selector = spec["selector"].isNull ? nil : LabelSelector(spec["selector"])
        volumeMode = spec["volumeMode"].string ?? "Filesystem"
        selectedNode = claim.annotation(Self.selectedNode) ?? ""
    }
}

/// What binding looks at in a PersistentVolume (core/v1).
public struct VolumeState: Sendable, Equatable {
    public let name: String
    public let phase: String
    /// Bytes.
    public let capacity: Int
    public let className: String
    public let accessModes: [String]
    public let volumeMode: String
    public let labels: [String: String]
    /// The key of the claim it belongs to, and that claim's uid (empty when an admin reserved it by name alone).
    public let claim: ClaimReference?
    /// Retain, Delete or Recycle.
    public let reclaimPolicy: String
    /// The provisioner that made it; empty for what an admin made.
    public let provisioner: String
    /// The claim was written into it by a controller, not by an admin.
    public let isBoundByController: Bool
    public let isBeingDeleted: Bool

    public struct ClaimReference: Sendable, Equatable {
        public let key: String
        public let uid: String
    }

    public init(_ volume: Object) {
        let spec = volume["spec"]
        (name, isBeingDeleted) = (volume.name, volume.isBeingDeleted)
        phase = volume["status"]["phase"].string ?? "Pending"
        capacity = spec["capacity"]["storage"].string.flatMap { Quantity($0)?.value } ?? 0
        className =
            volume.annotation("volume.beta.kubernetes.io/storage-class") ?? spec["storageClassName"].string ?? ""
        accessModes = spec["accessModes"].elements.compactMap(\.string)
        volumeMode = spec["volumeMode"].string ?? "Filesystem"
        var labels: [String: String] = [:]
        for (key, value) in volume.metadata["labels"].members { labels[key] = value.string }
        self.labels = labels
        let reference = spec["claimRef"]
        claim =
            reference.isNull
            ? nil
            : ClaimReference(
                key: (reference["namespace"].string ?? "") + "/" + (reference["name"].string ?? ""),
                uid: reference["uid"].string ?? "")
        reclaimPolicy = spec["persistentVolumeReclaimPolicy"].string ?? "Retain"
        provisioner = volume.annotation(ClaimState.provisionedBy) ?? ""
        isBoundByController = volume.annotation(ClaimState.boundByController) != nil
    }

    public func belongs(to claim: ClaimState) -> Bool {
        guard let mine = self.claim else { return false }
        return mine.key == claim.key && (mine.uid.isEmpty || mine.uid == claim.uid)
    }

    /// Whether its size, mode, class and access modes are what the claim asks for.
    public func suits(_ claim: ClaimState) -> Bool {
        capacity >= claim.request && volumeMode == claim.volumeMode && className == claim.className
            && claim.accessModes.allSatisfy(accessModes.contains)
    }

    /// Whether the claim may have it though neither says so yet.
    public func isOpen(to claim: ClaimState) -> Bool {
        self.claim == nil && !isBeingDeleted && phase == "Available" && suits(claim)
            && claim.selector?.matches { labels[$0] } ?? true
    }
}

extension Sequence where Element == VolumeState {
    /// The volume that is reserved for the claim, or else the smallest that suits it.
    /// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding
    public func best(for claim: ClaimState) -> VolumeState? {
        var best: VolumeState?
        for volume in self {
            if volume.belongs(to: claim), !volume.isBeingDeleted, volume.capacity >= claim.request,
                volume.volumeMode == claim.volumeMode
            {
                return volume
            }
            if volume.isOpen(to: claim), best.map({ (volume.capacity, volume.name) < ($0.capacity, $0.name) }) ?? true {
                best = volume
            }
        }
        return best
    }
}

/// What binding looks at in a StorageClass (storage.k8s.io/v1).
public struct StorageClassState: Sendable {
    public let name: String
    public let provisioner: String
    /// WaitForFirstConsumer: volumes are bound when a pod has a node.
    public let isDelayed: Bool
    public let reclaimPolicy: String
    public let allowsExpansion: Bool
    public let allowedTopologies: [[(key: String, values: [String])]]

    /// Volumes that only admins make.
    public var isStatic: Bool { provisioner == "kubernetes.io/no-provisioner" }

    public init(_ storageClass: Object) {
        name = storageClass.name
        provisioner = storageClass["provisioner"].string ?? ""
        isDelayed = storageClass["volumeBindingMode"].equals("WaitForFirstConsumer")
        reclaimPolicy = storageClass["reclaimPolicy"].string ?? "Delete"
        allowsExpansion = storageClass["allowVolumeExpansion"].bool ?? false
        allowedTopologies = storageClass["allowedTopologies"].elements.map { term in
            term["matchLabelExpressions"].elements.map {
                ($0["key"].string ?? "", $0["values"].elements.compactMap(\.string))
            }
        }
    }

    /// Whether volumes of the class may be made for a node with these labels.
    public func allows(_ labels: [String: String]) -> Bool {
        allowedTopologies.isEmpty
            || allowedTopologies.contains { term in
                term.allSatisfy { expression in labels[expression.key].map(expression.values.contains) ?? false }
            }
    }
}
