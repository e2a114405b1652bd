import Glibc

/// What this host can and cannot do, as far as the runtime's options depend on it.
public struct HostCapabilities: Sendable, Equatable {
    /// The oom_score_adj of a process may be lowered (CAP_SYS_RESOURCE).
    public var canLowerOOMScore: Bool
    public var appArmor: Bool
    /// systemd is process 1.
    public var systemd: Bool
    /// 2 when the unified hierarchy is the only one, else 1 (also for hybrid mounts).
    public var cgroupVersion: Int
    /// overlayfs can be mounted below the data directory.
    public var overlayfs: Bool
    /// Where the CNI plugins are, nil if nowhere.
    public var cniBinDirectory: String?

    /// Looks at the host. As root, with `dataDirectory` in existence.
    public static func detect(dataDirectory: String) -> HostCapabilities {
        HostCapabilities(
            canLowerOOMScore: effectiveCapabilities >> 24 & 1 == 1,
            appArmor: Files.readText("/sys/module/apparmor/parameters/enabled")?.first == "Y",
            systemd: Files.exists("/run/systemd/system"),
            cgroupVersion: Files.exists("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1,
            overlayfs: mountsOverlay(below: dataDirectory),
            cniBinDirectory: ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"].first { directory in
                ["bridge", "host-local", "loopback"].allSatisfy { Files.isExecutable("\(directory)/\($0)") }
            })
    }

    /// The bits of capabilities(7); CAP_SYS_RESOURCE is 24.
    private static var effectiveCapabilities: UInt64 {
        let status = Files.readText("/proc/self/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
        return line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
    }

    /// Tries it: the kernel may lack it, and a data directory that is on an overlay itself cannot have another.
    private static func mountsOverlay(below directory: String) -> Bool {
        var template = Array("\(directory)/overlay-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return false }
        let base = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
        let directories = ["lower", "upper", "work", "merged"].map { "\(base)/\($0)" }
        for path in directories { mkdir(path, 0o755) }
        let options = "lowerdir=\(directories[0]),upperdir=\(directories[1]),workdir=\(directories[2])"
        let mounted = mount("overlay", directories[3], "overlay", 0, options) == 0
        if mounted { umount(directories[3]) }
        // The kernel leaves a directory inside the work directory.
        for path in ["\(directories[2])/work", "\(directories[2])/index"] + directories + [base] { rmdir(path) }
        return mounted
    }
}
