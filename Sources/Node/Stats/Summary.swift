public import API
public import Client
internal import JSON
internal import Runtime

/// stats.k8s.io/v1alpha1 Summary, as /stats/summary of a node gives it.
/// https://kubernetes.io/docs/reference/instrumentation/node-metrics/
extension NodeAgent {
    public func statistics() async throws(StatusError) -> NodeStatistics {
        let snapshot = try await measured()
        let directory = configuration.dataDirectory
        let disk = try? await blocking { FileSystemInfo(directory) }
        var node: JSONValue = ["nodeName": .string(configuration.nodeName)]
        node.add(snapshot.node)
        if let disk {
            node["fs"] = [
                "availableBytes": .int(disk.available), "capacityBytes": .int(disk.size),
                "usedBytes": .int(disk.size - disk.available), "inodesFree": .int(disk.inodesFree),
                "inodes": .int(disk.inodes), "inodesUsed": .int(disk.inodes - disk.inodesFree),
            ]
        }
        let now = Time.now.description
        let objects = Dictionary(pods.map { ($0.uid, $0) }) { $1 }
        let networks = await networks
        if let network = networks[""]?.value(time: now) { node["network"] = network }
        let all = snapshot.pods.map { stats -> JSONValue in
            var value = Self.summary(stats)
            if let pod = objects[stats.uid] { Self.add(pod, to: &value) }
            if let network = networks[stats.uid]?.value(time: now) { value["network"] = network }
            return value
        }
        let summary: JSONValue = ["node": node, "pods": .array(all)]
        return NodeStatistics(summary: summary, window: snapshot.window)
    }

    /// By the pods' uids; the machine's own under "".
    var networks: [String: NetworkUsage] {
        get async {
            let (pods, cgroups) = (pods.filter { !$0.isHostNetwork }, services.cgroups)
            let found = try? await blocking {
                var networks: [String: NetworkUsage] = [:]
                networks[""] = NetworkUsage(process: nil)
                for pod in pods {
                    networks[pod.uid] = cgroups?.process(of: pod).flatMap { NetworkUsage(process: $0) }
                }
                return networks
            }
            return found ?? [:]
        }
    }

    /// What the API knows of it: when it and its containers started.
    private static func add(_ pod: Object, to value: inout JSONValue) {
        if let time = pod["status"]["startTime"].string { value["startTime"] = .string(time) }
        for index in (value["containers"].array ?? []).indices {
            let status = pod.containerStatus(value["containers"][index]["name"].string ?? "")
            if let time = status["state"]["running"]["startedAt"].string {
                value["containers"][index]["startTime"] = .string(time)
            }
        }
        let used = (value["containers"].array ?? []).compactMap { $0["rootfs"]["usedBytes"].int }.reduce(0, +)
        value["ephemeral-storage"] = ["usedBytes": .int(used)]
    }

    func measured() async throws(StatusError) -> StatsCollector.Snapshot {
        do {
            return try await services.stats.snapshot()
        } catch {
            throw .unavailable("the container runtime of node \(configuration.nodeName) gives no statistics: \(error)")
        }
    }

    private static func summary(_ pod: StatsCollector.Pod) -> JSONValue {
        var total = StatsCollector.Usage()
        var containers: [JSONValue] = []
        var memory: (usage: UInt64, working: UInt64, rss: UInt64) = (0, 0, 0)
        for container in pod.containers {
            var value: JSONValue = ["name": .string(container.name)]
            value.add(container.usage)
            if let layer = container.usage.writableLayer {
                value["rootfs"] = ["usedBytes": .int(Int(clamping: layer.usedBytes ?? 0))]
                value["rootfs"]["inodesUsed"] = .int(Int(clamping: layer.inodesUsed ?? 0))
            }
            containers.append(value)
            total.time = max(total.time, container.usage.time)
            total.cpuNanoSeconds += container.usage.cpuNanoSeconds
            if let cores = container.usage.cpuNanoCores { total.cpuNanoCores = (total.cpuNanoCores ?? 0) + cores }
            memory.usage += container.usage.memory.usageBytes ?? 0
            memory.working += container.usage.memory.workingSetBytes ?? 0
            memory.rss += container.usage.memory.rssBytes ?? 0
        }
        total.memory = MemoryUsage(timestamp: total.time)
        (total.memory.usageBytes, total.memory.workingSetBytes) = (memory.usage, memory.working)
        total.memory.rssBytes = memory.rss
        var value: JSONValue = [
            "podRef": [
                "name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid),
            ],
            "containers": .array(containers),
        ]
        value.add(total)
        return value
    }
}

extension JSONValue {
    fileprivate mutating func add(_ usage: StatsCollector.Usage) {
        let time = JSONValue.string(Time(microsecondsSince1970: Int(usage.time) / 1000).description)
        self["cpu"] = ["time": time, "usageCoreNanoSeconds": .int(Int(clamping: usage.cpuNanoSeconds))]
        if let cores = usage.cpuNanoCores { self["cpu"]["usageNanoCores"] = .int(Int(clamping: cores)) }
        self["memory"] = ["time": time]
        for (name, bytes) in [
            ("availableBytes", usage.memory.availableBytes), ("usageBytes", usage.memory.usageBytes),
            ("workingSetBytes", usage.memory.workingSetBytes), ("rssBytes", usage.memory.rssBytes),
            ("pageFaults", usage.memory.pageFaults), ("majorPageFaults", usage.memory.majorPageFaults),
        ] {
            if let bytes { self["memory"][name] = .int(Int(clamping: bytes)) }
        }
    }
}
