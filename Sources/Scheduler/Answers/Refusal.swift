internal import API
internal import Client
internal import JSON

/// Says in the pod's status and in an event why it does not run, and makes room for it.
extension Scheduler {
    /// `nominated` is the node that is made free for it, empty when that came to nothing; nil leaves the status as it is.
    func report(_ pod: PodInfo, _ demand: Demand, _ reason: Unschedulable, nominated: String?) async {
        let message = reason.message
        recorder.event(pod.reference, .warning, reason: "FailedScheduling", message)
        if demand.reported == message, nominated == nil || nominated == pod.nominatedNode { return }
        if reason.nodes == 0 {
            // A cluster that starts has no nodes for a moment; what passes so soon is not worth a write to every pod.
            do { try await time.sleep(until: time.uptime + 1.5) } catch { return }
            guard let now = try? await client.get(.pods, namespace: pod.namespace, name: pod.name), now.uid == pod.uid,
                (now["spec"]["nodeName"].string ?? "").isEmpty
            else { return }
        }
        var condition: JSONValue = [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
        ]
        if demand.reported == nil { condition["lastTransitionTime"] = .string(time.now.description) }
        var status: JSONValue = ["conditions": [condition]]
        if let nominated { status["nominatedNodeName"] = nominated.isEmpty ? nil : .string(nominated) }
        // The list is merged by type. What cannot be written now is said by the event.
        _ = try? await client.patch(
            .pods, namespace: pod.namespace, name: pod.name, subresource: "status", .strategic,
            ["metadata": ["uid": .string(pod.uid)], "status": status])
    }

    /// Pushes out the victims, each with its own time to end.
    func evict(_ candidate: Preemption.Candidate, for pod: PodInfo) async {
        await withTaskGroup { group in
            for victim in candidate.victims where !victim.isBeingDeleted {
                group.addTask { await self.evict(victim, from: candidate.node, for: pod) }
            }
        }
    }

    private func evict(_ victim: PodInfo, from node: String, for pod: PodInfo) async {
        let condition: JSONValue = [
            "type": "DisruptionTarget", "status": "True", "reason": .string(Preemption.conditionReason),
            "message": .string("\(Self.name): preempting to accommodate a higher priority pod"),
            "lastTransitionTime": .string(time.now.description),
        ]
        do throws(StatusError) {
            _ = try await client.patch(
                .pods, namespace: victim.namespace, name: victim.name, subresource: "status", .strategic,
                ["metadata": ["uid": .string(victim.uid)], "status": ["conditions": [condition]]])
            try await client.delete(
                .pods, namespace: victim.namespace, name: victim.name, DeleteOptions(uid: victim.uid))
            recorder.event(victim.reference, reason: "Preempted", "Preempted by pod \(pod.uid) on node \(node)")
        } catch {
            // One that is gone has made room; otherwise the next attempt finds that there is none yet.
            if error.code == 404 || error.code == 409 { return }
            recorder.event(
                pod.reference, .warning, reason: "FailedScheduling", "preempting \(victim.key): \(error.message)")
        }
    }
}
