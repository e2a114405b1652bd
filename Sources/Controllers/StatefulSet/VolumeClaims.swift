internal import API
internal import Client
internal import JSON

/// The claims of a StatefulSet's Pods: made with the Pod, kept when it goes, unless the set says that they go too.
/// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
struct VolumeClaims: Sendable {
    let client: any ObjectClient
    let recorder: Recorder
    let copy: Reflector<Object>

    init(_ client: any ObjectClient, _ recorder: Recorder, _ time: any TimeSource) {
        (self.client, self.recorder) = (client, recorder)
        copy = Reflector(client, .persistentVolumeClaims, time: time)
    }

    /// Those of a Pod that are not there yet.
    func create(_ set: StatefulSet, _ ordinal: Int) async throws(StatusError) {
        let (namespace, owner) = (set.object.namespace, set.object)
        for template in set.claimTemplates {
            let name = set.claimName(template, ordinal)
            if let there = copy[namespace + "/" + name] {
                guard !there.isBeingDeleted else {
                    throw StatusError(code: 409, reason: "BeingDeleted", message: "pvc \(name) is being deleted")
                }
                continue
            }
            let pod = set.podName(ordinal)
            do throws(StatusError) {
                let claim = set.claim(template, ordinal)
                copy.note(try await client.create(.persistentVolumeClaims, namespace: namespace, claim))
                recorder.event(
                    owner, reason: "SuccessfulCreate",
                    "create Claim \(name) Pod \(pod) in StatefulSet \(owner.name) success")
            } catch {
                if error.reason == "AlreadyExists" { continue }
                recorder.event(
                    owner, .warning, reason: "FailedCreate",
                    "create Claim \(name) for Pod \(pod) in StatefulSet \(owner.name) failed error: \(error.message)")
                throw error
            }
        }
    }

    /// Whose end is the end of the Pod's claims: the set's, the Pod's when it is no longer wanted, or nobody's.
    func setOwners(_ set: StatefulSet, _ ordinal: Int, _ pod: Pod) async throws(StatusError) {
        let policy = set.spec["persistentVolumeClaimRetentionPolicy"]
        let goesWithPod = policy["whenScaled"].equals("Delete") && !set.ordinals.contains(ordinal)
        let owner: Object? =
            goesWithPod ? pod.object : policy["whenDeleted"].equals("Delete") ? set.object : nil
        for template in set.claimTemplates {
            guard let claim = copy[set.object.namespace + "/" + set.claimName(template, ordinal)] else { continue }
            let wanted = owner.map { OwnerReference(controller: $0) }
            let ours = [set.object, pod.object]
            // Pods of the same name before this one count as ours too.
            let references = claim.ownerReferences
            let others = references.filter { reference in
                !ours.contains { $0.kind == reference.kind && $0.name == reference.name }
            }
            let new = others + (wanted.map { [$0] } ?? [])
            if Set(new.map(\.uid)) == Set(references.map(\.uid)) { continue }
            var value = claim.value
            if new.isEmpty {
                value["metadata"].remove("ownerReferences")
            } else {
                value["metadata"]["ownerReferences"] = .array(new.map(\.value))
            }
            copy.note(
                try await client.update(
                    .persistentVolumeClaims, namespace: claim.namespace, name: claim.name, subresource: nil, value))
        }
    }
}
