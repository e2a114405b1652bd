internal import API
public import Client
internal import JSON

/// Makes volumes out of directories of this node, for claims of classes with the provisioner `segler/local-path`, and
/// removes them when their claims are gone.
///
/// The class `local-path` comes with the directory of all volumes, so that an admin who deletes it is obeyed.
public final class LocalPathProvisioner: Reconciler {
    public static let name = "segler/local-path"
    private static let finalizer = "external-provisioner.volume.kubernetes.io/finalizer"
    private static let hostname = "kubernetes.io/hostname"

    private struct Claim: Sendable {
        let state: ClaimState
        /// As the user wrote it.
        let size: JSONValue
        let accessModes: JSONValue
    }
    private let client: any ObjectClient
    private let nodeName: String
    private let directory: String
    private let recorder: Recorder
    private let claims: Reflector<Claim>
    private let volumes: Reflector<VolumeState>
    private let classes: Reflector<Object>
    /// Keys of claims have a slash, names of volumes have none.
    private let queue: WorkQueue<String>
    private let failed: @Sendable (String) -> Void

    /// `directory` holds a directory for each volume. `failed` hears of what goes wrong.
    public init(
        _ client: any ObjectClient, nodeName: String, directory: String,
        time: any TimeSource = SystemTime(), failed: @escaping @Sendable (String) -> Void
    ) {
        (self.client, self.failed) = (client, failed)
        (self.nodeName, self.directory) = (nodeName, directory)
        recorder = Recorder(client, component: Self.name, instance: nodeName, time: time)
        queue = WorkQueue(time: time, backoff: Backoff(initial: 1, maximum: 300))
        claims = Reflector(client, .persistentVolumeClaims, time: time) { claim in
            guard claim.annotation(ClaimState.provisioner) == Self.name else { return nil }
            return Claim(
                state: ClaimState(claim), size: claim["spec"]["resources"]["requests"]["storage"].value,
                accessModes: claim["spec"]["accessModes"].value)
        }
        volumes = Reflector(client, .persistentVolumes, time: time) { volume in
            // Nothing but directories that were made here can ever be removed.
            guard volume.name.hasPrefix("pvc-"), !volume.name.utf8.contains(UInt8(ascii: "/")),
                volume.annotation(ClaimState.provisionedBy) == Self.name,
                (volume["spec"]["local"]["path"].string ?? "") == directory + "/" + volume.name,
                volume.annotation(Self.nodeAnnotation) == nodeName
            else { return nil }
            return VolumeState(volume)
        }
        classes = Reflector(client, .storageClasses, time: time) {
            $0["provisioner"].equals(Self.name) ? $0 : nil
        }
        claims.onChange { [queue] in if $0.new != nil { queue.add($0.key) } }
        volumes.onChange { [queue] in if $0.new != nil { queue.add($0.key) } }
        classes.onChange { [weak self] change in
            guard let self else { return }
            for key in claims.keys { queue.add(key) }
        }
    }

    private static let nodeAnnotation = "segler/node"

    /// Works until the task is cancelled.
    public func run() async {
        do {
            try await prepare()
        } catch is CancellationError {
            return
        } catch {
            failed("local volumes cannot be made on this node: \(error)")
            return
        }
        let controller = Controller("local-path", queue, workers: 4, self) { [failed] key, error in
            failed("local volume for \(key): \(error)")
        }
        await controller.run(following: [classes, volumes, claims])
    }

    private func prepare() async throws {
        let directory = directory
        if try await blocking({ Files.isDirectory(directory) }) { return }
        let storageClass: JSONValue = [
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": [
                "name": "local-path", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"],
            ],
            "provisioner": .string(Self.name), "reclaimPolicy": "Delete", "allowVolumeExpansion": true,
            "volumeBindingMode": "WaitForFirstConsumer",
        ]
        do throws(StatusError) {
            _ = try await client.create(.storageClasses, namespace: nil, storageClass)
        } catch {
            if error.reason != "AlreadyExists" { throw error }
        }
        // Pods of any user may be given what is in it, but only by its volume.
        try await blocking { try Files.makeDirectories(directory, mode: 0o711) }
    }

    public func reconcile(_ key: String) async throws -> ReconcileResult {
        if key.utf8.contains(UInt8(ascii: "/")) {
            if let claim = claims[key] { try await provision(claim) }
        } else if let volume = volumes[key] {
            try await remove(volume)
        }
        return .done
    }

    // MARK: Making

    private func provision(_ claim: Claim) async throws {
        let state = claim.state
        guard !state.isBeingDeleted, state.volumeName.isEmpty, let storageClass = classes[state.className] else {
            return
        }
        let isDelayed = storageClass["volumeBindingMode"].equals("WaitForFirstConsumer")
        // With immediate binding it may be any node: the one whose volume is there first.
        guard state.selectedNode == nodeName || state.selectedNode.isEmpty && !isDelayed else { return }
        let name = "pvc-" + state.uid
        if volumes[name] != nil { return }
        let (namespace, claimName) = splitKey(state.key)
        let reference = ObjectReference(
            kind: "PersistentVolumeClaim", namespace: namespace ?? "", name: claimName, uid: state.uid)
        if state.volumeMode == "Block" {
            recorder.event(
                reference, .warning, reason: "ProvisioningFailed",
                "failed to provision volume with StorageClass \"\(state.className)\": volumes of \(Self.name) are directories: use volumeMode Filesystem"
            )
            return try await giveUp(state)
        }
        recorder.event(
            reference, reason: "Provisioning",
            "External provisioner is provisioning volume for claim \"\(state.key)\"")
        do {
            let path = directory + "/" + name
            // Whoever the containers run as must be able to write, as in an emptyDir.
            try await blocking { try Files.makeDirectories(path, mode: 0o777) }
            let volume = volume(name, path, claim, storageClass)
            do throws(StatusError) { _ = try await client.create(.persistentVolumes, namespace: nil, volume) } catch {
                if error.reason != "AlreadyExists" { throw error }
            }
        } catch {
            recorder.event(
                reference, .warning, reason: "ProvisioningFailed",
                "failed to provision volume with StorageClass \"\(state.className)\": \(error)")
            throw error
        }
        recorder.event(reference, reason: "ProvisioningSucceeded", "Successfully provisioned volume \(name)")
    }

    private func volume(_ name: String, _ path: String, _ claim: Claim, _ storageClass: Object) -> JSONValue {
        let (namespace, claimName) = splitKey(claim.state.key)
        var spec: JSONValue = [
            "capacity": ["storage": claim.size], "accessModes": claim.accessModes, "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": .string(storageClass["reclaimPolicy"].string ?? "Delete"),
            "storageClassName": .string(claim.state.className), "local": ["path": .string(path)],
            "claimRef": [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": .string(namespace ?? ""),
                "name": .string(claimName), "uid": .string(claim.state.uid),
            ],
        ]
        spec["nodeAffinity"]["required"]["nodeSelectorTerms"] = [
            ["matchExpressions": [["key": .string(Self.hostname), "operator": "In", "values": [.string(nodeName)]]]]
        ]
        return [
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": [
                "name": .string(name), "finalizers": [.string(Self.finalizer)],
                "annotations": [
                    ClaimState.provisionedBy: .string(Self.name), Self.nodeAnnotation: .string(nodeName),
                ],
            ],
            "spec": spec,
        ]
    }

    /// The scheduler may choose again.
    private func giveUp(_ claim: ClaimState) async throws(StatusError) {
        if claim.selectedNode.isEmpty { return }
        let (namespace, name) = splitKey(claim.key)
        try await client.modify(.persistentVolumeClaims, namespace: namespace, name: name) { object in
            object["metadata"]["annotations"].remove(ClaimState.selectedNode) != nil
        }
    }

    // MARK: Removing

    private func remove(_ volume: VolumeState) async throws {
        guard volume.phase == "Released" && volume.reclaimPolicy == "Delete" else {
            // An admin deleted it: what is in it stays, as with any volume whose policy is Retain.
            if volume.isBeingDeleted, volume.phase != "Bound" { try await removeFinalizer(volume.name) }
            return
        }
        let path = directory + "/" + volume.name
        do { try await blocking { try Files.removeTree(path) } } catch {
            recorder.event(
                ObjectReference(kind: "PersistentVolume", name: volume.name), .warning, reason: "VolumeFailedDelete",
                "\(error)")
            throw error
        }
        do throws(StatusError) {
            if !volume.isBeingDeleted {
                try await client.delete(.persistentVolumes, namespace: nil, name: volume.name, DeleteOptions())
            }
            try await removeFinalizer(volume.name)
        } catch {
            if error.code != 404 { throw error }
        }
    }

    private func removeFinalizer(_ name: String) async throws(StatusError) {
        do throws(StatusError) {
            try await client.modify(.persistentVolumes, namespace: nil, name: name) { object in
                let finalizers = object["metadata"]["finalizers"].array ?? []
                let left = finalizers.filter { $0.string != Self.finalizer }
                if left.count == finalizers.count { return false }
                object["metadata"]["finalizers"] = .array(left)
                return true
            }
        } catch {
            if error.code != 404 { throw error }
        }
    }
}
