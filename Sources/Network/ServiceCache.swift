internal import API
public import Client
internal import JSON
internal import Synchronization

/// The cluster's Services and EndpointSlices, followed once for the proxy and for DNS.
public final class ServiceCache: Sendable {
    private let services: Reflector<Service>
    private let slices: Reflector<Slice>
    private struct State {
        /// Slices by Service, by name.
        var slices: [String: [String: Slice]] = [:]
        /// Names of the Services by their own addresses, and of endpoints with a name by theirs.
        var addresses: [String: Set<String>] = [:]
        var endpoints: [String: Set<EndpointName>] = [:]
        /// How many Services each namespace has.
        var namespaces: [String: Int] = [:]
        var handlers: [@Sendable (String) -> Void] = []
    }
    struct EndpointName: Hashable {
        let service: String
        let hostname: String
    }
    private let state = Mutex(State())

    public init(_ client: any ObjectClient, time: any TimeSource = SystemTime()) {
        services = Reflector(client, .services, time: time) { Service($0) }
        slices = Reflector(client, .endpointSlices, time: time) { Slice($0) }
        services.onChange { [weak self] change in self?.changed(change) }
        slices.onChange { [weak self] change in self?.changed(change) }
    }

    /// Follows the API until the task is cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.services.run() }
            group.addTask { await self.slices.run() }
        }
    }

    func waitForSync() async {
        await services.waitForSync()
        await slices.waitForSync()
    }
    var hasSynced: Bool { services.hasSynced && slices.hasSynced }

    /// The handler is called with the key of a Service after it or its endpoints changed. Register before `run`.
    func onChange(_ handler: @escaping @Sendable (String) -> Void) { state.withLock { $0.handlers.append(handler) } }

    var keys: [String] { services.keys }
    subscript(_ key: String) -> Service? { services[key] }
    func hasNamespace(_ name: String) -> Bool { state.withLock { $0.namespaces[name] != nil } }
    func slices(of key: String) -> [Slice] { state.withLock { Array(($0.slices[key] ?? [:]).values) } }
    /// Keys of the Services that have this address.
    func services(at address: String) -> Set<String> { state.withLock { $0.addresses[address] ?? [] } }
    func endpoints(at address: String) -> Set<EndpointName> { state.withLock { $0.endpoints[address] ?? [] } }

    private func changed(_ change: Reflector<Service>.Change) {
        let handlers = state.withLock { state in
            let namespace = splitKey(change.key).namespace ?? ""
            let count = (state.namespaces[namespace] ?? 0) + (change.new == nil ? 0 : 1) - (change.old == nil ? 0 : 1)
            state.namespaces[namespace] = count > 0 ? count : nil
            for address in change.old?.clusterIPs ?? [] { state.addresses.remove(change.key, from: address) }
            for address in change.new?.clusterIPs ?? [] { state.addresses[address, default: []].insert(change.key) }
            return state.handlers
        }
        for handler in handlers { handler(change.key) }
    }

    private func changed(_ change: Reflector<Slice>.Change) {
        var services: Set<String> = []
        let handlers = state.withLock { state in
            if let old = change.old {
                services.insert(old.service)
                state.slices[old.service]?[change.key] = nil
                if state.slices[old.service]?.isEmpty == true { state.slices[old.service] = nil }
                for (address, name) in old.names { state.endpoints.remove(name, from: address) }
            }
            if let new = change.new {
                services.insert(new.service)
                state.slices[new.service, default: [:]][change.key] = new
                for (address, name) in new.names { state.endpoints[address, default: []].insert(name) }
            }
            return state.handlers
        }
        for service in services { for handler in handlers { handler(service) } }
    }
}

extension Dictionary {
    fileprivate mutating func remove<Element>(_ element: Element, from key: Key) where Value == Set<Element> {
        self[key]?.remove(element)
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}

/// What the network needs to know of an EndpointSlice.
struct Slice: Sendable {
    struct Port: Sendable, Hashable {
        let name: String
        let transport: Transport
        let number: Int
    }
    struct Endpoint: Sendable, Hashable {
        let address: String
        let isReady: Bool
        let isServing: Bool
        let isTerminating: Bool
        let hostname: String?
        let nodeName: String?
        let forNodes: [String]
        let forZones: [String]
    }
    /// The key of its Service.
    let service: String
    let addressType: String
    let ports: [Port]
    let endpoints: [Endpoint]

    /// Nil for slices of no Service.
    init?(_ slice: Object) {
        guard let name = slice.label("kubernetes.io/service-name"), !slice.isBeingDeleted else { return nil }
        service = slice.namespace + "/" + name
        addressType = slice["addressType"].string ?? ""
        ports = slice["ports"].elements.compactMap { port in
            guard let transport = Transport(port["protocol"].string ?? "TCP"), let number = port["port"].int else {
                return nil
            }
            return Port(name: port["name"].string ?? "", transport: transport, number: number)
        }
        endpoints = slice["endpoints"].elements.compactMap { endpoint in
            // Consumers take the first address alone, as the API says of this field.
            guard let address = endpoint["addresses"][0].string else { return nil }
            let conditions = endpoint["conditions"]
            // What is not known is taken for ready.
            let isReady = conditions["ready"].bool ?? true
            return Endpoint(
                address: address, isReady: isReady, isServing: conditions["serving"].bool ?? isReady,
                isTerminating: conditions["terminating"].bool ?? false, hostname: endpoint["hostname"].string,
                nodeName: endpoint["nodeName"].string,
                forNodes: endpoint["hints"]["forNodes"].elements.compactMap { $0["name"].string },
                forZones: endpoint["hints"]["forZones"].elements.compactMap { $0["name"].string })
        }
    }

    fileprivate var names: [(String, ServiceCache.EndpointName)] {
        endpoints.filter { $0.isReady }.map { endpoint in
            let hostname = endpoint.hostname ?? endpointName(endpoint.address)
            return (endpoint.address, .init(service: service, hostname: hostname))
        }
    }
}

/// The name of an endpoint that has no hostname, within its Service's domain: the address with dashes.
func endpointName(_ address: String) -> String {
    String(address.map { $0 == "." || $0 == ":" ? "-" : $0 })
}

enum Transport: String, Sendable, CaseIterable {
    case tcp, udp, sctp

    init?(_ name: String) { self.init(rawValue: name.lowercased()) }

    /// https://www.iana.org/assignments/protocol-numbers
    var number: UInt8 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
    }
}
