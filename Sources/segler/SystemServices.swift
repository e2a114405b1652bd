internal import API
internal import Client
internal import JSON
internal import Server

/// The Services that every cluster has, and where they lead.
struct SystemServices {
    private let client: LocalClient
    private let configuration: ServerConfiguration

    init(_ server: APIServer, _ configuration: ServerConfiguration) {
        client = LocalClient(server, user: "system:apiserver", groups: ["system:masters"])
        self.configuration = configuration
    }

    /// The Service `kubernetes`, by which Pods reach the API server.
    /// - Parameter address: nil where the server listens to its own machine alone: the Service has no endpoints then.
    func publishAPIServer(address: String?, port: Int) async throws(StatusError) {
        try await put(
            service(
                "default", "kubernetes", ["component": "apiserver", "provider": "kubernetes"], place: 1,
                [
                    ["name": "https", "port": 443, "protocol": "TCP", "targetPort": .int(port)]
                ]))
        let usable = address.flatMap { $0.hasPrefix("127.") || $0.contains(":") ? nil : $0 }
        let skipMirror: JSONValue = ["endpointslice.kubernetes.io/skip-mirror": "true"]
        let ports: JSONValue = [["name": "https", "port": .int(port), "protocol": "TCP"]]
        let subsets: JSONValue = usable.map { [["addresses": [["ip": .string($0)]], "ports": ports]] } ?? []
        try await put(
            .endpoints,
            [
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": ["name": "kubernetes", "namespace": "default", "labels": skipMirror], "subsets": subsets,
            ], "subsets")
        let endpoints: JSONValue =
            usable.map { [["addresses": [.string($0)], "conditions": ["ready": true]]] } ?? []
        try await put(
            .endpointSlices,
            slice(
                "default", "kubernetes", of: "kubernetes", managedBy: nil,
                ports: [["name": "https", "port": .int(port), "protocol": "TCP"]], endpoints), "endpoints", "ports")
    }

    /// The Service `kube-dns`, and this node's DNS as its endpoint for the node's own Pods.
    func publishDNS(node: String, address: String, ports: (udp: Int, tcp: Int)) async throws(StatusError) {
        let labels: JSONValue = [
            "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
        ]
        var service = service(
            "kube-system", "kube-dns", labels, place: 10,
            [
                ["name": "dns", "port": 53, "protocol": "UDP", "targetPort": .int(ports.udp)],
                ["name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": .int(ports.tcp)],
            ])
        service["spec"]["internalTrafficPolicy"] = "Local"
        try await put(service)
        let ports: JSONValue = [
            ["name": "dns", "port": .int(ports.udp), "protocol": "UDP"],
            ["name": "dns-tcp", "port": .int(ports.tcp), "protocol": "TCP"],
        ]
        let endpoint: JSONValue = [
            "addresses": [.string(address)], "conditions": ["ready": true], "nodeName": .string(node),
        ]
        try await put(
            .endpointSlices,
            slice(
                "kube-system", "kube-dns-" + node, of: "kube-dns", managedBy: "segler-dns", ports: ports, [endpoint]),
            "endpoints", "ports")
    }

    private func service(
        _ namespace: String, _ name: String, _ labels: JSONValue, place: Int, _ ports: JSONValue
    ) -> JSONValue {
        let address = JSONValue.string(configuration.serviceAddress(place) ?? "")
        return [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "labels": labels],
            "spec": ["type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": ports],
        ]
    }

    private func slice(
        _ namespace: String, _ name: String, of service: String, managedBy: String?, ports: JSONValue,
        _ endpoints: JSONValue
    ) -> JSONValue {
        var labels: JSONValue = ["kubernetes.io/service-name": .string(service)]
        if let managedBy { labels["endpointslice.kubernetes.io/managed-by"] = .string(managedBy) }
        return [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "labels": labels],
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
        ]
    }

    /// A Service whose address belongs to another range than the present one is made anew.
    private func put(_ service: JSONValue) async throws(StatusError) {
        let (namespace, name) = (service["metadata"]["namespace"].string, service["metadata"]["name"].string ?? "")
        if let old = try await find(.services, namespace, name),
            old["spec"]["clusterIP"].value != service["spec"]["clusterIP"]
        {
            try await client.delete(.services, namespace: namespace, name: name, .init())
        }
        try await put(.services, service, "ports")
    }

    private func find(
        _ resource: ResourceName, _ namespace: String?, _ name: String
    ) async throws(StatusError) -> Object? {
        do throws(StatusError) {
            return try await client.get(resource, namespace: namespace, name: name)
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }

    /// Creates the object, or brings these fields (of a Service: of its spec) up to date.
    private func put(_ resource: ResourceName, _ object: JSONValue, _ fields: String...) async throws(StatusError) {
        let (namespace, name) = (object["metadata"]["namespace"].string, object["metadata"]["name"].string ?? "")
        guard try await find(resource, namespace, name) != nil else {
            _ = try await client.create(resource, namespace: namespace, object)
            return
        }
        try await client.modify(resource, namespace: namespace, name: name) { current in
            let before = current
            for field in fields {
                if resource == .services {
                    current["spec"][field] = object["spec"][field]
                } else {
                    current[field] = object[field]
                }
            }
            return current != before
        }
    }
}
