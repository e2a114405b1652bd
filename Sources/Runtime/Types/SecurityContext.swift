// What processes may do and which namespaces they live in.

/// Which namespaces are the pod's, the container's own, or the host's.
public struct NamespaceOption: Sendable, Equatable {
    public enum Mode: Int, Sendable {
        /// Shared by the containers of the pod.
        case pod = 0
        /// The container's own.
        case container
        /// The host's.
        case node
        /// That of the container named by `targetID`.
        case target
    }

    /// `.pod` or `.node`.
    public var network = Mode.pod
    /// Kubernetes' default is `.container`; `.pod` for shareProcessNamespace, `.target` for ephemeral containers.
    public var pid = Mode.container
    /// `.pod` or `.node`.
    public var ipc = Mode.pod
    public var targetID = ""
    /// A user namespace of the pod's own; nil for the host's.
    public var user: UserNamespace?

    public init() {}
}

public struct UserNamespace: Sendable, Equatable {
    public var uids: [IDMapping]
    public var gids: [IDMapping]

    public init(uids: [IDMapping], gids: [IDMapping]) {
        self.uids = uids
        self.gids = gids
    }
}

public struct IDMapping: Sendable, Equatable {
    public var hostID: UInt32
    public var containerID: UInt32
    public var length: UInt32

    public init(hostID: UInt32, containerID: UInt32, length: UInt32) {
        self.hostID = hostID
        self.containerID = containerID
        self.length = length
    }
}

/// A seccomp or AppArmor profile.
public enum SecurityProfile: Sendable, Equatable {
    case runtimeDefault
    case unconfined
    /// For seccomp the absolute path of a file on the node, for AppArmor the name of a loaded profile.
    case localhost(String)
}

public struct SELinuxOption: Sendable, Equatable {
    public var user: String
    public var role: String
    public var type: String
    public var level: String

    public init(user: String = "", role: String = "", type: String = "", level: String = "") {
        self.user = user
        self.role = role
        self.type = type
        self.level = level
    }
}

/// How the groups of the image's /etc/group count: added to the given ones, or not.
public enum SupplementalGroupsPolicy: Int, Sendable {
    case merge = 0
    case strict
}

public struct LinuxSandboxSecurityContext: Sendable, Equatable {
    public var namespaceOptions = NamespaceOption()
    public var selinuxOptions: SELinuxOption?
    public var runAsUser: Int64?
    /// Only together with `runAsUser`.
    public var runAsGroup: Int64?
    public var readonlyRootfs = false
    public var supplementalGroups: [Int64] = []
    public var supplementalGroupsPolicy = SupplementalGroupsPolicy.merge
    /// Must be true when a container in it will be.
    public var privileged = false
    public var seccomp: SecurityProfile?
    public var apparmor: SecurityProfile?

    public init() {}
}

public struct LinuxContainerSecurityContext: Sendable, Equatable {
    /// Without the prefix CAP_, e.g. "NET_ADMIN"; "ALL" for all of them.
    public var addCapabilities: [String] = []
    public var dropCapabilities: [String] = []
    public var privileged = false
    /// The same as the sandbox's, save `pid`.
    public var namespaceOptions = NamespaceOption()
    public var selinuxOptions: SELinuxOption?
    /// nil for the image's user.
    public var runAsUser: Int64?
    /// Only together with `runAsUser` or `runAsUsername`.
    public var runAsGroup: Int64?
    /// A name in the image's /etc/passwd; only without `runAsUser`.
    public var runAsUsername = ""
    public var readonlyRootfs = false
    public var supplementalGroups: [Int64] = []
    public var supplementalGroupsPolicy = SupplementalGroupsPolicy.merge
    /// allowPrivilegeEscalation is false.
    public var noNewPrivs = false
    /// The paths of /proc and /sys hidden from the container and made read-only in it; both empty for
    /// `procMount: Unmasked`, `defaultMaskedPaths` and `defaultReadonlyPaths` otherwise.
    public var maskedPaths = LinuxContainerSecurityContext.defaultMaskedPaths
    public var readonlyPaths = LinuxContainerSecurityContext.defaultReadonlyPaths
    /// nil is `.unconfined`.
    public var seccomp: SecurityProfile?
    public var apparmor: SecurityProfile?

    public init() {}

    public static let defaultMaskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    public static let defaultReadonlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
}
