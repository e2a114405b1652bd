internal import JSON

// Checks of autoscaling/v2 and policy/v1.
extension Kinds {
    static let autoscalingChecks: [String: Check] = [
        "autoscaling.v2.HorizontalPodAutoscalerSpec": { spec, path, errors in
            let maximum = spec["maxReplicas"].int ?? 0
            if maximum == 0 {
                errors.append(.required(path["maxReplicas"], "must be set and greater than 0"))
            } else if maximum < 0 {
                errors.append(.invalid(path["maxReplicas"], .int(maximum), "must be greater than 0"))
            }
            if let minimum = spec["minReplicas"].int, minimum > maximum {
                errors.append(
                    .invalid(path["maxReplicas"], .int(maximum), "must be greater than or equal to `minReplicas`"))
            }
            checkTarget(spec["scaleTargetRef"], path["scaleTargetRef"], &errors)
            for (index, metric) in spec["metrics"].items.enumerated() {
                checkMetric(metric, path["metrics"][index], &errors)
            }
            for direction in ["scaleUp", "scaleDown"] {
                checkScaling(spec["behavior"][direction], path["behavior"][direction], &errors)
            }
        },
        "policy.v1.PodDisruptionBudgetSpec": { spec, path, errors in
            if spec.given("minAvailable"), spec.given("maxUnavailable") {
                errors.append(.invalid(path, spec, "minAvailable and maxUnavailable cannot be both set"))
            }
            for field in ["minAvailable", "maxUnavailable"] {
                errors.numberOrPercent(spec[field], path[field], atMostAll: true)
            }
        },
    ]

    private static func checkTarget(_ target: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for field in ["kind", "name"] { errors.check(.pathSegment, target[field], path[field]) }
        if !target["apiVersion"].text.contains("/"), target["kind"] != "ReplicationController" {
            errors.append(
                .invalid(path["apiVersion"], .string(target["apiVersion"].text), "apiVersion must specify API group"))
        }
    }

    private static let sources = [
        "ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods",
        "Resource": "resource",
    ]

    private static func checkMetric(_ metric: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let type = metric["type"].string, !type.isEmpty else { return }
        guard let wanted = sources[type] else {
            errors.append(.notSupported(path["type"], metric["type"], sources.keys.sorted()))
            return
        }
        if !metric.given(wanted) {
            errors.append(.required(path[wanted], "must populate information for the given metric source"))
        }
        for other in sources.values.sorted() where other != wanted && metric.given(other) {
            errors.append(.forbidden(path[other], "must populate the given metric source only"))
        }
        let target = metric[wanted]["target"]
        guard !target.isNull else { return }
        let path = path[wanted]["target"]
        for field in ["value", "averageValue"] {
            if let value = target[field].string.flatMap(Quantity.init), value <= .zero {
                errors.append(.invalid(path[field], target[field], "must be positive"))
            }
        }
        if let utilization = target["averageUtilization"].int, utilization < 1 {
            errors.append(.invalid(path["averageUtilization"], .int(utilization), "must be greater than 0"))
        }
        switch type {
        case "Resource", "ContainerResource":
            switch (target.given("averageUtilization"), target.given("averageValue")) {
            case (false, false):
                errors.append(
                    .required(path["averageUtilization"], "must set either a target raw value or a target utilization"))
            case (true, true):
                errors.append(
                    .forbidden(path["averageValue"], "may not set both a target raw value and a target utilization"))
            default: break
            }
        case "Pods":
            if !target.given("averageValue") {
                errors.append(.required(path["averageValue"], "must specify a positive target averageValue"))
            }
        case "External":
            switch (target.given("value"), target.given("averageValue")) {
            case (false, false):
                errors.append(
                    .required(path["averageValue"], "must set either a target value for metric or a per-pod target"))
            case (true, true):
                errors.append(
                    .forbidden(path["value"], "may not set both a target value for metric and a per-pod target"))
            default: break
            }
        default:
            if !target.given("value"), !target.given("averageValue") {
                errors.append(
                    .required(path["averageValue"], "must set either a target value or a target averageValue"))
            }
        }
    }

    private static func checkScaling(_ rules: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard !rules.isNull else { return }
        if let seconds = rules["stabilizationWindowSeconds"].int, !(0...3600).contains(seconds) {
            errors.append(.invalid(path["stabilizationWindowSeconds"], .int(seconds), "must be between 0 and 3600"))
        }
        errors.quantity(rules["tolerance"], path["tolerance"])
        errors.check(rules["selectPolicy"], isOneOf: ["Disabled", "Max", "Min"], path["selectPolicy"])
        if rules["policies"].items.isEmpty {
            errors.append(.required(path["policies"], "must specify at least one Policy"))
        }
        for (index, policy) in rules["policies"].items.enumerated() {
            let path = path["policies"][index]
            errors.check(.string(policy["type"].text), isOneOf: ["Percent", "Pods"], path["type"])
            if policy["value"].int ?? 0 <= 0 {
                errors.append(.invalid(path["value"], .int(policy["value"].int ?? 0), "must be greater than zero"))
            }
            let period = policy["periodSeconds"].int ?? 0
            if !(1...1800).contains(period) {
                errors.append(
                    .invalid(path["periodSeconds"], .int(period), "must be greater than zero and at most 1800"))
            }
        }
    }
}
