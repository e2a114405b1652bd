// Network: what makes Services reachable on a node, by what the API says about them.
//
//   ServiceCache   Services and EndpointSlices, followed once for everything here
//   Services/      ServiceProxy: Services as nftables maps in the kernel
//     Service, EndpointChoice       what a Service says, and which endpoints traffic may go to
//     ServiceRules, Ruleset         the rules of one Service and of all, and the commands from one state to the next
//     NetfilterBatch                usual changes without the library, at a cost that does not grow with their number
//     Conntrack                     UDP flows to endpoints that are gone
//     HealthChecks                  answers for `healthCheckNodePort`
//   DNS/           ClusterDNS: names of Services and Pods, and all other names from the node's resolvers

/// Where parts of this module tell their operator what no API object can hold.
public typealias NetworkLog = @Sendable (String) -> Void

/// IPv4 or IPv6, as EndpointSlices and Services name it; what differs between both is data.
public enum Family: String, Sendable, CaseIterable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"

    init(of address: String) { self = address.contains(":") ? .ipv6 : .ipv4 }

    /// nftables' words.
    var table: String { self == .ipv4 ? "ip" : "ip6" }
    var addressType: String { self == .ipv4 ? "ipv4_addr" : "ipv6_addr" }
    var loopback: String { self == .ipv4 ? "127.0.0.0/8" : "::1/128" }
    /// An address with a port.
    func socket(_ address: String, _ port: Int) -> String {
        self == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
