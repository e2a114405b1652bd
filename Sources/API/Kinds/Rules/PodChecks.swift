internal import JSON

// Checks of a Pod's spec as a whole (pkg/apis/core/validation upstream says what is wrong; the words are our own).
extension Kinds {
    static let podChecks: [String: Check] = [
        "core.v1.PodSpec": { spec, path, errors in
            checkContainers(spec, path, &errors)
            checkHostPorts(spec, path, &errors)
            checkDNS(spec, path["dnsConfig"], &errors)
            checkPodSecurity(spec, path, &errors)
            checkOperatingSystem(spec, path, &errors)
            checkGates(spec, path, &errors)
            checkSpread(spec, path["topologySpreadConstraints"], &errors)
            checkPodResources(spec, path, &errors)
            checkRequirements(
                ["limits": spec["overhead"]], path["overhead"], checkContainerResource, &errors)
        },
        "core.v1.Pod": { pod, path, errors in
            for list in containerLists {
                for (index, container) in pod["spec"][list].items.enumerated() {
                    let image = container["image"].text
                    if image.first?.isWhitespace == true || image.last?.isWhitespace == true {
                        errors.append(
                            .invalid(
                                path["spec"][list][index]["image"], container["image"],
                                "must not have leading or trailing whitespace"))
                    }
                }
            }
            for (index, volume) in pod["spec"]["volumes"].items.enumerated() where volume.given("image") {
                errors.require(volume["image"], "reference", path["spec"]["volumes"][index]["image"])
            }
            checkPodAnnotations(pod["metadata"], pod["spec"], path["metadata"]["annotations"], &errors)
        },
        "core.v1.PodTemplateSpec": { template, path, errors in
            errors.check(.labels, template["metadata"]["labels"], path["labels"])
            errors.check(.annotations, template["metadata"]["annotations"], path["annotations"])
            checkPodAnnotations(template["metadata"], template["spec"], path["annotations"], &errors)
            if !template["spec"]["ephemeralContainers"].items.isEmpty {
                errors.append(
                    .forbidden(
                        path["spec"]["ephemeralContainers"], "ephemeral containers not allowed in pod template"))
            }
        },
        "core.v1.PodResourceClaim": { claim, path, errors in
            if claim.given("resourceClaimName") == claim.given("resourceClaimTemplateName") {
                errors.append(
                    .invalid(path, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
            }
            for field in ["resourceClaimName", "resourceClaimTemplateName"] {
                errors.check(.dns1123Subdomain, claim[field], path[field])
            }
        },
        "core.v1.HostAlias": { alias, path, errors in
            errors.check(.ip, .string(alias["ip"].text), path["ip"])
            for (index, name) in alias["hostnames"].items.enumerated() {
                errors.check(.dns1123Subdomain, name, path["hostnames"][index])
            }
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
        // A volume that is wrong is none to mount.
        var volumes: [String: JSONValue] = [:]
        for (index, volume) in spec["volumes"].items.enumerated() {
            let place = path["volumes"][index].description
            if !errors.contains(where: { $0.field == place || $0.field.hasPrefix(place + ".") }) {
                volumes[volume["name"].text] = volume
            }
        }
        let claims = Set(spec["resourceClaims"].items.map { $0["name"].text })
        var names: Set<String> = []
        for list in containerLists {
            for (index, container) in spec[list].items.enumerated() {
                let path = path[list][index]
                if !names.insert(container["name"].text).inserted {
                    errors.append(.duplicate(path["name"], container["name"]))
                }
                checkMounts(container, volumes, path, &errors)
                checkInPod(container, spec, path, &errors)
                for (claim, item) in container["resources"]["claims"].items.enumerated()
                where !item["name"].text.isEmpty && !claims.contains(item["name"].text) {
                    errors.append(.notFound(path["resources"]["claims"][claim], item["name"]))
                }
                if list == "initContainers", container["restartPolicy"] != "Always" {
                    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
                    where container.given(field) {
                        errors.append(
                            .forbidden(path[field], "may not be set for init containers without restartPolicy=Always"))
                    }
                }
                if list == "ephemeralContainers" { checkDebugging(container, spec, path, &errors) }
            }
        }
    }

    /// What the Pod around it says about a container.
    private static func checkInPod(
        _ container: JSONValue, _ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let grace = spec["terminationGracePeriodSeconds"].int ?? 30
        for hook in ["postStart", "preStop"] where container["lifecycle"][hook].given("sleep") {
            let seconds = container["lifecycle"][hook]["sleep"]["seconds"].int ?? 0
            if !(0...max(grace, 0)).contains(seconds) {
                errors.append(
                    .invalid(
                        path["lifecycle"][hook]["sleep"], .int(seconds),
                        "must be non-negative and less than terminationGracePeriodSeconds (\(grace))"))
            }
        }
        if spec["restartPolicy"] == "Never" {
            for policy in container["resizePolicy"].items where policy["restartPolicy"] != "NotRequired" {
                errors.append(
                    .invalid(
                        path["resizePolicy"], policy["restartPolicy"],
                        "must be 'NotRequired' when `restartPolicy` is 'Never'"))
            }
        }
        if container["securityContext"]["procMount"] == "Unmasked", spec["hostUsers"] != false {
            errors.append(
                .invalid(
                    path["securityContext"]["procMount"], "Unmasked", "`hostUsers` must be false to use `Unmasked`"))
        }
    }

    /// What a container for debugging may not have.
    private static func checkDebugging(
        _ container: JSONValue, _ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let cannot = "cannot be set for an Ephemeral Container"
        for field in [
            "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy",
            "restartPolicyRules", "resizePolicy",
        ]
        where container.given(field) {
            errors.append(.forbidden(path[field], cannot))
        }
        if !container["resources"].members.isEmpty { errors.append(.forbidden(path["resources"], cannot)) }
        for (index, mount) in container["volumeMounts"].items.enumerated() {
            for field in ["subPath", "subPathExpr"] where !mount[field].text.isEmpty {
                errors.append(.forbidden(path["volumeMounts"][index][field], cannot))
            }
        }
        let target = container["targetContainerName"].text
        let names = ["containers", "initContainers"].flatMap { spec[$0].items.map { $0["name"].text } }
        if !target.isEmpty, !names.contains(target) {
            errors.append(.notFound(path["targetContainerName"], container["targetContainerName"]))
        }
    }

    private static func checkHostPorts(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var taken: Set<String> = []
        func check(_ container: JSONValue, _ path: FieldPath) {
            for (position, port) in container["ports"].items.enumerated() {
                guard let number = port["hostPort"].int else { continue }
                let key = "\(port["protocol"].text)/\(port["hostIP"].text)/\(number)"
                if !taken.insert(key).inserted {
                    errors.append(.duplicate(path["ports"][position]["hostPort"], .string(key)))
                }
            }
        }
        for (index, container) in spec["containers"].items.enumerated() {
            check(container, path["containers"][index])
            guard spec["hostNetwork"] == true else { continue }
            for (position, port) in container["ports"].items.enumerated()
            where port.given("hostPort") && port["hostPort"] != port["containerPort"] {
                errors.append(
                    .invalid(
                        path["containers"][index]["ports"][position]["hostPort"], port["hostPort"],
                        "must match `containerPort` when `hostNetwork` is true"))
            }
        }
        // Init containers run one after the other; each is looked at alone, as the first of its list.
        for container in spec["initContainers"].items {
            taken = []
            check(container, path["initContainers"][0])
        }
    }

    private static func checkDNS(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let dns = spec["dnsConfig"]
        if spec["dnsPolicy"] == "None" {
            if dns.isNull {
                errors.append(.required(path, "must provide `dnsConfig` when `dnsPolicy` is None"))
                return
            }
            if dns["nameservers"].items.isEmpty {
                errors.append(
                    .required(path["nameservers"], "must provide at least one DNS nameserver when `dnsPolicy` is None"))
                return
            }
        }
        if dns["nameservers"].items.count > 3 {
            errors.append(.invalid(path["nameservers"], dns["nameservers"], "must not have more than 3 nameservers"))
        }
        for (index, server) in dns["nameservers"].items.enumerated() {
            errors.check(.ip, server, path["nameservers"][index])
        }
        let searches = dns["searches"].items
        if searches.count > 32 {
            errors.append(.invalid(path["searches"], dns["searches"], "must not have more than 32 search paths"))
        }
        if searches.reduce(searches.count - 1, { $0 + $1.text.utf8.count }) > 2048 {
            errors.append(
                .invalid(
                    path["searches"], dns["searches"],
                    "must not have more than 2048 characters (including spaces) in the search list"))
        }
        for (index, search) in searches.enumerated() where search != "." {
            let name = search.text.hasSuffix(".") ? String(search.text.dropLast()) : search.text
            // Underscores are for names of services (KEP-4427).
            errors.check(.dns1123Subdomain, .string(name.replacing("_", with: "0")), path["searches"][index])
        }
        for (index, option) in dns["options"].items.enumerated() where option["name"].text.isEmpty {
            errors.append(.required(path["options"][index], "must not be empty"))
        }
    }

    private static func checkPodSecurity(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if spec["shareProcessNamespace"] == true, spec["hostPID"] == true {
            errors.append(
                .invalid(
                    path["securityContext"]["shareProcessNamespace"], true,
                    "shareProcessNamespace and hostPID cannot both be enabled"))
        }
        if spec["hostUsers"] == false {
            for (field, known) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")]
            where spec[field] == true {
                errors.append(.forbidden(path[known], "when `hostUsers` is false"))
            }
        }
        var names: Set<String> = []
        for (index, sysctl) in spec["securityContext"]["sysctls"].items.enumerated() {
            let path = path["securityContext"]["sysctls"][index]["name"]
            let name = sysctl["name"].text.replacing("/", with: ".")
            if !name.isEmpty, !names.insert(sysctl["name"].text).inserted {
                errors.append(.duplicate(path, sysctl["name"]))
            }
            if name.hasPrefix("net."), spec["hostNetwork"] == true {
                errors.append(.invalid(path, sysctl["name"], "may not be specified when 'hostNetwork' is true"))
            }
            let isOfIPC = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].contains { name.hasPrefix($0) }
            if isOfIPC, spec["hostIPC"] == true {
                errors.append(.invalid(path, sysctl["name"], "may not be specified when 'hostIPC' is true"))
            }
        }
    }

    private static func checkGates(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for (index, gate) in spec["readinessGates"].items.enumerated() {
            errors.check(
                .qualifiedName, .string(gate["conditionType"].text), path["readinessGates"][index]["conditionType"])
        }
        var names: Set<String> = []
        for (index, gate) in spec["schedulingGates"].items.enumerated() {
            errors.check(.qualifiedName, .string(gate["name"].text), path["schedulingGates"][index])
            if !names.insert(gate["name"].text).inserted {
                errors.append(.duplicate(path["schedulingGates"][index], gate["name"]))
            }
        }
    }

    /// The first of a pair is named.
    private static func checkSpread(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let keys = spec["topologySpreadConstraints"].items.map {
            $0["topologyKey"].text + " " + $0["whenUnsatisfiable"].text
        }
        for (index, key) in keys.enumerated() where keys[(index + 1)...].contains(key) {
            errors.append(.duplicate(path[index]["{topologyKey, whenUnsatisfiable}"], .string(key)))
        }
    }
}
