internal import JSON

// Checks of a Pod's spec as a whole (pkg/apis/core/validation upstream says what is wrong; the words are our own).
extension Kinds {
    static let podChecks: [String: Check] = [
        "core.v1.PodSpec": { spec, path, errors in
            checkContainers(spec, path, &errors)
            checkHostPorts(spec, path, &errors)
            checkDNS(spec, path, &errors)
            checkPodSecurity(spec, path, &errors)
            checkGates(spec, path, &errors)
            checkSpread(spec, path["topologySpreadConstraints"], &errors)
            errors.check(spec["os"]["name"], isOneOf: ["linux", "windows"], path["os"]["name"])
            let claims = Set(spec["resourceClaims"].items.map { $0["name"].text })
            for list in containerLists {
                for (index, container) in spec[list].items.enumerated() {
                    for (claim, item) in container["resources"]["claims"].items.enumerated()
                    where !claims.contains(item["name"].text) {
                        errors.append(.notFound(path[list][index]["resources"]["claims"][claim], item["name"]))
                    }
                }
            }
        },
        "core.v1.PodResourceClaim": { claim, path, errors in
            if claim.given("resourceClaimName") == claim.given("resourceClaimTemplateName") {
                errors.append(
                    .invalid(path, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
            }
        },
        "core.v1.HostAlias": { alias, path, errors in
            for name in alias["hostnames"].items { errors.check(.dns1123Subdomain, name, path["hostnames"]) }
        },
        "core.v1.Sysctl": { sysctl, path, errors in
            let name = sysctl["name"].text
            let segments = name.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }
            let isRight = segments.allSatisfy { segment in
                guard let first = segment.utf8.first, let last = segment.utf8.last else { return false }
                func isEnd(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
                return isEnd(first) && isEnd(last) && segment.utf8.allSatisfy { isEnd($0) || $0 == 45 || $0 == 95 }
            }
            if !name.isEmpty, !isRight || name.utf8.count > 253 {
                errors.append(
                    .invalid(
                        path["name"], sysctl["name"], "must be segments of lower case letters, digits, '-' and '_'"))
            }
        },
    ]

    static let containerLists = ["containers", "initContainers", "ephemeralContainers"]

    /// Containers of all lists share one name space; what they mount must be among the volumes.
    private static func checkContainers(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let volumes = Dictionary(spec["volumes"].items.map { ($0["name"].text, $0) }) { first, _ in first }
        var names: Set<String> = []
        for list in containerLists {
            for (index, container) in spec[list].items.enumerated() {
                let path = path[list][index]
                if let name = container["name"].string, !names.insert(name).inserted {
                    errors.append(.duplicate(path["name"], container["name"]))
                }
                checkMounts(container, volumes, path, &errors)
                if list == "initContainers", container["restartPolicy"] != "Always" {
                    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
                    where container.given(field) {
                        errors.append(
                            .forbidden(path[field], "may not be set for init containers without restartPolicy=Always"))
                    }
                }
                if list == "ephemeralContainers" {
                    for field in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"]
                    where container.given(field) {
                        errors.append(.forbidden(path[field], "cannot be set for an Ephemeral Container"))
                    }
                    if !container["resources"].members.isEmpty {
                        errors.append(.forbidden(path["resources"], "cannot be set for an Ephemeral Container"))
                    }
                    let target = container["targetContainerName"].text
                    if !target.isEmpty,
                        !["containers", "initContainers"].contains(where: {
                            spec[$0].items.contains { $0["name"].text == target }
                        })
                    {
                        errors.append(.notFound(path["targetContainerName"], container["targetContainerName"]))
                    }
                }
            }
        }
    }

    private static func checkMounts(
        _ container: JSONValue, _ volumes: [String: JSONValue], _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        var places: Set<String> = []
        let devices = container["volumeDevices"].items
        for (index, mount) in container["volumeMounts"].items.enumerated() {
            let path = path["volumeMounts"][index]
            if let name = mount["name"].string, volumes[name] == nil {
                errors.append(.notFound(path["name"], mount["name"]))
            }
            guard let place = mount["mountPath"].string else { continue }
            if !places.insert(place).inserted {
                errors.append(.invalid(path["mountPath"], mount["mountPath"], "must be unique"))
            }
            if devices.contains(where: { $0["devicePath"].string == place }) {
                errors.append(
                    .invalid(path["mountPath"], mount["mountPath"], "must not already exist as a path in volumeDevices")
                )
            }
            if mount["mountPropagation"] == "Bidirectional", container["securityContext"]["privileged"] != true {
                errors.append(
                    .forbidden(
                        path["mountPropagation"],
                        "Bidirectional mount propagation is available only to privileged containers"))
            }
        }
        var paths: Set<String> = []
        for (index, device) in devices.enumerated() {
            let path = path["volumeDevices"][index]
            if let name = device["name"].string {
                if let volume = volumes[name] {
                    if !volume.given("persistentVolumeClaim"), !volume.given("ephemeral") {
                        errors.append(
                            .invalid(
                                path["name"], device["name"],
                                "only a PersistentVolumeClaim or an ephemeral volume can be a device"))
                    }
                } else {
                    errors.append(.notFound(path["name"], device["name"]))
                }
            }
            if let place = device["devicePath"].string, !paths.insert(place).inserted {
                errors.append(.invalid(path["devicePath"], device["devicePath"], "must be unique"))
            }
        }
    }

    private static func checkHostPorts(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var taken: Set<String> = []
        for (index, container) in spec["containers"].items.enumerated() {
            for (position, port) in container["ports"].items.enumerated() {
                let path = path["containers"][index]["ports"][position]
                if spec["hostNetwork"] == true, port.given("hostPort"), port["hostPort"] != port["containerPort"] {
                    errors.append(
                        .invalid(
                            path["containerPort"], port["containerPort"],
                            "must match `hostPort` when `hostNetwork` is true"))
                }
                guard let number = port["hostPort"].int else { continue }
                let key = "\(port["protocol"].text)/\(port["hostIP"].text)/\(number)"
                if !taken.insert(key).inserted { errors.append(.duplicate(path["hostPort"], .string(key))) }
            }
        }
    }

    private static func checkDNS(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let dns = spec["dnsConfig"]
        let path = path["dnsConfig"]
        if spec["dnsPolicy"] == "None" {
            if dns.isNull {
                errors.append(.required(path, "must provide `dnsConfig` when `dnsPolicy` is None"))
            } else if dns["nameservers"].items.isEmpty {
                errors.append(
                    .required(path["nameservers"], "must provide at least one DNS nameserver when `dnsPolicy` is None"))
            }
        }
        if dns["nameservers"].items.count > 3 {
            errors.append(.invalid(path["nameservers"], dns["nameservers"], "must not have more than 3 nameservers"))
        }
        for (index, server) in dns["nameservers"].items.enumerated() {
            errors.check(.ip, server, path["nameservers"][index])
        }
        if dns["searches"].items.count > 32 {
            errors.append(.invalid(path["searches"], dns["searches"], "must not have more than 32 search paths"))
        }
        for (index, search) in dns["searches"].items.enumerated() where search != "." {
            let name = search.text.hasSuffix(".") ? String(search.text.dropLast()) : search.text
            errors.check(.dns1123Subdomain, .string(name), path["searches"][index])
        }
        for (index, option) in dns["options"].items.enumerated() where option["name"].text.isEmpty {
            errors.append(.required(path["options"][index], "must not be empty"))
        }
    }

    private static func checkPodSecurity(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if spec["shareProcessNamespace"] == true, spec["hostPID"] == true {
            errors.append(
                .invalid(
                    path["shareProcessNamespace"], true, "shareProcessNamespace and hostPID cannot both be enabled"))
        }
        if spec["hostUsers"] == false {
            for field in ["hostNetwork", "hostPID", "hostIPC"] where spec[field] == true {
                errors.append(.forbidden(path[field], "when `hostUsers` is false"))
            }
        }
        var names: Set<String> = []
        for (index, sysctl) in spec["securityContext"]["sysctls"].items.enumerated() {
            let path = path["securityContext"]["sysctls"][index]["name"]
            let name = sysctl["name"].text.replacing("/", with: ".")
            if !name.isEmpty, !names.insert(name).inserted { errors.append(.duplicate(path, sysctl["name"])) }
            if name.hasPrefix("net."), spec["hostNetwork"] == true {
                errors.append(.invalid(path, sysctl["name"], "may not be specified when 'hostNetwork' is true"))
            }
        }
    }

    private static func checkGates(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for (index, gate) in spec["readinessGates"].items.enumerated() {
            errors.check(.qualifiedName, gate["conditionType"], path["readinessGates"][index]["conditionType"])
        }
        var names: Set<String> = []
        for (index, gate) in spec["schedulingGates"].items.enumerated() {
            errors.check(.qualifiedName, gate["name"], path["schedulingGates"][index])
            if !names.insert(gate["name"].text).inserted {
                errors.append(.duplicate(path["schedulingGates"][index], gate["name"]))
            }
        }
    }

    private static func checkSpread(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var seen: Set<String> = []
        for (index, constraint) in spec["topologySpreadConstraints"].items.enumerated() {
            let key = constraint["topologyKey"].text + " " + constraint["whenUnsatisfiable"].text
            if !seen.insert(key).inserted {
                errors.append(.duplicate(path[index]["{topologyKey, whenUnsatisfiable}"], .string(key)))
            }
        }
    }
}
