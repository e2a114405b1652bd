internal import API

/// What the rules of one node's Services rest on besides the Services.
public struct ProxyConfiguration: Sendable {
    public var nodeName: String
    /// The nftables table; servers that share a machine need different ones.
    public var table: String
    /// The bridge of this node's pods, and a pattern of the bridges of other clusters on this machine.
    public var bridge: String
    public var bridges = "segler*"
    /// The pods' addresses and the Services', at most one of each family. A family without pods gets no rules.
    public var podCIDRs: [String]
    public var serviceCIDRs: [String]

    public init(
        nodeName: String, table: String, bridge: String, podCIDRs: [String], serviceCIDRs: [String]
    ) {
        (self.nodeName, self.table, self.bridge) = (nodeName, table, bridge)
        (self.podCIDRs, self.serviceCIDRs) = (podCIDRs, serviceCIDRs)
    }

    func podCIDR(_ family: Family) -> String? { podCIDRs.first { Family(of: $0) == family } }
    func serviceCIDR(_ family: Family) -> String? { serviceCIDRs.first { Family(of: $0) == family } }
}

/// The rules of one Service in one family's table.
struct ServiceRules: Equatable, Sendable {
    /// An entry of one of the table's maps or sets.
    struct Element: Hashable, Comparable {
        let map: String
        let key: String

        static func < (a: Element, b: Element) -> Bool { (a.map, a.key) < (b.map, b.key) }
    }
    /// With the verdict or value; empty in a set.
    var elements: [Element: String] = [:]
    var chains: [String: [String]] = [:]
    /// Of clients that are to stay with an endpoint.
    var sets: Set<String> = []
    /// Where datagrams go, by the address they are sent to: what the kernel remembers of flows must agree.
    var datagrams: [Datagrams: Set<EndpointChoice.Target>] = [:]
    /// Ready endpoints on this node, for health checks.
    var localEndpoints = 0

    struct Datagrams: Hashable {
        /// Nil: any address of the node.
        let address: String?
        let port: Int
    }

    /// - Parameter blocks: where endpoints get their numbers.
    init(
        _ service: Service, _ slices: [Slice], _ family: Family, _ configuration: ProxyConfiguration,
        zone: String?,
        _ blocks: inout EndpointBlocks
    ) {
        guard !service.isHeadless, service.type != "ExternalName" else { return }
        for port in service.ports {
            let choice = EndpointChoice(
                port, slices, family: family, node: configuration.nodeName, zone: zone)
            localEndpoints = max(localEndpoints, choice.local.count)
            add(port, choice, service, family, configuration, &blocks)
        }
    }

    private mutating func add(
        _ port: Service.Port, _ choice: EndpointChoice, _ service: Service, _ family: Family,
        _ configuration: ProxyConfiguration, _ blocks: inout EndpointBlocks
    ) {
        let name = "\(service.key)/\(port.transport)/\(port.number)"
        let ip = family.table
        let pods = configuration.podCIDR(family) ?? ""
        let isExposed =
            port.nodePort != 0 || !service.externalIPs.isEmpty || !service.balancerIPs.isEmpty
        let balance = Balance(
            name: name, transport: port.transport, family: family, affinity: service.affinityTimeout)
        // Clients beyond this node's pods would get answers from an address that they do not know.
        let masquerade =
            "\(ip) saddr != \(pods) fib saddr type != local meta mark set meta mark or \(Ruleset.mark)"
        if !choice.all.isEmpty {
            chains["svc/" + name] = [masquerade] + add("svc/", balance, choice.all, &blocks)
        }
        if service.isInternalLocal, !choice.local.isEmpty {
            chains["int/" + name] = add("int/", balance, choice.local, &blocks)
        }
        if service.isExternalLocal, isExposed, !choice.all.isEmpty {
            // Pods and the node itself are not outside: all endpoints are for them.
            chains["ext/" + name] =
                ["\(ip) saddr \(pods) goto svc/\(name)", "fib saddr type local goto svc/\(name)"]
                + (choice.local.isEmpty ? ["drop"] : add("ext/", balance, choice.local, &blocks))
        }
        for target in choice.all + choice.local where target.isLocal {
            elements[Element(map: "hairpin", key: "\(target.address) . \(target.address)")] = ""
        }

        /// - Parameter isLocal: whether only endpoints of this node are asked for.
        func lead(_ map: String, _ key: String, to chain: String, isLocal: Bool) {
            let isFound = chains[chain] != nil
            let refused = map == "nodeports" ? "refusedports" : "refused"
            let refusal = isLocal && !choice.all.isEmpty ? "drop" : "goto rejected"
            elements[Element(map: isFound ? map : refused, key: key)] =
                isFound ? "goto \(chain)" : refusal
        }
        let destination = "\(port.transport) . \(port.number)"
        let outside = service.isExternalLocal ? "ext/" + name : "svc/" + name
        for address in service.clusterIPs where Family(of: address) == family {
            lead(
                "services", "\(address) . \(destination)",
                to: (service.isInternalLocal ? "int/" : "svc/") + name,
                isLocal: service.isInternalLocal)
        }
        for address in service.externalIPs where Family(of: address) == family {
            lead("services", "\(address) . \(destination)", to: outside, isLocal: service.isExternalLocal)
        }
        let ranges = service.sourceRanges.filter { Family(of: $0) == family }
        if !ranges.isEmpty, chains[outside] != nil {
            chains["lb/" + name] = [
                "\(ip) saddr { \(ranges.joined(separator: ", ")) } goto \(outside)", "drop",
            ]
        }
        for address in service.balancerIPs where Family(of: address) == family {
            lead(
                "services", "\(address) . \(destination)", to: ranges.isEmpty ? outside : "lb/" + name,
                isLocal: service.isExternalLocal)
        }
        if port.nodePort != 0 {
            lead(
                "nodeports", "\(port.transport) . \(port.nodePort)", to: outside,
                isLocal: service.isExternalLocal)
        }
        guard port.transport == .udp else { return }
        for address in service.clusterIPs + service.externalIPs + service.balancerIPs {
            datagrams[Datagrams(address: address, port: port.number)] = Set(choice.all)
        }
        if port.nodePort != 0 {
            datagrams[Datagrams(address: nil, port: port.nodePort)] = Set(choice.all)
        }
    }

    /// Rules that send a connection to one of the targets, each with the same chance.
    private struct Balance {
        let name: String
        let transport: Transport
        let family: Family
        let affinity: Int?
    }

    private mutating func add(
        _ kind: String, _ balance: Balance, _ targets: [EndpointChoice.Target],
        _ blocks: inout EndpointBlocks
    ) -> [String] {
        let (ip, transport) = (balance.family.table, balance.transport)
        func dnat(_ target: EndpointChoice.Target) -> String {
            "meta l4proto \(transport) dnat to \(balance.family.socket(target.address, target.port))"
        }
        guard let timeout = balance.affinity else {
            if targets.count == 1 { return [dnat(targets[0])] }
            let base = blocks.base(of: kind + balance.name, count: targets.count)
            for (index, target) in targets.enumerated() {
                elements[Element(map: "endpoints-\(transport)", key: String(base + index))] =
                    "\(target.address) . \(target.port)"
            }
            return [
                "meta l4proto \(transport) dnat \(ip) to numgen random mod \(targets.count) offset \(base) map @endpoints-\(transport)"
            ]
        }
        var (known, any): ([String], [String]) = ([], [])
        for (index, target) in targets.enumerated() {
            let name = "\(balance.name)/\(endpointName(target.address))/\(target.port)"
            sets.insert("aff/" + name)
            chains["ep/" + name] = [
                "update @aff/\(name) { \(ip) saddr timeout \(timeout)s }", dnat(target),
            ]
            known.append("\(ip) saddr @aff/\(name) goto ep/\(name)")
            any.append("\(index) : goto ep/\(name)")
        }
        return known + ["numgen random mod \(targets.count) vmap { \(any.joined(separator: ", ")) }"]
    }
}

/// Numbers for endpoints, so that one map of the table holds those of all Services: libnftables looks at every map before each
/// change, so that maps of their own would make changes slower with every Service. The endpoints of a chain have
/// numbers in a row.
struct EndpointBlocks {
    private var blocks: [String: (base: Int, capacity: Int)] = [:]
    /// By capacity, a power of two.
    private var free: [Int: [Int]] = [:]
    private var next = 0

    /// The first number; the same as before as long as they are enough.
    mutating func base(of chain: String, count: Int) -> Int {
        if let block = blocks[chain], count <= block.capacity { return block.base }
        release(chain)
        var capacity = 4
        while capacity < count { capacity *= 2 }
        let base = free[capacity]?.popLast() ?? next
        if base == next { next += capacity }
        blocks[chain] = (base, capacity)
        return base
    }

    mutating func release(_ chain: String) {
        guard let block = blocks.removeValue(forKey: chain) else { return }
        free[block.capacity, default: []].append(block.base)
    }
}
