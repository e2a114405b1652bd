internal import API
internal import Client
internal import JSON
internal import Synchronization

/// A pod that waits until its claims are bound.
final class ClaimWait: Sendable {
    private struct State {
        var failure: String? = "timed out waiting for the condition"
        /// Claims that were seen with the chosen node: what takes it away again gives the volume up.
        var asked: Set<String> = []
    }
    private let state = Mutex(State())
    private let claims: [String]
    private let node: String
    let isOver = Latch()

    init(_ plan: Storage.Plan, node: String) {
        claims = plan.volumes.map(\.claim) + plan.provisioned
        self.node = node
    }

    /// What went wrong, once it is over.
    var failure: String? { state.withLock { $0.failure } }

    func check(_ storage: Storage) {
        var isComplete = true
        for key in claims {
            guard let claim = storage.claims[key], !claim.isBeingDeleted else {
                return end("persistentvolumeclaim \"\(splitKey(key).name)\" not found")
            }
            if claim.isBound { continue }
            isComplete = false
            let isGivenUp = state.withLock { state in
                if claim.selectedNode == node { state.asked.insert(key) }
                return claim.selectedNode != node && state.asked.contains(key)
            }
            if isGivenUp { return end("provisioning failed for PVC \"\(splitKey(key).name)\"") }
        }
        if isComplete { end(nil) }
    }

    func cancel() { end("the pod is gone") }

    private func end(_ failure: String?) {
        state.withLock { $0.failure = failure }
        isOver.open()
    }
}

extension Scheduler {
    /// How long claims may take to be bound, in seconds (upstream's `bindTimeoutSeconds`).
    static let claimTimeout = 600.0

    /// Tells the claims and volumes what was decided, and returns when all are bound.
    /// https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
    func provide(_ plan: Storage.Plan, for pod: PodInfo, _ node: String) async throws(StatusError) {
        for (claim, volume) in plan.volumes { try await reserve(volume, for: claim) }
        for claim in plan.provisioned {
            let (namespace, name) = splitKey(claim)
            try await client.modify(.persistentVolumeClaims, namespace: namespace, name: name) { claim in
                if claim["metadata"]["annotations"][ClaimState.selectedNode].string == node { return false }
                claim["metadata"]["annotations"][ClaimState.selectedNode] = .string(node)
                return true
            }
        }
        let wait = ClaimWait(plan, node: node)
        update { state, _ in
            state.waiting[pod.key] = wait
            wait.check(state.cache.storage)
        }
        await withTaskGroup { group in
            group.addTask { await wait.isOver.wait() }
            group.addTask { [time] in try? await time.sleep(seconds: Self.claimTimeout) }
            await group.next()
            group.cancelAll()
        }
        update { state, _ in state.waiting[pod.key] = nil }
        if let failure = wait.failure { throw .internalError("binding volumes: \(failure)") }
    }

    private func reserve(_ volume: String, for claim: String) async throws(StatusError) {
        let (namespace, name) = splitKey(claim)
        let object = try await client.get(.persistentVolumeClaims, namespace: namespace, name: name)
        var isTaken = false
        try await client.modify(.persistentVolumes, namespace: nil, name: volume) { volume in
            let reference = volume["spec"]["claimRef"]
            if !reference.isNull {
                let isOurs =
                    reference["namespace"].string == namespace && reference["name"].string == name
                    && [nil, "", object.uid].contains(reference["uid"].string)
                isTaken = !isOurs
                if isTaken || reference["uid"].string == object.uid { return false }
            } else {
                volume["metadata"]["annotations"][ClaimState.boundByController] = "yes"
            }
            volume["spec"]["claimRef"] = object.reference
            return true
        }
        if isTaken { throw .internalError("persistentvolume \"\(volume)\" was given to another claim") }
    }
}
