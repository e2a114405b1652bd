// What a runtime says of itself, its use of resources, and what happens in it.

public struct RuntimeVersion: Sendable, Equatable {
    /// E.g. "containerd", "cri-o".
    public var runtimeName: String
    public var runtimeVersion: String
    /// Of the CRI, e.g. "v1".
    public var runtimeApiVersion: String

    public init(runtimeName: String, runtimeVersion: String, runtimeApiVersion: String) {
        self.runtimeName = runtimeName
        self.runtimeVersion = runtimeVersion
        self.runtimeApiVersion = runtimeApiVersion
    }
}

public struct RuntimeCondition: Sendable, Equatable {
    public var status: Bool
    /// CamelCase, e.g. "NetworkPluginNotReady"; empty when all is well.
    public var reason: String
    public var message: String

    public init(status: Bool, reason: String = "", message: String = "") {
        self.status = status
        self.reason = reason
        self.message = message
    }
}

public struct RuntimeStatus: Sendable, Equatable {
    /// Containers in the host's network can be run.
    public var runtimeReady: RuntimeCondition
    /// Pods get addresses.
    public var networkReady: RuntimeCondition
    /// The handlers a RuntimeClass may name; empty where the runtime does not tell.
    public var runtimeHandlers: [RuntimeHandler] = []
    /// `SupplementalGroupsPolicy.strict` works.
    public var supplementalGroupsPolicy = false

    public init(runtimeReady: RuntimeCondition, networkReady: RuntimeCondition) {
        self.runtimeReady = runtimeReady
        self.networkReady = networkReady
    }
}

public struct RuntimeHandler: Sendable, Equatable {
    /// "" is the default handler.
    public var name: String
    public var recursiveReadOnlyMounts: Bool
    public var userNamespaces: Bool

    public init(name: String, recursiveReadOnlyMounts: Bool = false, userNamespaces: Bool = false) {
        self.name = name
        self.recursiveReadOnlyMounts = recursiveReadOnlyMounts
        self.userNamespaces = userNamespaces
    }
}

/// nil where the runtime does not tell. Times are nanoseconds since 1970, sizes bytes.
public struct ContainerStats: Sendable, Equatable {
    public var id: String
    public var metadata: ContainerMetadata
    public var labels: [String: String] = [:]
    public var cpu: CPUUsage?
    public var memory: MemoryUsage?
    public var writableLayer: FilesystemUsage?

    public init(id: String, metadata: ContainerMetadata) {
        self.id = id
        self.metadata = metadata
    }
}

public struct CPUUsage: Sendable, Equatable {
    public var timestamp: Int64
    /// Nanoseconds of all cores since the container was made.
    public var usageCoreNanoSeconds: UInt64?
    /// Nanoseconds a second, over the runtime's sample window.
    public var usageNanoCores: UInt64?

    public init(timestamp: Int64, usageCoreNanoSeconds: UInt64? = nil, usageNanoCores: UInt64? = nil) {
        self.timestamp = timestamp
        self.usageCoreNanoSeconds = usageCoreNanoSeconds
        self.usageNanoCores = usageNanoCores
    }
}

public struct MemoryUsage: Sendable, Equatable {
    public var timestamp: Int64
    public var workingSetBytes: UInt64?
    public var availableBytes: UInt64?
    public var usageBytes: UInt64?
    public var rssBytes: UInt64?
    public var pageFaults: UInt64?
    public var majorPageFaults: UInt64?

    public init(timestamp: Int64) { self.timestamp = timestamp }
}

public struct FilesystemUsage: Sendable, Equatable {
    public var timestamp: Int64
    public var mountpoint: String
    public var usedBytes: UInt64?
    public var inodesUsed: UInt64?

    public init(timestamp: Int64, mountpoint: String, usedBytes: UInt64? = nil, inodesUsed: UInt64? = nil) {
        self.timestamp = timestamp
        self.mountpoint = mountpoint
        self.usedBytes = usedBytes
        self.inodesUsed = inodesUsed
    }
}

public struct ContainerEvent: Sendable, Equatable {
    public enum Kind: Int, Sendable {
        case created = 0
        case started, stopped, deleted
    }

    public var kind: Kind
    /// Of a container or a sandbox.
    public var containerID: String
    /// Nanoseconds since 1970.
    public var createdAt: Int64
    /// The sandbox it happened in and that sandbox's containers, where the runtime sends them along.
    public var podSandboxStatus: PodSandboxStatus?
    public var containersStatuses: [ContainerStatus]

    public init(
        kind: Kind, containerID: String, createdAt: Int64, podSandboxStatus: PodSandboxStatus? = nil,
        containersStatuses: [ContainerStatus] = []
    ) {
        self.kind = kind
        self.containerID = containerID
        self.createdAt = createdAt
        self.podSandboxStatus = podSandboxStatus
        self.containersStatuses = containersStatuses
    }
}
