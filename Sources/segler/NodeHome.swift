internal import Client
internal import Node
internal import Server
internal import TLS

/// What the node of this machine needs of its cluster, whether that is in this process or on another machine.
struct NodeHome: Sendable {
    var dataDirectory: String
    var nodeName: String
    var serviceCIDR: String
    /// Where Pods find the API server.
    var apiAddress: String
    /// Only this machine can reach what listens.
    var isLoopback = false
    /// The node's own identity.
    var client: any ObjectClient
    /// For what keeps the kernel's rules for Services.
    var proxyClient: any ObjectClient
    /// The pods' addresses on this node; nil: a network of this machine's own choice.
    var podCIDR: String?
    /// The certificate of the agent's port, for the node's address.
    var kubeletContext: @Sendable (_ address: String) async throws -> TLSContext
    /// Tells the API server's process of the agent; nil where they are on different machines.
    var connect: (@Sendable (NodeAgent) -> Void)?
    /// Makes the cluster's names resolvable here; nil: Pods resolve as the node does.
    var publishDNS: (@Sendable (_ address: String, _ ports: (udp: Int, tcp: Int)) async throws -> [String])?
    var provisioner: LocalPathProvisioner?
}

extension NodeHome {
    /// In the server's own process.
    init(_ cluster: Cluster) {
        let (server, name) = (cluster.server, cluster.nodeName)
        self.init(
            dataDirectory: cluster.dataDirectory, nodeName: name, serviceCIDR: cluster.configuration.serviceCIDR,
            apiAddress: cluster.configuration.serviceAddress(1) ?? "", isLoopback: cluster.isLoopback,
            client: LocalClient(server, user: "system:node:" + name, groups: ["system:nodes"]),
            proxyClient: LocalClient(server, user: "system:kube-proxy"),
            kubeletContext: { try cluster.kubeletContext(address: $0) },
            connect: { server.connect(node: name, $0) })
        publishDNS = { address, ports in
            try await SystemServices(server, cluster.configuration).publishDNS(
                node: name, address: address, ports: ports)
            return [cluster.configuration.serviceAddress(10)].compactMap { $0 }
        }
        provisioner = LocalPathProvisioner(
            LocalClient(server, account: "local-path-provisioner", manager: "local-path-provisioner"),
            nodeName: name, directory: cluster.dataDirectory + "/volumes"
        ) { Output.error($0) }
    }
}
