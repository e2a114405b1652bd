internal import JSON

// Checks across fields of core/v1 (pkg/apis/core/validation upstream says what is wrong; the words are our own).
extension Kinds {
    static let coreChecks: [String: @Sendable (JSONValue, FieldPath, inout [FieldError]) -> Void] = [
        "core.v1.PodSpec": checkPodSpec,
        "core.v1.Container": { container, path, errors in
            if container["image"].string?.isEmpty ?? true { errors.append(.required(path["image"])) }
            checkProbes(container, path, &errors)
        },
        "core.v1.ResourceRequirements": { resources, path, errors in
            for (name, request) in resources["requests"].object ?? [:] {
                guard let limit = resources["limits"][name].string.flatMap(Quantity.init),
                    let quantity = request.string.flatMap(Quantity.init), quantity > limit
                else { continue }
                errors.append(
                    .invalid(path["requests"], request, "must be less than or equal to \(name) limit of \(limit.canonical)"))
            }
            for list in ["requests", "limits"] {
                for (name, value) in resources[list].object ?? [:] {
                    if value.string.flatMap(Quantity.init)?.isNegative == true {
                        errors.append(.invalid(path[list].entry(name), value, "must be greater than or equal to 0"))
                    }
                }
            }
        },
        "core.v1.Volume": { volume, path, errors in
            let sources = (volume.object?.keys ?? []).filter { $0 != "name" }
            for extra in sources.dropFirst() { errors.append(.forbidden(path[extra], "may not specify more than 1 volume type")) }
        },
        "core.v1.EnvVar": { variable, path, errors in
            let source = variable["valueFrom"]
            guard let sources = source.object else { return }
            if !(variable["value"].string ?? "").isEmpty {
                errors.append(.invalid(path["valueFrom"], "", "may not be specified when `value` is not empty"))
            }
            if sources.count != 1 {
                errors.append(
                    .invalid(path["valueFrom"], "", "must specify exactly one of the sources"))
            }
        },
        "core.v1.Probe": { probe, path, errors in
            let handlers = ["exec", "httpGet", "tcpSocket", "grpc"].filter(probe.has)
            if handlers.isEmpty { errors.append(.required(path, "must specify a handler type")) }
            for extra in handlers.dropFirst() {
                errors.append(.forbidden(path[extra], "may not specify more than 1 handler type"))
            }
            for handler in ["httpGet", "tcpSocket"] where probe.has(handler) && probe[handler]["port"].isNull {
                errors.append(
                    .invalid(path[handler]["port"], 0, "must be between 1 and 65535, inclusive"))
            }
        },
        "core.v1.Toleration": { toleration, path, errors in
            if toleration["key"].string?.isEmpty ?? true, toleration["operator"] != "Exists" {
                errors.append(
                    .invalid(path["operator"], toleration["operator"], "operator must be Exists when `key` is empty"))
            }
            if toleration["operator"] == "Exists", !(toleration["value"].string ?? "").isEmpty {
                errors.append(.invalid(path["operator"], toleration, "value must be empty when `operator` is 'Exists'"))
            }
            if toleration.has("tolerationSeconds"), toleration["effect"] != "NoExecute" {
                errors.append(
                    .invalid(path["effect"], toleration["effect"], "effect must be 'NoExecute' when `tolerationSeconds` is set"))
            }
        },
        "core.v1.ServiceSpec": { spec, path, errors in
            let ports = spec["ports"].array ?? []
            if ports.isEmpty, spec["type"] != "ExternalName", spec["clusterIP"] != "None" {
                errors.append(.required(path["ports"]))
            }
            for (index, port) in ports.enumerated() where ports.count > 1 && !port.has("name") {
                errors.append(.required(path["ports"][index]["name"]))
            }
            var names: Set<String> = []
            for (index, port) in ports.enumerated() {
                if let name = port["name"].string, !names.insert(name).inserted {
                    errors.append(.duplicate(path["ports"][index]["name"], port["name"]))
                }
            }
        },
    ]

    private static func checkProbes(_ container: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for probe in ["livenessProbe", "startupProbe"] {
            if let threshold = container[probe]["successThreshold"].int, threshold != 1 {
                errors.append(.invalid(path[probe]["successThreshold"], .int(threshold), "must be 1"))
            }
        }
    }

    private static func checkPodSpec(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let volumes = Set((spec["volumes"].array ?? []).compactMap { $0["name"].string })
        var names: Set<String> = []
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (index, container) in (spec[list].array ?? []).enumerated() {
                let path = path[list][index]
                // Containers of all lists share one name space; within a list `unique` has found the double.
                if let name = container["name"].string, !names.insert(name).inserted {
                    errors.append(.duplicate(path["name"], container["name"]))
                }
                var mounts: Set<String> = []
                for (mount, item) in (container["volumeMounts"].array ?? []).enumerated() {
                    if let name = item["name"].string, !volumes.contains(name) {
                        errors.append(.notFound(path["volumeMounts"][mount]["name"], item["name"]))
                    }
                    if let where_ = item["mountPath"].string, !mounts.insert(where_).inserted {
                        errors.append(.invalid(path["volumeMounts"][mount]["mountPath"], item["mountPath"], "must be unique"))
                    }
                }
            }
        }
        if spec["hostNetwork"] == true {
            for (index, container) in (spec["containers"].array ?? []).enumerated() {
                for (port, item) in (container["ports"].array ?? []).enumerated()
                where item.has("hostPort") && item["hostPort"] != item["containerPort"] {
                    errors.append(
                        .invalid(
                            path["containers"][index]["ports"][port]["containerPort"], item["containerPort"],
                            "must match `hostPort` when `hostNetwork` is true"))
                }
            }
        }
    }
}
