internal import API
internal import Client
internal import JSON

/// The Services that programs in pods find in their environment.
/// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
final class ServiceVariables: Sendable {
    struct Entry: Sendable {
        struct Port: Sendable {
            let name: String
            let number: Int
            let proto: String
        }
        let namespace: String
        let name: String
        let address: String
        let ports: [Port]

        /// nil: it has no address of its own.
        init?(_ service: Object) {
            guard let address = service["spec"]["clusterIP"].string, !address.isEmpty, address != "None" else {
                return nil
            }
            (namespace, name, self.address) = (service.namespace, service.name, address)
            ports = service["spec"]["ports"].elements.compactMap { port in
                guard let number = port["port"].int else { return nil }
                return Port(
                    name: port["name"].string ?? "", number: number, proto: port["protocol"].string ?? "TCP")
            }
        }

        /// For `redis`: REDIS_SERVICE_HOST, REDIS_SERVICE_PORT and the forms that Docker's links had.
        var variables: [String: String] {
            guard let first = ports.first else { return [:] }
            let prefix = Self.variableName(name)
            let host = address.contains(":") ? "[\(address)]" : address
            var variables = [
                "\(prefix)_SERVICE_HOST": address, "\(prefix)_SERVICE_PORT": "\(first.number)",
                "\(prefix)_PORT": "\(first.proto.lowercased())://\(host):\(first.number)",
            ]
            for port in ports {
                if !port.name.isEmpty {
                    variables["\(prefix)_SERVICE_PORT_\(Self.variableName(port.name))"] = "\(port.number)"
                }
                let link = "\(prefix)_PORT_\(port.number)_\(port.proto.uppercased())"
                variables[link] = "\(port.proto.lowercased())://\(host):\(port.number)"
                variables[link + "_PROTO"] = port.proto.lowercased()
                variables[link + "_PORT"] = "\(port.number)"
                variables[link + "_ADDR"] = address
            }
            return variables
        }

        private static func variableName(_ name: String) -> String {
            String(name.uppercased().map { $0 == "-" ? "_" : $0 })
        }
    }
    private let services: Reflector<Entry>

    init(_ client: any ObjectClient) {
        services = Reflector(client, ResourceName("services")) { Entry($0) }
    }

    func run() async { await services.run() }

    /// The Services of the pod's namespace, unless it wants none of them, and always the API server.
    func variables(for pod: Object) async -> [String: String] {
        await services.waitForSync()
        let entries = services.values
        var variables = entries.first { $0.namespace == "default" && $0.name == "kubernetes" }?.variables ?? [:]
        guard pod.spec["enableServiceLinks"].bool ?? true else { return variables }
        for entry in entries where entry.namespace == pod.namespace {
            variables.merge(entry.variables) { $1 }
        }
        return variables
    }
}
