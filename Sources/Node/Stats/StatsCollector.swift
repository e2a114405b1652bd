internal import Glibc
internal import Runtime

/// What containers and the machine use. Nothing is measured until somebody asks.
actor StatsCollector {
    /// Cumulative CPU time at a moment, both in nanoseconds.
    private struct Sample {
        var time: Int64
        var usage: UInt64
    }
    /// What is known of one container, or of the machine.
    struct Usage: Sendable {
        /// Nanoseconds since 1970.
        var time: Int64 = 0
        var cpuNanoSeconds: UInt64 = 0
        /// nil until two samples are far enough apart.
        var cpuNanoCores: UInt64?
        var memory = MemoryUsage(timestamp: 0)
        var writableLayer: FilesystemUsage?
    }
    struct Container: Sendable {
        var name = ""
        var id = ""
        var usage = Usage()
    }
    struct Pod: Sendable {
        var name = ""
        var namespace = ""
        var uid = ""
        var containers: [Container] = []
    }
    struct Snapshot: Sendable {
        var node = Usage()
        var pods: [Pod] = []
        /// Seconds over which CPU rates were measured.
        var window = 0.0

        var hasAllRates: Bool {
            node.cpuNanoCores != nil
                && pods.allSatisfy { $0.containers.allSatisfy { $0.usage.cpuNanoCores != nil } }
        }
    }

    /// A rate over less says nothing, one over more is of another time. Seconds.
    private static let shortest = 1.0
    private static let longest = 60.0
    private static let key = "node"

    private let driver: any RuntimeDriver
    private var before: [String: Sample] = [:]
    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var running: Task<Snapshot, any Error>?

    init(_ driver: any RuntimeDriver) { self.driver = driver }

    /// The present use, at most a second old. Measures for a second when nobody has asked within the last minute.
    func snapshot() async throws -> Snapshot {
        if let latest, latest.at.duration(to: .now) < .seconds(Self.shortest) { return latest.snapshot }
        // Those who ask at once share one answer.
        if let running { return try await running.value }
        let task = Task { try await self.measure() }
        running = task
        defer { running = nil }
        return try await task.value
    }

    private func measure() async throws -> Snapshot {
        if latest.map({ $0.at.duration(to: .now) > .seconds(Self.longest) }) ?? true { before = [:] }
        var snapshot = try await take()
        // What is newer than the sample before has no rate yet.
        if !snapshot.hasAllRates {
            try await Task.sleep(for: .seconds(Self.shortest))
            snapshot = try await take()
        }
        latest = (snapshot, .now)
        return snapshot
    }

    private func take() async throws -> Snapshot {
        let stats = try await driver.listContainerStats(ContainerFilter())
        var snapshot = Snapshot()
        var samples: [String: Sample] = [:]
        snapshot.node = try await blocking { Self.machine() }
        snapshot.window = rate(&snapshot.node, Self.key, &samples)
        var pods: [String: Pod] = [:]
        for container in stats {
            guard let uid = container.labels[RuntimeLabels.podUID], let cpu = container.cpu else { continue }
            var usage = Usage()
            usage.time = cpu.timestamp
            usage.cpuNanoSeconds = cpu.usageCoreNanoSeconds ?? 0
            if let memory = container.memory { usage.memory = memory }
            usage.writableLayer = container.writableLayer
            _ = rate(&usage, container.id, &samples)
            var pod = pods[uid] ?? Pod()
            pod.uid = uid
            pod.name = container.labels[RuntimeLabels.podName] ?? ""
            pod.namespace = container.labels[RuntimeLabels.podNamespace] ?? ""
            pod.containers.append(Container(name: container.metadata.name, id: container.id, usage: usage))
            pods[uid] = pod
        }
        before = samples
        snapshot.pods = pods.values.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        for index in snapshot.pods.indices { snapshot.pods[index].containers.sort { $0.name < $1.name } }
        return snapshot
    }

    /// Fills in the rate since the sample before. Returns the seconds between.
    private func rate(_ usage: inout Usage, _ key: String, _ samples: inout [String: Sample]) -> Double {
        samples[key] = Sample(time: usage.time, usage: usage.cpuNanoSeconds)
        guard let old = before[key], usage.time > old.time, usage.cpuNanoSeconds >= old.usage else { return 0 }
        let seconds = Double(usage.time - old.time) / 1e9
        usage.cpuNanoCores = UInt64(Double(usage.cpuNanoSeconds - old.usage) / seconds)
        return seconds
    }

    /// The machine, from proc_stat(5) and proc_meminfo(5). Blocks.
    private static func machine() -> Usage {
        var usage = Usage()
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        usage.time = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
        let line = (Files.text("/proc/stat") ?? "").prefix { $0 != "\n" }
        let ticks = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        // user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user's already.
        let busy = ticks.prefix(8).enumerated().filter { ![3, 4, 7].contains($0.offset) }.reduce(0) { $0 + $1.element }
        usage.cpuNanoSeconds = busy * (1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
        let memory = MemoryInfo.read()
        func bytes(_ name: String) -> UInt64 { UInt64(memory[name] ?? 0) }
        let used = bytes("MemTotal") - min(bytes("MemTotal"), bytes("MemFree"))
        usage.memory = MemoryUsage(timestamp: usage.time)
        usage.memory.usageBytes = used
        // As everywhere in Kubernetes: without what the kernel could drop at once.
        let working = used - min(used, bytes("Inactive(file)"))
        usage.memory.workingSetBytes = working
        usage.memory.availableBytes = bytes("MemTotal") - min(bytes("MemTotal"), working)
        usage.memory.rssBytes = bytes("AnonPages")
        return usage
    }
}
