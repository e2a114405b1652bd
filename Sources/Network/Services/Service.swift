internal import API
internal import JSON

/// What the network needs to know of a Service.
struct Service: Sendable, Equatable {
    struct Port: Sendable, Equatable {
        let name: String
        let transport: Transport
        let number: Int
        /// 0 for none.
        let nodePort: Int
    }
    let key: String
    let type: String
    let isHeadless: Bool
    let clusterIPs: [String]
    /// `externalIPs` and the addresses of a load balancer that leaves delivery to the nodes.
    let externalIPs: [String]
    let balancerIPs: [String]
    let sourceRanges: [String]
    let externalName: String
    let publishesNotReady: Bool
    let ports: [Port]
    /// Seconds for which a client stays with an endpoint; nil for no affinity.
    let affinityTimeout: Int?
    let isInternalLocal: Bool
    let isExternalLocal: Bool
    let healthCheckNodePort: Int

    init(_ service: Object) {
        let spec = service["spec"]
        key = service.key
        type = spec["type"].string ?? "ClusterIP"
        isHeadless = spec["clusterIP"].equals("None")
        var addresses = spec["clusterIPs"].elements.compactMap(\.string)
        if addresses.isEmpty, let address = spec["clusterIP"].string { addresses = [address] }
        clusterIPs = type == "ExternalName" ? [] : addresses.filter { IPAddress($0) != nil }
        externalIPs = spec["externalIPs"].elements.compactMap(\.string).filter { IPAddress($0) != nil }
        balancerIPs =
            type == "LoadBalancer"
            ? service["status"]["loadBalancer"]["ingress"].elements
                .filter { !$0["ipMode"].equals("Proxy") }.compactMap { $0["ip"].string }
                .filter { IPAddress($0) != nil } : []
        sourceRanges = spec["loadBalancerSourceRanges"].elements.compactMap(\.string).filter { IPBlock($0) != nil }
        externalName = spec["externalName"].string ?? ""
        publishesNotReady = spec["publishNotReadyAddresses"].bool ?? false
        ports = spec["ports"].elements.compactMap { port in
            guard let transport = Transport(port["protocol"].string ?? "TCP"), let number = port["port"].int else {
                return nil
            }
            return Port(
                name: port["name"].string ?? "", transport: transport, number: number,
                nodePort: port["nodePort"].int ?? 0)
        }
        affinityTimeout =
            spec["sessionAffinity"].equals("ClientIP")
            ? spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].int ?? 10800 : nil
        isInternalLocal = spec["internalTrafficPolicy"].equals("Local")
        isExternalLocal = spec["externalTrafficPolicy"].equals("Local")
        healthCheckNodePort = spec["healthCheckNodePort"].int ?? 0
    }
}

/// The endpoints that traffic of one port of a Service may go to.
struct EndpointChoice: Sendable, Equatable {
    struct Target: Sendable, Hashable, Comparable {
        let address: String
        let port: Int
        let isLocal: Bool

        static func < (a: Target, b: Target) -> Bool { (a.address, a.port) < (b.address, b.port) }
    }
    /// For the policy Cluster, and for Local.
    let all: [Target]
    let local: [Target]

    /// Ready endpoints; while there are none, those that still serve though they are about to end (KEP-1669). Hints of where
    /// clients should be narrow the choice as long as they leave any.
    init(_ port: Service.Port, _ slices: [Slice], family: Family, node: String, zone: String?) {
        var candidates: [(Target, Slice.Endpoint)] = []
        for slice in slices where slice.addressType == family.rawValue {
            for found in slice.ports where found.name == port.name && found.transport == port.transport {
                candidates += slice.endpoints.map { endpoint in
                    (
                        Target(address: endpoint.address, port: found.number, isLocal: endpoint.nodeName == node),
                        endpoint
                    )
                }
            }
        }
        func usable(_ candidates: [(Target, Slice.Endpoint)]) -> [(Target, Slice.Endpoint)] {
            let ready = candidates.filter { $0.1.isReady }
            return ready.isEmpty ? candidates.filter { $0.1.isServing && $0.1.isTerminating } : ready
        }
        var all = usable(candidates)
        let hinted = all.allSatisfy { !$0.1.forNodes.isEmpty }
        if hinted, case let near = all.filter({ $0.1.forNodes.contains(node) }), !near.isEmpty {
            all = near
        } else if let zone, all.allSatisfy({ !$0.1.forZones.isEmpty }),
            case let near = all.filter({ $0.1.forZones.contains(zone) }), !near.isEmpty
        {
            all = near
        }
        self.all = Set(all.map(\.0)).sorted()
        local = Set(usable(candidates.filter { $0.0.isLocal }).map(\.0)).sorted()
    }
}
