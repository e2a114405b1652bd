internal import API
internal import JSON
internal import Store

/// The Pod Security Standards, least strict first. https://kubernetes.io/docs/concepts/security/pod-security-standards/
enum PodSecurityLevel: String, CaseIterable {
    case privileged, baseline, restricted

    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What the labels of a namespace ask of its Pods.
/// https://kubernetes.io/docs/concepts/security/pod-security-admission/#pod-security-admission-labels-for-namespaces
struct PodSecurityPolicy {
    struct Mode: Equatable, CustomStringConvertible {
        var level = PodSecurityLevel.privileged
        /// The minor version of Kubernetes whose checks count; nil: the latest.
        var minor: Int?

        var description: String { level.rawValue + ":" + (minor.map { "v1.\($0)" } ?? "latest") }

        /// What a Pod breaks; empty when it may run.
        func violations(metadata: JSONValue, spec: JSONValue) -> [PodSecurityViolation] {
            PodSecurityChecks.violations(PodSecuritySubject(metadata, spec, minor: minor ?? .max), level)
        }
    }

    static let prefix = "pod-security.kubernetes.io/"
    private(set) var enforce = Mode(), warn = Mode()
    private(set) var errors: [FieldError] = []

    /// A label that makes no sense counts as the strictest level where it enforces.
    init(label: (String) -> String?) {
        enforce = mode("enforce", invalid: .restricted, label)
        warn = mode("warn", invalid: .privileged, label)
        // Audit annotations have nowhere to go without an audit log, but its labels are checked.
        _ = mode("audit", invalid: .privileged, label)
        // Who enforces without saying what to warn of is warned of what will not run.
        if label(Self.prefix + "warn") == nil, enforce.level.rank > warn.level.rank {
            warn.level = enforce.level
            if label(Self.prefix + "warn-version") == nil { warn.minor = enforce.minor }
        }
    }

    init(labels: JSONValue) { self.init { labels[$0].string } }

    private mutating func mode(_ name: String, invalid: PodSecurityLevel, _ label: (String) -> String?) -> Mode {
        var mode = Mode()
        func refuse(_ key: String, _ text: String, _ detail: String) {
            errors.append(.invalid(FieldPath("metadata", "labels").entry(key), .string(text), detail))
        }
        if let text = label(Self.prefix + name) {
            if let level = PodSecurityLevel(rawValue: text) {
                mode.level = level
            } else {
                refuse(Self.prefix + name, text, "must be one of privileged, baseline, restricted")
                mode.level = invalid
            }
        }
        let key = Self.prefix + name + "-version"
        if let text = label(key), text != "latest" {
            let digits = text.dropFirst(3)
            let isPlain = digits.allSatisfy { ("0"..."9").contains($0) } && (digits == "0" || !digits.hasPrefix("0"))
            if text.hasPrefix("v1."), isPlain, let minor = Int(digits) {
                mode.minor = minor
            } else {
                refuse(key, text, "must be \"latest\" or \"v1.x\"")
            }
        }
        return mode
    }
}

/// Refuses Pods that break the policy of their namespace, and warns of Pods, and of what makes Pods, that would.
struct PodSecurity: AdmissionStep {
    /// Where the Pod is in each kind that makes Pods.
    private static let templates: [String: [String]] = [
        "podtemplates": ["template"], "replicationcontrollers": ["spec", "template"],
        "replicasets.apps": ["spec", "template"], "deployments.apps": ["spec", "template"],
        "statefulsets.apps": ["spec", "template"], "daemonsets.apps": ["spec", "template"],
        "jobs.batch": ["spec", "template"], "cronjobs.batch": ["spec", "jobTemplate", "spec", "template"],
    ]
    private static let ignoredSubresources: Set = ["binding", "eviction", "status"]
    /// How many existing Pods a new policy is tried on, as upstream.
    private static let maximumPods = 3000

    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        let definition = context.resource.definition
        let name = object["metadata"]["name"].string ?? ""
        switch context.resource.storeName {
        case "namespaces" where context.subresource == nil:
            let errors = PodSecurityPolicy(labels: object["metadata"]["labels"]).errors
            if errors.isEmpty
                || old.map({ PodSecurityPolicy(labels: $0["metadata"]["labels"]).errors == errors }) == true
            {
                return
            }
            throw .invalid(kind: context.resource.kind, group: definition.group, name, errors)
        case "pods":
            guard Self.isSignificant(object, old, context), let policy = Self.policy(context) else { return }
            let found = policy.enforce.violations(metadata: object["metadata"], spec: object["spec"])
            if found.isEmpty { return }
            throw .forbidden(definition, name, "violates PodSecurity \"\(policy.enforce)\": \(Self.text(found))")
        default: return
        }
    }

    /// What the client is told about a write that is allowed.
    static func warnings(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) -> [String] {
        let resource = context.resource.storeName
        if resource == "namespaces" { return warningsOfNewPolicy(object, old, context) }
        var pod = object
        if let path = templates[resource] {
            guard context.subresource == nil else { return [] }
            for key in path { pod = pod[key] }
        } else if resource != "pods" || !isSignificant(object, old, context) {
            return []
        }
        guard let policy = policy(context) else { return [] }
        let found = policy.warn.violations(metadata: pod["metadata"], spec: pod["spec"])
        return found.isEmpty ? [] : ["would violate PodSecurity \"\(policy.warn)\": \(text(found))"]
    }

    /// The Pods that are there already stay, whatever a namespace's new policy says; who sets it hears of them.
    private static func warningsOfNewPolicy(_ object: JSONValue, _ old: JSONValue?, _ context: WriteContext) -> [String]
    {
        guard context.subresource == nil, let old, let name = object["metadata"]["name"].string else { return [] }
        let new = PodSecurityPolicy(labels: object["metadata"]["labels"]).enforce
        let before = PodSecurityPolicy(labels: old["metadata"]["labels"]).enforce
        if new == before || new.level == .privileged { return [] }
        if new.minor == before.minor, new.level.rank < before.level.rank { return [] }
        let pods = (try? context.server.store.list("pods", prefix: name + "/"))?.objects ?? []
        var namesByReason: [String: [String]] = [:]
        for stored in pods.prefix(maximumPods) {
            guard let pod = try? JSONDocument(stored.bytes).root.value else { continue }
            let found = new.violations(metadata: pod["metadata"], spec: pod["spec"])
            if found.isEmpty { continue }
            namesByReason[found.map(\.reason).joined(separator: ", "), default: []].append(
                pod["metadata"]["name"].string ?? "")
        }
        var warnings: [String] = []
        if pods.count > maximumPods {
            warnings.append(
                "new PodSecurity enforce level only checked against the first \(maximumPods) of \(pods.count) existing pods"
            )
        }
        if namesByReason.isEmpty { return warnings }
        warnings.append("existing pods in namespace \"\(name)\" violate the new PodSecurity enforce level \"\(new)\"")
        return warnings
            + namesByReason.map { reason, names in
                let others = names.count - 1
                let more = others == 0 ? "" : " (and \(others) other \(others == 1 ? "pod" : "pods"))"
                return "\(names.min() ?? "")\(more): \(reason)"
            }.sorted()
    }

    private static func policy(_ context: WriteContext) -> PodSecurityPolicy? {
        guard let name = context.namespace, let namespace = context.server.store.get("namespaces", name) else {
            return nil
        }
        return PodSecurityPolicy(label: namespace.attributes.label)
    }

    /// Of what can change about a Pod that is there, only some can break a policy.
    private static func isSignificant(_ object: JSONValue, _ old: JSONValue?, _ context: WriteContext) -> Bool {
        if let subresource = context.subresource, ignoredSubresources.contains(subresource) { return false }
        guard let old else { return true }
        func counted(_ pod: JSONValue) -> [String] {
            let images = PodSecuritySubject.lists.flatMap { list in
                (pod["spec"][list].array ?? []).map { "\(list) \($0["name"]) \($0["image"])" }
            }
            let annotations = (pod["metadata"]["annotations"].object ?? [:]).filter {
                PodSecuritySubject.counts($0.key)
            }
            return images + annotations.map { "\($0.key)=\($0.value)" }.sorted()
        }
        return counted(object) != counted(old)
    }

    private static func text(_ violations: [PodSecurityViolation]) -> String {
        violations.map(\.description).joined(separator: ", ")
    }
}
