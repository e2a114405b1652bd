internal import API
internal import Glibc
internal import JSON
internal import Synchronization

/// The cgroups that the containers of pods are in: one for all pods, below it one for those that only share what is left over
/// (besteffort) and one for those that may get more than they asked for (burstable), and in these one for each pod.
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
final class Cgroups: Sendable {
    /// What a cgroup may use; nil: no limit.
    struct Limits: Sendable, Equatable {
        /// Weight as of cgroups v1: 1024 for each CPU.
        var shares = 2
        /// Microseconds of CPU time in 100 ms.
        var quota: Int?
        /// Bytes.
        var memory: Int?
        var pids: Int?
    }

    private let root: String
    private let isUnified: Bool
    /// Where each hierarchy is, by its controllers; of cgroups v2 the only one.
    private let hierarchies: [(controllers: Set<String>, path: String)]
    /// What each burstable pod asks of the CPUs, in thousandths.
    private let burstable = Mutex<[String: Int]>([:])

    /// - Parameter root: the name of the cgroup for all pods; nil where something else gives containers their cgroups.
    init?(root: String?) {
        guard let root else { return nil }
        self.root = root
        var found: [(controllers: Set<String>, path: String)] = []
        for line in (Files.text("/proc/self/mounts") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 3, fields[2] == "cgroup" else { continue }
            found.append((Set(fields[3].split(separator: ",").map(String.init)), fields[1]))
        }
        let unified = Set(
            (Files.text("/sys/fs/cgroup/cgroup.controllers") ?? "").split(separator: " ").map(String.init))
        isUnified = unified.contains("memory")
        hierarchies = isUnified ? [(unified, "/sys/fs/cgroup")] : found
        guard isUnified || found.contains(where: { $0.controllers.contains("memory") }) else { return nil }
    }

    func parent(of pod: Object) -> String {
        switch QOSClass(pod) {
        case .guaranteed: "/\(root)/pod\(pod.uid)"
        case .burstable: "/\(root)/burstable/pod\(pod.uid)"
        case .bestEffort: "/\(root)/besteffort/pod\(pod.uid)"
        }
    }

    /// Makes the pod's cgroup with its limits, or sets them anew. Blocks.
    func set(_ pod: Object) throws {
        let path = parent(of: pod)
        try make("/" + root, nil)
        if QOSClass(pod) == .bestEffort { try make("/\(root)/besteffort", Limits()) }
        if QOSClass(pod) == .burstable {
            try make("/\(root)/burstable", nil)
            count(pod.uid, podRequest(pod, "cpu").milliValue)
        }
        try make(path, Self.limits(of: pod))
    }

    /// What is left of a pod of any class. Blocks.
    func remove(_ uid: String) {
        for parent in ["/\(root)", "/\(root)/burstable", "/\(root)/besteffort"] {
            for (_, path) in hierarchies { rmdir("\(path)\(parent)/pod\(uid)") }
        }
        count(uid, nil)
    }

    /// A process of the pod; nil when none runs. Blocks.
    func process(of pod: Object) -> Int? {
        guard let path = hierarchies.first(where: { $0.controllers.contains("memory") })?.path else { return nil }
        let directory = path + parent(of: pod)
        for name in Files.names(in: directory) {
            if let text = Files.text("\(directory)/\(name)/cgroup.procs"), let first = text.split(separator: "\n").first
            {
                return Int(first)
            }
        }
        return nil
    }

    /// The pods that there are cgroups for. Blocks.
    var pods: Set<String> {
        var uids: Set<String> = []
        for parent in ["/\(root)", "/\(root)/burstable", "/\(root)/besteffort"] {
            for (_, path) in hierarchies {
                for name in Files.names(in: path + parent) where name.hasPrefix("pod") {
                    uids.insert(String(name.dropFirst(3)))
                }
            }
        }
        return uids
    }

    /// A limit holds for the pod when each of its containers has one, or the pod itself.
    /// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#pod-level-resource-specification
    static func limits(of pod: Object) -> Limits {
        var limits = Limits()
        limits.shares = CPUTime.shares(milliCPU: podRequest(pod, "cpu").milliValue)
        if let cpu = podLimit(pod, "cpu")?.milliValue { limits.quota = CPUTime.quota(milliCPU: cpu) }
        limits.memory = podLimit(pod, "memory")?.value
        return limits
    }

    private func count(_ uid: String, _ milliCPU: Int?) {
        let sum = burstable.withLock { burstable -> Int? in
            guard burstable[uid] != milliCPU else { return nil }
            burstable[uid] = milliCPU
            return burstable.values.reduce(0, +)
        }
        if let sum { try? make("/\(root)/burstable", Limits(shares: CPUTime.shares(milliCPU: sum))) }
    }

    private func make(_ path: String, _ limits: Limits?) throws {
        for (controllers, mount) in hierarchies
        where isUnified || !controllers.isDisjoint(with: ["cpu", "memory", "pids"]) {
            let directory = mount + path
            guard mkdir(directory, 0o755) == 0 || errno == EEXIST else { throw SystemError("mkdir", directory) }
            if isUnified {
                let above = String(directory[..<(directory.lastIndex(of: "/") ?? directory.endIndex)])
                for name in ["cpu", "cpuset", "memory", "pids", "io"] where controllers.contains(name) {
                    try? Self.write("+" + name, above + "/cgroup.subtree_control")
                }
            }
            guard let limits else { continue }
            for (controller, file, value) in isUnified ? Self.unified(limits) : Self.legacy(limits)
            where controllers.contains(controller) { try Self.write(value, "\(directory)/\(file)") }
        }
    }

    private static func legacy(_ limits: Limits) -> [(String, String, String)] {
        [
            ("cpu", "cpu.shares", "\(limits.shares)"), ("cpu", "cpu.cfs_period_us", "\(CPUTime.period)"),
            ("cpu", "cpu.cfs_quota_us", "\(limits.quota ?? -1)"),
            ("memory", "memory.limit_in_bytes", "\(limits.memory ?? -1)"),
            ("pids", "pids.max", limits.pids.map(String.init) ?? "max"),
        ]
    }

    private static func unified(_ limits: Limits) -> [(String, String, String)] {
        [
            ("cpu", "cpu.weight", "\(1 + (limits.shares - 2) * 9999 / 262_142)"),
            ("cpu", "cpu.max", "\(limits.quota.map(String.init) ?? "max") \(CPUTime.period)"),
            ("memory", "memory.max", limits.memory.map(String.init) ?? "max"),
            ("pids", "pids.max", limits.pids.map(String.init) ?? "max"),
        ]
    }

    private static func write(_ text: String, _ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write", path) }
    }
}
