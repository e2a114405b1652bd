internal import API
internal import Client
internal import JSON

/// Gives a pod to the node that was chosen, after its claims have their volumes.
extension Scheduler {
    func bind(_ pod: PodInfo, _ node: String, _ plan: Storage.Plan) async {
        var plugin = "Bind plugin \"DefaultBinder\""
        do throws(StatusError) {
            if !plan.isEmpty {
                plugin = "PreBind plugin \"VolumeBinding\""
                try await provide(plan, for: pod, node)
                plugin = "Bind plugin \"DefaultBinder\""
            }
            let binding: JSONValue = [
                "apiVersion": "v1", "kind": "Binding",
                "metadata": ["namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid)],
                "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
            ]
            _ = try await client.create(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding", binding)
            recorder.event(pod.reference, reason: "Scheduled", "Successfully assigned \(pod.key) to \(node)")
        } catch {
            update { state, now in
                if let freed = state.cache.forget(pod) { Self.retryFitting(freed, &state, now) }
                // A pod that is gone or bound by somebody else leaves the queue when the watch says so.
                state.queue.retryLater(pod, now: now)
            }
            if error.code != 404, error.code != 409 {
                recorder.event(
                    pod.reference, .warning, reason: "FailedScheduling", "running \(plugin): \(error.message)")
            }
        }
    }
}
