internal import API
internal import ArgumentParser
internal import Client
internal import Glibc
internal import HTTP
internal import JSON
internal import Node
internal import TLS

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run a node of a cluster whose server is on another machine.",
        discussion: """
            The first start needs a token that may join nodes; it gets the node certificates of its own, which later starts use. \
            Copy DATA-DIR/pki/ca.crt of the server to this machine first: it tells the real server from others.
            """)

    @Option(help: ArgumentHelp("The API server, https://HOST:6443.", valueName: "url"))
    var server: String

    @Option(
        help: ArgumentHelp("The certificate of the cluster's authority (the server's pki/ca.crt).", valueName: "file"))
    var caFile: String

    @Option(help: ArgumentHelp("Holds a token that may join nodes; needed once.", valueName: "file"))
    var tokenFile: String?

    @Option(help: "Where everything of the node is kept: certificates, pods, images.")
    var dataDir = "/var/lib/segler"

    @Option(help: "The name of this machine's node; its host name by default.")
    var nodeName: String?

    @Option(
        help: "The address by which the server and other nodes reach this one; by default that of the default route.")
    var nodeAddress: String?

    @Option(help: "The addresses of Services, as the server has them.")
    var serviceCidr = "10.96.0.0/12"

    @Option(
        help: "Use a container runtime that is running already (unix:///path/to.sock) instead of an own containerd.")
    var runtimeEndpoint: String?

    @Option(
        help:
            "Where the node's agent serves logs, streams and measurements (0: any free port; default: 10250, or any free port where that is taken)."
    )
    var kubeletPort: Int?

    func run() async throws {
        let signals = try StopSignals()
        try NodeHost.check(runtimeEndpoint: runtimeEndpoint)
        let name = try NodeName.resolve(nodeName)
        let directory = try DirectoryLock.prepare(dataDir)
        let lock = try DirectoryLock(directory)
        defer { withExtendedLifetime(lock) {} }
        let membership = try await Membership.join(
            server: server, caFile: caFile, tokenFile: tokenFile, directory: directory + "/pki", nodeName: name)
        let client = membership.client
        let home = NodeHome(
            dataDirectory: directory, nodeName: name, serviceCIDR: serviceCidr,
            apiAddress: try Self.firstAddress(of: serviceCidr), client: client, proxyClient: client,
            podCIDR: try await Self.podNetwork(of: name, client),
            kubeletContext: { try await membership.servingContext(address: $0) })
        let address = nodeAddress
        let node = try await NodeHost.start(home, runtimeEndpoint: runtimeEndpoint, signals) {
            if let kubeletPort { $0.kubeletPort = kubeletPort }
            $0.mayChooseKubeletPort = kubeletPort == nil
            if let address { $0.nodeAddress = address }
        }
        Output.line("ready: node \(name) of \(server)")
        signals.whenHungUp { Task { await membership.renew() } }
        let renewal = Task { await membership.renewDaily() }
        await signals.wait()
        renewal.cancel()
        await node.stop()
    }

    private static func firstAddress(of network: String) throws -> String {
        guard let block = IPBlock(network), block.address.bytes.count == 4, block.length < 31 else {
            throw Failure("--service-cidr \(network) is not a network such as 10.96.0.0/12", exitCode: 2)
        }
        let bytes = block.address.bytes
        return "\(bytes[0]).\(bytes[1]).\(bytes[2]).\(bytes[3] + 1)"
    }

    /// The /24 of 10.42.0.0/16 that this node has, or one that no other node has.
    private static func podNetwork(of name: String, _ client: any ObjectClient) async throws -> String {
        let nodes = try await client.list(.nodes, namespace: nil, ListOptions()).items
        if let own = nodes.first(where: { $0.name == name })?["spec"]["podCIDR"].string, !own.isEmpty { return own }
        let taken = Set(nodes.compactMap { $0["spec"]["podCIDR"].string })
        // The server's own is .0 in the usual data directory.
        guard let free = (1..<256).map({ "10.42.\($0).0/24" }).first(where: { !taken.contains($0) }) else {
            throw Failure("all pod networks of 10.42.0.0/16 are taken by other nodes: delete nodes that are gone")
        }
        return free
    }
}
