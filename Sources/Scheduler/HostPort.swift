internal import JSON

/// A port of the node that a container wants.
struct HostPort: Hashable, Sendable {
    let ip: String
    let proto: String
    let port: Int

    /// An address of one host conflicts with all addresses (0.0.0.0).
    func conflicts(with other: HostPort) -> Bool {
        port == other.port && proto == other.proto && (ip == other.ip || ip == "0.0.0.0" || other.ip == "0.0.0.0")
    }

    static func all(_ spec: JSONRef) -> [HostPort] {
        var found: [HostPort] = []
        func collect(_ container: JSONRef) {
            for port in container["ports"].elements {
                guard let number = port["hostPort"].int, number > 0 else { continue }
                let ip = port["hostIP"].string ?? ""
                found.append(
                    HostPort(ip: ip.isEmpty ? "0.0.0.0" : ip, proto: port["protocol"].string ?? "TCP", port: number))
            }
        }
        for container in spec["containers"].elements { collect(container) }
        for container in spec["initContainers"].elements where container["restartPolicy"].equals("Always") {
            collect(container)
        }
        return found
    }
}
