internal import JSON

// Names and amounts of what is requested, limited and counted
// (https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/).
extension Kinds {
    private static let compute: Set = ["cpu", "memory", "ephemeral-storage"]
    private static let counted: Set = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    ]
    private static let quotaNames = compute.union(counted).union(compute.map { "requests." + $0 })
        .union(compute.map { "limits." + $0 }).union(["requests.storage"])

    static func isHugePages(_ name: String) -> Bool { name.hasPrefix("hugepages-") }

    static func isStandardForQuota(_ name: String) -> Bool {
        quotaNames.contains(name) || isHugePages(name) || name.hasPrefix("requests.hugepages-")
    }

    /// Without a domain, or of Kubernetes' own.
    private static func isNative(_ name: String) -> Bool { !name.contains("/") || name.contains("kubernetes.io/") }

    private static func isExtended(_ name: String) -> Bool {
        !isNative(name) && !name.hasPrefix("requests.") && Format.qualifiedName.problems("requests." + name).isEmpty
    }

    /// Only these may be promised to more than one.
    static func isOvercommitted(_ name: String) -> Bool { isNative(name) && !isHugePages(name) }

    /// The name of any resource; true when nothing is wrong with it.
    @discardableResult
    static func checkResourceName(_ name: String, _ path: FieldPath, _ errors: inout [FieldError]) -> Bool {
        let before = errors.count
        errors.check(.qualifiedName, .string(name), path)
        if errors.count == before, !name.contains("/"), !isStandardForQuota(name), name != "storage" {
            errors.append(.invalid(path, .string(name), "must be a standard resource type or fully qualified"))
        }
        return errors.count == before
    }

    /// The name of a resource that a container may ask for.
    static func checkContainerResource(_ name: String, _ path: FieldPath, _ errors: inout [FieldError]) {
        checkResourceName(name, path, &errors)
        if !name.contains("/") {
            if !compute.contains(name), !isHugePages(name) {
                errors.append(.invalid(path, .string(name), "must be a standard resource for containers"))
            }
        } else if !isNative(name), !isExtended(name) {
            errors.append(.invalid(path, .string(name), "doesn't follow extended resource name standard"))
        }
    }

    /// The name of a resource that a whole Pod may ask for (KEP-2837).
    private static func checkPodResource(_ name: String, _ path: FieldPath, _ errors: inout [FieldError]) {
        if checkResourceName(name, path, &errors), name != "cpu", name != "memory", !isHugePages(name) {
            errors.append(.notSupported(path, .string(name), ["cpu", "hugepages-", "memory"]))
        }
    }

    static func checkQuotaResource(
        _ name: String, _ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        checkResourceName(name, path, &errors)
        if !name.contains("/"), !isStandardForQuota(name) {
            errors.append(.invalid(path, .string(name), "must be a standard resource for quota"))
        }
        checkAmount(name, value, path, &errors)
    }

    static func checkAmount(_ name: String, _ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        errors.quantity(value, path, wholeUnits: counted.contains(name) || isExtended(name))
        guard isHugePages(name), let amount = value.string.flatMap(Quantity.init) else { return }
        let size = Quantity(String(name.dropFirst("hugepages-".count)))?.milliValue ?? 0
        if size <= 0 || size % 1000 != 0 || amount.milliValue % size != 0 {
            errors.append(.invalid(path, value, "\(amount.canonical) is not positive integer multiple of \(name)"))
        }
    }

    static func checkResources(_ resources: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        // `spec.resources` is that of a Pod; containers and their lists stand above all others.
        checkRequirements(
            resources, path, path.isBelowItem ? checkContainerResource : checkPodResource, &errors)
    }

    static func checkRequirements(
        _ resources: JSONValue, _ path: FieldPath,
        _ checkName: (String, FieldPath, inout [FieldError]) -> Void, _ errors: inout [FieldError]
    ) {
        for list in ["limits", "requests"] {
            for (name, value) in resources[list].members {
                checkName(name, path[list].entry(name), &errors)
                checkAmount(name, value, path[list].entry(name), &errors)
            }
        }
        for (name, value) in resources["requests"].members {
            guard let request = value.string.flatMap(Quantity.init) else { continue }
            guard let limit = resources["limits"][name].string.flatMap(Quantity.init) else {
                if !isOvercommitted(name) {
                    errors.append(.required(path["limits"], "a limit must be set for non overcommitable resources"))
                }
                continue
            }
            if !isOvercommitted(name), request != limit {
                errors.append(.invalid(path["requests"], value, "must be equal to \(name) limit of \(limit.canonical)"))
            } else if request > limit {
                errors.append(
                    .invalid(
                        path["requests"], value, "must be less than or equal to \(name) limit of \(limit.canonical)"))
            }
        }
        let names = Set(resources["limits"].members.keys + resources["requests"].members.keys)
        if names.contains(where: isHugePages), names.isDisjoint(with: ["cpu", "memory"]) {
            errors.append(.forbidden(path, "HugePages require cpu or memory"))
        }
    }

    /// A Pod's own requests cover those of its containers, and its limits their limits.
    static func checkPodResources(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let resources = spec["resources"]
        guard !resources.isNull else { return }
        if resources.given("claims") {
            errors.append(.forbidden(path["resources"]["claims"], "claims cannot be set for Resources at pod-level"))
        }
        func amount(_ value: JSONValue) -> Int {
            min(value.string.flatMap(Quantity.init)?.milliValue ?? 0, Int.max >> 24)
        }
        var sums: [String: Int] = [:]
        for (index, container) in spec["containers"].items.enumerated() {
            for (name, value) in container["resources"]["requests"].members { sums[name, default: 0] += amount(value) }
            for (name, value) in container["resources"]["limits"].members {
                let limit = resources["limits"][name]
                if !limit.isNull, amount(value) > amount(limit) {
                    errors.append(
                        .invalid(
                            path["resources"]["containers"][index].entry(name)["limits"], value,
                            "must be less than or equal to pod limits of \(limit.text)"))
                }
            }
        }
        for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
            let request = resources["requests"][name]
            if sum > amount(request) {
                errors.append(
                    .invalid(
                        path["resources"]["requests"].entry(name), request,
                        "must be greater than or equal to aggregate container requests"))
            }
        }
    }
}
