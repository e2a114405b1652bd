internal import API
internal import Client
internal import JSON

/// Endpoints that somebody wrote by hand, for a Service without a selector, as slices.
enum MirroredEndpoints {
    /// How many addresses of a subset are mirrored.
    static let capacity = 1000

    static func isMirrored(_ endpoints: Object) -> Bool {
        endpoints.label("endpointslice.kubernetes.io/skip-mirror") != "true"
            && endpoints.annotation("control-plane.alpha.kubernetes.io/leader") == nil
    }

    /// - Parameter endpoints: nil where there is nothing to mirror (any more).
    static func slices(of endpoints: Object?, service: String) -> DesiredSlices {
        guard let endpoints else { return DesiredSlices(mirroring: nil, service: service) }
        var slices = DesiredSlices(mirroring: endpoints, service: service)
        for subset in endpoints["subsets"].elements {
            let ports = subset["ports"].elements.map { port in
                EndpointPort(
                    name: port["name"].string ?? "", transport: port["protocol"].string ?? "TCP",
                    number: port["port"].int ?? 0, appProtocol: port["appProtocol"].string)
            }.sorted().map { $0.value(emptyName: true) }
            let all =
                subset["addresses"].elements.map { ($0, true) }
                + subset["notReadyAddresses"].elements.map { ($0, false) }
            for (address, isReady) in all.prefix(capacity) {
                guard let ip = address["ip"].string else { continue }
                var endpoint: JSONValue = ["addresses": [.string(ip)], "conditions": ["ready": .bool(isReady)]]
                for field in ["hostname", "nodeName", "targetRef"] where !address[field].isNull {
                    endpoint[field] = address[field].value
                }
                slices.add(
                    endpoint, family: ip.contains(":") ? "IPv6" : "IPv4", ports: ports,
                    identity: address["targetRef"]["uid"].string ?? "")
            }
        }
        return slices
    }
}
