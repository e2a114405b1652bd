internal import API
internal import JSON

/// Computes the cells of a column from an object.
enum Cells {
    typealias Cell = @Sendable (JSONRef) -> JSONValue

    /// `.path.to.field`, `.path|text when absent`, a function's name, or a function's name with the path it reads.
    static func cell(_ column: Column) -> Cell {
        let source = column.source
        if source.hasPrefix(".") {
            let parts = source.split(separator: "|", maxSplits: 1)
            let keys = parts[0].split(separator: ".").map(String.init)
            let missing = absent(column.type, parts.count > 1 ? String(parts[1]) : "")
            return { object in
                let ref = keys.reduce(object) { $0[$1] }
                if ref.isNull || ref.string == "" { return missing }
                return column.type == "string" && ref.kind == .number ? .string(ref.value.description) : ref.value
            }
        }
        let parts = source.split(separator: "(", maxSplits: 1)
        guard let name = parts.first, let function = functions[String(name)] else { return { _ in "<unknown>" } }
        if parts.count == 1 { return function }
        let keys = parts[1].dropLast().split(separator: ".").map(String.init)
        return { object in function(keys.reduce(object) { $0[$1] }) }
    }

    /// Columns of custom resources have JSONPaths; what is not there, or not of the column's type, is null.
    static func customCell(_ column: Column) -> Cell {
        guard let path = JSONPath(column.source) else { return { _ in nil } }
        return { object in
            guard let found = path.find(in: object).first else { return nil }
            switch column.type {
            case "integer": return found.int.map(JSONValue.int) ?? found.double.map { .int(Int($0)) } ?? nil
            case "number": return found.double == nil ? nil : found.value
            case "boolean": return found.bool.map(JSONValue.bool) ?? nil
            case "date": return found.string == nil ? nil : .string(since(found))
            default: return .string(found.string ?? found.value.description)
            }
        }
    }

    /// What stands in a cell without a value, by the type of its column.
    private static func absent(_ type: String, _ text: String) -> JSONValue {
        switch type {
        case "integer": .int(Int(text) ?? 0)
        case "boolean": .bool(text == "true")
        default: .string(text)
        }
    }

    static func description(_ column: Column) -> String {
        switch column.source {
        case ".metadata.name": "Name must be unique within a namespace."
        case "age": "Time since the object was created."
        default: column.name
        }
    }

    /// `3m5s`, `27h`, `12d`: two units while the first is small.
    static func duration(seconds: Double) -> String {
        let total = Int(seconds)
        if total < 0 { return total < -1 ? "<invalid>" : "0s" }
        let (minutes, hours, days) = (total / 60, total / 3600, total / 86400)
        func pair(_ first: Int, _ unit: String, _ second: Int, _ small: String) -> String {
            second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(small)"
        }
        if total < 120 { return "\(total)s" }
        if minutes < 10 { return pair(minutes, "m", total % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return pair(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        if days < 2920 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }

    static func since(_ time: JSONRef) -> String {
        time.string.flatMap(Time.init).map { duration(seconds: Time.now - $0) } ?? "<unknown>"
    }

    static let functions: [String: Cell] = [
        general, PodCells.functions, NodeCells.functions, ServiceCells.functions, EventCells.functions,
        WorkloadCells.functions,
        StorageCells.functions, NetworkCells.functions, PolicyCells.functions,
    ].reduce(into: [:]) { all, more in all.merge(more) { first, _ in first } }

    private static let general: [String: Cell] = [
        "age": { .string(since($0["metadata"]["creationTimestamp"])) },
        "dataCount": { .int($0["data"].count + $0["binaryData"].count) },
        "count": { .int($0.count) },
        "labels": { .string(labels($0)) },
        "selector": { .string(selector($0)) },
        "join": { .string(list($0.elements.compactMap(\.string))) },
        // A flag as a word, and as it is.
        "word": { .string($0.bool.map { $0 ? "True" : "False" } ?? "<unset>") },
        "flag": { .bool($0.bool ?? false) },
        "phase": { object in
            if object["metadata"]["deletionTimestamp"].exists { return "Terminating" }
            return .string(object["status"]["phase"].string ?? "")
        },
    ]

    static func labels(_ map: JSONRef) -> String {
        list(map.members.map { "\($0.key)=\($0.value.string ?? "")" }.sorted())
    }

    static func selector(_ selector: JSONRef) -> String {
        let text = LabelSelector(selector).description
        return text.isEmpty ? "<none>" : text
    }

    static func list(_ words: [String], none: String = "<none>") -> String {
        words.isEmpty ? none : words.joined(separator: ",")
    }

    /// The first three, and how many there are more.
    static func short(_ words: [String], none: String) -> String {
        if words.count <= 3 { return list(words, none: none) }
        return words.prefix(3).joined(separator: ",") + " + \(words.count - 3) more..."
    }
}

enum PodCells {
    static let functions: [String: Cells.Cell] = [
        "podReady": { pod in
            let statuses = pod["status"]["containerStatuses"].elements
            let sidecars = pod["spec"]["initContainers"].elements.filter { $0["restartPolicy"].equals("Always") }
                .compactMap { $0["name"].string }
            let ready =
                statuses.filter { $0["ready"].bool == true }.count
                + pod["status"]["initContainerStatuses"].elements.filter { status in
                    status["ready"].bool == true && sidecars.contains { status["name"].equals($0) }
                }.count
            return .string("\(ready)/\(pod["spec"]["containers"].count + sidecars.count)")
        },
        "podStatus": { .string(status($0)) },
        "podRestarts": { pod in
            var restarts = 0
            var last: Time?
            for list in ["containerStatuses", "initContainerStatuses"] {
                for container in pod["status"][list].elements {
                    restarts += container["restartCount"].int ?? 0
                    if let time = container["lastState"]["terminated"]["finishedAt"].string.flatMap(Time.init) {
                        last = max(last ?? time, time)
                    }
                }
            }
            guard restarts > 0, let last else { return .string(String(restarts)) }
            return .string("\(restarts) (\(Cells.duration(seconds: Time.now - last)) ago)")
        },
        "podReadinessGates": { pod in
            let gates = pod["spec"]["readinessGates"].elements.compactMap { $0["conditionType"].string }
            if gates.isEmpty { return .string("<none>") }
            let met = gates.filter { gate in
                pod["status"]["conditions"].elements.contains { $0["type"].equals(gate) && $0["status"].equals("True") }
            }
            return .string("\(met.count)/\(gates.count)")
        },
    ]

    /// The word that tells most: a container's reason before the Pod's phase.
    static func status(_ pod: JSONRef) -> String {
        let status = pod["status"]
        var reason = status["reason"].string ?? status["phase"].string ?? ""
        if reason.isEmpty { reason = "Pending" }
        for condition in status["conditions"].elements
        where condition["type"].equals("PodScheduled") && condition["reason"].equals("SchedulingGated") {
            reason = "SchedulingGated"
        }

        let initSpecs = pod["spec"]["initContainers"]
        var initializing = false
        for (index, container) in status["initContainerStatuses"].elements.enumerated() {
            let state = container["state"]
            let isSidecar = initSpecs.elements.contains {
                $0["restartPolicy"].equals("Always") && $0["name"].string == container["name"].string
            }
            if state["terminated"].exists, state["terminated"]["exitCode"].int == 0 { continue }
            if isSidecar, container["started"].bool == true { continue }
            if state["terminated"].exists {
                reason = "Init:" + terminated(state["terminated"])
            } else if let waiting = state["waiting"]["reason"].string, !waiting.isEmpty, waiting != "PodInitializing" {
                reason = "Init:" + waiting
            } else {
                reason = "Init:\(index)/\(initSpecs.count)"
            }
            initializing = true
            break
        }
        if !initializing {
            var hasRunning = false
            for container in Array(status["containerStatuses"].elements).reversed() {
                let state = container["state"]
                if let waiting = state["waiting"]["reason"].string, !waiting.isEmpty {
                    reason = waiting
                } else if state["terminated"].exists {
                    reason = terminated(state["terminated"])
                } else if container["ready"].bool == true, state["running"].exists {
                    hasRunning = true
                }
            }
            if reason == "Completed", hasRunning {
                let isReady = status["conditions"].elements.contains {
                    $0["type"].equals("Ready") && $0["status"].equals("True")
                }
                reason = isReady ? "Running" : "NotReady"
            }
        }
        if pod["metadata"]["deletionTimestamp"].exists {
            reason = status["reason"].equals("NodeLost") ? "Unknown" : "Terminating"
        }
        return reason
    }

    private static func terminated(_ state: JSONRef) -> String {
        if let reason = state["reason"].string, !reason.isEmpty { return reason }
        if let signal = state["signal"].int, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(state["exitCode"].int ?? 0)"
    }
}

enum NodeCells {
    static let functions: [String: Cells.Cell] = [
        "nodeStatus": { node in
            let ready = node["status"]["conditions"].elements.first { $0["type"].equals("Ready") }
            var words = [ready.map { $0["status"].equals("True") ? "Ready" : "NotReady" } ?? "Unknown"]
            if node["spec"]["unschedulable"].bool == true { words.append("SchedulingDisabled") }
            return .string(words.joined(separator: ","))
        },
        "nodeRoles": { node in
            let prefix = "node-role.kubernetes.io/"
            var roles = node["metadata"]["labels"].members.compactMap { label -> String? in
                label.key.hasPrefix(prefix) ? String(label.key.dropFirst(prefix.count)) : nil
            }
            if let role = node["metadata"]["labels"]["kubernetes.io/role"].string, !role.isEmpty { roles.append(role) }
            return .string(roles.isEmpty ? "<none>" : Set(roles).sorted().joined(separator: ","))
        },
        "nodeInternalIP": { address($0, "InternalIP") },
        "nodeExternalIP": { address($0, "ExternalIP") },
    ]

    private static func address(_ node: JSONRef, _ type: String) -> JSONValue {
        let found = node["status"]["addresses"].elements.first { $0["type"].equals(type) }
        return .string(found?["address"].string ?? "<none>")
    }
}

enum ServiceCells {
    static let functions: [String: Cells.Cell] = [
        "serviceClusterIP": { service in
            let address = service["spec"]["clusterIP"].string ?? ""
            return .string(address.isEmpty ? "<none>" : address)
        },
        "serviceExternalIP": { service in
            let spec = service["spec"]
            let external = spec["externalIPs"].elements.compactMap(\.string)
            switch spec["type"].string {
            case "ExternalName": return .string(spec["externalName"].string ?? "<none>")
            case "LoadBalancer":
                let ingress = service["status"]["loadBalancer"]["ingress"].elements.compactMap {
                    $0["ip"].string ?? $0["hostname"].string
                }
                let all = ingress + external
                return .string(all.isEmpty ? "<pending>" : all.joined(separator: ","))
            default: return .string(external.isEmpty ? "<none>" : external.joined(separator: ","))
            }
        },
        "servicePorts": { service in
            let ports = service["spec"]["ports"].elements.map { port in
                let nodePort = port["nodePort"].int.map { ":\($0)" } ?? ""
                return "\(port["port"].int ?? 0)\(nodePort)/\(port["protocol"].string ?? "TCP")"
            }
            return .string(ports.isEmpty ? "<none>" : ports.joined(separator: ","))
        },
    ]
}

enum EventCells {
    static let functions: [String: Cells.Cell] = [
        "eventLastSeen": { event in
            let first = firstSeen(event)
            var last = Cells.since(event["lastTimestamp"])
            if last == "<unknown>" {
                last =
                    event["series"]["lastObservedTime"].exists
                    ? Cells.since(event["series"]["lastObservedTime"]) : first
            }
            return .string(last)
        },
        "eventFirstSeen": { .string(firstSeen($0)) },
        "eventObject": { event in
            let object = event["involvedObject"]
            return .string("\((object["kind"].string ?? "").lowercased())/\(object["name"].string ?? "")")
        },
        "eventSource": { event in
            let component = event["source"]["component"].string ?? event["reportingComponent"].string ?? ""
            let host = event["source"]["host"].string ?? event["reportingInstance"].string ?? ""
            return .string(host.isEmpty ? component : "\(component), \(host)")
        },
        "eventMessage": { event in
            let text = event["message"].string ?? ""
            return .string(String(text.drop { $0 == " " || $0 == "\n" }))
        },
        "eventCount": { event in .int(event["series"]["count"].int ?? max(event["count"].int ?? 1, 1)) },
    ]

    private static func firstSeen(_ event: JSONRef) -> String {
        let first = Cells.since(event["firstTimestamp"])
        return first == "<unknown>" ? Cells.since(event["eventTime"]) : first
    }
}
