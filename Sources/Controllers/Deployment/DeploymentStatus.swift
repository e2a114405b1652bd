internal import API
internal import Client
internal import JSON

/// What a Deployment's status says: counts, and the conditions Available, Progressing and ReplicaFailure.
/// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
enum DeploymentStatus {
    /// Whether the rollout is through, by this status.
    static func isComplete(_ deployment: Deployment, _ status: JSONRef) -> Bool {
        isComplete(deployment, status.value)
    }

    static func isComplete(_ deployment: Deployment, _ status: JSONValue) -> Bool {
        ["updatedReplicas", "replicas", "availableReplicas"].allSatisfy {
            status[$0].int ?? 0 == deployment.replicas
        } && status["observedGeneration"].int ?? 0 >= deployment.object.generation
    }

    /// The deployment with new counts and the condition Available.
    static func counted(_ deployment: Deployment, _ sets: ReplicaSets, now: Time) -> JSONValue {
        var value = deployment.object.value
        let available = sets.available
        let counts: [(String, Int)] = [
            ("replicas", sets.actual), ("updatedReplicas", sets.new?.actual ?? 0),
            ("readyReplicas", sets.all.reduce(0) { $0 + $1.ready }), ("availableReplicas", available),
            ("unavailableReplicas", max(0, sets.wanted - available)),
        ]
        value["status"]["observedGeneration"] = .int(deployment.object.generation)
        for (field, count) in counts {
            if count > 0 { value["status"][field] = .int(count) } else { value["status"].remove(field) }
        }
        value["status"]["terminatingReplicas"] = .int(sets.all.reduce(0) { $0 + $1.terminating })
        if available >= deployment.replicas - deployment.maxUnavailable {
            value.setDeploymentCondition(
                "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now: now)
        } else {
            value.setDeploymentCondition(
                "Available", "False", "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.", now: now)
        }
        return value
    }

    /// Whether anything moved since the last status: more new Pods or fewer old ones, more ready, more available.
    static func hasProgressed(_ old: JSONRef, _ new: JSONValue) -> Bool {
        func was(_ field: String) -> Int { old[field].int ?? 0 }
        func isNow(_ field: String) -> Int { new[field].int ?? 0 }
        return isNow("updatedReplicas") > was("updatedReplicas")
            || isNow("replicas") - isNow("updatedReplicas") < was("replicas") - was("updatedReplicas")
            || ["readyReplicas", "availableReplicas"].contains { isNow($0) > was($0) }
    }

    /// Seconds until the deadline; nil when there is nothing to wait for.
    static func secondsToDeadline(_ deployment: Deployment, _ condition: JSONRef, now: Time) -> Double? {
        guard let deadline = deployment.progressDeadline, condition.exists,
            !condition["reason"].equals("NewReplicaSetAvailable"),
            let from = condition["lastUpdateTime"].string.flatMap({ Time($0) })
        else { return nil }
        return Double(deadline) - (now - from)
    }
}

extension DeploymentController {
    func writeStatus(_ deployment: Deployment, _ sets: ReplicaSets) async throws(StatusError) {
        _ = try await writeStatus(
            deployment, DeploymentStatus.counted(deployment, sets, now: time.now), ifNot: deployment.object.value)
    }

    /// The status with how the rollout goes, and when to look whether it has come to its deadline.
    func writeProgress(_ deployment: Deployment, _ sets: ReplicaSets) async throws(StatusError) -> ReconcileResult {
        let now = time.now
        let object = deployment.object
        var value = DeploymentStatus.counted(deployment, sets, now: now)
        let present = object.condition("Progressing")
        let isOver =
            present["reason"].equals("NewReplicaSetAvailable")
            && value["status"]["replicas"] == value["status"]["updatedReplicas"]
        let what = sets.new.map { "ReplicaSet \"\($0.name)\"" } ?? "Deployment \"\(object.name)\""
        let remaining = DeploymentStatus.secondsToDeadline(deployment, present, now: now)
        if deployment.progressDeadline == nil {
            value.removeCondition("Progressing")
        } else if isOver {
        } else if DeploymentStatus.isComplete(deployment, value["status"]) {
            value.setDeploymentCondition(
                "Progressing", "True", "NewReplicaSetAvailable", "\(what) has successfully progressed.", now: now)
        } else if DeploymentStatus.hasProgressed(deployment.status, value["status"]) {
            // The time of the update is what the deadline counts from: it moves with every step.
            value.setDeploymentCondition(
                "Progressing", "True", "ReplicaSetUpdated", "\(what) is progressing.", now: now, isStep: true)
        } else if let remaining, remaining < 0 {
            value.setDeploymentCondition(
                "Progressing", "False", "ProgressDeadlineExceeded", "\(what) has timed out progressing.", now: now)
        }
        let failure = ((sets.new.map { [$0] } ?? []) + sets.old).lazy.map { $0.object.condition("ReplicaFailure") }
            .first { $0.exists }
        if let failure {
            value.setDeploymentCondition(
                "ReplicaFailure", failure["status"].string ?? "True", failure["reason"].string ?? "",
                failure["message"].string ?? "", now: now)
        } else {
            value.removeCondition("ReplicaFailure")
        }
        let written = try await writeStatus(deployment, value, ifNot: object.value)
        let condition = written.object.condition("Progressing")
        if condition["reason"].equals("ProgressDeadlineExceeded")
            || DeploymentStatus.isComplete(written, written.status)
        {
            return .done
        }
        // Times have whole seconds: one more, so that the deadline is over then.
        return DeploymentStatus.secondsToDeadline(written, condition, now: now).map {
            .requeue(after: max(0, $0) + 1)
        } ?? .done
    }

    /// While paused there is no deadline, and what was there before does not count afterwards.
    func notePause(_ deployment: Deployment) async throws(StatusError) -> Deployment {
        let condition = deployment.object.condition("Progressing")
        let isNoted = condition["reason"].equals("DeploymentPaused")
        guard deployment.progressDeadline != nil, !condition["reason"].equals("ProgressDeadlineExceeded"),
            deployment.isPaused != isNoted
        else { return deployment }
        let before = deployment.object.value
        var value = before
        value.setDeploymentCondition(
            "Progressing", "Unknown", deployment.isPaused ? "DeploymentPaused" : "DeploymentResumed",
            deployment.isPaused ? "Deployment is paused" : "Deployment is resumed", now: time.now)
        return try await writeStatus(deployment, value, ifNot: before)
    }
}

extension JSONValue {
    /// As `setCondition`, with `lastUpdateTime`; unchanged where status and reason are, but for a step of progress.
    mutating func setDeploymentCondition(
        _ type: String, _ status: String, _ reason: String, _ message: String, now: Time, isStep: Bool = false
    ) {
        let old = self["status"]["conditions"].array?.first { $0["type"].string == type }
        if !isStep, old?["status"].string == status, old?["reason"].string == reason { return }
        setCondition(Condition(type, status, reason: reason, message: message), now: now)
        guard let index = self["status"]["conditions"].array?.firstIndex(where: { $0["type"].string == type }) else {
            return
        }
        self["status"]["conditions"][index]["lastUpdateTime"] = .string(now.description)
    }
}
