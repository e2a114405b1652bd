internal import JSON

// Checks of containers: resources, ports, environment, probes, security.
extension Kinds {
    static let containerChecks: [String: Check] = [
        "core.v1.Container": checkContainer,
        "core.v1.EphemeralContainer": checkContainer,
        "core.v1.ResourceRequirements": checkResources,
        "core.v1.EnvVar": { variable, path, errors in
            let source = variable["valueFrom"]
            guard !source.isNull else { return }
            if source.members.count == 0 {
                errors.append(
                    .invalid(
                        path["valueFrom"], "",
                        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"))
            } else if !variable["value"].text.isEmpty {
                errors.append(.invalid(path["valueFrom"], "", "may not be specified when `value` is not empty"))
            } else if source.members.count > 1 {
                errors.append(.invalid(path["valueFrom"], "", "may not have more than one field specified at a time"))
            }
            checkFieldRef(source["fieldRef"], among: environmentFields, path["valueFrom"]["fieldRef"], &errors)
            checkResourceRef(source["resourceFieldRef"], path["valueFrom"]["resourceFieldRef"], &errors)
        },
        "core.v1.EnvFromSource": { source, path, errors in
            errors.check(.envVarName, source["prefix"], path["prefix"])
            switch (source.given("configMapRef"), source.given("secretRef")) {
            case (false, false): errors.append(.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
            case (true, true): errors.append(.invalid(path, "", "may not have more than one field specified at a time"))
            default: break
            }
        },
        "core.v1.ConfigMapEnvSource": { $2.require($0, "name", $1) },
        "core.v1.SecretEnvSource": { $2.require($0, "name", $1) },
        "core.v1.ConfigMapKeySelector": { $2.require($0, "name", $1) },
        "core.v1.SecretKeySelector": { $2.require($0, "name", $1) },
        "core.v1.ExecAction": { $2.require($0, "command", $1) },
        "core.v1.HTTPGetAction": { action, path, errors in
            checkPort(action, path, &errors)
            for header in action["httpHeaders"].items {
                errors.check(.httpHeaderName, header["name"], path["httpHeaders"])
            }
        },
        "core.v1.TCPSocketAction": checkPort,
        "core.v1.SecurityContext": { context, path, errors in
            if context["allowPrivilegeEscalation"] == false {
                if context["privileged"] == true {
                    errors.append(
                        .invalid(
                            path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
                }
                if context["capabilities"]["add"].items.contains("CAP_SYS_ADMIN") {
                    errors.append(
                        .invalid(
                            path, context,
                            "cannot set `allowPrivilegeEscalation` to false and `capabilities.add` CAP_SYS_ADMIN"))
                }
            }
        },
        "core.v1.SeccompProfile": checkProfile,
        "core.v1.AppArmorProfile": checkProfile,
        "core.v1.VolumeMount": { mount, path, errors in
            if mount.given("subPath"), mount.given("subPathExpr") {
                errors.append(
                    .invalid(
                        path["subPathExpr"], mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"))
            }
            if mount.given("recursiveReadOnly"), mount["recursiveReadOnly"] != "Disabled", mount["readOnly"] != true {
                errors.append(.forbidden(path["recursiveReadOnly"], "may only be specified when readOnly is true"))
            }
        },
        "core.v1.ContainerRestartRule": { rule, path, errors in
            errors.check(rule["action"], isOneOf: ["Restart", "RestartAllContainers"], path["action"])
            if !rule.given("exitCodes") { errors.append(.required(path["exitCodes"], "must be specified")) }
            errors.check(rule["exitCodes"]["operator"], isOneOf: ["In", "NotIn"], path["exitCodes"]["operator"])
        },
    ]

    private static func checkContainer(_ container: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let image = container["image"].text
        if image.isEmpty {
            errors.append(.required(path["image"]))
        } else if image.first?.isWhitespace == true || image.last?.isWhitespace == true {
            errors.append(.invalid(path["image"], container["image"], "must not have leading or trailing whitespace"))
        }
        for name in ["livenessProbe", "startupProbe"] {
            if let threshold = container[name]["successThreshold"].int, threshold != 1 {
                errors.append(.invalid(path[name]["successThreshold"], .int(threshold), "must be 1"))
            }
            if let seconds = container[name]["terminationGracePeriodSeconds"].int, seconds <= 0 {
                errors.append(
                    .invalid(path[name]["terminationGracePeriodSeconds"], .int(seconds), "must be greater than 0"))
            }
        }
        if container["readinessProbe"].given("terminationGracePeriodSeconds") {
            errors.append(
                .invalid(
                    path["readinessProbe"]["terminationGracePeriodSeconds"],
                    container["readinessProbe"]["terminationGracePeriodSeconds"], "must not be set for readinessProbes")
            )
        }
        var names: Set<String> = []
        for (index, port) in container["ports"].items.enumerated() {
            let name = port["name"].text
            if !name.isEmpty, !names.insert(name).inserted {
                errors.append(.duplicate(path["ports"][index]["name"], port["name"]))
            }
        }
    }

    // MARK: Resources

    static let standardResources: Set = ["cpu", "memory", "ephemeral-storage"]

    /// The name of a resource that a container may ask for.
    static func checkContainerResource(_ name: String, _ path: FieldPath, _ errors: inout [FieldError]) {
        errors.check(.qualifiedName, .string(name), path)
        if !name.contains("/"), !standardResources.contains(name), !name.hasPrefix("hugepages-") {
            errors.append(.invalid(path, .string(name), "must be a standard resource type or fully qualified"))
            errors.append(.invalid(path, .string(name), "must be a standard resource for containers"))
        } else if name.contains("/"), name.hasPrefix("requests.") {
            errors.append(.invalid(path, .string(name), "doesn't follow extended resource name standard"))
        }
    }

    /// Only these may be promised to more than one.
    private static func isOvercommitted(_ name: String) -> Bool {
        (!name.contains("/") || name.hasPrefix("kubernetes.io/")) && !name.hasPrefix("hugepages-")
    }

    private static func checkResources(_ resources: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for list in ["limits", "requests"] {
            for (name, value) in resources[list].members {
                checkContainerResource(name, path[list].entry(name), &errors)
                errors.quantity(value, path[list].entry(name), wholeUnits: !isOvercommitted(name))
            }
        }
        for (name, value) in resources["requests"].members {
            guard let request = value.string.flatMap(Quantity.init) else { continue }
            guard let limit = resources["limits"][name].string.flatMap(Quantity.init) else {
                if !isOvercommitted(name) {
                    errors.append(.required(path["limits"], "a limit must be set for non overcommitable resources"))
                }
                continue
            }
            if !isOvercommitted(name), request != limit {
                errors.append(.invalid(path["requests"], value, "must be equal to \(name) limit of \(limit.canonical)"))
            } else if request > limit {
                errors.append(
                    .invalid(
                        path["requests"], value, "must be less than or equal to \(name) limit of \(limit.canonical)"))
            }
        }
        let names = Set(resources["limits"].members.keys + resources["requests"].members.keys)
        if names.contains(where: { $0.hasPrefix("hugepages-") }), names.isDisjoint(with: ["cpu", "memory"]) {
            errors.append(.forbidden(path, "HugePages require cpu or memory"))
        }
    }

    // MARK: References to the Pod's own fields

    static let environmentFields: Set = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs",
        "status.podIP", "status.podIPs",
    ]
    static let volumeFields: Set = [
        "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid",
    ]

    static func checkFieldRef(
        _ reference: JSONValue, among fields: Set<String>, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        guard let field = reference["fieldPath"].string, !field.isEmpty else { return }
        let path = path["fieldPath"]
        guard let open = field.firstIndex(of: "["), field.hasSuffix("']"), field[open...].hasPrefix("['") else {
            if !fields.contains(field) { errors.append(.notSupported(path, reference["fieldPath"], fields.sorted())) }
            return
        }
        let key = String(field[field.index(open, offsetBy: 2)...].dropLast(2))
        switch field[..<open] {
        case "metadata.labels": errors.check(.qualifiedName, .string(key), path)
        case "metadata.annotations": errors.check(.qualifiedName, .string(key.lowercased()), path)
        default: errors.append(.invalid(path, reference["fieldPath"], "does not support subscript"))
        }
    }

    static func checkResourceRef(_ reference: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let resource = reference["resource"].string else { return }
        let known = ["limits", "requests"].flatMap { list in standardResources.map { "\(list).\($0)" } }
        if !known.contains(resource), !resource.hasPrefix("limits.hugepages-"),
            !resource.hasPrefix("requests.hugepages-")
        {
            errors.append(.notSupported(path["resource"], reference["resource"], known.sorted()))
        }
    }

    // MARK: Handlers and profiles

    private static func checkPort(_ action: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if action["port"].isNull { errors.append(.invalid(path["port"], 0, "must be between 1 and 65535, inclusive")) }
    }

    private static func checkProfile(_ profile: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if profile["type"] == "Localhost" {
            if profile["localhostProfile"].text.isEmpty {
                errors.append(.required(path["localhostProfile"], "must be set when type is Localhost"))
            }
        } else if profile.given("localhostProfile") {
            errors.append(
                .invalid(
                    path["localhostProfile"], profile["localhostProfile"], "can only be set when type is Localhost"))
        }
    }
}
