internal import JSON

// Checks of quotas, limits, priorities, leases and runtime classes.
extension Kinds {
    private static let countable: Set = [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services",
        "replicationcontrollers",
        "secrets", "persistentvolumeclaims", "configmaps", "services.nodeports", "services.loadbalancers",
    ]
    private static let whole: Set = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims",
        "configmaps",
        "services.nodeports", "services.loadbalancers",
    ]
    private static let scopes = [
        "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating",
        "VolumeAttributesClass",
    ]

    static let quotaChecks: [String: Check] = [
        "core.v1.ResourceQuotaSpec": { spec, path, errors in
            for (name, value) in spec["hard"].members {
                let path = path["hard"].entry(name)
                errors.check(.qualifiedName, .string(name), path)
                if !name.contains("/"), !countable.contains(name), !name.hasPrefix("requests.hugepages-"),
                    !name.hasPrefix("hugepages-")
                {
                    errors.append(.invalid(path, .string(name), "must be a standard resource type or fully qualified"))
                    errors.append(.invalid(path, .string(name), "must be a standard resource for quota"))
                }
                errors.quantity(value, path, wholeUnits: whole.contains(name) || name.hasPrefix("count/"))
            }
            let given = Set(spec["scopes"].items.map(\.text))
            for scope in spec["scopes"].items where !scopes.contains(scope.text) {
                errors.append(.invalid(path["scopes"], spec["scopes"], "unsupported scope"))
            }
            for pair: Set in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]]
            where pair.isSubset(of: given) {
                errors.append(.invalid(path["scopes"], spec["scopes"], "conflicting scopes"))
            }
        },
        "core.v1.ScopedResourceSelectorRequirement": { requirement, path, errors in
            if !scopes.contains(requirement["scopeName"].text), requirement.given("scopeName") {
                errors.append(.invalid(path["scopeName"], requirement["scopeName"], "unsupported scope"))
            }
            switch requirement["operator"].text {
            case "In", "NotIn":
                if requirement["values"].items.isEmpty {
                    errors.append(
                        .required(
                            path["values"],
                            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
                }
            case "Exists", "DoesNotExist":
                if !requirement["values"].items.isEmpty {
                    errors.append(
                        .invalid(
                            path["values"], requirement["values"],
                            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
                }
            case "": break
            default: errors.append(.invalid(path["operator"], requirement["operator"], "not a valid selector operator"))
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
            for (name, value) in overhead["podFixed"].members {
                checkContainerResource(name, path["podFixed"].entry(name), &errors)
                errors.quantity(value, path["podFixed"].entry(name))
            }
        },
    ]

    /// min <= defaultRequest <= default <= max, for each resource.
    private static func checkLimits(_ item: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let isPod = item["type"] == "Pod"
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
            names.formUnion(item[list].members.keys)
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
            if let ratio = value("maxLimitRequestRatio", name), ratio < Quantity(1) {
                errors.append(
                    .invalid(
                        path["maxLimitRequestRatio"].entry(name), item["maxLimitRequestRatio"][name],
                        "must be greater than or equal to 1"))
            }
        }
    }
}
