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
        let path = FieldPath("spec")
        guard let old else {
            let spec = object["spec"]
            if !(spec["ephemeralContainers"].array ?? []).isEmpty {
                errors.append(.forbidden(path["ephemeralContainers"], "cannot be set on create"))
            }
            if !(spec["nodeName"].string ?? "").isEmpty, !(spec["schedulingGates"].array ?? []).isEmpty {
                errors.append(
                    .forbidden(path["nodeName"], "cannot be set until all schedulingGates have been cleared"))
            }
            return
        }
        switch context.subresource {
        case "ephemeralcontainers": checkDebugging(object, old, &errors)
        case "resize":
            if Self.qosClass(object["spec"]) != Self.qosClass(old["spec"]) {
                errors.append(
                    .invalid(path, object["spec"], "Pod QOS Class may not change as a result of resizing"))
            }
        case nil: checkUpdate(object["spec"], old["spec"], path, &errors)
        default: break
        }
    }

    /// What an update may change of a spec; everything else must be as it was.
    private func checkUpdate(_ new: JSONValue, _ old: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var allowed = old
        for list in ["containers", "initContainers"] {
            let now = new[list].array ?? []
            guard now.count == (old[list].array ?? []).count else {
                errors.append(.forbidden(path[list], "pod updates may not add or remove containers"))
                return
            }
            for index in now.indices { allowed[list][index]["image"] = now[index]["image"] }
        }
        let deadline = (new["activeDeadlineSeconds"], old["activeDeadlineSeconds"], path["activeDeadlineSeconds"])
        if let before = deadline.1.int {
            guard let now = deadline.0.int else {
                errors.append(.invalid(deadline.2, .null, "must not update from a positive integer to nil value"))
                return
            }
            if now > before {
                errors.append(.invalid(deadline.2, .int(now), "must be less than or equal to previous value"))
                return
            }
        }
        if new.has("activeDeadlineSeconds") { allowed["activeDeadlineSeconds"] = deadline.0 }
        checkTolerations(new, old, path["tolerations"], &errors)
        let gates = (old["schedulingGates"].array ?? []).map { $0["name"] }
        for (index, gate) in (new["schedulingGates"].array ?? []).enumerated() where !gates.contains(gate["name"]) {
            errors.append(
                .forbidden(
                    path["schedulingGates"][index]["name"],
                    "only deletion is allowed, but found new scheduling gate '\(gate["name"].string ?? "")'"))
        }
        var open = ["schedulingGates", "tolerations"]
        if !gates.isEmpty {
            // Where a Pod may go can be narrowed while it is held back (KEP-3838).
            let labels = new["nodeSelector"].object ?? [:]
            if (old["nodeSelector"].object ?? [:]).contains(where: { labels[$0.key] != $0.value }) {
                errors.append(
                    .invalid(
                        path["nodeSelector"], new["nodeSelector"],
                        "only additions to spec.nodeSelector are allowed (no mutations or deletions)"))
            }
            open.append("nodeSelector")
            if new["affinity"].has("nodeAffinity") {
                allowed["affinity"]["nodeAffinity"] = new["affinity"]["nodeAffinity"]
            }
        }
        for field in open {
            if new.has(field) { allowed[field] = new[field] } else { allowed.remove(field) }
        }
        if (old["terminationGracePeriodSeconds"].int ?? 0) < 0, new["terminationGracePeriodSeconds"] == 1 {
            allowed["terminationGracePeriodSeconds"] = 1
        }
        if new == allowed { return }
        let changed =
            (new.object?.keys ?? []).filter { new[$0] != allowed[$0] }
            + (allowed.object?.keys ?? []).filter { !new.has($0) }
        errors.append(
            .forbidden(
                path,
                "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing tolerations), `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative); this one changes: \(changed.sorted().joined(separator: ", "))"
            ))
    }

    /// Tolerations may come, and how long they hold may change.
    private func checkTolerations(_ new: JSONValue, _ old: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        func kinds(_ spec: JSONValue) -> [JSONValue] {
            (spec["tolerations"].array ?? []).map { toleration in
                var kind = toleration
                kind.remove("tolerationSeconds")
                return kind
            }
        }
        let now = kinds(new)
        if !kinds(old).allSatisfy(now.contains) {
            errors.append(
                .forbidden(path, "existing toleration can not be modified except its tolerationSeconds"))
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
        return period < 0 ? 1 : period
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
