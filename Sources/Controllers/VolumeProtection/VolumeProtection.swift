internal import API
internal import Client
internal import JSON

/// A volume that was deleted stays while it is bound to a claim.
/// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
struct VolumeProtection: ClusterController, Reconciler {
    private let client: any ObjectClient
    private let volumes: Reflector<VolumeState>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        client = environment.client
        let queue = environment.queue()
        self.queue = queue
        volumes = Reflector(client, .persistentVolumes, time: environment.time) { VolumeState($0) }
        volumes.onChange { if $0.new?.isBeingDeleted == true { queue.add($0.key) } }
    }

    func run() async { await Controller("pv-protection", queue, self).run(following: [volumes]) }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        guard let volume = volumes[name], volume.isBeingDeleted, volume.phase != "Bound" else { return .done }
        try await removeFinalizer("kubernetes.io/pv-protection", client, .persistentVolumes, name)
        return .done
    }
}

/// A claim that was deleted stays while a pod has it.
struct VolumeClaimProtection: ClusterController, Reconciler {
    /// What a pod has to do with claims.
    struct Pod: Sendable {
        /// The keys of its claims; nothing before it has a node, for it will not start any more then.
        let claims: [String]

        init(_ pod: Object) {
            guard !(pod["spec"]["nodeName"].string ?? "").isEmpty else {
                claims = []
                return
            }
            claims = pod["spec"]["volumes"].elements.compactMap { volume in
                if let claim = volume["persistentVolumeClaim"]["claimName"].string {
                    return pod.namespace + "/" + claim
                }
                return volume["ephemeral"].exists ? pod.key + "-" + (volume["name"].string ?? "") : nil
            }
        }
    }

    private let client: any ObjectClient
    private let claims: Reflector<ClaimState>
    private let pods: Reflector<Pod>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        client = environment.client
        let queue = environment.queue()
        self.queue = queue
        claims = Reflector(client, .persistentVolumeClaims, time: environment.time) { ClaimState($0) }
        // Most pods have no claims: those are not kept.
        pods = Reflector(client, .pods, time: environment.time) { pod in
            let pod = Pod(pod)
            return pod.claims.isEmpty ? nil : pod
        }
        claims.onChange { if $0.new?.isBeingDeleted == true { queue.add($0.key) } }
        pods.onChange { change in if change.new == nil { for claim in change.old?.claims ?? [] { queue.add(claim) } } }
    }

    func run() async { await Controller("pvc-protection", queue, self).run(following: [pods, claims]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let claim = claims[key], claim.isBeingDeleted else { return .done }
        if pods.values.contains(where: { $0.claims.contains(key) }) { return .done }
        // The copy may lag behind: the last word has the server.
        let list = try await client.list(.pods, namespace: splitKey(key).namespace, ListOptions())
        if list.items.contains(where: { Pod($0).claims.contains(key) }) { return .done }
        try await removeFinalizer("kubernetes.io/pvc-protection", client, .persistentVolumeClaims, key)
        return .done
    }
}

private func removeFinalizer(
    _ finalizer: String, _ client: any ObjectClient, _ resource: ResourceName, _ key: String
) async throws(StatusError) {
    let (namespace, name) = splitKey(key)
    do throws(StatusError) {
        try await client.modify(resource, namespace: namespace, name: name) { object in
            guard object["metadata"].has("deletionTimestamp") else { return false }
            let finalizers = object["metadata"]["finalizers"].array ?? []
            let left = finalizers.filter { $0.string != finalizer }
            if left.count == finalizers.count { return false }
            object["metadata"]["finalizers"] = .array(left)
            return true
        }
    } catch {
        if error.code != 404 { throw error }
    }
}
