internal import API
internal import ArgumentParser
internal import Client
internal import Glibc
internal import Node
internal import Server

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Run the control plane and, unless told otherwise, a node on this machine.",
        discussion: """
            Writes admin.kubeconfig and admin.token into the data directory and prints a line that begins with `ready` when the \
            API answers. SIGTERM or Ctrl-C stops it; containers go on running and are found again by the next start.
            """)

    @Option(help: "Where everything is kept: the store, certificates, pods, images.")
    var dataDir = "/var/lib/segler"

    @Option(help: "Address and port of the API server.")
    var listen = "0.0.0.0:6443"

    @Option(help: "The addresses of Services. Servers on one machine need different ones.")
    var serviceCidr = "10.96.0.0/12"

    @Flag(help: "Only the control plane: needs neither root nor a container runtime.")
    var noNode = false

    @Flag(help: "Without the default scheduler: Pods wait until another one binds them.")
    var noScheduler = false

    @Option(
        help: ArgumentHelp(
            "Gets one line of JSON for each request over the network: who, what, the verdict, the code, how long; no bodies. Off by default.",
            valueName: "file"))
    var auditLogPath: String?

    @Option(help: ArgumentHelp("When the audit log is so large another file is begun, in MB.", valueName: "MB"))
    var auditLogMaxsize = 100

    @Option(help: ArgumentHelp("How many full audit logs are kept: FILE.1 is the newest.", valueName: "number"))
    var auditLogMaxbackup = 10

    @Option(help: "The name of this machine's node; its host name by default.")
    var nodeName: String?

    @Option(
        help: "Use a container runtime that is running already (unix:///path/to.sock) instead of an own containerd.")
    var runtimeEndpoint: String?

    @Option(help: "How little may be left before Pods are evicted: memory.available<100Mi,nodefs.available<10%, ...")
    var evictionHard: String?

    @Option(help: "Kept back for Segler and the container runtime: cpu=100m,memory=256Mi,ephemeral-storage=1Gi.")
    var kubeReserved: String?

    @Option(help: "Kept back for the rest of the machine, in the same form.")
    var systemReserved: String?

    @Option(
        help:
            "Where the node's agent serves logs, streams and measurements (0: any free port; default: 10250, or any free port where that is taken)."
    )
    var kubeletPort: Int?

    @Option(
        help: ArgumentHelp(
            "Where the manifests of static Pods are (default: DATA-DIR/manifests).", valueName: "directory"))
    var podManifestDir: String?

    @Option(
        help: ArgumentHelp(
            "A sysctl that Pods may set though it is not known to be safe, such as net.core.somaxconn or net.*; may be repeated.",
            valueName: "name"))
    var allowedUnsafeSysctls: [String] = []

    func run() async throws {
        let address = try ListenAddress(listen)
        let thresholds = try thresholds()
        let reserved = try reserved()
        let audit = try auditLog()
        let signals = try StopSignals()
        if !noNode { try NodeHost.check(runtimeEndpoint: runtimeEndpoint) }
        let cluster = try await Cluster.start(
            dataDirectory: dataDir, listen: address, nodeName: try NodeName.resolve(nodeName), serviceCIDR: serviceCidr,
            runsScheduler: !noScheduler, auditLog: audit)
        do {
            let node =
                noNode
                ? nil
                : try await NodeHost.start(NodeHome(cluster), runtimeEndpoint: runtimeEndpoint, signals) {
                    if let kubeletPort { $0.kubeletPort = kubeletPort }
                    $0.mayChooseKubeletPort = kubeletPort == nil
                    $0.evictionThresholds = thresholds
                    $0.reserved = reserved
                    if let podManifestDir { $0.manifestDirectory = podManifestDir }
                    $0.allowedUnsafeSysctls = allowedUnsafeSysctls
                }
            signals.whenHungUp {
                cluster.renewCertificates()
                Task { await cluster.rotateSecrets() }
            }
            let announcement = Task { await announce(cluster, node) }
            await signals.wait()
            announcement.cancel()
            await node?.stop()
            await cluster.stop()
            audit?.close()
        } catch {
            await cluster.stop()
            throw error
        }
    }

    private func auditLog() throws -> AuditLog? {
        guard let auditLogPath else { return nil }
        guard auditLogMaxsize > 0, auditLogMaxbackup >= 0 else {
            throw Failure("--audit-log-maxsize must be at least 1, --audit-log-maxbackup at least 0", exitCode: 2)
        }
        do {
            return try AuditLog(path: auditLogPath, maximumSize: auditLogMaxsize << 20, backups: auditLogMaxbackup)
        } catch { throw Failure("\(error): give another --audit-log-path") }
    }

    private func thresholds() throws -> EvictionThresholds {
        do { return try EvictionThresholds(parsing: evictionHard ?? "") } catch {
            throw Failure("--eviction-hard: \(error)", exitCode: 2)
        }
    }

    private func reserved() throws -> [String: Quantity] {
        var sum: [String: Quantity] = [:]
        for (option, text) in [("--kube-reserved", kubeReserved), ("--system-reserved", systemReserved)] {
            for part in (text ?? "").split(separator: ",") {
                let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
                guard sides.count == 2, ["cpu", "memory", "ephemeral-storage"].contains(sides[0]),
                    let amount = Quantity(sides[1]), amount >= .zero
                else {
                    throw Failure(
                        "\(option) \(part): give cpu, memory or ephemeral-storage with a quantity, such as memory=256Mi",
                        exitCode: 2)
                }
                sum[sides[0], default: .zero] += amount
            }
        }
        return sum
    }

    private func announce(_ cluster: Cluster, _ node: NodeHost?) async {
        cluster.server.isReady = true
        Output.line(
            "ready: https://\(cluster.address) (Kubernetes \(Versions.kubernetes)), KUBECONFIG=\(cluster.kubeconfigPath)"
        )
        guard let node else { return }
        // Ends early when the program is to stop.
        await node.waitUntilReady(LocalClient(cluster.server, user: "system:apiserver", groups: ["system:masters"]))
        Output.line(
            """
              API         https://\(cluster.address)
              console     https://\(cluster.address)/console/
              kubeconfig  \(cluster.kubeconfigPath)
              node        \(node.name) is Ready
            Next: export KUBECONFIG=\(cluster.kubeconfigPath) && kubectl get nodes -o wide
            """)
    }
}

enum NodeName {
    /// The name given, or else the machine's, as a Node may have it.
    static func resolve(_ nodeName: String?) throws -> String {
        var name = nodeName ?? ""
        if nodeName == nil {
            var buffer = [CChar](repeating: 0, count: 256)
            gethostname(&buffer, 255)
            name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
        }
        if let problem = Format.dns1123Subdomain.problems(name).first {
            throw Failure(
                "the node name \"\(name)\" cannot be used: \(problem); give one with --node-name", exitCode: 2)
        }
        return name
    }
}

/// `ADDRESS:PORT` or `[IPv6]:PORT`.
struct ListenAddress: Sendable {
    let host: String
    let port: Int

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else {
            throw Failure("--listen \(text) is not ADDRESS:PORT, such as 0.0.0.0:6443", exitCode: 2)
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        var v4 = in_addr()
        var v6 = in6_addr()
        guard inet_pton(AF_INET, String(host), &v4) == 1 || inet_pton(AF_INET6, String(host), &v6) == 1 else {
            throw Failure(
                "--listen \(text): \"\(host)\" is not an IP address; use for example 0.0.0.0:6443", exitCode: 2)
        }
        (self.host, self.port) = (String(host), port)
    }
}
