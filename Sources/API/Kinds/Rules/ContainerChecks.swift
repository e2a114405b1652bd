internal import JSON

// Checks of containers: ports, environment, mounts, probes, security. Some findings stand at the list and not at its item; clients
// know them there.
extension Kinds {
    static let containerChecks: [String: Check] = [
        "core.v1.Container": checkContainer,
        "core.v1.EphemeralContainer": checkContainer,
        "core.v1.ResourceRequirements": checkResources,
        "core.v1.EnvVar": { variable, path, errors in
            let source = variable["valueFrom"]
            guard !source.isNull else { return }
            let path = path["valueFrom"]
            if source.members.count == 0 {
                errors.append(
                    .invalid(
                        path, "",
                        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"))
            } else if !variable["value"].text.isEmpty {
                errors.append(.invalid(path, "", "may not be specified when `value` is not empty"))
            } else if source.members.count > 1 {
                errors.append(.invalid(path, "", "may not have more than one field specified at a time"))
            }
            checkFieldRef(source["fieldRef"], among: environmentFields, path["fieldRef"], &errors)
            checkResourceRef(source["resourceFieldRef"], path["resourceFieldRef"], &errors)
        },
        "core.v1.EnvFromSource": { source, path, errors in
            errors.check(.envVarName, source["prefix"], path["prefix"])
            let count = ["configMapRef", "secretRef"].count { source.given($0) }
            if count == 0 {
                errors.append(.invalid(path.parent, "", "must specify one of: `configMapRef` or `secretRef`"))
            } else if count > 1 {
                errors.append(.invalid(path.parent, "", "may not have more than one field specified at a time"))
            }
        },
        "core.v1.ConfigMapEnvSource": checkSourceName,
        "core.v1.SecretEnvSource": checkSourceName,
        "core.v1.ConfigMapKeySelector": { $2.check(.dns1123Subdomain, .string($0["name"].text), $1["name"]) },
        "core.v1.SecretKeySelector": { $2.check(.dns1123Subdomain, .string($0["name"].text), $1["name"]) },
        "core.v1.ExecAction": { $2.require($0, "command", $1) },
        "core.v1.HTTPGetAction": { action, path, errors in
            checkPort(action, path, &errors)
            for header in action["httpHeaders"].items {
                errors.check(.httpHeaderName, .string(header["name"].text), path["httpHeaders"])
            }
        },
        "core.v1.TCPSocketAction": checkPort,
        "core.v1.SecurityContext": { context, path, errors in
            guard context["allowPrivilegeEscalation"] == false else { return }
            let cannot = "cannot set `allowPrivilegeEscalation` to false and "
            if context["privileged"] == true {
                errors.append(.invalid(path, context, cannot + "`privileged` to true"))
            }
            if context["capabilities"]["add"].items.contains("CAP_SYS_ADMIN") {
                errors.append(.invalid(path, context, cannot + "`capabilities.add` CAP_SYS_ADMIN"))
            }
        },
        "core.v1.SeccompProfile": { profile, path, errors in
            checkProfile(profile, path, &errors)
            if profile["type"] == "Localhost" {
                errors.check(.relativePath, profile["localhostProfile"], path["localhostProfile"])
            }
        },
        "core.v1.AppArmorProfile": checkProfile,
        "core.v1.ContainerRestartRule": { rule, path, errors in
            errors.check(rule["action"], isOneOf: ["Restart", "RestartAllContainers"], path["action"])
            if !rule.given("exitCodes") { errors.append(.required(path["exitCodes"], "must be specified")) }
            errors.check(rule["exitCodes"]["operator"], isOneOf: ["In", "NotIn"], path["exitCodes"]["operator"])
        },
    ]

    private static func checkContainer(_ container: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if container["image"].text.isEmpty { errors.append(.required(path["image"])) }
        checkProbes(container, path, &errors)
        var names: Set<String> = []
        for (index, port) in container["ports"].items.enumerated() {
            let name = port["name"].text
            if !name.isEmpty, Format.portName.problems(name).isEmpty, !names.insert(name).inserted {
                errors.append(.duplicate(path["ports"][index]["name"], port["name"]))
            }
        }
        let list = path["resizePolicy"]
        var resources: Set<String> = []
        for (index, policy) in container["resizePolicy"].items.enumerated() {
            let resource = policy["resourceName"].text
            if !resources.insert(resource).inserted {
                errors.append(.duplicate(list[index], policy["resourceName"]))
            }
            for (field, words) in [
                ("resourceName", ["cpu", "memory"]), ("restartPolicy", ["NotRequired", "RestartContainer"]),
            ] {
                errors.require(policy, field, at: list)
                if !policy[field].text.isEmpty { errors.check(policy[field], isOneOf: words, list) }
            }
        }
    }

    private static func checkProbes(_ container: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let (probe, path) = (container[name], path[name])
            if name != "readinessProbe", let threshold = probe["successThreshold"].int, threshold != 1 {
                errors.append(.invalid(path["successThreshold"], .int(threshold), "must be 1"))
            }
            guard let seconds = probe["terminationGracePeriodSeconds"].int else { continue }
            let period = path["terminationGracePeriodSeconds"]
            if seconds <= 0 { errors.append(.invalid(period, .int(seconds), "must be greater than 0")) }
            if name == "readinessProbe" {
                errors.append(.invalid(period, .int(seconds), "must not be set for readinessProbes"))
            }
        }
    }

    // MARK: Mounts

    /// What a container mounts must be among the volumes that are right.
    static func checkMounts(
        _ container: JSONValue, _ volumes: [String: JSONValue], _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let devices = container["volumeDevices"].items
        var places: Set<String> = []
        let list = path["volumeMounts"]
        for (index, mount) in container["volumeMounts"].items.enumerated() {
            let path = list[index]
            let (name, place) = (mount["name"], mount["mountPath"])
            if volumes[name.text] == nil { errors.append(.notFound(path["name"], .string(name.text))) }
            if !places.insert(place.text).inserted {
                errors.append(.invalid(path["mountPath"], place, "must be unique"))
            }
            if devices.contains(where: { $0["name"].text == name.text }) {
                errors.append(.invalid(path["name"], name, "must not already exist in volumeDevices"))
            }
            if devices.contains(where: { $0["devicePath"].text == place.text }) {
                errors.append(.invalid(path["mountPath"], place, "must not already exist as a path in volumeDevices"))
            }
            checkSubPaths(mount, of: volumes[name.text], path, list, &errors)
            checkPropagation(mount, container, list, &errors)
        }
        checkDevices(container, volumes, path["volumeDevices"], &errors)
    }

    private static func checkSubPaths(
        _ mount: JSONValue, of volume: JSONValue?, _ path: FieldPath, _ list: FieldPath, _ errors: inout [FieldError]
    ) {
        for field in ["subPath", "subPathExpr"] where !mount[field].text.isEmpty {
            if volume?.given("image") == true {
                errors.append(.invalid(path[field], mount[field], "not allowed in image volume sources"))
            }
            errors.check(.relativePath, mount[field], list[field])
        }
        if !mount["subPath"].text.isEmpty, !mount["subPathExpr"].text.isEmpty {
            errors.append(
                .invalid(path["subPathExpr"], mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"))
        }
    }

    private static func checkPropagation(
        _ mount: JSONValue, _ container: JSONValue, _ list: FieldPath, _ errors: inout [FieldError]
    ) {
        let (propagation, path) = (mount["mountPropagation"], list["mountPropagation"])
        errors.check(propagation, isOneOf: ["Bidirectional", "HostToContainer", "None"], path)
        if propagation == "Bidirectional", container["securityContext"]["privileged"] != true {
            errors.append(
                .forbidden(path, "Bidirectional mount propagation is available only to privileged containers"))
        }
        let recursive = list["recursiveReadOnly"]
        errors.check(mount["recursiveReadOnly"], isOneOf: ["Disabled", "Enabled", "IfPossible"], recursive)
        guard ["Enabled", "IfPossible"].contains(mount["recursiveReadOnly"].text) else { return }
        if mount["readOnly"] != true {
            errors.append(.forbidden(recursive, "may only be specified when readOnly is true"))
        }
        if !propagation.isNull, propagation != "None" {
            errors.append(
                .forbidden(recursive, "may only be specified when mountPropagation is None or not specified"))
        }
    }

    private static func checkDevices(
        _ container: JSONValue, _ volumes: [String: JSONValue], _ list: FieldPath, _ errors: inout [FieldError]
    ) {
        let mounts = container["volumeMounts"].items
        var paths: Set<String> = []
        var names: Set<String> = []
        for (index, device) in container["volumeDevices"].items.enumerated() {
            let path = list[index]
            let (name, place) = (device["name"], device["devicePath"])
            if !name.text.isEmpty, !names.insert(name.text).inserted {
                errors.append(.invalid(path["name"], name, "must be unique"))
            }
            if let volume = volumes[name.text] {
                if !volume.given("persistentVolumeClaim"), !volume.given("ephemeral") {
                    errors.append(
                        .invalid(
                            path["name"], name, "only a PersistentVolumeClaim or an ephemeral volume can be a device"))
                }
            } else {
                errors.append(.notFound(path["name"], .string(name.text)))
            }
            if paths.contains(place.text) { errors.append(.invalid(path["devicePath"], place, "must be unique")) }
            if Format.hostPath.problems(place.text).isEmpty {
                paths.insert(place.text)
            } else {
                errors.append(.invalid(path["devicePath"], place, "can not contain backsteps ('..')"))
            }
            if mounts.contains(where: { $0["name"].text == name.text }) {
                errors.append(.invalid(path["name"], name, "must not already exist in volumeMounts"))
            }
            if mounts.contains(where: { $0["mountPath"].text == place.text }) {
                errors.append(.invalid(path["devicePath"], place, "must not already exist as a path in volumeMounts"))
            }
        }
    }

    // MARK: References to the Pod's own fields

    static let environmentFields: Set = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]
    static let volumeFields: Set = [
        "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid",
    ]
    /// What the API has a name for at all.
    private static let knownFields = environmentFields.union(volumeFields).union([
        "spec.restartPolicy", "spec.schedulerName", "spec.host", "status.phase",
    ])

    static func checkFieldRef(
        _ reference: JSONValue, among fields: Set<String>, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        guard let field = reference["fieldPath"].string, !field.isEmpty else { return }
        func invalid(_ reason: String) { errors.append(.invalid(path["fieldPath"], reference["fieldPath"], reason)) }
        if reference["apiVersion"] != "v1" { return invalid("error converting fieldPath: unsupported pod version") }
        guard let open = field.firstIndex(of: "["), field.hasSuffix("']"), field[open...].hasPrefix("['") else {
            if !knownFields.contains(field) {
                invalid("error converting fieldPath: field label not supported: \(field)")
            } else if !fields.contains(field) {
                errors.append(.notSupported(path["fieldPath"], reference["fieldPath"], fields.sorted()))
            }
            return
        }
        let key = String(field[field.index(open, offsetBy: 2)...].dropLast(2))
        switch field[..<open] {
        case "metadata.labels": errors.check(.qualifiedName, .string(key), path)
        case "metadata.annotations": errors.check(.qualifiedName, .string(key.lowercased()), path)
        default: invalid("error converting fieldPath: field label does not support subscript")
        }
    }

    private static let multiples: Set = [
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ]

    static func checkResourceRef(_ reference: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let resource = reference["resource"].string, !resource.isEmpty else { return }
        let known = ["limits", "requests"].flatMap { list in
            ["cpu", "memory", "ephemeral-storage"].map { "\(list).\($0)" }
        }
        if !known.contains(resource), !resource.hasPrefix("limits.hugepages-"),
            !resource.hasPrefix("requests.hugepages-")
        {
            errors.append(.notSupported(path["resource"], reference["resource"], known.sorted()))
            return
        }
        guard let divisor = reference["divisor"].string, divisor != "0" else { return }
        if !(resource.hasSuffix(".cpu") ? ["1m", "1"] : multiples).contains(divisor) {
            errors.append(.invalid(path["divisor"], reference["divisor"], "is no divisor of \(resource)"))
        }
    }

    // MARK: Handlers and profiles

    private static func checkSourceName(_ source: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        errors.require(source, "name", path)
        let name = source["name"].text
        if !name.isEmpty {
            errors.check(.dns1123Subdomain, .string(name.hasSuffix("-") ? name + "a" : name), path["name"])
        }
    }

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
