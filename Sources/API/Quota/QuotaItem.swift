public import JSON

/// What one object uses of its namespace's ResourceQuotas.
/// https://kubernetes.io/docs/concepts/policy/resource-quotas/
public struct QuotaItem: Sendable {
    /// By the names that quotas use: `pods`, `requests.cpu`, `count/deployments.apps`.
    public let usage: [String: Quantity]
    private let scopes: Set<String>
    private let classes: [String: String]

    /// `resource` with its group: `pods`, `deployments.apps`.
    public init(_ object: JSONRef, resource: String) {
        switch resource {
        case "pods":
            (usage, scopes) = (Self.podUsage(object), Self.podScopes(object))
            classes = object["spec"]["priorityClassName"].string.map { $0.isEmpty ? [:] : ["PriorityClass": $0] } ?? [:]
        case "services": (usage, scopes, classes) = (Self.serviceUsage(object), [], [:])
        case "persistentvolumeclaims":
            (usage, scopes) = (Self.claimUsage(object), [])
            classes =
                object["spec"]["volumeAttributesClassName"].string.map {
                    $0.isEmpty ? [:] : ["VolumeAttributesClass": $0]
                }
                ?? [:]
        default: (usage, scopes, classes) = (Self.count(resource), [], [:])
        }
    }

    /// An object that only counts.
    public init(anyOf resource: String) { (usage, scopes, classes) = (Self.count(resource), [], [:]) }

    /// Whether the quota (its spec) is about objects like this one.
    public func matches(quota spec: JSONRef) -> Bool {
        spec["scopes"].elements.allSatisfy { holds($0.string ?? "", "Exists", []) }
            && spec["scopeSelector"]["matchExpressions"].elements.allSatisfy {
                holds(
                    $0["scopeName"].string ?? "", $0["operator"].string ?? "",
                    $0["values"].elements.compactMap(\.string))
            }
    }

    private func holds(_ scope: String, _ relation: String, _ values: [String]) -> Bool {
        guard ["PriorityClass", "VolumeAttributesClass"].contains(scope) else { return scopes.contains(scope) }
        let value = classes[scope]
        return switch relation {
        case "In": value.map(values.contains) ?? false
        case "NotIn": value.map { !values.contains($0) } ?? true
        case "Exists": value != nil
        case "DoesNotExist": value == nil
        default: false
        }
    }

    /// The resource, with its group, whose objects use what a quota limits under this name.
    public static func resource(of name: String) -> String {
        if name.hasPrefix("count/") { return String(name.dropFirst(6)) }
        if ["configmaps", "secrets", "replicationcontrollers", "resourcequotas"].contains(name) { return name }
        if name == "services" || name.hasPrefix("services.") { return "services" }
        if name == "persistentvolumeclaims" || name == "requests.storage"
            || name.contains(".storageclass.storage.k8s.io/")
        {
            return "persistentvolumeclaims"
        }
        return "pods"
    }

    /// What each container must say when a quota limits it.
    public static let mandatory: Set = [
        "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory",
    ]

    /// `must specify limits.cpu for: web; ...`; nil when nothing is missing of what the quota's names require.
    public static func missing(in pod: JSONRef, of names: some Sequence<String>) -> String? {
        let required = mandatory.intersection(names)
        if required.isEmpty { return nil }
        let whole = pod["spec"]["resources"]
        var missing: [String: Set<String>] = [:]
        for list in ["containers", "initContainers"] {
            for container in pod["spec"][list].elements {
                for name in required {
                    let parts = name.split(separator: ".")
                    let kind = parts.count == 2 ? String(parts[0]) : "requests"
                    let resource = String(parts[parts.count - 1])
                    if container["resources"][kind][resource].isNull, whole[kind][resource].isNull {
                        missing[name, default: []].insert(container["name"].string ?? "")
                    }
                }
            }
        }
        if missing.isEmpty { return nil }
        return "must specify "
            + missing.sorted { $0.key < $1.key }.map { "\($0.key) for: \($0.value.sorted().joined(separator: ","))" }
            .joined(separator: "; ")
    }

    // MARK: Kinds

    private static let one = Quantity(1)

    private static func count(_ resource: String) -> [String: Quantity] {
        var usage = ["count/" + resource: one]
        if self.resource(of: resource) == resource { usage[resource] = one }
        return usage
    }

    private static func podUsage(_ pod: JSONRef) -> [String: Quantity] {
        var usage = ["count/pods": one]
        // What has ended holds nothing any more.
        let phase = pod["status"]["phase"]
        if phase.equals("Succeeded") || phase.equals("Failed") { return usage }
        usage["pods"] = one
        for (name, amount) in PodResources.total("requests", of: pod["spec"]) {
            if name.contains("/") {
                usage["requests." + name] = amount
            } else if name.hasPrefix("hugepages-") || ["cpu", "memory", "ephemeral-storage"].contains(name) {
                usage["requests." + name] = amount
                usage[name] = amount
            }
        }
        for (name, amount) in PodResources.total("limits", of: pod["spec"])
        where ["cpu", "memory", "ephemeral-storage"].contains(name) { usage["limits." + name] = amount }
        return usage
    }

    private static func podScopes(_ pod: JSONRef) -> Set<String> {
        let spec = pod["spec"]
        var scopes: Set = [
            spec["activeDeadlineSeconds"].int == nil ? "NotTerminating" : "Terminating",
            pod["status"]["qosClass"].equals("BestEffort") ? "BestEffort" : "NotBestEffort",
        ]
        let crosses = ["podAffinity", "podAntiAffinity"].contains { kind in
            let affinity = spec["affinity"][kind]
            let terms =
                Array(affinity["requiredDuringSchedulingIgnoredDuringExecution"].elements)
                + affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements.map { $0["podAffinityTerm"] }
            return terms.contains { $0["namespaces"].count > 0 || !$0["namespaceSelector"].isNull }
        }
        if crosses { scopes.insert("CrossNamespacePodAffinity") }
        return scopes
    }

    private static func serviceUsage(_ service: JSONRef) -> [String: Quantity] {
        var usage = count("services")
        let spec = service["spec"]
        let ports = Quantity(spec["ports"].count)
        switch spec["type"].string {
        case "NodePort": usage["services.nodeports"] = ports
        case "LoadBalancer":
            usage["services.loadbalancers"] = one
            usage["services.nodeports"] =
                spec["allocateLoadBalancerNodePorts"].bool == false
                ? Quantity(spec["ports"].elements.filter { ($0["nodePort"].int ?? 0) != 0 }.count) : ports
        default: break
        }
        return usage
    }

    private static func claimUsage(_ claim: JSONRef) -> [String: Quantity] {
        var usage = count("persistentvolumeclaims")
        usage["persistentvolumeclaims"] = one
        var prefixes = [""]
        let annotated = claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"].string
        if let name = annotated ?? claim["spec"]["storageClassName"].string, !name.isEmpty {
            prefixes.append(name + ".storageclass.storage.k8s.io/")
            usage[prefixes[1] + "persistentvolumeclaims"] = one
        }
        // What it got may be more than what it asked for.
        let asked = claim["spec"]["resources"]["requests"]["storage"].string.flatMap(Quantity.init)
        let allocated = claim["status"]["allocatedResources"]["storage"].string.flatMap(Quantity.init)
        if let storage = [asked, allocated].compactMap({ $0 }).max() {
            for prefix in prefixes { usage[prefix + "requests.storage"] = storage }
        }
        return usage
    }
}

/// What the containers of a Pod ask for together.
public enum PodResources {
    /// `kind` is `requests` or `limits`. Init containers run one after the other, before the rest, beside those that are to go on
    /// (KEP-753); what the Pod as a whole says counts instead (KEP-2837); its overhead comes on top.
    public static func total(_ kind: String, of spec: JSONRef) -> [String: Quantity] {
        var sum: [String: Quantity] = [:]
        for container in spec["containers"].elements { add(amounts(container["resources"][kind]), to: &sum) }
        var lasting: [String: Quantity] = [:]
        var peak: [String: Quantity] = [:]
        for container in spec["initContainers"].elements {
            var now = amounts(container["resources"][kind])
            if container["restartPolicy"].equals("Always") {
                add(now, to: &sum)
                add(now, to: &lasting)
                now = lasting
            } else {
                add(lasting, to: &now)
            }
            peak.merge(now) { max($0, $1) }
        }
        sum.merge(peak) { max($0, $1) }
        sum.merge(amounts(spec["resources"][kind])) { $1 }
        for (name, amount) in amounts(spec["overhead"]) where kind == "requests" || sum[name] != nil {
            sum[name, default: .zero] += amount
        }
        return sum
    }

    private static func amounts(_ list: JSONRef) -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for (name, value) in list.members {
            if let amount = Quantity(value.string ?? value.description) { amounts[name] = amount }
        }
        return amounts
    }

    private static func add(_ more: [String: Quantity], to sum: inout [String: Quantity]) {
        sum.merge(more) { $0 + $1 }
    }
}
