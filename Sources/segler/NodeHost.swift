internal import API
internal import Client
internal import Glibc
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOPosix
internal import Node
internal import Runtime
internal import Server

/// This machine as a node of the cluster: a container runtime, the pods' network, and the agent.
final class NodeHost: Sendable {
    let name: String
    private let agent: NodeAgent
    private let http: HTTPServer
    private let services: NodeNetwork
    private let supervisor: ContainerdSupervisor?
    private let driver: CRIRuntime
    private let running: Task<Void, Never>

    private init(
        _ name: String, _ agent: NodeAgent, _ http: HTTPServer, _ services: NodeNetwork,
        _ provisioner: LocalPathProvisioner?,
        _ supervisor: ContainerdSupervisor?, _ driver: CRIRuntime
    ) {
        (self.name, self.agent, self.http, self.services) = (name, agent, http, services)
        (self.supervisor, self.driver) = (supervisor, driver)
        running = Task {
            await withTaskGroup { group in
                group.addTask { await agent.run() }
                if let provisioner { group.addTask { await provisioner.run() } }
            }
        }
    }

    /// What can be known to fail before anything is written.
    static func check(runtimeEndpoint: String?) throws {
        guard geteuid() == 0 else {
            throw Failure("running containers needs root: use sudo, or --no-node for the control plane alone")
        }
        guard let runtimeEndpoint else { return }
        _ = try socketPath(runtimeEndpoint)
    }

    private static func socketPath(_ endpoint: String) throws -> String {
        guard endpoint.hasPrefix("unix://"), endpoint.count > 8 else {
            throw Failure("--runtime-endpoint \(endpoint) is not of the form unix:///path/to.sock", exitCode: 2)
        }
        let path = String(endpoint.dropFirst("unix://".count))
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(
                "there is no container runtime at \(path): start it, or leave out --runtime-endpoint to use an own containerd"
            )
        }
        return path
    }

    /// - Parameter configure: changes the node's configuration to what the command line says.
    static func start(
        _ home: NodeHome, runtimeEndpoint: String?, _ signals: StopSignals,
        configure: (inout NodeConfiguration) -> Void
    ) async throws -> NodeHost {
        var supervisor: ContainerdSupervisor?
        do {
            let network = try PodNetwork(dataDirectory: home.dataDirectory, podCIDR: home.podCIDR)
            for name in network.leftovers { await CNIConfiguration.removeNetwork(name) }
            let driver: CRIRuntime
            let endpoint: String
            if let runtimeEndpoint {
                driver = CRIRuntime(socketPath: try socketPath(runtimeEndpoint))
                endpoint = runtimeEndpoint
                _ = try await driver.version()
            } else {
                let configuration = try ContainerdConfiguration(dataDirectory: home.dataDirectory)
                let own = try ContainerdSupervisor(configuration) { Output.error($0) }
                let cni = CNIConfiguration(
                    bridge: network.bridge, podCIDRs: [network.podCIDR], ipMasq: true,
                    dataDirectory: home.dataDirectory,
                    binDirectory: configuration.host.cniBinDirectory)
                try cni.write(to: configuration.cniConfDirectory)
                for problem in CNIConfiguration.enableForwarding(ipv6: false) { Output.error("network: \(problem)") }
                supervisor = own
                try await own.start()
                try await PauseImage.provide(ImageImporter(configuration, driver: own.driver), driver: own.driver)
                driver = own.driver
                endpoint = "unix://" + configuration.socketPath
            }
            var configuration = NodeConfiguration(
                nodeName: home.nodeName, dataDirectory: home.dataDirectory, podCIDR: network.podCIDR,
                nodeAddress: Host.primaryAddress(), runtimeEndpoint: endpoint)
            configuration.version = Versions.kubernetes
            // A runtime of somebody else's may have its cgroups from systemd.
            if runtimeEndpoint == nil {
                configuration.cgroupRoot = network.bridge == "segler0" ? "kubepods" : "kubepods-\(network.bridge)"
            }
            let services = await NodeNetwork.start(home, network, nodeAddress: configuration.nodeAddress)
            configuration.apiServerHost = home.apiAddress
            configuration.clusterDNS = services.dnsAddresses
            configure(&configuration)
            let client = home.client
            let api = KubeletServer(nodeName: home.nodeName, client: client)
            let host = home.isLoopback ? "127.0.0.1" : "0.0.0.0"
            let tls = try await home.kubeletContext(configuration.nodeAddress)
            func listen(_ port: Int) async throws -> HTTPServer {
                try await HTTPServer.start(
                    host: host, port: port, tls: tls, responder: api,
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            }
            let http: HTTPServer
            do {
                http = try await listen(configuration.kubeletPort)
            } catch let error as HTTPServerError where configuration.mayChooseKubeletPort {
                http = try await listen(0)
                Output.error("\(error.description); the node's agent listens on port \(http.port)")
            }
            configuration.kubeletPort = http.port
            let agent = NodeAgent(configuration: configuration, client: client, runtime: driver) { Output.error($0) }
            api.connect(agent)
            home.connect?(agent)
            return NodeHost(home.nodeName, agent, http, services, home.provisioner, supervisor, driver)
        } catch {
            await supervisor?.stop()
            if let error = error as? RuntimeError { throw Failure("the container runtime cannot be used: \(error)") }
            throw error
        }
    }

    /// Returns when the node is Ready, or when the program is to stop.
    func waitUntilReady(_ client: any ObjectClient) async {
        let reflector = Reflector(client, .nodes, ListOptions(fieldSelector: .init("metadata.name", equals: name)))
        let ready = Latch()
        reflector.onChange { change in
            let conditions =
                change.new?["status"]["conditions"].elements.map { ($0["type"].string, $0["status"].string) } ?? []
            if conditions.contains(where: { $0.0 == "Ready" && $0.1 == "True" }) { ready.open() }
        }
        let task = Task { await reflector.run() }
        await ready.wait()
        task.cancel()
        // A node may not say this of itself (NodeRestriction).
        let role: JSONValue = ["metadata": ["labels": ["node-role.kubernetes.io/control-plane": ""]]]
        do throws(StatusError) {
            _ = try await client.patch(.nodes, namespace: nil, name: name, subresource: nil, .merge, role)
        } catch { Output.error("node \(name) has no role: \(error)") }
    }

    /// Containers, and the shims that watch over them, go on.
    func stop() async {
        running.cancel()
        await http.shutdown(grace: .seconds(1))
        await running.value
        await services.stop()
        await supervisor?.stop()
    }
}
