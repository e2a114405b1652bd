internal import API
internal import JSON
internal import Store

/// Nobody gives away rights that they do not have: who writes a role, or binds one, must be allowed all that it allows, or have
/// the verb `escalate` or `bind` on it.
/// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
struct RoleEscalation: AdmissionStep {
    private static let group = "rbac.authorization.k8s.io"

    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        let definition = context.resource.definition
        guard definition.group == Self.group, !context.caller.isMaster else { return }
        let name = object["metadata"]["name"].string ?? ""
        func may(_ verb: String, _ resource: String, _ name: String) -> Bool {
            context.server.authorizer.allows(
                context.caller,
                RequestAttributes(
                    verb: verb, group: Self.group, version: "v1", resource: resource,
                    namespace: context.namespace ?? "", name: name))
        }
        let granted: [PolicyRule]
        switch definition.name {
        case "roles", "clusterroles":
            if object["rules"] == old?["rules"], object["aggregationRule"] == old?["aggregationRule"] { return }
            if may("escalate", definition.name, name) { return }
            let root = (try? JSONDocument(object.encoded()))?.root ?? .missing
            granted =
                object.has("aggregationRule")
                ? [
                    PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"]),
                    PolicyRule(verbs: ["*"], paths: ["*"]),
                ] : root["rules"].elements.map(PolicyRule.init)
        case "rolebindings", "clusterrolebindings":
            if object["subjects"] == old?["subjects"], object["roleRef"] == old?["roleRef"] { return }
            let role = object["roleRef"]["name"].string ?? ""
            let isLocal = object["roleRef"]["kind"] == "Role"
            if may("bind", isLocal ? "roles" : "clusterroles", role) { return }
            let key = isLocal ? "\(context.namespace ?? "")/\(role)" : role
            guard context.server.store.get((isLocal ? "roles." : "clusterroles.") + Self.group, key) != nil else {
                throw .notFound(group: Self.group, resource: isLocal ? "roles" : "clusterroles", role)
            }
            granted = context.server.roles.rules(ofRole: key)
        default: return
        }
        let owned = context.server.roles.rules(of: context.caller, in: context.namespace ?? "")
        let missing = granted.flatMap { $0.missing(from: owned) }
        if missing.isEmpty { return }
        let groups = context.caller.groups.map { "\"\($0)\"" }.joined(separator: " ")
        throw .forbidden(
            definition, name,
            "user \"\(context.caller.user)\" (groups=[\(groups)]) is attempting to grant RBAC permissions not currently held:\n"
                + missing.map(\.description).joined(separator: "\n"))
    }
}
