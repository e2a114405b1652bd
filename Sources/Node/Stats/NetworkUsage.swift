internal import JSON

/// What went through the interfaces of a network namespace, from proc_pid_net(5).
struct NetworkUsage: Sendable {
    struct Interface: Sendable {
        let name: String
        let rxBytes, rxErrors, txBytes, txErrors: Int
    }
    let interfaces: [Interface]

    /// - Parameter process: one that lives there; nil: this one. Blocks.
    init?(process: Int?) {
        guard let text = Files.text("/proc/\(process.map(String.init) ?? "self")/net/dev") else { return nil }
        self.init(parsing: text)
    }

    init(parsing text: String) {
        interfaces = text.split(separator: "\n").dropFirst(2).compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].filter { $0 != " " }
            let counts = line[line.index(after: colon)...].split(separator: " ").compactMap { Int($0) }
            guard name != "lo", counts.count >= 11 else { return nil }
            return Interface(
                name: String(name), rxBytes: counts[0], rxErrors: counts[2], txBytes: counts[8], txErrors: counts[10])
        }
    }

    /// stats.k8s.io/v1alpha1 NetworkStats; the fields of the default interface stand outside, too.
    func value(time: String, defaultInterface: String = "eth0") -> JSONValue? {
        let rows = interfaces.map { interface -> JSONValue in
            [
                "name": .string(interface.name), "rxBytes": .int(interface.rxBytes),
                "rxErrors": .int(interface.rxErrors), "txBytes": .int(interface.txBytes),
                "txErrors": .int(interface.txErrors),
            ]
        }
        guard var value = rows.first(where: { $0["name"].string == defaultInterface }) ?? rows.first else { return nil }
        value["time"] = .string(time)
        value["interfaces"] = .array(rows)
        return value
    }
}
