internal import API
internal import JSON

/// What a Pod does that a level forbids, in upstream's words.
struct PodSecurityViolation: Equatable, CustomStringConvertible {
    let reason: String
    let detail: String

    var description: String { "\(reason) (\(detail))" }
}

/// A Pod as the checks of the Pod Security Standards look at it.
struct PodSecuritySubject {
    static let lists = ["initContainers", "containers", "ephemeralContainers"]
    static let appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"

    let metadata: JSONValue
    let spec: JSONValue
    /// The minor version of the policy.
    let minor: Int
    /// Every kind of container.
    let containers: [JSONValue]

    init(_ metadata: JSONValue, _ spec: JSONValue, minor: Int) {
        (self.metadata, self.spec, self.minor) = (metadata, spec, minor)
        containers = Self.lists.flatMap { spec[$0].array ?? [] }
    }

    /// Annotations that the checks read.
    static func counts(_ annotation: String) -> Bool {
        annotation.hasPrefix(appArmorPrefix) || annotation.contains("seccomp.security.alpha.kubernetes.io/")
    }

    /// Windows has neither capabilities nor seccomp (from policy version 1.25).
    var isWindows: Bool { minor >= 25 && spec["os"]["name"] == "windows" }
    /// Root in a user namespace of its own is nobody outside of it (KEP-127, from policy version 1.35).
    var hasOwnUsers: Bool { minor >= 35 && spec["hostUsers"].bool == false }

    func names(where matches: (JSONValue) -> Bool) -> [String] {
        containers.filter(matches).map { $0["name"].string ?? "" }
    }

    /// `container "a"`, `containers "a", "b"`; nil for none.
    func containers(where matches: (JSONValue) -> Bool) -> String? {
        let names = names(where: matches)
        return names.isEmpty ? nil : Self.counted("container", names)
    }

    /// Who has a security context that matches: `pod and container "a"`; nil for nobody.
    func setters(where matches: (JSONValue) -> Bool) -> String? {
        let setters = [
            matches(spec["securityContext"]) ? "pod" : nil, containers { matches($0["securityContext"]) },
        ].compactMap(\.self)
        return setters.isEmpty ? nil : setters.joined(separator: " and ")
    }

    /// The containers without a value of their own, when the Pod has no good one for them.
    func implicit(_ field: String, _ isGood: (JSONValue) -> Bool) -> String? {
        if isGood(spec["securityContext"][field]) { return nil }
        return containers { $0["securityContext"][field].isNull }
    }

    /// The different texts that security contexts have under a path and that are not allowed, sorted.
    func values(_ path: [String], where isBad: (String) -> Bool) -> [String] {
        let contexts = [spec["securityContext"]] + containers.map { $0["securityContext"] }
        let texts = contexts.compactMap { context in path.reduce(context) { $0[$1] }.string }
        return Set(texts.filter(isBad)).sorted()
    }

    static func quoted(_ names: [String]) -> String { "\"" + names.joined(separator: "\", \"") + "\"" }
    static func plural(_ word: String, _ count: Int) -> String { count == 1 ? word : word + "s" }
    static func counted(_ word: String, _ names: [String]) -> String { plural(word, names.count) + " " + quoted(names) }
}
