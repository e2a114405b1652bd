internal import API
internal import Client
internal import JSON

/// Brings claims and volumes together, and says what becomes of volumes whose claims are gone.
///
/// A binding is written in four steps, each of which can be the last before a crash: the volume names the claim, the
/// volume's phase, the claim names the volume, the claim's phase.
/// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim
final class PersistentVolumeBinder: ClusterController, Reconciler {
    let client: any ObjectClient
    let recorder: Recorder
    let claims: Reflector<ClaimState>
    let volumes: Reflector<VolumeState>
    let classes: Reflector<StorageClassState>
    /// Keys of claims have a slash, names of volumes have none.
    private let queue: WorkQueue<String>
    private let time: any TimeSource
    var now: Time { time.now }

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "persistentvolume-controller", time: time)
        claims = Reflector(client, .persistentVolumeClaims, time: time) { ClaimState($0) }
        volumes = Reflector(client, .persistentVolumes, time: time) { VolumeState($0) }
        classes = Reflector(client, .storageClasses, time: time) { StorageClassState($0) }
        claims.onChange { [weak self] in self?.claimChanged($0) }
        volumes.onChange { [weak self] in self?.volumeChanged($0) }
        classes.onChange { [weak self] in self?.retryClaims(ofClass: $0.key) }
    }

    func run() async {
        // One worker: two claims must not take one volume.
        await Controller("persistentvolume-binder", queue, self).run(following: [classes, volumes, claims])
    }

    private func claimChanged(_ change: Reflector<ClaimState>.Change) {
        if change.old == change.new { return }
        queue.add(change.key)
        for claim in [change.old, change.new] {
            if let name = claim?.volumeName, !name.isEmpty { queue.add(name) }
        }
    }

    private func volumeChanged(_ change: Reflector<VolumeState>.Change) {
        if change.old == change.new { return }
        queue.add(change.key)
        for volume in [change.old, change.new] { if let claim = volume?.claim { queue.add(claim.key) } }
        if let volume = change.new, volume.claim == nil { retryClaims(ofClass: volume.className) }
        if change.old == nil || change.new == nil {
            for (key, claim) in claims.snapshot where claim.volumeName == change.key { queue.add(key) }
        }
    }

    private func retryClaims(ofClass name: String) {
        for (key, claim) in claims.snapshot where !claim.isBound && claim.className == name { queue.add(key) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        do throws(StatusError) {
            if key.utf8.contains(UInt8(ascii: "/")) {
                if let claim = claims[key] {
                    if claim.isBound { try await checkBound(claim) } else { try await findVolume(for: claim) }
                }
            } else if let volume = volumes[key] {
                try await check(volume)
            }
        } catch {
            // What is gone needs nothing.
            if error.code != 404 { throw error }
        }
        return .done
    }

    // MARK: Claims

    private func findVolume(for claim: ClaimState) async throws(StatusError) {
        if claim.isBeingDeleted { return }
        if !claim.volumeName.isEmpty { return try await bindWanted(claim) }
        let storageClass = classes[claim.className]
        let isDelayed = storageClass?.isDelayed ?? false
        let candidates = volumes.values.lazy.filter { !isDelayed || $0.belongs(to: claim) }
        if let volume = candidates.best(for: claim) { return try await bind(volume, claim) }
        if isDelayed, claim.selectedNode.isEmpty {
            event(
                claim, reason: "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
        } else if !claim.className.isEmpty {
            return try await requestProvisioning(claim, storageClass)
        } else {
            event(
                claim, reason: "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set")
        }
        try await setPhase(claim, "Pending")
    }

    /// The claim names its volume.
    private func bindWanted(_ claim: ClaimState) async throws(StatusError) {
        guard let volume = volumes[claim.volumeName] else { return try await setPhase(claim, "Pending") }
        if volume.belongs(to: claim) {
            return try await bind(volume, claim)
        } else if volume.claim != nil {
            event(
                claim, .warning, reason: "FailedBinding",
                "volume \"\(volume.name)\" already bound to a different claim.")
        } else if let problem = Self.mismatch(volume, claim) {
            event(
                claim, .warning, reason: "VolumeMismatch",
                "Cannot bind to requested volume \"\(volume.name)\": \(problem)")
        } else {
            return try await bind(volume, claim)
        }
        try await setPhase(claim, "Pending")
    }

    private static func mismatch(_ volume: VolumeState, _ claim: ClaimState) -> String? {
        if volume.capacity < claim.request { return "requested PV is too small" }
        if volume.className != claim.className { return "storageClassName does not match" }
        if volume.volumeMode != claim.volumeMode { return "incompatible volumeMode" }
        return claim.accessModes.allSatisfy(volume.accessModes.contains) ? nil : "incompatible accessMode"
    }

    private func checkBound(_ claim: ClaimState) async throws(StatusError) {
        guard let volume = volumes[claim.volumeName] else {
            return try await lose(
                claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
        }
        if volume.claim == nil || volume.belongs(to: claim) {
            try await bind(volume, claim)
        } else {
            try await lose(
                claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
        }
    }

    private func lose(_ claim: ClaimState, _ reason: String, _ message: String) async throws(StatusError) {
        if claim.phase == "Lost" { return }
        try await setPhase(claim, "Lost")
        event(claim, .warning, reason: reason, message)
    }

    private func setPhase(_ claim: ClaimState, _ phase: String) async throws(StatusError) {
        let (namespace, name) = splitKey(claim.key)
        try await client.modify(
            .persistentVolumeClaims, namespace: namespace, name: name, subresource: "status"
        ) { object in
            guard object["metadata"]["uid"].string == claim.uid, object["status"]["phase"].string != phase else {
                return false
            }
            object["status"]["phase"] = .string(phase)
            return true
        }
    }

    func event(_ claim: ClaimState, _ type: EventType = .normal, reason: String, _ message: String) {
        let (namespace, name) = splitKey(claim.key)
        recorder.event(
            ObjectReference(
                kind: "PersistentVolumeClaim", namespace: namespace ?? "", name: name, uid: claim.uid), type,
            reason: reason, message)
    }

    /// Asks whoever makes volumes of the class for one.
    private func requestProvisioning(_ claim: ClaimState, _ storageClass: StorageClassState?) async throws(StatusError)
    {
        if let storageClass, !storageClass.provisioner.hasPrefix("kubernetes.io/") {
            let (namespace, name) = splitKey(claim.key)
            try await client.modify(.persistentVolumeClaims, namespace: namespace, name: name) { object in
                let keys = [ClaimState.provisioner, "volume.beta.kubernetes.io/storage-provisioner"]
                let isAsked = keys.allSatisfy {
                    object["metadata"]["annotations"][$0].string == storageClass.provisioner
                }
                if isAsked { return false }
                for key in keys { object["metadata"]["annotations"][key] = .string(storageClass.provisioner) }
                return true
            }
            event(
                claim, reason: "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner '\(storageClass.provisioner)' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            )
        } else {
            event(
                claim, .warning, reason: "ProvisioningFailed",
                storageClass.map { "no volume plugin matched name: \($0.provisioner)" }
                    ?? "storageclass.storage.k8s.io \"\(claim.className)\" not found")
        }
        try await setPhase(claim, "Pending")
    }
}
