public import JSON

/// Between two versions of a kind: the form that is served and the one that the store keeps. Only what differs; defaults and the
/// order of fields come from decoding with the other type.
public struct Conversion: Sendable {
    public let toStored: @Sendable (inout JSONObject) -> Void
    public let fromStored: @Sendable (inout JSONObject) -> Void

    /// Fields that only have other names.
    static func renames(_ names: [(served: String, stored: String)]) -> Conversion {
        @Sendable func rename(_ object: inout JSONObject, _ pairs: [(String, String)]) {
            for (from, to) in pairs {
                if let value = object.removeValue(forKey: from) { object[to] = value }
            }
        }
        let back = names.map { ($0.stored, $0.served) }
        return Conversion(
            toStored: { rename(&$0, names.map { ($0.served, $0.stored) }) }, fromStored: { rename(&$0, back) })
    }
}

extension ResourceDefinition {
    /// How objects get to the stored version; nil when this is it.
    public var conversion: Conversion? { storedVersion == nil ? nil : Kinds.conversions["\(group)/\(version) \(kind)"] }
}

extension Kinds {
    static let conversions: [String: Conversion] = [
        "events.k8s.io/v1 Event": .renames([
            ("note", "message"), ("regarding", "involvedObject"), ("reportingController", "reportingComponent"),
            ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
            ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
        ]),
        "autoscaling/v1 HorizontalPodAutoscaler": Conversion(toStored: autoscalerToV2, fromStored: autoscalerToV1),
    ]

    /// What v1 has no fields for travels in annotations.
    private static let annotations = [
        ("autoscaling.alpha.kubernetes.io/metrics", "spec", "metrics"),
        ("autoscaling.alpha.kubernetes.io/behavior", "spec", "behavior"),
        ("autoscaling.alpha.kubernetes.io/current-metrics", "status", "currentMetrics"),
        ("autoscaling.alpha.kubernetes.io/conditions", "status", "conditions"),
    ]

    private static func autoscalerToV2(_ object: inout JSONObject) {
        var value = JSONValue.object(object)
        for (annotation, part, field) in annotations {
            guard let text = value["metadata"]["annotations"][annotation].string else { continue }
            if let parsed = try? JSONValue(parsing: Array(text.utf8)) { value[part][field] = parsed }
            value["metadata"]["annotations"].remove(annotation)
        }
        if value["metadata"]["annotations"].members.isEmpty { value["metadata"].remove("annotations") }
        if let target = value["spec"].remove("targetCPUUtilizationPercentage"), !target.isNull {
            let metric: JSONValue = [
                "type": "Resource",
                "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": target]],
            ]
            value["spec"]["metrics"] = .array([metric] + value["spec"]["metrics"].items)
        }
        if let current = value["status"].remove("currentCPUUtilizationPercentage"), !current.isNull {
            let metric: JSONValue = [
                "type": "Resource",
                "resource": ["name": "cpu", "current": ["averageUtilization": current, "averageValue": "0"]],
            ]
            value["status"]["currentMetrics"] = .array([metric] + value["status"]["currentMetrics"].items)
        }
        object = value.members
    }

    private static func autoscalerToV1(_ object: inout JSONObject) {
        var value = JSONValue.object(object)
        func isCPU(_ metric: JSONValue, _ part: String) -> Bool {
            metric["type"] == "Resource" && metric["resource"]["name"] == "cpu"
                && metric["resource"][part].given("averageUtilization")
        }
        /// Takes the use of the CPU out of a list of metrics.
        func take(_ part: String, _ list: String, _ member: String, _ field: String) {
            var metrics = value[part][list].items
            if let index = metrics.firstIndex(where: { isCPU($0, member) }) {
                value[part][field] = metrics.remove(at: index)["resource"][member]["averageUtilization"]
            }
            value[part][list] = .array(metrics)
        }
        take("spec", "metrics", "target", "targetCPUUtilizationPercentage")
        take("status", "currentMetrics", "current", "currentCPUUtilizationPercentage")
        for (annotation, part, field) in annotations {
            guard let rest = value[part].remove(field), !rest.isNull, !rest.isEmptyContainer else { continue }
            value["metadata"]["annotations"][annotation] = .string(rest.description)
        }
        object = value.members
    }
}
