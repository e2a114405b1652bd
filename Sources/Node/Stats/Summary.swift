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
        let summary: JSONValue = ["node": node, "pods": .array(snapshot.pods.map(Self.summary))]
        return NodeStatistics(summary: summary, window: snapshot.window)
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
