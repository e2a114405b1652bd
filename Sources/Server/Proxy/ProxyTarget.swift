internal import API
internal import Client
internal import HTTP
internal import JSON
internal import Store
internal import TLS

/// Where a proxy path leads: `[SCHEME:]NAME[:PORT]` of a Pod, a Service or a node.
/// https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls
struct ProxyTarget {
    let origin: HTTPOrigin

    private struct Name {
        var scheme = "http"
        var name: String
        var port = ""

        init(_ text: String) throws(StatusError) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            switch parts.count {
            case 1: name = parts[0]
            case 2: (name, port) = (parts[0], parts[1])
            case 3: (scheme, name, port) = (parts[0].isEmpty ? "http" : parts[0], parts[1], parts[2])
            default: throw .badRequest("invalid proxy request \"\(text)\"")
            }
            guard scheme == "http" || scheme == "https" else {
                throw .badRequest("invalid proxy request \"\(text)\": the scheme must be http or https")
            }
        }
    }

    init(_ kind: String, namespace: String?, name text: String, in server: APIServer) throws(StatusError) {
        let name = try Name(text)
        let address: (host: String, port: Int)
        switch kind {
        case "pods": address = try Self.pod(namespace, name, server)
        case "services": address = try Self.service(namespace, name, server)
        default:
            if name.port.isEmpty {
                origin = try server.agent(of: name.name)
                return
            }
            address = try Self.node(name, server)
        }
        let isTLS = name.scheme == "https"
        let tls: TLSContext?
        do {
            // Whose certificate it is nobody could say: Pods make their own (upstream does not check either).
            tls = isTLS ? try TLSContext.client(serverName: nil) : nil
        } catch { throw .internalError("\(error)") }
        origin = HTTPOrigin(host: address.host, port: address.port, tls: tls)
    }

    private static func object(_ resource: String, _ namespace: String?, _ name: String, _ server: APIServer)
        throws(StatusError) -> Object
    {
        guard let served = server.registry.find(groupResource: resource) else { throw .noSuchPath }
        let stored = try server.get(served, namespace: namespace, name: name)
        guard let object = try? Object(parsing: stored.bytes) else { throw .internalError("\(name) cannot be read") }
        return object
    }

    private static func pod(_ namespace: String?, _ name: Name, _ server: APIServer) throws(StatusError)
        -> (String, Int)
    {
        let pod = try object("pods", namespace, name.name, server)
        let ports = pod["spec"]["containers"].elements.flatMap { $0["ports"].elements }
        let port: Int?
        if name.port.isEmpty {
            // The first that is declared, else that of the scheme.
            port = ports.first?["containerPort"].int ?? (name.scheme == "https" ? 443 : 80)
        } else {
            port = Int(name.port) ?? ports.first { $0["name"].string == name.port }?["containerPort"].int
        }
        guard let port, (1...65535).contains(port) else {
            throw .badRequest("pod \"\(name.name)\" has no port \"\(name.port)\"")
        }
        guard let ip = pod["status"]["podIP"].string, !ip.isEmpty else {
            throw .badRequest("address not allowed: pod \"\(name.name)\" has no address yet")
        }
        return (try allowed(ip), port)
    }

    private static func service(_ namespace: String?, _ name: Name, _ server: APIServer) throws(StatusError)
        -> (String, Int)
    {
        let service = try object("services", namespace, name.name, server)
        let ports = Array(service["spec"]["ports"].elements)
        let wanted = ports.first { port in
            name.port.isEmpty
                ? ports.count == 1 || (port["name"].string ?? "").isEmpty
                : port["name"].string == name.port || port["port"].int == Int(name.port)
        }
        guard let wanted else {
            throw .unavailable("no service port \"\(name.port)\" found for service \"\(name.name)\"")
        }
        let portName = wanted["name"].string ?? ""
        if service["spec"]["type"].string == "ExternalName" {
            return (service["spec"]["externalName"].string ?? "", wanted["port"].int ?? 80)
        }
        var endpoints: [(String, Int)] = []
        for slice in try slices(of: name.name, namespace, server) {
            guard
                let port = slice["ports"].elements.first(where: { ($0["name"].string ?? "") == portName })?["port"].int
            else { continue }
            for endpoint in slice["endpoints"].elements where endpoint["conditions"]["ready"].bool != false {
                if let address = Array(endpoint["addresses"].elements).first?.string {
                    endpoints.append((address, port))
                }
            }
        }
        guard let chosen = endpoints.randomElement() else {
            throw .unavailable("no endpoints available for service \"\(name.name)\"")
        }
        return (try allowed(chosen.0), chosen.1)
    }

    private static func slices(of service: String, _ namespace: String?, _ server: APIServer) throws(StatusError)
        -> [Object]
    {
        guard let resource = server.registry.find(groupResource: "endpointslices.discovery.k8s.io") else { return [] }
        var list = ListRequest()
        list.labels = try LabelSelector(parsing: "kubernetes.io/service-name=\(service)")
        return try server.snapshot(resource, namespace: namespace, list).objects.compactMap {
            try? Object(parsing: $0.bytes)
        }
    }

    private static func node(_ name: Name, _ server: APIServer) throws(StatusError) -> (String, Int) {
        let address = try server.place(of: name.name).address
        guard let port = Int(name.port), (1...65535).contains(port) else {
            throw .badRequest("node \"\(name.name)\" has no port \"\(name.port)\"")
        }
        return (address, port)
    }

    /// Whoever may write a status must not turn the API server against its own machine.
    private static func allowed(_ address: String) throws(StatusError) -> String {
        if address.hasPrefix("127.") || address == "::1" || address.hasPrefix("169.254.")
            || address.lowercased().hasPrefix("fe80:")
        {
            throw .forbidden("address not allowed")
        }
        return address
    }
}

extension StatusError {
    fileprivate static func forbidden(_ message: String) -> StatusError {
        StatusError(code: 403, reason: "Forbidden", message: message)
    }
}
