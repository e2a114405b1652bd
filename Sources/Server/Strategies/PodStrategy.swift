internal import API
internal import JSON

/// Pods: status belongs to the node, the spec hardly changes, and deletion is graceful.
struct PodStrategy: Strategy {
    var returnsDeletedObject: Bool { true }

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        object["status"] = ["phase": "Pending", "qosClass": .string(Self.qosClass(object["spec"]))]
        if !(object["spec"]["schedulingGates"].array ?? []).isEmpty {
            object["status"]["conditions"] = [
                [
                    "type": "PodScheduled", "status": "False", "lastProbeTime": nil, "lastTransitionTime": nil,
                    "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
                ]
            ]
        }
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        if let old, context.subresource == "ephemeralcontainers" { checkDebugging(object, old, &errors) }
        if let old, context.subresource == "resize", Self.qosClass(object["spec"]) != Self.qosClass(old["spec"]) {
            errors.append(
                .invalid(FieldPath("spec"), object["spec"], "Pod QOS Class may not change as a result of resizing"))
        }
        guard let old, context.subresource == nil else { return }
        // What an update may change of a spec; everything else must be as it was.
        var allowed = old["spec"]
        for list in ["containers", "initContainers"] {
            guard let now = object["spec"][list].array, let before = allowed[list].array, now.count == before.count
            else { continue }
            for index in now.indices { allowed[list][index]["image"] = now[index]["image"] }
        }
        for field in ["activeDeadlineSeconds", "schedulingGates"] {
            if object["spec"].has(field) { allowed[field] = object["spec"][field] } else { allowed.remove(field) }
        }
        let tolerations = old["spec"]["tolerations"].array ?? []
        if let now = object["spec"]["tolerations"].array, tolerations.allSatisfy(now.contains) {
            allowed["tolerations"] = .array(now)
        }
        if (old["spec"]["terminationGracePeriodSeconds"].int ?? 0) < 0,
            object["spec"]["terminationGracePeriodSeconds"] == 1
        {
            allowed["terminationGracePeriodSeconds"] = 1
        }
        if object["spec"] != allowed {
            let changed =
                (object["spec"].object?.keys ?? []).filter { object["spec"][$0] != allowed[$0] }
                + (allowed.object?.keys ?? []).filter { !object["spec"].has($0) }
            errors.append(
                .forbidden(
                    FieldPath("spec"),
                    "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing tolerations), `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative); this one changes: \(changed.sorted().joined(separator: ", "))"
                ))
        }
    }

    /// Containers for debugging come, and stay as they are.
    private func checkDebugging(_ object: JSONValue, _ old: JSONValue, _ errors: inout [FieldError]) {
        let path = FieldPath("spec", "ephemeralContainers")
        let now = object["spec"]["ephemeralContainers"].array ?? []
        for before in old["spec"]["ephemeralContainers"].array ?? [] {
            guard let index = now.firstIndex(where: { $0["name"] == before["name"] }) else {
                errors.append(
                    .forbidden(path, "existing ephemeral containers \(before["name"].string ?? "") may not be removed"))
                continue
            }
            if now[index] != before {
                errors.append(
                    .forbidden(path, "existing ephemeral containers \(before["name"].string ?? "") may not be changed"))
            }
        }
    }

    /// A Pod that nobody runs, or that has ended, goes at once.
    func gracePeriod(of object: JSONValue, requested: Int?) -> Int? {
        let phase = object["status"]["phase"].string
        if (object["spec"]["nodeName"].string ?? "").isEmpty || phase == "Succeeded" || phase == "Failed" { return 0 }
        let period = requested ?? object["spec"]["terminationGracePeriodSeconds"].int ?? 30
        return max(period, 0)
    }

    func mayVanish(_ object: JSONValue) -> Bool { object["metadata"]["deletionGracePeriodSeconds"].int ?? 0 == 0 }

    /// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
    static func qosClass(_ spec: JSONValue) -> String {
        var isGuaranteed = true
        var isBestEffort = true
        for list in ["containers", "initContainers"] {
            for container in spec[list].array ?? [] {
                let resources = container["resources"]
                for name in ["cpu", "memory"] {
                    let limit = resources["limits"][name].string.flatMap(Quantity.init)
                    let request = resources["requests"][name].string.flatMap(Quantity.init)
                    if limit != nil || request != nil { isBestEffort = false }
                    if limit == nil || limit != request { isGuaranteed = false }
                }
            }
        }
        return isBestEffort ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
