internal import API
internal import Client
internal import Network

/// What makes Services and names work on this machine's node. Where it cannot, it says why, and Pods run without.
final class NodeNetwork: Sendable {
    /// Where Pods find the cluster's DNS; none when it could not be started.
    let dnsAddresses: [String]
    private let dns: ClusterDNS
    private let running: Task<Void, Never>

    private init(_ dnsAddresses: [String], _ dns: ClusterDNS, _ running: Task<Void, Never>) {
        (self.dnsAddresses, self.dns, self.running) = (dnsAddresses, dns, running)
    }

    static func start(_ home: NodeHome, _ network: PodNetwork, nodeAddress: String) async -> NodeNetwork {
        let client = home.proxyClient
        let cache = ServiceCache(client)
        let ranges = [network.podCIDR, home.serviceCIDR]
        let proxy = ServiceProxy(
            ProxyConfiguration(
                nodeName: home.nodeName, table: network.bridge, bridge: network.bridge,
                podCIDRs: [network.podCIDR], serviceCIDRs: [home.serviceCIDR]),
            client: client, cache: cache
        ) { Output.error($0) }
        let dns = ClusterDNS(
            DNSConfiguration(
                host: nodeAddress, port: network.dnsPort,
                clients: [network.podCIDR, nodeAddress, "127.0.0.0/8"], ranges: ranges), cache: cache)
        var addresses: [String] = []
        do {
            if let publish = home.publishDNS { addresses = try await publish(nodeAddress, try await dns.start()) }
        } catch {
            Output.error(
                "DNS: the cluster's names cannot be served at \(nodeAddress): \(error); Pods resolve as the node does")
        }
        let running = Task {
            await withTaskGroup { group in
                group.addTask { await cache.run() }
                group.addTask { await proxy.run() }
            }
        }
        return NodeNetwork(addresses, dns, running)
    }

    /// The kernel's rules stay, so that Pods go on reaching each other.
    func stop() async {
        running.cancel()
        await dns.stop()
        await running.value
    }
}
