internal import API
internal import Client
internal import Controllers
internal import Glibc
internal import HTTP
internal import NIOCore
internal import NIOPosix
internal import Scheduler
internal import Server
internal import Store
internal import TLS

/// The control plane of one data directory: the store, the API server and everything that works through it.
final class Cluster: Sendable {
    let dataDirectory: String
    let server: APIServer
    let configuration: ServerConfiguration
    let address: String
    let port: Int
    /// Only processes of this machine's own network can reach the server.
    let isLoopback: Bool
    let nodeName: String
    private let store: Store
    private let http: HTTPServer
    private let certificates: ClusterCertificates
    private let lock: DirectoryLock
    private let secretKeys: SecretKeys
    private let tasks: [Task<Void, Never>]

    var kubeconfigPath: String { dataDirectory + "/admin.kubeconfig" }

    static func start(
        dataDirectory: String, listen: ListenAddress, nodeName: String, serviceCIDR: String,
        runsScheduler: Bool = true, auditLog: AuditLog? = nil
    ) async throws -> Cluster {
        let directory = try DirectoryLock.prepare(dataDirectory)
        let lock = try DirectoryLock(directory)
        guard let serviceAddress = ServerConfiguration.serviceAddress(1, of: serviceCIDR),
            ServerConfiguration.serviceAddress(10, of: serviceCIDR) != nil
        else {
            throw Failure(
                "--service-cidr \(serviceCIDR) is not an IPv4 network of 16 to 16,777,216 addresses, such as 10.96.0.0/12",
                exitCode: 2)
        }
        let certificates = try ClusterCertificates(
            directory: directory, listen: listen, serviceAddress: serviceAddress, nodeName: nodeName)
        let kinds = try BuiltInKinds()
        let secretKeys = try SecretKeys(directory: directory)
        let store = try Store(
            backend: try SQLiteBackend(path: directory + "/store.db", seal: secretKeys),
            attributes: APIServer.attributes(of: kinds))
        do {
            // Loaded, all is sealed with the newest.
            try secretKeys.dropOld()
            var configuration = ServerConfiguration(
                adminToken: certificates.adminToken, signingKey: certificates.signingKey,
                authority: certificates.authorityPEM)
            configuration.serviceCIDR = serviceCIDR
            configuration.auditLog = auditLog
            configuration.kubeletAccess = try certificates.kubeletAccess()
            let server = try APIServer(configuration, store: store, kinds: kinds)
            let http = try await HTTPServer.start(
                host: listen.host, port: listen.port, tls: certificates.context, responder: server,
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            let cluster = try await Cluster(
                directory, configuration, server, store, http, certificates, lock, secretKeys, listen: listen,
                port: http.port,
                nodeName: nodeName, runsScheduler: runsScheduler)
            return cluster
        } catch {
            await store.close()
            throw error
        }
    }

    private init(
        _ dataDirectory: String, _ configuration: ServerConfiguration, _ server: APIServer, _ store: Store,
        _ http: HTTPServer,
        _ certificates: ClusterCertificates,
        _ lock: DirectoryLock, _ secretKeys: SecretKeys, listen: ListenAddress, port: Int, nodeName: String,
        runsScheduler: Bool
    ) async throws {
        (self.dataDirectory, self.server, self.store, self.http) = (dataDirectory, server, store, http)
        (self.configuration, self.secretKeys) = (configuration, secretKeys)
        (self.certificates, self.lock, self.port, self.nodeName) = (certificates, lock, port, nodeName)
        let host = ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host
        isLoopback = listen.host.hasPrefix("127.") || listen.host == "::1"
        address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        try await server.createSystemNamespaces()
        await server.reconcileDefaultRoles()
        await server.reconcileDefaultFlows()
        try await SystemServices(server, configuration).publishAPIServer(
            address: isLoopback ? nil : Host.primaryAddress(), port: port)
        try certificates.keepKubeconfig(at: dataDirectory + "/admin.kubeconfig", server: "https://" + address)
        let scheduler = Scheduler(client: LocalClient(server, user: "system:kube-scheduler"))
        let (authority, signer) = (certificates.authorityPEM, certificates.signer)
        tasks = [
            Task {
                await runControllers(
                    client: { account in
                        account.map { LocalClient(server, account: $0, manager: "kube-controller-manager") }
                            ?? LocalClient(server, user: "system:kube-controller-manager")
                    }, authority: authority, signer: signer, resources: { server.watchableResources },
                    parties: ClusterParties(
                        client: { LocalClient(server, user: $0, groups: $1.filter { $0 != "system:authenticated" }) },
                        resource: { server.resource(apiVersion: $0, kind: $1) }))
            },
            Task { if runsScheduler { await scheduler.run() } },
            Task { await server.run() },
            Task { await certificates.renewDaily() },
        ]
    }

    /// Seals Secrets with the newest key of the file, and forgets the others.
    func rotateSecrets() async {
        do {
            try secretKeys.reload()
            try await store.reseal()
            try secretKeys.dropOld()
        } catch {
            Output.error("the key of Secrets is not changed: \(error)")
        }
    }

    func stop() async {
        for task in tasks { task.cancel() }
        await http.shutdown(grace: .seconds(5))
        for task in tasks { await task.value }
        await store.close()
    }

    func kubeletContext(address: String) throws -> TLSContext { try certificates.kubelet(address: address) }
    func renewCertificates() { certificates.renew() }
}

/// One server a data directory.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// The directory, made with mode 0700 where it is missing.
    static func prepare(_ path: String) throws -> String {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFDIR {
            throw Failure("\(path) is not a directory: give the data directory with --data-dir")
        }
        do { try SecureFile.makeDirectory(path) } catch { throw Failure("\(error)") }
        if path.hasPrefix("/") { return path }
        guard let absolute = realpath(path, nil) else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
        defer { free(absolute) }
        return String(cString: absolute)
    }

    init(_ directory: String) throws {
        let path = directory + "/lock"
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw Failure(
                "\(directory) is in use by another segler server: stop that one, or choose another --data-dir")
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = write(descriptor, text, text.utf8.count)
    }

    /// The process that holds it; nil when there is none.
    static func holder(_ directory: String) -> pid_t? {
        let descriptor = open(directory + "/lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return nil }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &buffer, buffer.count)
        return pid_t(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber))
    }

    deinit { close(descriptor) }
}
