internal import JSON

// Checks of quotas, limits, priorities, leases and runtime classes.
extension Kinds {
    private static let scopes = [
        "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating",
        "VolumeAttributesClass",
    ]

    static let quotaChecks: [String: Check] = [
        "core.v1.ResourceQuotaSpec": { spec, path, errors in
            for (name, value) in spec["hard"].members {
                checkQuotaResource(name, value, path["hard"].entry(name), &errors)
            }
            checkScopes(spec["scopes"].items, spec, path["scopes"], &errors)
            let requirements = spec["scopeSelector"]["matchExpressions"].items
            let path = path["scopeSelector"]["matchExpressions"]
            for requirement in requirements { checkScope(requirement, path, &errors) }
            checkScopes(requirements.map { $0["scopeName"] }, spec, path, isNamed: true, &errors)
        },
        "core.v1.ResourceQuotaStatus": { status, path, errors in
            for list in ["hard", "used"] {
                for (name, value) in status[list].members {
                    checkQuotaResource(name, value, path[list].entry(name), &errors)
                }
            }
        },
        "core.v1.LimitRangeSpec": { spec, path, errors in
            var types: Set<String> = []
            for (index, item) in spec["limits"].items.enumerated() {
                if !types.insert(item["type"].text).inserted {
                    errors.append(.duplicate(path["limits"][index]["type"], item["type"]))
                }
                checkLimits(item, path["limits"][index], &errors)
            }
        },
        "scheduling.v1.PriorityClass": { object, path, errors in
            let name = object["metadata"]["name"].text
            let system = ["system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000]
            if name.hasPrefix("system-") {
                if system[name] != object["value"].int {
                    errors.append(
                        .forbidden(
                            path["metadata"]["name"],
                            "priority class names with 'system-' prefix are reserved for system use only"))
                }
            } else if object["value"].int ?? 0 > 1_000_000_000 {
                errors.append(
                    .forbidden(path["value"], "maximum allowed value of a user defined priority is 1000000000"))
            }
        },
        "coordination.v1.LeaseSpec": { spec, path, errors in
            if let seconds = spec["leaseDurationSeconds"].int, seconds <= 0 {
                errors.append(.invalid(path["leaseDurationSeconds"], .int(seconds), "must be greater than 0"))
            }
            errors.nonNegative(spec["leaseTransitions"], path["leaseTransitions"])
        },
        "node.v1.Overhead": { overhead, path, errors in
            checkRequirements(
                ["limits": overhead["podFixed"]], path["podFixed"], checkContainerResource, &errors)
        },
        "node.v1.Scheduling": { scheduling, path, errors in
            var seen: Set<[UInt8]> = []
            for (index, toleration) in scheduling["tolerations"].items.enumerated()
            where !seen.insert(toleration.encoded()).inserted {
                errors.append(.duplicate(path["tolerations"][index], toleration))
            }
        },
    ]

    private static let computed: Set = [
        "pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory",
    ]

    /// Which scopes exist, which exclude each other, and what they can count.
    private static func checkScopes(
        _ given: [JSONValue], _ spec: JSONValue, _ path: FieldPath, isNamed: Bool = false,
        _ errors: inout [FieldError]
    ) {
        for scope in given {
            if !scopes.contains(scope.text) {
                errors.append(.invalid(isNamed ? path["scopeName"] : path, scope, "unsupported scope"))
            }
            let countable: Set<String> =
                switch scope.text {
                case "BestEffort": ["pods"]
                case "VolumeAttributesClass": ["persistentvolumeclaims", "requests.storage"]
                default: computed
                }
            guard scopes.contains(scope.text) else { continue }
            for name in spec["hard"].members.keys where isStandardForQuota(name) && !countable.contains(name) {
                errors.append(.invalid(path, spec["scopes"], "unsupported scope applied to resource"))
            }
        }
        let texts = Set(given.map(\.text))
        for pair: Set in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]]
        where pair.isSubset(of: texts) {
            errors.append(
                .invalid(isNamed ? path.parent.parent["scopes"] : path, spec["scopes"], "conflicting scopes"))
        }
    }

    private static func checkScope(_ requirement: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let needsExists = ["PriorityClass", "VolumeAttributesClass"].contains(requirement["scopeName"].text) == false
        if needsExists, scopes.contains(requirement["scopeName"].text), requirement["operator"] != "Exists" {
            errors.append(
                .invalid(path["operator"], requirement["operator"], "must be 'Exists' for this scope"))
        }
        let values = requirement["values"].items
        switch requirement["operator"].text {
        case "In", "NotIn":
            if values.isEmpty {
                errors.append(
                    .required(
                        path["values"],
                        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.append(
                    .invalid(
                        path["values"], requirement["values"],
                        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
            }
        default: errors.append(.invalid(path["operator"], requirement["operator"], "not a valid selector operator"))
        }
    }

    /// min <= defaultRequest <= default <= max, for each resource.
    private static func checkLimits(_ item: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let isPod = item["type"] == "Pod"
        let type = item["type"].text
        let problems = Format.qualifiedName.problems(type)
        for problem in problems { errors.append(.invalid(path["type"], item["type"], problem)) }
        if problems.isEmpty, !type.contains("/"), !["Pod", "Container", "PersistentVolumeClaim"].contains(type) {
            errors.append(
                .invalid(path["type"], item["type"], "must be a standard limit type or fully qualified"))
        }
        if isPod {
            for list in ["default", "defaultRequest"] where !item[list].members.isEmpty {
                errors.append(.forbidden(path[list], "may not be specified when `type` is 'Pod'"))
            }
        }
        if item["type"] == "PersistentVolumeClaim", !item["min"].has("storage"), !item["max"].has("storage") {
            errors.append(
                .required(
                    path["limits"], "either minimum or maximum storage value is required, but neither was provided"))
        }
        func value(_ list: String, _ name: String) -> Quantity? { item[list][name].string.flatMap(Quantity.init) }
        var names: Set<String> = []
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            if isPod, list.hasPrefix("default") { continue }
            names.formUnion(item[list].members.keys)
            for name in item[list].members.keys {
                if isPod || type == "Container" {
                    checkContainerResource(name, path[list].entry(name), &errors)
                } else {
                    checkResourceName(name, path[list].entry(name), &errors)
                }
            }
        }
        for name in names.sorted() {
            func compare(_ small: String, _ large: String, blame: String) {
                if isPod, small.hasPrefix("default") || large.hasPrefix("default") { return }
                if let low = value(small, name), let high = value(large, name), low > high {
                    errors.append(
                        .invalid(
                            path[blame].entry(name), item[blame][name], "\(small) value is greater than \(large) value")
                    )
                }
            }
            compare("min", "max", blame: "min")
            compare("defaultRequest", "max", blame: "defaultRequest")
            compare("min", "defaultRequest", blame: "defaultRequest")
            compare("defaultRequest", "default", blame: "defaultRequest")
            compare("default", "max", blame: "default")
            compare("min", "default", blame: "default")
            if let ratio = value("maxLimitRequestRatio", name) {
                func wrong(_ reason: String) {
                    errors.append(
                        .invalid(
                            path["maxLimitRequestRatio"].entry(name), item["maxLimitRequestRatio"][name], reason))
                }
                if ratio < Quantity(1) { wrong("must be greater than or equal to 1") }
                if let low = value("min", name), let high = value("max", name), low > .zero,
                    Double(ratio.milliValue) / 1000 > Double(high.milliValue) / Double(max(low.milliValue, 1))
                {
                    wrong("is greater than max/min")
                }
            }
            if !isPod, !isOvercommitted(name), let request = value("defaultRequest", name),
                let limit = value("default", name), request != limit
            {
                errors.append(
                    .invalid(
                        path["defaultRequest"].entry(name), item["defaultRequest"][name],
                        "must equal the default value"))
            }
        }
    }
}
