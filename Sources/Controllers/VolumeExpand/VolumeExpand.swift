internal import API
internal import Client
internal import JSON

/// Claims that ask for more than their volume has. A volume that is a directory has no size of its own, so that its
/// capacity follows the claim; other volumes are made larger by whoever made them.
/// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims
struct VolumeExpand: ClusterController, Reconciler {
    /// Whose volumes are directories.
    static let directoryProvisioner = "segler/local-path"

    private let client: any ObjectClient
    private let claims: Reflector<ClaimState>
    private let volumes: Reflector<VolumeState>
    private let classes: Reflector<StorageClassState>
    private let queue: WorkQueue<String>
    private let recorder: Recorder

    init(_ environment: Environment) {
        let time = environment.time
        client = environment.client
        let queue = environment.queue()
        self.queue = queue
        recorder = Recorder(client, component: "volume_expand", time: time)
        claims = Reflector(client, .persistentVolumeClaims, time: time) { ClaimState($0) }
        volumes = Reflector(client, .persistentVolumes, time: time) { VolumeState($0) }
        classes = Reflector(client, .storageClasses, time: time) { StorageClassState($0) }
        claims.onChange { change in
            if let claim = change.new, claim.isBound, change.old != claim { queue.add(change.key) }
        }
    }

    func run() async { await Controller("volume-expand", queue, self).run(following: [classes, volumes, claims]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let claim = claims[key], claim.isBound, !claim.isBeingDeleted, let volume = volumes[claim.volumeName],
            volume.belongs(to: claim), claim.request > volume.capacity, let storageClass = classes[claim.className],
            storageClass.allowsExpansion
        else { return .done }
        let (namespace, name) = splitKey(key)
        let reference = ObjectReference(
            kind: "PersistentVolumeClaim", namespace: namespace ?? "", name: name, uid: claim.uid)
        guard volume.provisioner == Self.directoryProvisioner else {
            recorder.event(
                reference, reason: "ExternalExpanding",
                "waiting for an external controller to expand this PVC")
            return .done
        }
        let wanted = try await client.get(.persistentVolumeClaims, namespace: namespace, name: name)
        let size = wanted["spec"]["resources"]["requests"]["storage"].value
        do throws(StatusError) {
            // The claim's status follows the volume.
            try await client.modify(.persistentVolumes, namespace: nil, name: volume.name) { object in
                if object["spec"]["capacity"]["storage"] == size { return false }
                object["spec"]["capacity"]["storage"] = size
                return true
            }
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        recorder.event(
            reference, reason: "VolumeResizeSuccessful", "Resize volume succeeded")
        return .done
    }
}
