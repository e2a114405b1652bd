internal import API
internal import JSON
internal import Store
internal import Synchronization

/// Role-based access control: what roles allow and whom bindings give them to, kept by subject, so that a decision looks at the
/// caller's own roles alone. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
final class RoleAuthorizer: Authorizer {
    private static let group = ".rbac.authorization.k8s.io"

    private struct Binding {
        /// Nil: everywhere.
        let namespace: String?
        /// `NAMESPACE/NAME` of a role, `NAME` of a cluster role.
        let role: String
        let subjects: [String]
    }
    private struct Policy {
        var rules: [String: [PolicyRule]] = [:]
        var bindings: [String: Binding] = [:]
        /// The bindings' keys.
        var bySubject: [String: Set<String>] = [:]

        mutating func set(_ binding: Binding?, _ key: String) {
            if let old = bindings.removeValue(forKey: key) {
                for subject in old.subjects { bySubject[subject]?.remove(key) }
            }
            guard let binding else { return }
            bindings[key] = binding
            for subject in binding.subjects { bySubject[subject, default: []].insert(key) }
        }
    }
    private let policy = Mutex(Policy())
    /// Something was written that the policy does not know yet.
    private let isStale: StaleFlag
    private let watchers: [(resource: String, Watcher)]

    /// Follows the roles and bindings of a store.
    init(_ store: Store) throws(StoreError) {
        let isStale = StaleFlag()
        var watchers: [(String, Watcher)] = []
        for resource in ["clusterroles", "roles", "clusterrolebindings", "rolebindings"] {
            let name = resource + Self.group
            let snapshot = try store.list(name)
            watchers.append((resource, try store.watch(name, from: snapshot.revision) { isStale.raise() }))
            policy.withLock { policy in
                for object in snapshot.objects { Self.apply(object, resource, isDeleted: false, to: &policy) }
            }
        }
        self.watchers = watchers
        self.isStale = isStale
    }

    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool {
        visit(caller, attributes.namespace) { rules in rules.contains { $0.allows(attributes) } }
    }

    /// Everything that a caller may do in a namespace.
    func rules(of caller: Caller, in namespace: String) -> [PolicyRule] {
        var all: [PolicyRule] = []
        visit(caller, namespace) {
            all += $0
            return false
        }
        return all
    }

    /// What a role allows; `NAMESPACE/NAME`, or `NAME` of a cluster role.
    func rules(ofRole key: String) -> [PolicyRule] { current { $0.rules[key] ?? [] } }

    /// Calls `found` with the rules of one role after the other, until it returns true.
    @discardableResult
    private func visit(_ caller: Caller, _ namespace: String, _ found: ([PolicyRule]) -> Bool) -> Bool {
        current { policy in
            for subject in ["u:" + caller.user] + caller.groups.map({ "g:" + $0 }) {
                for key in policy.bySubject[subject] ?? [] {
                    guard let binding = policy.bindings[key],
                        binding.namespace == nil || binding.namespace == namespace,
                        let rules = policy.rules[binding.role]
                    else { continue }
                    if found(rules) { return true }
                }
            }
            return false
        }
    }

    private func current<Result>(_ body: (borrowing Policy) -> Result) -> Result {
        policy.withLock { policy in
            if isStale.lower() { catchUp(&policy) }
            return body(policy)
        }
    }

    private func catchUp(_ policy: inout Policy) {
        for (resource, watcher) in watchers {
            var events: [StoreEvent] = []
            repeat {
                events.removeAll(keepingCapacity: true)
                _ = watcher.drain(into: &events)
                for event in events {
                    Self.apply(event.object, resource, isDeleted: event.kind == .delete, to: &policy)
                }
            } while !events.isEmpty
        }
    }

    private static func apply(_ object: StoredObject, _ resource: String, isDeleted: Bool, to policy: inout Policy) {
        let root = isDeleted ? .missing : (try? JSONDocument(object.bytes))?.root ?? .missing
        if resource == "clusterroles" || resource == "roles" {
            policy.rules[object.key] = isDeleted ? nil : root["rules"].elements.map(PolicyRule.init)
            return
        }
        let namespace =
            resource == "rolebindings" ? object.key.split(separator: "/").first.map(String.init) ?? "" : nil
        // A role binding and a cluster role binding may have the same name: the slash tells them apart.
        guard !isDeleted else { return policy.set(nil, object.key) }
        let reference = root["roleRef"]
        let name = reference["name"].string ?? ""
        let role = reference["kind"].equals("Role") ? "\(namespace ?? "")/\(name)" : name
        let subjects = root["subjects"].elements.compactMap { subject -> String? in
            let name = subject["name"].string ?? ""
            switch subject["kind"].string {
            case "User": return "u:" + name
            case "Group": return "g:" + name
            case "ServiceAccount":
                return "u:system:serviceaccount:\(subject["namespace"].string ?? namespace ?? ""):\(name)"
            default: return nil
            }
        }
        policy.set(Binding(namespace: namespace, role: role, subjects: subjects), object.key)
    }
}

/// Who may do what: masters everything; nodes what concerns their own Pods; everybody else, Segler's own parts too, what roles
/// allow.
struct Authorizers: Authorizer {
    let roles: RoleAuthorizer
    let nodes: NodeAuthorizer

    func allows(_ caller: Caller, _ attributes: RequestAttributes) -> Bool {
        if caller.isMaster || roles.allows(caller, attributes) { return true }
        if caller.groups.contains("system:nodes") { return nodes.allows(caller, attributes) }
        // The console's files are no secret; what it shows comes with the rights of who signs in.
        return attributes.verb == "get" && (attributes.path == "/console" || attributes.path.hasPrefix("/console/"))
    }
}
