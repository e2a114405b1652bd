internal import API
internal import Client
internal import JSON
internal import Store

/// Evictions: deletions that ask the Pod's PodDisruptionBudget first.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
extension APIServer {
    private static let budgets = "poddisruptionbudgets.policy"
    /// Evictions that are granted and not carried out yet, before no more are.
    private static let mostDisrupted = 2000

    func evict(
        _ resource: ServedResource, _ namespace: String?, _ name: String, _ request: DeleteRequest, _ caller: Caller
    ) async throws(StatusError) {
        let key = resource.key(namespace, name)
        guard let stored = store.get(resource.storeName, key), let pod = try? Object(parsing: stored.bytes) else {
            throw .notFound(resource.definition, name)
        }
        var request = request
        if request.resourceVersion == pod.resourceVersion {
            // The mark below is a change of its own.
            request.resourceVersion = nil
            request.uid = request.uid ?? pod.uid
        }
        if request.resourceVersion == nil, request.uid.map({ $0 == pod.uid }) ?? true {
            if !Self.isFree(pod) { try await useBudget(of: pod, request) }
            if !request.isDryRun, !pod.isBeingDeleted { try await markEvicted(resource, namespace, name, caller) }
        }
        _ = try await delete(resource, namespace: namespace, name: name, request, caller)
    }

    /// Pods that are over, or never began, cost no budget.
    private static func isFree(_ pod: Object) -> Bool {
        pod.isBeingDeleted || ["Pending", "Succeeded", "Failed"].contains(pod["status"]["phase"].string)
    }

    private func useBudget(of pod: Object, _ request: DeleteRequest) async throws(StatusError) {
        guard store.count(Self.budgets) > 0, let resource = registry.find(groupResource: Self.budgets) else { return }
        while true {
            let found = ((try? store.list(Self.budgets, prefix: pod.namespace + "/"))?.objects ?? []).compactMap {
                stored in
                (try? Object(parsing: stored.bytes)).map { (stored, $0) }
            }.filter { LabelSelector($0.1["spec"]["selector"]).matches(pod.label) }
            guard let (stored, budget) = found.first else { return }
            if found.count > 1 {
                throw .internalError(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
            }
            let status = budget["status"]
            if !pod.condition("Ready")["status"].equals("True") {
                let (current, desired) = (status["currentHealthy"].int ?? 0, status["desiredHealthy"].int ?? 0)
                if budget["spec"]["unhealthyPodEvictionPolicy"].equals("AlwaysAllow") { return }
                if current >= desired, desired > 0 { return }
            }
            var object = budget.value
            try Self.take(&object, budget, pod)
            if request.isDryRun { return }
            object["metadata"].remove("resourceVersion")
            let encoded = try ObjectEncoder.encode(object) { registry.attributes(resource, $0) }
            do {
                _ = try await store.write(
                    Write(
                        resource: Self.budgets, key: stored.key, expected: .revision(stored.revision),
                        change: .put(encoded)))
                return
            } catch .conflict {
                continue
            } catch {
                throw Self.status(of: error, resource, budget.name)
            }
        }
    }

    /// Takes one disruption off the budget, or says why not.
    private static func take(_ object: inout JSONValue, _ budget: Object, _ pod: Object) throws(StatusError) {
        let status = budget["status"]
        func refusal(_ cause: String, retryAfter: Int = 0) -> StatusError {
            var error = StatusError(
                code: 429, reason: "TooManyRequests",
                message: "Cannot evict pod as it would violate the pod's disruption budget.")
            error.causes = [.init(field: "", reason: "DisruptionBudget", message: cause)]
            error.retryAfterSeconds = retryAfter
            return error
        }
        if status["observedGeneration"].int ?? 0 < budget.metadata["generation"].int ?? 0 {
            throw refusal(
                "The disruption budget \(budget.name) is still being processed by the server.", retryAfter: 10)
        }
        let allowed = status["disruptionsAllowed"].int ?? 0
        if allowed <= 0 {
            let condition = budget.condition("DisruptionAllowed")
            throw refusal(
                condition["reason"].equals("SyncFailed")
                    ? "The disruption budget \(budget.name) does not allow evicting pods currently because it failed sync: \(condition["message"].string ?? "")"
                    : "The disruption budget \(budget.name) needs \(status["desiredHealthy"].int ?? 0) healthy pods and has \(status["currentHealthy"].int ?? 0) currently"
            )
        }
        if status["disruptedPods"].count > mostDisrupted {
            throw StatusError(
                code: 403, reason: "Forbidden",
                message:
                    "poddisruptionbudgets.policy \"\(budget.name)\" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller"
            ).about(name: budget.name, group: "policy", kind: "poddisruptionbudgets")
        }
        object["status"]["disruptionsAllowed"] = .int(allowed - 1)
        object["status"]["disruptedPods"][pod.name] = .string(Time.now.description)
        if allowed == 1 {
            object.setCondition(
                Condition("DisruptionAllowed", false, reason: "InsufficientPods"), now: .now,
                observedGeneration: status["observedGeneration"].int)
        }
    }

    /// The Pod says why it ends.
    private func markEvicted(
        _ resource: ServedResource, _ namespace: String?, _ name: String, _ caller: Caller
    ) async throws(StatusError) {
        _ = try await update(
            resource, namespace: namespace, name: name, subresource: "status", caller, WriteOptions(manager: "eviction")
        ) { (document) throws(StatusError) in
            var pod = document.root.value
            pod["metadata"].remove("resourceVersion")
            pod.setCondition(
                Condition(
                    "DisruptionTarget", true, reason: "EvictionByEvictionAPI", message: "Eviction API: evicting"),
                now: .now)
            return (pod, [])
        }
    }
}
