public import API
internal import Glibc

/// What the node watches, and how little of it may be left (`--eviction-hard`).
/// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#eviction-signals-and-thresholds
public struct EvictionThresholds: Sendable {
    enum Amount: Sendable, Equatable {
        /// Bytes, inodes or processes.
        case number(Int)
        case percent(Double)

        func value(of capacity: Int) -> Int {
            switch self {
            case .number(let number): number
            case .percent(let percent): Int(Double(capacity) * percent / 100)
            }
        }
    }
    var amounts: [EvictionSignal: Amount] = [
        .memory: .number(100 << 20), .nodeDisk: .percent(10), .nodeInodes: .percent(5),
    ]

    public init() {}

    /// `memory.available<100Mi,nodefs.available<10%`. What is not named keeps its default.
    /// - Throws: what is wrong with which part.
    public init(parsing text: String) throws(EvictionThresholdError) {
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "<", maxSplits: 1).map(String.init)
            guard sides.count == 2 else {
                throw EvictionThresholdError(
                    description: "\"\(part)\" is not SIGNAL<AMOUNT, such as memory.available<100Mi")
            }
            guard let signal = EvictionSignal(rawValue: sides[0]) else {
                let known = EvictionSignal.allCases.map(\.rawValue).joined(separator: ", ")
                throw EvictionThresholdError(description: "\"\(sides[0])\" is no signal of a node: use one of \(known)")
            }
            if sides[1].hasSuffix("%"), let percent = Double(sides[1].dropLast()), (0...100).contains(percent) {
                amounts[signal] = .percent(percent)
            } else if let number = Quantity(sides[1]), number >= .zero {
                amounts[signal] = .number(number.value)
            } else {
                throw EvictionThresholdError(
                    description: "\"\(sides[1])\" is neither a quantity, such as 100Mi, nor a percentage, such as 10%")
            }
        }
    }
}

public struct EvictionThresholdError: Error, CustomStringConvertible {
    public let description: String
}

enum EvictionSignal: String, Sendable, CaseIterable {
    case memory = "memory.available"
    case nodeDisk = "nodefs.available"
    case nodeInodes = "nodefs.inodesFree"
    case imageDisk = "imagefs.available"
    case imageInodes = "imagefs.inodesFree"
    case processes = "pid.available"

    /// The resource that messages name.
    var resource: String {
        switch self {
        case .memory: "memory"
        case .nodeDisk, .imageDisk: "ephemeral-storage"
        case .nodeInodes, .imageInodes: "inodes"
        case .processes: "pids"
        }
    }

    /// The condition of the node that says so.
    var condition: String {
        switch self {
        case .memory: "MemoryPressure"
        case .processes: "PIDPressure"
        default: "DiskPressure"
        }
    }

    /// What is left and what there is. Blocks.
    func observe(_ directory: String) -> (available: Int, capacity: Int)? {
        switch self {
        case .memory:
            let memory = MemoryInfo.read()
            guard let available = memory["MemAvailable"], let total = memory["MemTotal"] else { return nil }
            return (available, total)
        case .nodeDisk, .imageDisk: return FileSystemInfo(directory).map { ($0.available, $0.size) }
        case .nodeInodes, .imageInodes:
            return FileSystemInfo(directory).flatMap { $0.inodes > 0 ? ($0.inodesFree, $0.inodes) : nil }
        case .processes:
            guard let limit = Files.line("/proc/sys/kernel/pid_max").flatMap({ Int($0) }),
                // The fourth field of proc_loadavg(5): runnable/all.
                let all = Files.line("/proc/loadavg")?.split(separator: " ").dropFirst(3).first?.split(separator: "/")
                    .last,
                let running = Int(all)
            else { return nil }
            return (limit - running, limit)
        }
    }
}

/// A signal below its threshold.
struct Shortage: Sendable {
    let signal: EvictionSignal
    let available: Int
    let threshold: Int

    /// Blocks.
    static func observe(_ thresholds: EvictionThresholds, _ directory: String) -> [Shortage] {
        EvictionSignal.allCases.compactMap { signal in
            guard let amount = thresholds.amounts[signal], let seen = signal.observe(directory) else { return nil }
            let threshold = amount.value(of: seen.capacity)
            return seen.available < threshold
                ? Shortage(signal: signal, available: seen.available, threshold: threshold) : nil
        }
    }

    /// The beginning of what is said to a pod that has to go.
    var message: String {
        func text(_ number: Int) -> String {
            signal.resource == "memory" || signal.resource == "ephemeral-storage"
                ? Quantity(number, .binarySI).canonical : "\(number)"
        }
        return "The node was low on resource: \(signal.resource). Threshold quantity: \(text(threshold)), "
            + "available: \(text(available)). "
    }
}
