internal import API
internal import Glibc
internal import JSON
internal import Runtime

extension MetricsText {
    static func seconds(_ time: String) -> Double? { Time(time).map { Double($0.microsecondsSince1970) / 1e6 } }

    /// /metrics/cadvisor: what monitoring systems know containers by.
    /// https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
    /// - Parameter networks: by the pods' uids.
    init(
        containersOf snapshot: StatsCollector.Snapshot, pods: [Object], node: StatsCollector.Usage,
        networks: [String: NetworkUsage] = [:]
    ) {
        let byUID = Dictionary(pods.map { ($0.uid, $0) }) { $1 }
        typealias Row = (labels: [(String, String)], usage: StatsCollector.Usage, spec: JSONRef)
        var rows: [Row] = [
            (
                [("container", ""), ("id", "/"), ("image", ""), ("name", ""), ("namespace", ""), ("pod", "")], node,
                .missing
            )
        ]
        for pod in snapshot.pods {
            let object = byUID[pod.uid]
            for container in pod.containers {
                let spec = object?.containerSpec(named: container.name)?.spec ?? .missing
                rows.append(
                    (
                        [
                            ("container", container.name), ("id", "/kubepods/pod\(pod.uid)/\(container.id)"),
                            ("image", spec["image"].string ?? ""), ("name", container.id),
                            ("namespace", pod.namespace), ("pod", pod.name),
                        ], container.usage, spec
                    ))
            }
        }
        func series(
            _ name: String, _ kind: Kind, _ help: String, _ value: (StatsCollector.Usage) -> UInt64?, scale: Double = 1
        ) {
            add(name, kind, help, rows.map { ($0.labels, value($0.usage).map { Double($0) * scale }) })
        }
        add(
            "cadvisor_version_info", .gauge, "What measures.",
            [([("cadvisorVersion", ""), ("kernelVersion", ""), ("osVersion", "")], 1)])
        add(
            "container_cpu_usage_seconds_total", .counter, "Cumulative cpu time consumed in seconds.",
            rows.map { ($0.labels + [("cpu", "total")], Double($0.usage.cpuNanoSeconds) / 1e9) })
        series("container_memory_usage_bytes", .gauge, "Current memory usage in bytes.", { $0.memory.usageBytes })
        series(
            "container_memory_working_set_bytes", .gauge, "Current working set in bytes.",
            { $0.memory.workingSetBytes })
        series("container_memory_rss", .gauge, "Size of RSS in bytes.", { $0.memory.rssBytes })
        series("container_memory_failures_total", .counter, "Page faults.", { $0.memory.pageFaults })
        series("container_fs_usage_bytes", .gauge, "Bytes of the writable layer.", { $0.writableLayer?.usedBytes })
        series("container_fs_inodes_total", .gauge, "Inodes of the writable layer.", { $0.writableLayer?.inodesUsed })
        let traffic = snapshot.pods.flatMap { pod in
            (networks[pod.uid]?.interfaces ?? []).map { interface in
                (
                    labels: [
                        ("container", ""), ("id", "/kubepods/pod\(pod.uid)"), ("image", ""),
                        ("interface", interface.name), ("name", ""), ("namespace", pod.namespace), ("pod", pod.name),
                    ], interface: interface
                )
            }
        }
        func network(_ name: String, _ help: String, _ value: (NetworkUsage.Interface) -> Int) {
            add(name, .counter, help, traffic.map { ($0.labels, Double(value($0.interface))) })
        }
        network("container_network_receive_bytes_total", "Cumulative count of bytes received", \.rxBytes)
        network("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted", \.txBytes)
        network("container_network_receive_errors_total", "Cumulative count of errors while receiving", \.rxErrors)
        network("container_network_transmit_errors_total", "Cumulative count of errors while sending", \.txErrors)
        func limits(_ name: String, _ help: String, _ value: (JSONRef) -> Double?) {
            add(name, .gauge, help, rows.filter { $0.spec.exists }.map { ($0.labels, value($0.spec["resources"])) })
        }
        func amount(_ value: JSONRef) -> Quantity? { value.string.flatMap { Quantity($0) } }
        limits("container_spec_memory_limit_bytes", "Memory limit for the container.") {
            amount($0["limits"]["memory"]).map { Double($0.value) } ?? 0
        }
        limits("container_spec_cpu_period", "CPU period of the container.") { _ in Double(CPUTime.period) }
        limits("container_spec_cpu_quota", "CPU quota of the container.") {
            amount($0["limits"]["cpu"]).map { Double(CPUTime.quota(milliCPU: $0.milliValue)) }
        }
        limits("container_spec_cpu_shares", "CPU share of the container.") {
            Double(CPUTime.shares(milliCPU: amount($0["requests"]["cpu"])?.milliValue ?? 0))
        }
        add(
            "container_last_seen", .gauge, "Last time a container was seen by the exporter",
            rows.map { ($0.labels, Double($0.usage.time) / 1e9) })
        add(
            "machine_cpu_cores", .gauge, "Number of logical CPU cores.",
            Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        add(
            "machine_memory_bytes", .gauge, "Amount of memory installed on the machine.",
            MemoryInfo.read()["MemTotal"].map { Double($0) })
    }
}
