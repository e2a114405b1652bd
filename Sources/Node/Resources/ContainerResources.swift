internal import API
internal import JSON
internal import Runtime

/// How the kernel is told of thousandths of CPUs.
enum CPUTime {
    /// Microseconds.
    static let period = 100_000
    /// Microseconds in each period.
    static func quota(milliCPU: Int) -> Int { max(1000, milliCPU * period / 1000) }
    /// Weight as of cgroups v1: 1024 for each CPU.
    static func shares(milliCPU: Int) -> Int { min(262_144, max(2, milliCPU * 1024 / 1000)) }
}

extension LinuxContainerResources {
    /// The cgroup limits that a container's requests and limits mean.
    /// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run
    init(_ container: ContainerSpec, of pod: Object, memoryCapacity: Int) {
        self.init()
        let cpu = container.request("cpu")?.milliValue ?? 0
        cpuShares = Int64(CPUTime.shares(milliCPU: cpu))
        if let limit = container.limit("cpu")?.milliValue, limit > 0 {
            cpuPeriod = Int64(CPUTime.period)
            cpuQuota = Int64(CPUTime.quota(milliCPU: limit))
        }
        memoryLimitInBytes = Int64(container.limit("memory")?.value ?? 0)
        oomScoreAdj = Self.oomScoreAdj(
            QOSClass(pod), memoryRequest: container.request("memory")?.value ?? 0, capacity: memoryCapacity,
            isCritical: (pod.spec["priority"].int ?? 0) >= 2_000_000_000)
    }

    /// Who goes first when the node is out of memory: the more a container asks for, the later its turn.
    /// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
    static func oomScoreAdj(_ qos: QOSClass, memoryRequest: Int, capacity: Int, isCritical: Bool) -> Int64 {
        if isCritical || qos == .guaranteed { return -997 }
        if qos == .bestEffort { return 1000 }
        let share = capacity > 0 ? Int64((Double(memoryRequest) / Double(capacity) * 1000).rounded(.down)) : 0
        return min(999, max(3, 1000 - share))
    }
}
