/// cgroup limits. 0 and "" say nothing.
public struct LinuxContainerResources: Sendable, Equatable {
    /// Microseconds.
    public var cpuPeriod: Int64 = 0
    /// Microseconds of CPU in each period; negative for no limit.
    public var cpuQuota: Int64 = 0
    /// cgroup v1 shares (2…262144; 1024 is one CPU); runtimes convert them for v2.
    public var cpuShares: Int64 = 0
    public var memoryLimitInBytes: Int64 = 0
    public var memorySwapLimitInBytes: Int64 = 0
    /// -1000…1000, see proc_pid_oom_score_adj(5).
    public var oomScoreAdj: Int64 = 0
    /// E.g. "0-2,7".
    public var cpusetCpus = ""
    public var cpusetMems = ""
    public var hugepageLimits: [HugepageLimit] = []
    /// cgroup v2 files, e.g. ["memory.high": "1048576"].
    public var unified: [String: String] = [:]

    public init() {}
}

public struct HugepageLimit: Sendable, Equatable {
    /// E.g. "2MB".
    public var pageSize: String
    /// Bytes.
    public var limit: UInt64

    public init(pageSize: String, limit: UInt64) {
        self.pageSize = pageSize
        self.limit = limit
    }
}
