internal import API
internal import Client
internal import JSON

/// A Pod as controllers of workloads look at it.
struct Pod: Sendable {
    let object: Object

    init(_ object: Object) { self.object = object }

    var name: String { object.name }
    var uid: String { object.uid }
    var nodeName: String { object["spec"]["nodeName"].string ?? "" }
    var phase: String { object["status"]["phase"].string ?? "Pending" }
    var isTerminal: Bool {
        let phase = object["status"]["phase"]
        return phase.equals("Succeeded") || phase.equals("Failed")
    }
    var isFailed: Bool { object["status"]["phase"].equals("Failed") }
    var isBeingDeleted: Bool { object.isBeingDeleted }
    /// Counts as a replica.
    var isActive: Bool { !isTerminal && !isBeingDeleted }
    /// Deleted, and its containers may still run.
    var isTerminating: Bool { !isTerminal && isBeingDeleted }
    var isReady: Bool { object.condition("Ready")["status"].equals("True") }
    /// When it became ready; nil when it is not.
    var readySince: Time? {
        let condition = object.condition("Ready")
        guard condition["status"].equals("True") else { return nil }
        return condition["lastTransitionTime"].string.flatMap { Time($0) }
    }

    /// Ready for so many seconds without a break.
    func isAvailable(minReadySeconds: Int, now: Time) -> Bool {
        guard isReady else { return false }
        return minReadySeconds == 0 || secondsUntilAvailable(minReadySeconds, now) == 0
    }

    /// 0 when it is available; nil when it is not even ready.
    func secondsUntilAvailable(_ minReadySeconds: Int, _ now: Time) -> Double? {
        guard minReadySeconds > 0 else { return isReady ? 0 : nil }
        guard let readySince else { return nil }
        return max(0, Double(minReadySeconds) - (now - readySince))
    }
}

extension [Pod] {
    /// When the next of the Pods that are ready becomes available, in seconds; nil when none will by time alone.
    func secondsUntilNextAvailable(_ minReadySeconds: Int, _ now: Time) -> Double? {
        minReadySeconds == 0
            ? nil : compactMap { $0.secondsUntilAvailable(minReadySeconds, now) }.filter { $0 > 0 }.min()
    }
}
