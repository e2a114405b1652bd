// Containers: what is asked for and what is reported.

/// What identifies a container within its sandbox.
public struct ContainerMetadata: Sendable, Hashable {
    public var name: String
    /// Counts the containers made for one container of the pod, from 0: its restart count.
    public var attempt: UInt32

    public init(name: String, attempt: UInt32 = 0) {
        self.name = name
        self.attempt = attempt
    }
}

public struct ContainerConfig: Sendable, Equatable {
    public var metadata: ContainerMetadata
    public var image: ImageSpec
    /// The entry point; empty for the image's.
    public var command: [String] = []
    /// Its arguments; empty for the image's, unless `command` is given.
    public var args: [String] = []
    public var workingDir = ""
    /// In order: later ones win.
    public var envs: [EnvironmentVariable] = []
    public var mounts: [Mount] = []
    public var devices: [Device] = []
    /// Fully qualified CDI names, e.g. vendor.com/gpu=0.
    public var cdiDevices: [String] = []
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    /// Where the runtime writes the log, relative to the sandbox's `logDirectory`, e.g. app/0.log. Each line is
    /// `TIME stdout|stderr F|P TEXT`. Its directory must exist.
    public var logPath = ""
    public var stdin = false
    /// Close stdin after the first attach has ended.
    public var stdinOnce = false
    public var tty = false
    public var resources = LinuxContainerResources()
    public var securityContext = LinuxContainerSecurityContext()
    /// E.g. "SIGUSR1"; nil for the image's or SIGTERM. Runtimes before CRI 1.33 ignore it.
    public var stopSignal: String?

    public init(metadata: ContainerMetadata, image: ImageSpec) {
        self.metadata = metadata
        self.image = image
    }
}

public struct EnvironmentVariable: Sendable, Equatable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

/// A file or directory of the host, or an image, in the container.
public struct Mount: Sendable, Equatable {
    public enum Propagation: Int, Sendable {
        case `private` = 0
        case hostToContainer, bidirectional
    }

    public var containerPath: String
    /// Must exist. Empty when `image` is given.
    public var hostPath: String
    public var readonly: Bool
    /// Mounts below it are read-only as well; needs `readonly` and private propagation.
    public var recursiveReadOnly = false
    public var selinuxRelabel = false
    public var propagation = Propagation.private
    /// Mounts this image's files (newer runtimes only).
    public var image: ImageSpec?
    public var imageSubPath = ""

    public init(containerPath: String, hostPath: String, readonly: Bool = false) {
        self.containerPath = containerPath
        self.hostPath = hostPath
        self.readonly = readonly
    }
}

public struct Device: Sendable, Equatable {
    public var containerPath: String
    public var hostPath: String
    /// Of "r", "w" and "m" (make node).
    public var permissions: String

    public init(containerPath: String, hostPath: String, permissions: String = "rwm") {
        self.containerPath = containerPath
        self.hostPath = hostPath
        self.permissions = permissions
    }
}

public enum ContainerState: Int, Sendable {
    case created = 0
    case running, exited, unknown
}

/// A container in a list.
public struct Container: Sendable, Equatable {
    public var id: String
    public var podSandboxID: String
    public var metadata: ContainerMetadata
    public var image: ImageSpec
    /// The image's name with digest.
    public var imageRef: String
    public var state: ContainerState
    /// Nanoseconds since 1970.
    public var createdAt: Int64
    public var labels: [String: String]
    public var annotations: [String: String]

    public init(
        id: String, podSandboxID: String, metadata: ContainerMetadata, image: ImageSpec, imageRef: String,
        state: ContainerState, createdAt: Int64, labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.id = id
        self.podSandboxID = podSandboxID
        self.metadata = metadata
        self.image = image
        self.imageRef = imageRef
        self.state = state
        self.createdAt = createdAt
        self.labels = labels
        self.annotations = annotations
    }
}

public struct ContainerStatus: Sendable, Equatable {
    public var id: String
    public var metadata: ContainerMetadata
    public var state: ContainerState
    /// Nanoseconds since 1970; `startedAt` and `finishedAt` are 0 when it has not happened.
    public var createdAt: Int64
    public var startedAt: Int64 = 0
    public var finishedAt: Int64 = 0
    /// Of an exited container; 128 + n when signal n ended it.
    public var exitCode: Int32 = 0
    public var image: ImageSpec
    /// The image's name with digest, or its ID.
    public var imageRef = ""
    /// "OOMKilled", "Error", "Completed", … as the runtime says.
    public var reason = ""
    public var message = ""
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    public var mounts: [Mount] = []
    /// Absolute.
    public var logPath = ""
    /// The limits in force, where the runtime reports them.
    public var resources: LinuxContainerResources?
    /// Who the first process runs as, where the runtime reports it.
    public var user: ContainerUser?

    public init(
        id: String, metadata: ContainerMetadata, state: ContainerState, createdAt: Int64, image: ImageSpec
    ) {
        self.id = id
        self.metadata = metadata
        self.state = state
        self.createdAt = createdAt
        self.image = image
    }
}

public struct ContainerUser: Sendable, Equatable {
    public var uid: Int64
    public var gid: Int64
    public var supplementalGroups: [Int64]

    public init(uid: Int64, gid: Int64, supplementalGroups: [Int64] = []) {
        self.uid = uid
        self.gid = gid
        self.supplementalGroups = supplementalGroups
    }
}

/// Fields are combined with AND; nil and empty match everything.
public struct ContainerFilter: Sendable, Equatable {
    public var id: String?
    public var state: ContainerState?
    public var podSandboxID: String?
    public var labelSelector: [String: String]

    public init(
        id: String? = nil, state: ContainerState? = nil, podSandboxID: String? = nil,
        labelSelector: [String: String] = [:]
    ) {
        self.id = id
        self.state = state
        self.podSandboxID = podSandboxID
        self.labelSelector = labelSelector
    }
}

public struct ExecSyncResult: Sendable, Equatable {
    public var stdout: [UInt8]
    public var stderr: [UInt8]
    public var exitCode: Int32

    public init(stdout: [UInt8], stderr: [UInt8], exitCode: Int32) {
        self.stdout = stdout
        self.stderr = stderr
        self.exitCode = exitCode
    }
}
