internal import JSON

// Checks of networking.k8s.io/v1 and discovery.k8s.io/v1.
extension Kinds {
    static let networkingChecks: [String: Check] = [
        "networking.v1.IngressSpec": { spec, path, errors in
            if spec["rules"].items.isEmpty, !spec.given("defaultBackend") {
                errors.append(.invalid(path, spec["rules"], "either `defaultBackend` or `rules` must be specified"))
            }
            errors.check(.dns1123Subdomain, spec["ingressClassName"], path["ingressClassName"])
        },
        "networking.v1.Ingress": { ingress, path, errors in
            let name = "kubernetes.io/ingress.class"
            let annotation = ingress["metadata"]["annotations"][name]
            if ingress["spec"].given("ingressClassName"), !annotation.isNull,
                annotation != ingress["spec"]["ingressClassName"]
            {
                errors.append(
                    .invalid(
                        path["annotations"][name], annotation,
                        "must match `ingressClassName` when both are specified"))
            }
        },
        "networking.v1.IngressRule": { rule, path, errors in
            guard let host = rule["host"].string, !host.isEmpty else { return }
            if IPAddress(host) != nil {
                errors.append(.invalid(path["host"], rule["host"], "must be a DNS name, not an IP address"))
            }
            errors.check(.wildcardHost, rule["host"], path["host"])
        },
        "networking.v1.IngressTLS": { tls, path, errors in
            for (index, host) in tls["hosts"].items.enumerated() {
                errors.check(.wildcardHost, host, path["hosts"][index])
            }
            errors.check(.dns1123Subdomain, tls["secretName"], path["secretName"])
        },
        "networking.v1.HTTPIngressPath": { rule, path, errors in
            let text = rule["path"].text
            switch rule["pathType"].text {
            case "Exact", "Prefix":
                if !text.hasPrefix("/") {
                    errors.append(.invalid(path["path"], .string(text), "must be an absolute path"))
                }
                for sequence in ["//", "/./", "/../", "%2f", "%2F"] where text.contains(sequence) {
                    errors.append(.invalid(path["path"], rule["path"], "must not contain '\(sequence)'"))
                }
                for suffix in ["/..", "/."] where text.hasSuffix(suffix) {
                    errors.append(.invalid(path["path"], rule["path"], "cannot end with '\(suffix)'"))
                }
            case "ImplementationSpecific":
                if !text.isEmpty, !text.hasPrefix("/") {
                    errors.append(.invalid(path["path"], rule["path"], "must be an absolute path"))
                }
            default: break
            }
        },
        "networking.v1.IngressBackend": { backend, path, errors in
            switch (backend.given("resource"), backend.given("service")) {
            case (true, true): errors.append(.invalid(path, "", "cannot set both resource and service backends"))
            case (false, false): errors.append(.invalid(path, "", "resource or service backend is required"))
            case (true, false):
                let (resource, path) = (backend["resource"], path["resource"])
                errors.check(.dns1123Subdomain, resource["apiGroup"], path["apiGroup"])
                for field in ["kind", "name"] { errors.check(.pathSegment, resource[field], path[field]) }
            case (false, true):
                let service = backend["service"]
                switch (service["port"].given("name"), service["port"].given("number")) {
                case (true, true): errors.append(.invalid(path, "", "cannot set both port name & port number"))
                case (false, false): errors.append(.required(path, "port name or number is required"))
                default: break
                }
            }
        },
        "networking.v1.IngressLoadBalancerIngress": { ingress, path, errors in
            errors.check(.ip, ingress["ip"], path["ip"])
            if let name = ingress["hostname"].string, !name.isEmpty {
                errors.check(.dns1123Subdomain, .string(name), path["hostname"])
                if IPAddress(name) != nil {
                    errors.append(
                        .invalid(path["hostname"], ingress["hostname"], "must be a DNS name, not an IP address"))
                }
            }
        },
        "networking.v1.IngressClassSpec": { spec, path, errors in
            let controller = spec["controller"].text
            if controller.isEmpty {
                errors.append(.required(path["controller"]))
            } else {
                if controller.utf8.count > 250 { errors.append(.tooLong(path["controller"], maximum: 250)) }
                errors.check(.domainPath, .string(controller), path["controller"])
            }
        },
        "networking.v1.IngressClassParametersReference": { reference, path, errors in
            errors.require(reference, "scope", path)
            errors.check(reference["scope"], isOneOf: ["Cluster", "Namespace"], path["scope"])
            if reference["scope"] == "Namespace" { errors.require(reference, "namespace", path) }
            if reference["scope"] == "Cluster", reference.given("namespace") {
                errors.append(.forbidden(path["namespace"], "must not be specified when scope is Cluster"))
            }
        },
        "networking.v1.NetworkPolicyPeer": { peer, path, errors in
            if !peer.given("ipBlock"), !peer.given("podSelector"), !peer.given("namespaceSelector") {
                errors.append(.required(path, "must specify a peer"))
            } else if peer.given("ipBlock"), peer.given("podSelector") || peer.given("namespaceSelector") {
                errors.append(.forbidden(path, "may not specify both ipBlock and another peer"))
            }
        },
        "networking.v1.IPBlock": { block, path, errors in
            guard let range = IPBlock(block["cidr"].text) else { return }
            for (index, except) in block["except"].items.enumerated() {
                guard let part = IPBlock(except.text) else {
                    errors.check(.cidr, except, path["except"][index])
                    continue
                }
                if !range.strictlyContains(part) {
                    errors.append(.invalid(path["except"][index], except, "must be a strict subset of `cidr`"))
                }
            }
        },
        "networking.v1.NetworkPolicyPort": { port, path, errors in
            guard let end = port["endPort"].int else { return }
            if let start = port["port"].int {
                if end < start {
                    errors.append(.invalid(path["endPort"], .int(end), "must be greater than or equal to `port`"))
                }
            } else if port["port"].isNull {
                errors.append(.invalid(path["endPort"], .int(end), "may not be specified when `port` is not specified"))
            } else {
                errors.append(.invalid(path["endPort"], .int(end), "may not be specified when `port` is non-numeric"))
            }
        },
        "networking.v1.NetworkPolicySpec": { spec, path, errors in
            if spec["policyTypes"].items.count > 2 {
                errors.append(
                    .invalid(path["policyTypes"], spec["policyTypes"], "may not specify more than two policyTypes"))
            }
        },
        "networking.v1.ServiceCIDRSpec": { spec, path, errors in
            let blocks = spec["cidrs"].items
            if blocks.isEmpty { errors.append(.required(path["cidrs"], "at least one CIDR required")) }
            if blocks.count > 2 {
                errors.append(.invalid(path["cidrs"], spec["cidrs"], "may only hold up to 2 values"))
                return
            }
            for (index, block) in blocks.enumerated() { errors.check(.cidr, block, path["cidrs"][index]) }
            let families = blocks.compactMap { IPBlock($0.text)?.address.isIPv4 }
            if families.count == 2, families[0] == families[1] {
                errors.append(
                    .invalid(path["cidrs"], spec["cidrs"], "may specify no more than one block for each IP family"))
            }
        },
        "discovery.v1.EndpointSlice": { slice, path, errors in
            let type = slice["addressType"].text
            if slice["endpoints"].items.count > 1000 {
                errors.append(.tooMany(path["endpoints"], slice["endpoints"].items.count, maximum: 1000))
            }
            if slice["ports"].items.count > 20000 {
                errors.append(.tooMany(path["ports"], slice["ports"].items.count, maximum: 20000))
            }
            for (index, endpoint) in slice["endpoints"].items.enumerated() {
                let path = path["endpoints"][index]["addresses"]
                let addresses = endpoint["addresses"].items
                if addresses.count > 100 {
                    errors.append(.tooMany(path, addresses.count, maximum: 100))
                }
                for (position, address) in addresses.enumerated() {
                    check(address, type: type, path[position], &errors)
                }
            }
            var names: Set<String> = []
            for (index, port) in slice["ports"].items.enumerated() where !names.insert(port["name"].text).inserted {
                errors.append(.duplicate(path["ports"][index]["name"], port["name"]))
            }
        },
    ]

    static let networkingUpdateChecks: [String: UpdateCheck] = [
        // A second block may be added, to serve both families.
        "networking.v1.ServiceCIDRSpec": { new, old, path, errors in
            let (now, before) = (new["cidrs"].items, old["cidrs"].items)
            guard now.count == before.count || (before.count == 1 && now.count == 2) else {
                errors.append(.invalid(path["cidrs"], new["cidrs"], "field is immutable"))
                return
            }
            for (index, block) in before.enumerated() where now[index] != block {
                errors.append(.invalid(path["cidrs"][index], now[index], "field is immutable"))
            }
        }
    ]

    private static func check(_ address: JSONValue, type: String, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard type == "IPv4" || type == "IPv6" else {
            if type == "FQDN" {
                errors.check(.dns1123Subdomain, address, path)
                if !address.text.contains(".") {
                    errors.append(.invalid(path, address, "should be a domain with at least two segments"))
                }
            }
            return
        }
        let parsed = IPAddress(address.text)
        if parsed?.isIPv4 != (type == "IPv4") {
            errors.append(.invalid(path, address, "must be a valid \(type) address"))
        }
        if parsed == nil { errors.append(.invalid(path, address, "must be a valid IP address")) }
        if let problem = parsed?.specialUse { errors.append(.invalid(path, address, problem)) }
    }
}
