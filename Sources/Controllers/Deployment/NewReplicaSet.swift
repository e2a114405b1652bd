internal import API
internal import Client
internal import JSON

/// The ReplicaSet of the present template: finding, making, and numbering it.
extension DeploymentController {
    /// The new ReplicaSet, made where there is none, and its Deployment with the revision of it.
    func newest(_ deployment: Deployment, _ sets: ReplicaSets) async throws(StatusError) -> (Deployment, Replicas?) {
        if sets.new != nil { return try await adoptNewest(deployment, sets) }
        let created = try await create(deployment, sets)
        replicaSets.note(created)
        let noted = try await note(
            deployment, created, "NewReplicaSetCreated", "Created new replica set \"\(created.name)\"")
        return (noted, Replicas(created))
    }

    /// The new ReplicaSet where there is one, with what its annotations have to say.
    func adoptNewest(
        _ deployment: Deployment, _ sets: ReplicaSets
    ) async throws(StatusError) -> (Deployment, Replicas?) {
        guard let set = sets.new else { return (deployment, nil) }
        var value = set.object.value
        value["spec"]["minReadySeconds"] =
            value["spec"]["minReadySeconds"].int ?? 0 == deployment.minReadySeconds
            ? value["spec"]["minReadySeconds"] : .int(deployment.minReadySeconds)
        if value["spec"]["minReadySeconds"].isNull { value["spec"].remove("minReadySeconds") }
        annotate(&value, deployment, revision: nextRevision(sets))
        var object = set.object
        if value != object.value {
            object = try await client.update(
                .replicaSets, namespace: object.namespace, name: object.name, subresource: nil, value)
            replicaSets.note(object)
        }
        let isKnown = deployment.object.condition("Progressing").exists
        let noted = try await note(
            deployment, object, isKnown ? nil : "FoundNewReplicaSet", "Found new replica set \"\(object.name)\"")
        return (noted, Replicas(object))
    }

    private func nextRevision(_ sets: ReplicaSets) -> Int { (sets.old.map(\.revision).max() ?? 0) + 1 }

    /// The Deployment's annotations but for some, and the revision, with those that it had before when it comes back.
    private func annotate(_ set: inout JSONValue, _ deployment: Deployment, revision: Int) {
        let mine = deployment.object.metadata["annotations"]
        for (key, value) in mine.members where !Deployment.Annotation.own.contains(key) {
            set["metadata"]["annotations"][key] = value.value
        }
        let before = set["metadata"]["annotations"][Deployment.Annotation.revision].string
        guard (before.flatMap { Int($0) } ?? 0) < revision else { return }
        set["metadata"]["annotations"][Deployment.Annotation.revision] = .string(String(revision))
        guard let before else { return }
        var history =
            (set["metadata"]["annotations"][Deployment.Annotation.history].string ?? "")
            .split(separator: ",").map(String.init) + [before]
        // The oldest are forgotten when the text becomes long (upstream's limit).
        while history.joined(separator: ",").utf8.count > 2000 { history.removeFirst() }
        set["metadata"]["annotations"][Deployment.Annotation.history] = .string(history.joined(separator: ","))
    }

    /// What the Deployment says of its new ReplicaSet. The annotation is written with the status, as upstream does.
    private func note(
        _ deployment: Deployment, _ set: Object, _ reason: String?, _ message: String
    ) async throws(StatusError) -> Deployment {
        let revision = set.annotation(Deployment.Annotation.revision) ?? "1"
        var value = deployment.object.value
        let before = value
        if before["metadata"]["annotations"][Deployment.Annotation.revision].string != revision {
            value["metadata"]["annotations"][Deployment.Annotation.revision] = .string(revision)
        }
        if let reason, deployment.progressDeadline != nil {
            value.setDeploymentCondition("Progressing", "True", reason, message, now: time.now)
        }
        return try await writeStatus(deployment, value, ifNot: before)
    }

    /// The Deployment as it is then.
    func writeStatus(
        _ deployment: Deployment, _ value: JSONValue, ifNot before: JSONValue
    ) async throws(StatusError) -> Deployment {
        if value == before { return deployment }
        let object = deployment.object
        let answer = try await client.update(
            .deployments, namespace: object.namespace, name: object.name, subresource: "status", value)
        deployments.note(answer)
        return Deployment(answer)
    }

    // MARK: Making one

    private func create(_ deployment: Deployment, _ sets: ReplicaSets) async throws(StatusError) -> Object {
        let owner = deployment.object
        let collisions = deployment.status["collisionCount"].int ?? 0
        let template = Replicas.template(owner)
        let hash = template.hashName(collisions: collisions)
        let replicas = Rollout.newReplicas(deployment, sets)
        let value = replicaSet(deployment, sets, hash, replicas)
        do throws(StatusError) {
            let created = try await client.create(.replicaSets, namespace: owner.namespace, value)
            if replicas > 0 {
                recorder.event(
                    owner, reason: "ScalingReplicaSet", "Scaled up replica set \(created.name) from 0 to \(replicas)")
            }
            return created
        } catch {
            if error.reason == "AlreadyExists" {
                let name = value["metadata"]["name"].string ?? ""
                let there = try await client.get(.replicaSets, namespace: owner.namespace, name: name)
                // Ours, made by an earlier look.
                if there.controllerUID == owner.uid, Replicas.template(there) == template { return there }
                // Another template with the same hash: the next name is made with another count.
                try await client.updateStatus(.deployments, owner, deployments) {
                    $0["status"]["collisionCount"] = .int(collisions + 1)
                }
                throw error
            }
            if error.isNamespaceTerminating { throw error }
            let message =
                "Failed to create new replica set \"\(value["metadata"]["name"].string ?? "")\": \(error.message)"
            recorder.event(owner, .warning, reason: "ReplicaSetCreateError", message)
            if deployment.progressDeadline != nil {
                let now = time.now
                try await client.updateStatus(.deployments, owner, deployments) {
                    $0.setDeploymentCondition("Progressing", "False", "ReplicaSetCreateError", message, now: now)
                }
            }
            throw error
        }
    }

    private func replicaSet(_ deployment: Deployment, _ sets: ReplicaSets, _ hash: String, _ replicas: Int) -> JSONValue
    {
        let owner = deployment.object
        var template = owner["spec"]["template"].value
        template["metadata"]["labels"][Deployment.hashLabel] = .string(hash)
        var selector = owner["spec"]["selector"].value
        selector["matchLabels"][Deployment.hashLabel] = .string(hash)
        var value: JSONValue = [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string(owner.name.prefix(253 - 1 - hash.utf8.count) + "-" + hash),
                "namespace": .string(owner.namespace), "labels": template["metadata"]["labels"],
                "ownerReferences": [OwnerReference(controller: owner).value],
            ],
            "spec": ["replicas": .int(replicas), "selector": selector, "template": template],
        ]
        if deployment.minReadySeconds > 0 { value["spec"]["minReadySeconds"] = .int(deployment.minReadySeconds) }
        annotate(&value, deployment, revision: nextRevision(sets))
        value["metadata"]["annotations"].setSizes(deployment)
        return value
    }
}
