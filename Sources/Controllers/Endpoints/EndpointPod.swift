internal import API
internal import Client
internal import JSON

/// What endpoints need to know of a Pod. Two that are equal give equal endpoints.
struct EndpointPod: Sendable, Equatable {
    struct ContainerPort: Sendable, Equatable {
        let name: String
        let transport: String
        let number: Int
    }

    let namespace: String
    let name: String
    let uid: String
    let labels: [String: String]
    let addresses: [String]
    let nodeName: String
    let hostname: String
    let subdomain: String
    let isReady: Bool
    let isTerminating: Bool
    let ports: [ContainerPort]
    /// When it became ready, or ceased to be.
    let readySince: String

    /// Nil for Pods that can have no traffic: those without an address, and finished ones.
    init?(_ pod: Object) {
        let (spec, status) = (pod["spec"], pod["status"])
        if status["phase"].equals("Succeeded") || status["phase"].equals("Failed") { return nil }
        var addresses = status["podIPs"].elements.compactMap { $0["ip"].string }
        if addresses.isEmpty, let address = status["podIP"].string, !address.isEmpty { addresses = [address] }
        if addresses.isEmpty { return nil }
        self.addresses = addresses
        (namespace, name, uid) = (pod.namespace, pod.name, pod.uid)
        labels = Self.strings(pod.metadata["labels"])
        nodeName = spec["nodeName"].string ?? ""
        hostname = spec["hostname"].string ?? ""
        subdomain = spec["subdomain"].string ?? ""
        let ready = pod.condition("Ready")
        isReady = ready["status"].equals("True")
        readySince = ready["lastTransitionTime"].string ?? ""
        isTerminating = pod.isBeingDeleted
        // Init containers that go on running may serve, too (KEP-753).
        let sidecars = spec["initContainers"].elements.filter { $0["restartPolicy"].equals("Always") }
        ports = (Array(spec["containers"].elements) + sidecars).flatMap { container in
            container["ports"].elements.compactMap { port in
                guard let name = port["name"].string, let number = port["containerPort"].int else { return nil }
                return ContainerPort(name: name, transport: port["protocol"].string ?? "TCP", number: number)
            }
        }
    }

    static func strings(_ map: JSONRef) -> [String: String] {
        var strings: [String: String] = [:]
        for (key, value) in map.members { strings[key] = value.string }
        return strings
    }

    var reference: JSONValue {
        ["kind": "Pod", "namespace": .string(namespace), "name": .string(name), "uid": .string(uid)]
    }

    /// The ports of a Service as this Pod has them: a named target port that it lacks is left out.
    func ports(of service: Object) -> [EndpointPort] {
        service["spec"]["ports"].elements.compactMap { port in
            let transport = port["protocol"].string ?? "TCP"
            let target = port["targetPort"]
            var number = target.int ?? 0
            if let name = target.string {
                guard let found = ports.first(where: { $0.name == name && $0.transport == transport }) else {
                    return nil
                }
                number = found.number
            } else if number == 0 {
                number = port["port"].int ?? 0
            }
            return EndpointPort(
                name: port["name"].string ?? "", transport: transport, number: number,
                appProtocol: port["appProtocol"].string)
        }
    }
}

struct EndpointPort: Hashable, Sendable, Comparable {
    let name: String
    let transport: String
    let number: Int
    let appProtocol: String?

    /// - Parameter emptyName: whether a port without a name says so, as in EndpointSlices.
    func value(emptyName: Bool) -> JSONValue {
        var value: JSONValue = ["port": .int(number), "protocol": .string(transport)]
        if emptyName || !name.isEmpty { value["name"] = .string(name) }
        if let appProtocol { value["appProtocol"] = .string(appProtocol) }
        return value
    }

    static func < (a: EndpointPort, b: EndpointPort) -> Bool {
        (a.name, a.transport, a.number) < (b.name, b.transport, b.number)
    }
}
