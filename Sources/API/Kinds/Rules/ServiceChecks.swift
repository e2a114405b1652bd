internal import JSON

// Checks of Services (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/).
extension Kinds {
    static let serviceChecks: [String: Check] = ["core.v1.ServiceSpec": checkService]

    private static func checkService(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let type = spec["type"].text
        let isHeadless = spec["clusterIP"] == "None" || spec["clusterIPs"][0] == "None"
        checkServicePorts(spec, type: type, isHeadless: isHeadless, path["ports"], &errors)
        checkServiceAddresses(spec, type: type, isHeadless: isHeadless, path, &errors)
        checkExposure(spec, type: type, path, &errors)
        checkAffinity(spec, path, &errors)
        errors.check(
            spec["trafficDistribution"], isOneOf: ["PreferClose", "PreferSameNode", "PreferSameZone"],
            path["trafficDistribution"])
    }

    private static func checkServicePorts(
        _ spec: JSONValue, type: String, isHeadless: Bool, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let ports = spec["ports"].items
        if ports.isEmpty, type != "ExternalName", !isHeadless { errors.append(.required(path)) }
        var names: Set<String> = []
        var numbers: Set<String> = []
        var nodePorts: Set<String> = []
        for (index, port) in ports.enumerated() {
            let path = path[index]
            let name = port["name"].text
            if name.isEmpty {
                if ports.count > 1 { errors.append(.required(path["name"])) }
            } else if !names.insert(name).inserted {
                errors.append(.duplicate(path["name"], port["name"]))
            }
            let transport = port["protocol"].text
            if !numbers.insert("\(transport) \(port["port"].int ?? 0)").inserted {
                errors.append(.duplicate(path, port))
            }
            guard let nodePort = port["nodePort"].int, nodePort != 0 else { continue }
            if type == "ClusterIP" {
                errors.append(.forbidden(path["nodePort"], "may not be used when `type` is '\(type)'"))
            }
            if !nodePorts.insert("\(transport) \(nodePort)").inserted {
                errors.append(.duplicate(path["nodePort"], port["nodePort"]))
            }
        }
    }

    private static func checkServiceAddresses(
        _ spec: JSONValue, type: String, isHeadless: Bool, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        if type == "ExternalName" {
            let name = spec["externalName"].text
            if name.isEmpty {
                errors.append(.required(path["externalName"]))
            } else {
                errors.check(
                    .dns1123Subdomain, .string(name.hasSuffix(".") ? String(name.dropLast()) : name),
                    path["externalName"])
            }
            if !spec["clusterIPs"].items.isEmpty {
                errors.append(.forbidden(path["clusterIPs"], "may not be set for ExternalName services"))
            }
            for field in ["ipFamilies", "ipFamilyPolicy"] where spec.given(field) {
                errors.append(.forbidden(path[field], "may not be set for ExternalName services"))
            }
        } else if isHeadless, type == "NodePort" || type == "LoadBalancer" {
            errors.append(.invalid(path["clusterIPs"][0], "None", "may not be set to 'None' for \(type) services"))
        }
        for (index, address) in spec["externalIPs"].items.enumerated() {
            errors.check(.ip, address, path["externalIPs"][index])
            if let problem = IPAddress(address.text)?.specialUse {
                errors.append(.invalid(path["externalIPs"][index], address, problem))
            }
        }
        var families: Set<String> = []
        for (index, family) in spec["ipFamilies"].items.enumerated() {
            let path = path["ipFamilies"][index]
            errors.check(family, isOneOf: ["IPv4", "IPv6"], path)
            if !families.insert(family.text).inserted { errors.append(.duplicate(path, family)) }
        }
    }

    /// What only Services that can be reached from outside may say.
    private static func checkExposure(_ spec: JSONValue, type: String, _ path: FieldPath, _ errors: inout [FieldError])
    {
        let isBalanced = type == "LoadBalancer"
        // The one path that upstream spells with a capital.
        let ranges = path["LoadBalancerSourceRanges"]
        if !isBalanced {
            if spec.given("loadBalancerSourceRanges") {
                errors.append(.forbidden(ranges, "may only be used when `type` is 'LoadBalancer'"))
            }
            for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"]
            where spec.given(field) {
                errors.append(.forbidden(path[field], "may only be used when `type` is 'LoadBalancer'"))
            }
        } else {
            errors.check(.qualifiedName, spec["loadBalancerClass"], path["loadBalancerClass"])
        }
        for (index, range) in spec["loadBalancerSourceRanges"].items.enumerated() {
            errors.check(.cidr, .string(String(range.text.filter { $0 != " " })), ranges[index])
        }
        let isExternal = isExternallyAccessible(spec)
        if spec.given("externalTrafficPolicy"), !isExternal {
            errors.append(
                .invalid(
                    path["externalTrafficPolicy"], spec["externalTrafficPolicy"],
                    "may only be set for externally-accessible services"))
        }
        if !spec.given("externalTrafficPolicy"), isExternal {
            errors.append(.required(path["externalTrafficPolicy"]))
        }
        if let port = spec["healthCheckNodePort"].int, port != 0,
            !isBalanced || spec["externalTrafficPolicy"] != "Local"
        {
            errors.append(
                .invalid(
                    path["healthCheckNodePort"], .int(port),
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
        }
    }

    static func isExternallyAccessible(_ spec: JSONValue) -> Bool {
        switch spec["type"].text {
        case "LoadBalancer", "NodePort": true
        case "ClusterIP": !spec["externalIPs"].items.isEmpty
        default: false
        }
    }

    private static func checkAffinity(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let configuration = spec["sessionAffinityConfig"]
        let path = path["sessionAffinityConfig"]
        if spec["sessionAffinity"] == "ClientIP" {
            guard let seconds = configuration["clientIP"]["timeoutSeconds"].int else {
                errors.append(.required(path, "when session affinity type is ClientIP"))
                return
            }
            if !(1...86400).contains(seconds) {
                errors.append(
                    .invalid(
                        path["clientIP"]["timeoutSeconds"], .int(seconds), "must be greater than 0 and at most 86400"))
            }
        } else if spec["sessionAffinity"] == "None", !configuration.isNull {
            errors.append(.forbidden(path, "must not be set when session affinity is None"))
        }
    }
}
