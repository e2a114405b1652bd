/// Where an own containerd keeps its things, and the configuration file that says so.
public struct ContainerdConfiguration: Sendable, Equatable {
    /// Holds images, containers' metadata, the CNI configuration, the log. Survives reboots.
    public var dataDirectory: String
    /// Holds sockets and what is known of running containers. Must be emptied by a reboot, hence below /run. Short: the
    /// path of a unix socket has 107 bytes at most.
    public var stateDirectory: String
    /// The image of the sandboxes' first process; must be on the node.
    public var sandboxImage = PauseImage.name
    /// Give container cgroups to systemd instead of writing them ourselves. The `cgroupParent` of a sandbox must then be
    /// the name of a slice.
    public var systemdCgroup = false
    public var host: HostCapabilities

    public var socketPath: String { "\(stateDirectory)/containerd.sock" }
    public var rootDirectory: String { "\(dataDirectory)/containerd" }
    public var cniConfDirectory: String { "\(dataDirectory)/cni" }
    /// Registry options: HOST/hosts.toml,
    /// see https://github.com/containerd/containerd/blob/main/docs/hosts.md. Read at every pull.
    public var certsDirectory: String { "\(dataDirectory)/certs.d" }
    public var configPath: String { "\(dataDirectory)/containerd.toml" }
    public var logPath: String { "\(dataDirectory)/containerd.log" }
    public var snapshotter: String { host.overlayfs ? "overlayfs" : "native" }

    /// Looks at the host and chooses. Makes the data directory.
    /// - Parameter stateDirectory: nil for one below /run/segler that is this data directory's own.
    public init(dataDirectory: String, stateDirectory: String? = nil) throws {
        try Files.makeDirectory(dataDirectory, mode: 0o711)
        self.dataDirectory = dataDirectory
        self.stateDirectory = stateDirectory ?? "/run/segler/\(Self.shortHash(dataDirectory))"
        host = HostCapabilities.detect(dataDirectory: dataDirectory)
        guard socketPath.utf8.count <= 100 else {
            throw RuntimeError(.invalidArgument, "\(self.stateDirectory) is too long a path for sockets")
        }
    }

    /// FNV-1a, 32 bits.
    private static func shortHash(_ text: String) -> String {
        let hash = text.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return String(hash, radix: 16)
    }

    /// The file containerd reads (its format 2, which 1.5 to 2.x read).
    /// https://github.com/containerd/containerd/blob/main/docs/cri/config.md
    public var toml: String {
        let cri = "plugins.\"io.containerd.grpc.v1.cri\""
        return """
            # Written by Segler at every start.
            version = 2
            root = \(quoted(rootDirectory))
            state = \(quoted(stateDirectory))
            disabled_plugins = [
              "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
              "io.containerd.internal.v1.opt",
            ]

            [grpc]
            address = \(quoted(socketPath))

            [\(cri)]
            sandbox_image = \(quoted(sandboxImage))
            disable_apparmor = \(!host.appArmor)
            restrict_oom_score_adj = \(!host.canLowerOOMScore)

            [\(cri).cni]
            bin_dir = \(quoted(host.cniBinDirectory ?? "/opt/cni/bin"))
            conf_dir = \(quoted(cniConfDirectory))

            [\(cri).containerd]
            snapshotter = \(quoted(snapshotter))
            default_runtime_name = "runc"

            [\(cri).containerd.runtimes.runc]
            runtime_type = "io.containerd.runc.v2"

            [\(cri).containerd.runtimes.runc.options]
            SystemdCgroup = \(systemdCgroup)

            [\(cri).registry]
            config_path = \(quoted(certsDirectory))

            """
    }
}

/// A basic string of TOML, which is also one of JSON.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case "\u{0}"..<"\u{20}", "\u{7F}":
            let hex = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
