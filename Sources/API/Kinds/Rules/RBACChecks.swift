internal import JSON

// Checks of rbac.authorization.k8s.io/v1.
extension Kinds {
    private static let rbacGroup = "rbac.authorization.k8s.io"

    static let rbacChecks: [String: Check] = [
        "rbac.v1.Role": { checkRules($0["rules"], isNamespaced: true, $1["rules"], &$2) },
        "rbac.v1.ClusterRole": { role, path, errors in
            checkRules(role["rules"], isNamespaced: false, path["rules"], &errors)
            if role.given("aggregationRule"), role["aggregationRule"]["clusterRoleSelectors"].items.isEmpty {
                errors.append(
                    .required(
                        path["aggregationRule"]["clusterRoleSelectors"],
                        "at least one clusterRoleSelector required if aggregationRule is non-nil"))
            }
        },
        "rbac.v1.RoleBinding": { checkBinding($0, isNamespaced: true, $1, &$2) },
        "rbac.v1.ClusterRoleBinding": { checkBinding($0, isNamespaced: false, $1, &$2) },
    ]

    private static func checkRules(
        _ rules: JSONValue, isNamespaced: Bool, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        for (index, rule) in rules.items.enumerated() {
            let path = path[index]
            if !rule["nonResourceURLs"].items.isEmpty {
                if isNamespaced {
                    errors.append(
                        .invalid(
                            path["nonResourceURLs"], rule["nonResourceURLs"],
                            "namespaced rules cannot apply to non-resource URLs"))
                }
                if ["apiGroups", "resources", "resourceNames"].contains(where: { !rule[$0].items.isEmpty }) {
                    errors.append(
                        .invalid(
                            path["nonResourceURLs"], rule["nonResourceURLs"],
                            "rules cannot apply to both regular resources and non-resource URLs"))
                }
                continue
            }
            for field in ["apiGroups", "resources"] where rule[field].items.isEmpty {
                errors.append(.required(path[field], "resource rules must supply at least one"))
            }
        }
    }

    private static func checkBinding(
        _ binding: JSONValue, isNamespaced: Bool, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let role = binding["roleRef"]
        let path = (role: path["roleRef"], subjects: path["subjects"])
        errors.check(role["apiGroup"], isOneOf: [rbacGroup], path.role["apiGroup"])
        errors.check(
            .string(role["kind"].text), isOneOf: isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"],
            path.role["kind"])
        errors.check(.pathSegment, role["name"], path.role["name"])
        for (index, subject) in binding["subjects"].items.enumerated() {
            let path = path.subjects[index]
            let group = JSONValue.string(subject["apiGroup"].text)
            switch subject["kind"].text {
            case "ServiceAccount":
                if let name = subject["name"].string, !name.isEmpty {
                    errors.check(.dns1123Subdomain, .string(name), path["name"])
                }
                errors.check(group, isOneOf: [""], path["apiGroup"])
                if !isNamespaced { errors.require(subject, "namespace", path) }
            case "User", "Group": errors.check(group, isOneOf: [rbacGroup], path["apiGroup"])
            default: errors.append(.notSupported(path["kind"], subject["kind"], ["ServiceAccount", "User", "Group"]))
            }
        }
    }
}
