/// Measurements in Prometheus' text format.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsText {
    private(set) var text = ""

    enum Kind: String { case counter, gauge, histogram }

    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ rows: [(labels: [(String, String)], value: Double?)]
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in rows { if let value { row(name, labels, value) } }
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        add(name, kind, help, [([], value)])
    }

    mutating func add(_ name: String, _ help: String, _ histogram: Histogram) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
        var total = 0
        for (bound, count) in zip(Histogram.bounds, histogram.counts) {
            total += count
            row(name + "_bucket", [("le", "\(bound)")], Double(total))
        }
        row(name + "_bucket", [("le", "+Inf")], Double(histogram.count))
        row(name + "_sum", [], histogram.sum)
        row(name + "_count", [], Double(histogram.count))
    }

    private mutating func row(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let list = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(number)\n"
    }

    private static func escaped(_ text: String) -> String {
        guard text.contains(where: { "\\\"\n".contains($0) }) else { return text }
        return text.reduce(into: "") { out, character in
            switch character {
            case "\n": out += "\\n"
            case "\"", "\\": out += "\\\(character)"
            default: out.append(character)
            }
        }
    }
}

/// How long something took, in seconds.
struct Histogram: Sendable {
    static let bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
    private(set) var counts = [Int](repeating: 0, count: bounds.count)
    private(set) var count = 0
    private(set) var sum = 0.0

    mutating func observe(_ seconds: Double) {
        count += 1
        sum += seconds
        if let index = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[index] += 1 }
    }
}
