// Sandboxes: what the containers of one pod share.

/// What identifies a sandbox.
public struct PodSandboxMetadata: Sendable, Hashable {
    public var name: String
    public var uid: String
    public var namespace: String
    /// Counts the sandboxes made for one pod, from 0.
    public var attempt: UInt32

    public init(name: String, uid: String, namespace: String, attempt: UInt32 = 0) {
        self.name = name
        self.uid = uid
        self.namespace = namespace
        self.attempt = attempt
    }
}

public struct PodSandboxConfig: Sendable, Equatable {
    public var metadata: PodSandboxMetadata
    /// Must be empty for a pod in the host's network.
    public var hostname = ""
    /// The directory of the container logs, e.g. /var/log/pods/NAMESPACE_NAME_UID. The runtime makes it.
    public var logDirectory = ""
    /// What /etc/resolv.conf says; nil keeps the host's.
    public var dnsConfig: DNSConfig?
    public var portMappings: [PortMapping] = []
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    /// The parent cgroup, as a path below each controller, e.g. /kubepods/burstable/podUID; "" for the runtime's own.
    public var cgroupParent = ""
    public var sysctls: [String: String] = [:]
    public var securityContext = LinuxSandboxSecurityContext()
    /// The sum of the containers' resources, for runtimes that size the sandbox by it (virtual machines).
    public var resources: LinuxContainerResources?
    public var overhead: LinuxContainerResources?

    public init(metadata: PodSandboxMetadata) { self.metadata = metadata }
}

public struct DNSConfig: Sendable, Equatable {
    public var servers: [String]
    public var searches: [String]
    /// As in resolv.conf(5), e.g. "ndots:5".
    public var options: [String]

    public init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
        self.servers = servers
        self.searches = searches
        self.options = options
    }
}

/// A port of the host that leads to one of the sandbox (a container's `hostPort`).
public struct PortMapping: Sendable, Equatable {
    public enum `Protocol`: Int, Sendable {
        case tcp = 0
        case udp, sctp
    }

    public var `protocol`: `Protocol`
    public var containerPort: Int32
    public var hostPort: Int32
    /// "" for all addresses of the host.
    public var hostIP: String

    public init(protocol: `Protocol` = .tcp, containerPort: Int32, hostPort: Int32, hostIP: String = "") {
        self.protocol = `protocol`
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostIP = hostIP
    }
}

public enum PodSandboxState: Int, Sendable {
    case ready = 0
    case notReady
}

/// A sandbox in a list.
public struct PodSandbox: Sendable, Equatable {
    public var id: String
    public var metadata: PodSandboxMetadata
    public var state: PodSandboxState
    /// Nanoseconds since 1970.
    public var createdAt: Int64
    public var labels: [String: String]
    public var annotations: [String: String]
    public var runtimeHandler: String

    public init(
        id: String, metadata: PodSandboxMetadata, state: PodSandboxState, createdAt: Int64,
        labels: [String: String] = [:], annotations: [String: String] = [:], runtimeHandler: String = ""
    ) {
        self.id = id
        self.metadata = metadata
        self.state = state
        self.createdAt = createdAt
        self.labels = labels
        self.annotations = annotations
        self.runtimeHandler = runtimeHandler
    }
}

public struct PodSandboxStatus: Sendable, Equatable {
    public var id: String
    public var metadata: PodSandboxMetadata
    public var state: PodSandboxState
    /// Nanoseconds since 1970.
    public var createdAt: Int64
    /// All addresses, the primary one first. Empty in the host's network and when not ready.
    public var ips: [String] = []
    public var namespaces: NamespaceOption?
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    public var runtimeHandler = ""

    public init(id: String, metadata: PodSandboxMetadata, state: PodSandboxState, createdAt: Int64) {
        self.id = id
        self.metadata = metadata
        self.state = state
        self.createdAt = createdAt
    }
}

/// Fields are combined with AND; nil and empty match everything.
public struct PodSandboxFilter: Sendable, Equatable {
    public var id: String?
    public var state: PodSandboxState?
    public var labelSelector: [String: String]

    public init(id: String? = nil, state: PodSandboxState? = nil, labelSelector: [String: String] = [:]) {
        self.id = id
        self.state = state
        self.labelSelector = labelSelector
    }
}
