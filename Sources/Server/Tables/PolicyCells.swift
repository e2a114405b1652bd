internal import API
internal import JSON

/// Cells of roles, quotas, certificates and admission.
enum PolicyCells {
    static let functions: [String: Cells.Cell] = [
        "roleRef": { "\($0["roleRef"]["kind"].string ?? "")/\($0["roleRef"]["name"].string ?? "")".cell },
        "users": { .string(subjects($0, "User")) },
        "groups": { .string(subjects($0, "Group")) },
        "serviceAccounts": { .string(subjects($0, "ServiceAccount")) },
        "quotaRequests": { .string(quota($0, limits: false)) },
        "quotaLimits": { .string(quota($0, limits: true)) },
        "csrCondition": { .string(condition($0)) },
        "requestedDuration": { request in
            .string(request["spec"]["expirationSeconds"].int.map { Cells.duration(seconds: Double($0)) } ?? "<none>")
        },
        "paramKind": { policy in
            let kind = policy["spec"]["paramKind"]
            return kind.exists ? "\(kind["apiVersion"].string ?? "")/\(kind["kind"].string ?? "")".cell : "<unset>"
        },
        "paramRef": { binding in
            let reference = binding["spec"]["paramRef"]
            guard reference.exists else { return "<unset>" }
            if let name = reference["name"].string { return "\(reference["namespace"].string ?? "*")/\(name)".cell }
            return .string(Cells.selector(reference["selector"]))
        },
        "templateReady": { instance in
            let ready = instance["status"]["conditions"].elements.first { $0["type"].equals("Ready") }
            return .string(ready?["status"].string ?? "Unknown")
        },
        "templateObjects": { .string("\($0["objects"].count)") },
        "templateParameters": { template in
            let blank = template["parameters"].elements.filter {
                ($0["value"].string ?? "").isEmpty && ($0["generate"].string ?? "").isEmpty
            }.count
            let generated = template["parameters"].elements.filter { !($0["generate"].string ?? "").isEmpty }.count
            let detail = blank > 0 ? "\(blank) blank" : generated > 0 ? "\(generated) generated" : "all set"
            return .string("\(template["parameters"].count) (\(detail))")
        },
        "missingPriorityLevel": { schema in
            let condition = schema["status"]["conditions"].elements.first { $0["type"].equals("Dangling") }
            return .string(condition?["status"].string ?? "?")
        },
        "shares": { level in
            let spec = level["spec"]
            return .string(
                (spec["limited"]["nominalConcurrencyShares"].int ?? spec["exempt"]["nominalConcurrencyShares"].int).map(
                    String.init) ?? "<none>")
        },
        "queuing": { .string($0.int.map(String.init) ?? "<none>") },
        "componentStatus": {
            $0["conditions"].elements.contains { $0["type"].equals("Healthy") && $0["status"].equals("True") }
                ? "Healthy" : "Unhealthy"
        },
        "componentMessage": { .string($0["conditions"].elements.first { _ in true }?["message"].string ?? "") },
        "componentError": { .string($0["conditions"].elements.first { _ in true }?["error"].string ?? "") },
    ]

    private static func subjects(_ binding: JSONRef, _ kind: String) -> String {
        binding["subjects"].elements.filter { $0["kind"].equals(kind) }.map { subject in
            let name = subject["name"].string ?? ""
            return kind == "ServiceAccount" ? "\(subject["namespace"].string ?? "")/\(name)" : name
        }.joined(separator: ", ")
    }

    /// `pods: 2/10, ...`: used of hard.
    private static func quota(_ object: JSONRef, limits: Bool) -> String {
        object["status"]["hard"].members.filter { $0.key.hasPrefix("limits.") == limits }.map { entry in
            "\(entry.key): \(object["status"]["used"][String(entry.key)].string ?? "0")/\(entry.value.string ?? "")"
        }.sorted().joined(separator: ", ")
    }

    private static func condition(_ request: JSONRef) -> String {
        let types = Set(request["status"]["conditions"].elements.compactMap { $0["type"].string })
        var words = ["Approved", "Denied", "Failed"].filter(types.contains)
        if words.isEmpty { words = ["Pending"] }
        if !(request["status"]["certificate"].string ?? "").isEmpty { words.append("Issued") }
        return words.joined(separator: ",")
    }
}
