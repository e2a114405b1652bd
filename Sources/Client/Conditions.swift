public import API
public import JSON

/// One entry of `status.conditions`.
public struct Condition: Sendable, Equatable {
    public var type: String
    /// True, False or Unknown.
    public var status: String
    public var reason: String
    public var message: String

    public init(_ type: String, _ status: String, reason: String = "", message: String = "") {
        (self.type, self.status, self.reason, self.message) = (type, status, reason, message)
    }
    public init(_ type: String, _ status: Bool, reason: String = "", message: String = "") {
        self.init(type, status ? "True" : "False", reason: reason, message: message)
    }
}

extension Object {
    /// The condition of this type; missing when there is none.
    public func condition(_ type: String) -> JSONRef {
        self["status"]["conditions"].elements.first { $0["type"].equals(type) } ?? .missing
    }
}

extension JSONValue {
    /// Puts the condition into `status.conditions` of this object. `lastTransitionTime` moves only when the status does.
    /// Other fields of an existing condition stay. Returns whether anything changed.
    @discardableResult
    public mutating func setCondition(_ condition: Condition, now: Time, observedGeneration: Int? = nil) -> Bool {
        var conditions = self["status"]["conditions"].array ?? []
        let index = conditions.firstIndex { $0["type"].string == condition.type }
        let old = index.map { conditions[$0] }
        var new = old ?? ["type": .string(condition.type)]
        new["status"] = .string(condition.status)
        if old?["status"].string != condition.status || old?["lastTransitionTime"].string == nil {
            new["lastTransitionTime"] = .string(now.description)
        }
        for (field, text) in [("reason", condition.reason), ("message", condition.message)] {
            if text.isEmpty { new.remove(field) } else { new[field] = .string(text) }
        }
        if let observedGeneration { new["observedGeneration"] = .int(observedGeneration) }
        if new == old { return false }
        if let index { conditions[index] = new } else { conditions.append(new) }
        self["status"]["conditions"] = .array(conditions)
        return true
    }

    /// Returns whether there was one.
    @discardableResult
    public mutating func removeCondition(_ type: String) -> Bool {
        guard var conditions = self["status"]["conditions"].array else { return false }
        let count = conditions.count
        conditions.removeAll { $0["type"].string == type }
        if conditions.count == count { return false }
        self["status"]["conditions"] = .array(conditions)
        return true
    }
}
