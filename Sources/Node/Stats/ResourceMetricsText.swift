internal import JSON

extension MetricsText {
    /// /metrics/resource, under upstream's names.
    /// https://kubernetes.io/docs/reference/instrumentation/metrics/ (node_*, pod_*, container_*)
    init(resourcesOf summary: JSONValue) {
        typealias Row = (labels: [(String, String)], stats: JSONValue)
        func labels(_ pod: JSONValue) -> [(String, String)] {
            [("namespace", pod["podRef"]["namespace"].string ?? ""), ("pod", pod["podRef"]["name"].string ?? "")]
        }
        let pods: [Row] = (summary["pods"].array ?? []).map { (labels($0), $0) }
        let containers: [Row] = pods.flatMap { pod in
            (pod.stats["containers"].array ?? []).map {
                ([("container", $0["name"].string ?? "")] + pod.labels, $0)
            }
        }
        let all: [(String, [Row])] = [("container", containers), ("node", [([], summary["node"])]), ("pod", pods)]
        for (prefix, rows) in all {
            add(
                "\(prefix)_cpu_usage_seconds_total", .counter, "Cumulative cpu time in core-seconds",
                rows.map { ($0.labels, $0.stats["cpu"]["usageCoreNanoSeconds"].int.map { Double($0) / 1e9 }) })
            add(
                "\(prefix)_memory_working_set_bytes", .gauge, "Current working set in bytes",
                rows.map { ($0.labels, $0.stats["memory"]["workingSetBytes"].int.map { Double($0) }) })
        }
        add(
            "container_start_time_seconds", .gauge, "Start time of the container since unix epoch in seconds",
            containers.map { ($0.labels, $0.stats["startTime"].string.flatMap(Self.seconds)) })
        add("scrape_error", .gauge, "1 if there was an error while getting container metrics, 0 otherwise", 0)
    }
}
