internal import API
internal import Client
internal import JSON

/// Brings the Pods of each Deployment to its template, through ReplicaSets: one for each version of the template.
/// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
final class DeploymentController: ClusterController, Reconciler {
    let client: any ObjectClient
    let time: any TimeSource
    let recorder: Recorder
    let deployments: Reflector<Object>
    let replicaSets: Reflector<Object>
    let pods: Reflector<Object>
    private let queue: WorkQueue<String>
    private let claims: Claims

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "deployment-controller", time: time)
        let deployments = SharedCopies.owners(client, .deployments, time)
        self.deployments = deployments
        let replicaSets = environment.shared.replicaSets
        (self.replicaSets, pods) = (replicaSets, environment.shared.pods)
        claims = Claims(client: client, resource: .replicaSets, copy: replicaSets, ownerResource: .deployments)
        let finder = OwnerFinder(kind: "Deployment", owners: deployments) { LabelSelector($0["spec"]["selector"]) }
        let queue = queue
        deployments.onChange { queue.add($0.key) }
        replicaSets.onChange { for key in finder.keys($0) { queue.add(key) } }
        // Recreate waits until the last old Pod is gone.
        pods.onChange { change in
            guard change.new == nil, let pod = change.old, let set = pod.controllerReference,
                set.kind == "ReplicaSet", let owner = replicaSets[pod.namespace + "/" + set.name]?.controllerReference
            else { return }
            let key = pod.namespace + "/" + owner.name
            if let deployment = deployments[key], !Deployment(deployment).isRolling { queue.add(key) }
        }
    }

    func run() async {
        await Controller("deployment-controller", queue, workers: 8, self).run(following: [
            deployments, replicaSets, pods,
        ])
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        try await lookingAgain { () async throws(StatusError) in try await look(key) }
    }

    private func look(_ key: String) async throws(StatusError) -> ReconcileResult {
        guard let object = deployments[key] else { return .done }
        var deployment = Deployment(object)
        if deployment.spec["selector"]["matchLabels"].count == 0,
            deployment.spec["selector"]["matchExpressions"].count == 0
        {
            recorder.event(
                object, .warning, reason: "SelectingAll",
                "This deployment is selecting all pods. A non-empty selector is required.")
            try await client.updateStatus(.deployments, object, deployments) {
                $0["status"]["observedGeneration"] = .int(object.generation)
            }
            return .done
        }
        var sets = ReplicaSets(try await claims.owned(by: object, deployment.selector), of: deployment)
        if object.isBeingDeleted {
            try await writeStatus(deployment, sets)
            return .done
        }
        deployment = try await notePause(deployment)
        if deployment.isPaused
            || sets.active.contains(where: { ($0.desiredAnnotation ?? deployment.replicas) != deployment.replicas })
        {
            (deployment, sets.new) = try await adoptNewest(deployment, sets)
            try await scale(deployment, &sets)
            if deployment.isPaused { try await cleanUp(deployment, sets) }
            try await writeStatus(deployment, sets)
            return .done
        }
        if deployment.isRolling {
            return try await rollOut(deployment, &sets)
        }
        return try await recreate(deployment, &sets)
    }

    // MARK: Strategies

    /// Step by step: new Pods as far as the surge allows, old ones away as far as availability allows.
    private func rollOut(_ given: Deployment, _ sets: inout ReplicaSets) async throws(StatusError) -> ReconcileResult {
        var deployment = given
        (deployment, sets.new) = try await newest(deployment, sets)
        let scaled: Bool
        if let new = sets.new, try await scale(new, to: Rollout.newReplicas(deployment, sets), deployment, &sets) {
            scaled = true
        } else {
            var isChanged = false
            for (set, replicas) in Rollout.oldReplicas(deployment, sets) {
                if try await scale(set, to: replicas, deployment, &sets) { isChanged = true }
            }
            scaled = isChanged
        }
        if !scaled, DeploymentStatus.isComplete(deployment, deployment.status) { try await cleanUp(deployment, sets) }
        return try await writeProgress(deployment, sets)
    }

    /// All old Pods away first.
    private func recreate(_ given: Deployment, _ sets: inout ReplicaSets) async throws(StatusError) -> ReconcileResult {
        var deployment = given
        (deployment, sets.new) = try await adoptNewest(deployment, sets)
        var isChanged = false
        for set in sets.old where set.replicas > 0 {
            if try await scale(set, to: 0, deployment, &sets) { isChanged = true }
        }
        let oldPodsRun =
            sets.old.contains { $0.actual > 0 }
            || sets.old.contains { set in pods.values(at: set.uid).contains { !Pod($0).isTerminal } }
        if isChanged || oldPodsRun { return try await writeProgress(deployment, sets) }
        (deployment, sets.new) = try await newest(deployment, sets)
        if let new = sets.new { _ = try await scale(new, to: deployment.replicas, deployment, &sets) }
        if DeploymentStatus.isComplete(deployment, deployment.status) { try await cleanUp(deployment, sets) }
        return try await writeProgress(deployment, sets)
    }

    // MARK: Sizes

    /// A change of the size alone, or while paused: all ReplicaSets keep their share.
    private func scale(_ deployment: Deployment, _ sets: inout ReplicaSets) async throws(StatusError) {
        for (set, replicas) in Rollout.proportions(deployment, sets) {
            _ = try await scale(set, to: replicas, deployment, &sets)
        }
    }

    /// Whether the size changed. The annotations follow in any case.
    private func scale(
        _ set: Replicas, to replicas: Int, _ deployment: Deployment, _ sets: inout ReplicaSets
    ) async throws(StatusError) -> Bool {
        let isChanged = set.replicas != replicas
        let maximum = deployment.replicas + deployment.maxSurge
        if !isChanged, set.desiredAnnotation == deployment.replicas, set.maximumAnnotation == maximum { return false }
        var value = set.object.value
        value["spec"]["replicas"] = .int(replicas)
        value["metadata"]["annotations"].setSizes(deployment)
        let answer = try await client.update(
            .replicaSets, namespace: set.object.namespace, name: set.name, subresource: nil, value)
        replicaSets.note(answer)
        sets.put(Replicas(answer))
        if isChanged {
            recorder.event(
                deployment.object, reason: "ScalingReplicaSet",
                "Scaled \(replicas > set.replicas ? "up" : "down") replica set \(set.name) from \(set.replicas) to \(replicas)"
            )
        }
        return isChanged
    }

    /// Deletes the oldest ReplicaSets without Pods beyond the limit.
    private func cleanUp(_ deployment: Deployment, _ sets: ReplicaSets) async throws(StatusError) {
        guard let limit = deployment.historyLimit else { return }
        let old = sets.old.filter { !$0.object.isBeingDeleted }.sorted { $0.revision < $1.revision }
        for set in old.prefix(max(0, old.count - limit))
        where set.actual == 0 && set.replicas == 0
            && set.object.generation <= set.object["status"]["observedGeneration"].int ?? 0
        {
            do throws(StatusError) {
                let answer = try await client.delete(
                    .replicaSets, namespace: set.object.namespace, name: set.name, DeleteOptions(uid: set.uid))
                replicaSets.note(deletionOf: set.object, answer)
            } catch {
                if error.code != 404 { throw error }
            }
        }
    }
}

extension JSONValue {
    /// The sizes that a ReplicaSet's annotations tell when the Deployment is scaled.
    mutating func setSizes(_ deployment: Deployment) {
        self[Deployment.Annotation.desired] = .string(String(deployment.replicas))
        self[Deployment.Annotation.maximum] = .string(String(deployment.replicas + deployment.maxSurge))
    }
}
