internal import API
internal import JSON

/// Cells of what makes Pods.
enum WorkloadCells {
    static let functions: [String: Cells.Cell] = [
        "containers": { .string($0["containers"].elements.compactMap { $0["name"].string }.joined(separator: ",")) },
        "images": { .string($0["containers"].elements.compactMap { $0["image"].string }.joined(separator: ",")) },
        "ready": { .string("\($0["status"]["readyReplicas"].int ?? 0)/\($0["spec"]["replicas"].int ?? 0)") },
        "controller": { object in
            guard
                let owner = object["metadata"]["ownerReferences"].elements.first(where: {
                    $0["controller"].bool == true
                })
            else { return "<none>" }
            let group = (owner["apiVersion"].string ?? "").split(separator: "/")
            let kind = (owner["kind"].string ?? "").lowercased()
            return .string("\(kind)\(group.count > 1 ? "." + group[0] : "")/\(owner["name"].string ?? "")")
        },
        "jobStatus": { job in
            func holds(_ type: String) -> Bool {
                job["status"]["conditions"].elements.contains { $0["type"].equals(type) && $0["status"].equals("True") }
            }
            for word in ["Complete", "Failed"] where holds(word) { return .string(word) }
            if job["metadata"]["deletionTimestamp"].exists { return "Terminating" }
            for word in ["Suspended", "FailureTarget", "SuccessCriteriaMet"] where holds(word) { return .string(word) }
            return "Running"
        },
        "jobCompletions": { job in
            let succeeded = job["status"]["succeeded"].int ?? 0
            if let completions = job["spec"]["completions"].int { return .string("\(succeeded)/\(completions)") }
            let parallelism = job["spec"]["parallelism"].int ?? 0
            return .string(parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1")
        },
        "jobDuration": { job in
            guard let start = job["status"]["startTime"].string.flatMap(Time.init) else { return "" }
            let end = job["status"]["completionTime"].string.flatMap(Time.init) ?? Time.now
            return .string(Cells.duration(seconds: end - start))
        },
        "lastSchedule": { job in
            let time = job["status"]["lastScheduleTime"]
            return .string(time.exists && !time.isNull ? Cells.since(time) : "<none>")
        },
        "hpaReference": {
            "\($0["spec"]["scaleTargetRef"]["kind"].string ?? "")/\($0["spec"]["scaleTargetRef"]["name"].string ?? "")"
                .cell
        },
        "hpaTargets": { .string(targets($0)) },
    ]

    /// `cpu: 40%/80%`, current value and target of each metric.
    private static func targets(_ autoscaler: JSONRef) -> String {
        let wanted = autoscaler["spec"]["metrics"]
        if !wanted.exists, let target = autoscaler["spec"]["targetCPUUtilizationPercentage"].int {
            let current = autoscaler["status"]["currentCPUUtilizationPercentage"].int.map { "\($0)%" } ?? "<unknown>"
            return "cpu: \(current)/\(target)%"
        }
        let current = Array(autoscaler["status"]["currentMetrics"].elements)
        var words: [String] = []
        for (index, metric) in wanted.elements.enumerated() {
            let type = metric["type"].string ?? ""
            let field = type.prefix(1).lowercased() + type.dropFirst()
            let target = metric[field]["target"]
            let now = index < current.count ? current[index][field]["current"] : .missing
            let isResource = type == "Resource" || type == "ContainerResource"
            let label = isResource ? "\(metric[field]["name"].string ?? ""): " : ""
            if let utilization = target["averageUtilization"].int {
                words.append("\(label)\(now["averageUtilization"].int.map { "\($0)%" } ?? "<unknown>")/\(utilization)%")
            } else if let average = target["averageValue"].string {
                words.append(
                    "\(label)\(now["averageValue"].string ?? "<unknown>")/\(average)\(isResource ? "" : " (avg)")")
            } else {
                words.append("\(label)\(now["value"].string ?? "<unknown>")/\(target["value"].string ?? "<auto>")")
            }
        }
        if words.isEmpty { return "<none>" }
        return words.count > 2
            ? words.prefix(2).joined(separator: ", ") + " + \(words.count - 2) more..." : words.joined(separator: ", ")
    }
}

extension String {
    var cell: JSONValue { .string(self) }
}
