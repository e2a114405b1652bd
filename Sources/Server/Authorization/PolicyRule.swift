internal import API
internal import JSON

/// A rule of a role, ready to decide by (rbac.authorization.k8s.io/v1 PolicyRule).
struct PolicyRule: Sendable, Hashable {
    var verbs: [String]
    var groups: [String] = []
    /// `pods`, `pods/log`, `*`, `*/scale`.
    var resources: [String] = []
    /// Empty: all.
    var names: [String] = []
    /// Paths outside of resources; `*` at the end stands for anything.
    var paths: [String] = []

    init(verbs: [String], groups: [String] = [], resources: [String] = [], names: [String] = [], paths: [String] = []) {
        (self.verbs, self.groups, self.resources, self.names, self.paths) = (verbs, groups, resources, names, paths)
    }

    init(_ rule: JSONRef) {
        func list(_ key: String) -> [String] { rule[key].elements.compactMap(\.string) }
        self.init(
            verbs: list("verbs"), groups: list("apiGroups"), resources: list("resources"),
            names: list("resourceNames"), paths: list("nonResourceURLs"))
    }

    func allows(_ request: RequestAttributes) -> Bool {
        guard verbs.contains(where: { $0 == request.verb || $0 == "*" }) else { return false }
        guard request.isResource else { return paths.contains { Self.matches($0, request.path) } }
        return groups.contains { $0 == request.group || $0 == "*" }
            && resources.contains { Self.matches($0, request.resource, request.subresource) }
            && (names.isEmpty || names.contains(request.name))
    }

    private static func matches(_ rule: String, _ path: String) -> Bool {
        rule == path || rule == "*" || rule.hasSuffix("*") && path.hasPrefix(rule.dropLast())
    }

    /// `*` is every resource with its subresources; `*/scale` the subresource of all.
    private static func matches(_ rule: String, _ resource: String, _ subresource: String) -> Bool {
        if rule == "*" { return true }
        if subresource.isEmpty { return rule == resource }
        guard let slash = rule.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        return rule[rule.utf8.index(after: slash)...] == subresource
            && (rule[..<slash] == resource || rule[..<slash] == "*")
    }

    // MARK: Comparing

    /// The rule in parts that name one verb and one resource or path each.
    private var parts: [PolicyRule] {
        verbs.flatMap { verb in
            paths.map { PolicyRule(verbs: [verb], paths: [$0]) }
                + groups.flatMap { group in
                    resources.flatMap { resource in
                        (names.isEmpty ? [[]] : names.map { [$0] }).map {
                            PolicyRule(verbs: [verb], groups: [group], resources: [resource], names: $0)
                        }
                    }
                }
        }
    }

    /// What none of the `owned` rules allows.
    func missing(from owned: [PolicyRule]) -> [PolicyRule] {
        parts.filter { part in !owned.contains { $0.covers(part) } }
    }

    /// Whether this allows all that a part does.
    private func covers(_ part: PolicyRule) -> Bool {
        func has(_ list: [String], _ wanted: [String]) -> Bool {
            list.contains("*") || wanted.allSatisfy(list.contains)
        }
        guard has(verbs, part.verbs) else { return false }
        if let path = part.paths.first { return paths.contains { Self.matches($0, path) } }
        guard has(groups, part.groups), let resource = part.resources.first else { return false }
        let pieces = resource.split(separator: "/", maxSplits: 1).map(String.init)
        guard resources.contains(where: { Self.matches($0, pieces[0], pieces.count > 1 ? pieces[1] : "") }) else {
            return false
        }
        return names.isEmpty || !part.names.isEmpty && part.names.allSatisfy(names.contains)
    }

    /// As refusals show it.
    var description: String {
        func list(_ name: String, _ texts: [String]) -> String? {
            texts.isEmpty ? nil : "\(name):[\(texts.map { "\"\($0)\"" }.joined(separator: " "))]"
        }
        let parts = [
            list("APIGroups", groups), list("Resources", resources), list("ResourceNames", names),
            list("NonResourceURLs", paths), list("Verbs", verbs),
        ]
        return "{" + parts.compactMap { $0 }.joined(separator: ", ") + "}"
    }

    /// As a role has it.
    var value: JSONValue {
        var value = JSONValue.object([:])
        let lists = [
            ("apiGroups", groups), ("nonResourceURLs", paths), ("resourceNames", names), ("resources", resources),
        ]
        for (key, list) in lists where !list.isEmpty { value[key] = .array(list.map { .string($0) }) }
        value["verbs"] = .array(verbs.map { .string($0) })
        return value
    }
}
