internal import JSON

/// /metrics/resource in Prometheus' text format, under upstream's names.
/// https://kubernetes.io/docs/reference/instrumentation/metrics/ (node_*, pod_*, container_*)
struct ResourceMetricsText {
    private(set) var text = ""

    private struct Row {
        let labels: [(String, String)]
        let stats: JSONValue
    }

    init(_ summary: JSONValue) {
        let pods = summary["pods"].array ?? []
        let podRows = pods.map { Row(labels: Self.labels($0), stats: $0) }
        let containerRows = pods.flatMap { pod in
            (pod["containers"].array ?? []).map { container in
                Row(labels: [("container", container["name"].string ?? "")] + Self.labels(pod), stats: container)
            }
        }
        for (prefix, rows) in [
            ("container", containerRows), ("node", [Row(labels: [], stats: summary["node"])]), ("pod", podRows),
        ] {
            add("\(prefix)_cpu_usage_seconds_total", "counter", "Cumulative cpu time in core-seconds", rows) {
                $0["cpu"]["usageCoreNanoSeconds"].int.map { Double($0) / 1e9 }
            }
            add("\(prefix)_memory_working_set_bytes", "gauge", "Current working set in bytes", rows) {
                $0["memory"]["workingSetBytes"].int.map { Double($0) }
            }
        }
        text += "# HELP scrape_error 1 if there was an error while getting container metrics, 0 otherwise\n"
        text += "# TYPE scrape_error gauge\nscrape_error 0\n"
    }

    private static func labels(_ pod: JSONValue) -> [(String, String)] {
        [
            ("namespace", pod["podRef"]["namespace"].string ?? ""), ("pod", pod["podRef"]["name"].string ?? ""),
        ]
    }

    private mutating func add(
        _ name: String, _ type: String, _ help: String, _ rows: [Row], _ value: (JSONValue) -> Double?
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for row in rows {
            guard let number = value(row.stats) else { continue }
            let labels = row.labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
            text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(number)\n"
        }
    }
}
