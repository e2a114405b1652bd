internal import API
internal import JSON

/// Cells of endpoints, ingresses and addresses.
enum NetworkCells {
    static let functions: [String: Cells.Cell] = [
        "endpoints": { object in
            var addresses: [String] = []
            for subset in object["subsets"].elements {
                let ips = subset["addresses"].elements.compactMap { $0["ip"].string }
                if subset["ports"].count == 0 { addresses += ips }
                for port in subset["ports"].elements {
                    addresses += ips.map { ($0.contains(":") ? "[\($0)]" : $0) + ":\(port["port"].int ?? 0)" }
                }
            }
            return .string(Cells.short(addresses, none: "<none>"))
        },
        "slicePorts": { slice in
            .string(
                Cells.short(
                    slice["ports"].elements.map { $0["port"].int.map(String.init) ?? $0["name"].string ?? "*" },
                    none: "<unset>"))
        },
        "sliceEndpoints": { slice in
            .string(
                Cells.short(
                    slice["endpoints"].elements.flatMap { $0["addresses"].elements.compactMap(\.string) },
                    none: "<unset>"))
        },
        "ingressHosts": { ingress in
            .string(
                Cells.short(
                    ingress["spec"]["rules"].elements.compactMap { $0["host"].string }.filter { !$0.isEmpty }, none: "*"
                ))
        },
        "ingressAddress": { ingress in
            .string(
                ingress["status"]["loadBalancer"]["ingress"].elements.compactMap {
                    $0["ip"].string ?? $0["hostname"].string
                }
                .joined(separator: ","))
        },
        "ingressPorts": { $0["spec"]["tls"].count > 0 ? "80, 443" : "80" },
        "parameters": { object in
            let parameters = object["spec"]["parameters"]
            guard parameters.exists else { return "<none>" }
            let group = parameters["apiGroup"].string.map { "." + $0 } ?? ""
            return "\(parameters["kind"].string ?? "")\(group)/\(parameters["name"].string ?? "")".cell
        },
        "parentRef": { address in
            let parent = address["spec"]["parentRef"]
            let parts = ["group", "resource", "namespace", "name"].compactMap { parent[$0].string }.filter {
                !$0.isEmpty
            }
            return .string(parts.isEmpty ? "<none>" : parts.joined(separator: "/"))
        },
        "apiService": { service in
            let reference = service["spec"]["service"]
            return reference.exists
                ? "\(reference["namespace"].string ?? "")/\(reference["name"].string ?? "")".cell : "Local"
        },
        "apiServiceAvailable": { service in
            guard
                let condition = service["status"]["conditions"].elements.first(where: { $0["type"].equals("Available") }
                )
            else { return "Unknown" }
            let status = condition["status"].string ?? "Unknown"
            return status == "True" ? "True" : "\(status) (\(condition["reason"].string ?? ""))".cell
        },
    ]
}
