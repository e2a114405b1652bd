internal import API
internal import Client
internal import JSON

extension PersistentVolumeBinder {
    /// Writes what of the binding is not written yet.
    func bind(_ volume: VolumeState, _ claim: ClaimState) async throws(StatusError) {
        guard let bound = try await name(claim, in: volume) else { return }
        try await setPhase(volume, "Bound")
        let (namespace, name) = splitKey(claim.key)
        try await client.modify(.persistentVolumeClaims, namespace: namespace, name: name) { object in
            guard object["metadata"]["uid"].string == claim.uid else { return false }
            let isComplete = object["metadata"]["annotations"].has(ClaimState.bindCompleted)
            if isComplete, object["spec"]["volumeName"].string == volume.name { return false }
            if (object["spec"]["volumeName"].string ?? "").isEmpty {
                object["spec"]["volumeName"] = .string(volume.name)
                object["metadata"]["annotations"][ClaimState.boundByController] = "yes"
            }
            object["metadata"]["annotations"][ClaimState.bindCompleted] = "yes"
            return true
        }
        try await client.modify(
            .persistentVolumeClaims, namespace: namespace, name: name, subresource: "status"
        ) { object in
            guard object["metadata"]["uid"].string == claim.uid else { return false }
            let old = object["status"]
            object["status"]["phase"] = "Bound"
            object["status"]["accessModes"] = bound["spec"]["accessModes"].value
            object["status"]["capacity"] = bound["spec"]["capacity"].value
            return object["status"] != old
        }
    }

    /// The volume names the claim. Nil when it meanwhile went to another one, whose change calls again.
    private func name(_ claim: ClaimState, in volume: VolumeState) async throws(StatusError) -> Object? {
        let (namespace, name) = splitKey(claim.key)
        let object = try await client.get(.persistentVolumeClaims, namespace: namespace, name: name)
        guard object.uid == claim.uid else { return nil }
        var isTaken = false
        let bound = try await client.modify(.persistentVolumes, namespace: nil, name: volume.name) { value in
            let reference = value["spec"]["claimRef"]
            if reference.isNull {
                value["metadata"]["annotations"][ClaimState.boundByController] = "yes"
            } else {
                isTaken =
                    reference["namespace"].string != namespace || reference["name"].string != name
                    || ![nil, "", claim.uid].contains(reference["uid"].string)
                if isTaken || reference["uid"].string == claim.uid { return false }
            }
            value["spec"]["claimRef"] = object.reference
            return true
        }
        return isTaken ? nil : bound
    }

    func setPhase(
        _ volume: VolumeState, _ phase: String, message: String? = nil
    ) async throws(StatusError) {
        let now = now
        try await client.modify(.persistentVolumes, namespace: nil, name: volume.name, subresource: "status") {
            object in
            if object["status"]["phase"].string == phase, object["status"]["message"].string == message { return false }
            if object["status"]["phase"].string != phase {
                object["status"]["lastPhaseTransitionTime"] = .string(now.description)
            }
            object["status"]["phase"] = .string(phase)
            if let message {
                object["status"]["message"] = .string(message)
            } else {
                object["status"].remove("message")
            }
            return true
        }
    }

    // MARK: Volumes

    func check(_ volume: VolumeState) async throws(StatusError) {
        guard let reference = volume.claim else { return try await setPhase(volume, "Available") }
        // Reserved by an admin; the claim is bound when it comes.
        if reference.uid.isEmpty { return try await setPhase(volume, "Available") }
        guard let claim = try await find(reference) else { return try await release(volume) }
        if claim.volumeName == volume.name {
            try await setPhase(volume, "Bound")
        } else if claim.volumeName.isEmpty {
            // Bound from this side only: the claim's reconciliation does the rest.
            if !claim.isBeingDeleted { try await bind(volume, claim) }
        } else if !volume.provisioner.isEmpty, volume.reclaimPolicy == "Delete" {
            // Made for a claim that found another one.
            try await release(volume)
        } else if volume.isBoundByController {
            try await unbind(volume, reference)
        }
    }

    /// The claim, unless it is gone or another of its name has come.
    private func find(_ reference: VolumeState.ClaimReference) async throws(StatusError) -> ClaimState? {
        if let claim = claims[reference.key], claim.uid == reference.uid { return claim }
        let (namespace, name) = splitKey(reference.key)
        do throws(StatusError) {
            let claim = ClaimState(try await client.get(.persistentVolumeClaims, namespace: namespace, name: name))
            return claim.uid == reference.uid ? claim : nil
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }

    private func unbind(_ volume: VolumeState, _ reference: VolumeState.ClaimReference) async throws(StatusError) {
        try await client.modify(.persistentVolumes, namespace: nil, name: volume.name) { object in
            guard object["spec"]["claimRef"]["uid"].string == reference.uid else { return false }
            object["spec"].remove("claimRef")
            object["metadata"]["annotations"].remove(ClaimState.boundByController)
            return true
        }
        try await setPhase(volume, "Available")
    }

    /// Its claim is gone. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming
    private func release(_ volume: VolumeState) async throws(StatusError) {
        if volume.phase == "Failed" { return }
        if volume.phase != "Released" { try await setPhase(volume, "Released") }
        switch volume.reclaimPolicy {
        case "Retain": return
        case "Delete" where !volume.provisioner.isEmpty && !volume.provisioner.hasPrefix("kubernetes.io/"):
            // Whoever made it takes it away.
            return
        case "Delete":
            try await fail(
                volume, "VolumeFailedDelete",
                "error getting deleter volume plugin for volume \"\(volume.name)\": no deletable volume plugin matched")
        default:
            try await fail(
                volume, "VolumeFailedRecycle",
                "no recyclable volume plugin matched: the reclaim policy Recycle is deprecated and not supported; empty the volume yourself, or use Retain or Delete"
            )
        }
    }

    private func fail(_ volume: VolumeState, _ reason: String, _ message: String) async throws(StatusError) {
        try await setPhase(volume, "Failed", message: message)
        recorder.event(
            ObjectReference(kind: "PersistentVolume", name: volume.name), .warning, reason: reason, message)
    }
}
