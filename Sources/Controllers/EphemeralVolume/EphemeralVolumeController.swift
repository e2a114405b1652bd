internal import API
internal import Client
internal import JSON

/// Makes the PersistentVolumeClaims of Pods with generic ephemeral volumes; they go with the Pod.
/// https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
struct EphemeralVolumeController: ClusterController, Reconciler {
    private let client: any ObjectClient
    /// Only Pods that have such volumes.
    private let pods: Reflector<Object>
    private let claims: Reflector<Bool>
    private let queue: WorkQueue<String>
    private let recorder: Recorder

    init(_ environment: Environment) {
        client = environment.client
        recorder = Recorder(client, component: "ephemeral_volume", time: environment.time)
        let queue = environment.queue()
        self.queue = queue
        pods = Reflector(client, .pods, time: environment.time) { pod in
            pod["spec"]["volumes"].elements.contains { !$0["ephemeral"].isNull } ? pod : nil
        }
        claims = Reflector(client, .persistentVolumeClaims, time: environment.time) { claim in
            claim.controllerReference?.kind == "Pod" ? true : nil
        }
        pods.onChange { if $0.old == nil || $0.new == nil { queue.add($0.key) } }
        claims.onChange { [weak pods] change in
            // A claim that somebody deleted is made again.
            guard change.new == nil, let pods, pods.count > 0 else { return }
            for key in pods.keys where change.key.hasPrefix(key + "-") { queue.add(key) }
        }
    }

    func run() async { await Controller("ephemeral-volume", queue, self).run(following: [pods, claims]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let pod = pods[key], !pod.isBeingDeleted else { return .done }
        for volume in pod["spec"]["volumes"].elements where !volume["ephemeral"].isNull {
            try await make(
                "\(pod.name)-\(volume["name"].string ?? "")", volume["ephemeral"]["volumeClaimTemplate"], pod)
        }
        return .done
    }

    private func make(_ name: String, _ template: JSONRef, _ pod: Object) async throws(StatusError) {
        var claim: JSONValue = [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": [
                "name": .string(name), "namespace": .string(pod.namespace),
                "ownerReferences": [OwnerReference(controller: pod).value],
            ],
            "spec": template["spec"].value,
        ]
        for field in ["labels", "annotations"] where !template["metadata"][field].isNull {
            claim["metadata"][field] = template["metadata"][field].value
        }
        do throws(StatusError) {
            let present = try await client.get(.persistentVolumeClaims, namespace: pod.namespace, name: name)
            if present.controllerReference?.uid == pod.uid { return }
            // It may be one of a Pod of this name before: that goes, and this is tried again.
            let problem = "PVC \(pod.namespace)/\(name) was not created for pod \(pod.key) (pod is not owner)"
            recorder.event(pod, .warning, reason: "FailedBinding", "ephemeral volume: \(problem)")
            throw StatusError.internalError(problem)
        } catch { if error.code != 404 { throw error } }
        do throws(StatusError) {
            _ = try await client.create(.persistentVolumeClaims, namespace: pod.namespace, claim)
        } catch {
            recorder.event(
                pod, .warning, reason: "FailedBinding", "ephemeral volume: create PVC \(name): \(error.message)")
            throw error
        }
    }
}
