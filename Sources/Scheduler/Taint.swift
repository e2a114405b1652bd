internal import JSON

/// core/v1 Taint.
struct Taint: Hashable, Sendable {
    let key: String
    let value: String
    let effect: String

    init(_ taint: JSONRef) {
        key = taint["key"].string ?? ""
        value = taint["value"].string ?? ""
        effect = taint["effect"].string ?? ""
    }

    init(key: String, value: String = "", effect: String) {
        (self.key, self.value, self.effect) = (key, value, effect)
    }

    /// Whether a pod that does not tolerate it must stay away.
    var repels: Bool { effect == "NoSchedule" || effect == "NoExecute" }

    static let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", effect: "NoSchedule")
}

/// core/v1 Toleration. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
struct Toleration: Hashable, Sendable {
    let key: String
    let comparison: String
    let value: String
    /// Empty: every effect.
    let effect: String

    init(_ toleration: JSONRef) {
        key = toleration["key"].string ?? ""
        comparison = toleration["operator"].string ?? "Equal"
        value = toleration["value"].string ?? ""
        effect = toleration["effect"].string ?? ""
    }

    func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect else { return false }
        guard key == taint.key || key.isEmpty else { return false }
        switch comparison {
        case "Exists": return true
        case "Lt": return compare(taint, <)
        case "Gt": return compare(taint, >)
        default: return !key.isEmpty && value == taint.value
        }
    }

    /// Numeric taints (KEP-5471): the taint's value is less or greater than the toleration's.
    private func compare(_ taint: Taint, _ operation: (Int, Int) -> Bool) -> Bool {
        guard let mine = Int(value), let theirs = Int(taint.value) else { return false }
        return operation(theirs, mine)
    }
}
