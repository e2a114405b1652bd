internal import API
internal import JSON
internal import Store

/// The roles and bindings of a new cluster, as upstream has them
/// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings). The notation, a line each:
///
///     role NAME [to=ROLE] [from=ROLE]            a cluster role, or NAMESPACE/NAME a role; `to`: its rules are part of that
///                                                role, `from`: its rules are those that are marked so
///       VERBS GROUPS RESOURCES [NAMES]           a rule; `core` is the group without a name
///       VERBS url PATHS                          a rule about paths
///     bind NAME KIND ROLE SUBJECT...             KIND=NAME or ServiceAccount=NAMESPACE/NAME
enum DefaultRoles {
    private static let group = "rbac.authorization.k8s.io"
    static let autoupdate = "rbac.authorization.kubernetes.io/autoupdate"

    /// Each with the resource that it is an object of.
    static let objects = objects(in: [clusterRoles, controllerRoles, ownRoles, bindings])
    /// What users may do with Templates, where these are served.
    static let templateObjects = objects(in: [
        """
        role system:openshift:templates:edit to=edit
          create,delete,deletecollection,get,list,patch,update,watch template.openshift.io templates,templateinstances,processedtemplates
        role system:openshift:templates:view to=view
          get,list,watch template.openshift.io templates,templateinstances
        """
    ])

    private static func objects(in texts: [String]) -> [DefaultObject] {
        var read = Reader()
        for text in texts { for line in text.split(separator: "\n") { read.read(line) } }
        return read.objects
    }

    private struct Reader {
        var objects: [DefaultObject] = []

        mutating func read(_ line: Substring) {
            let words = line.split(separator: " ").map(String.init)
            guard let first = words.first else { return }
            if line.hasPrefix(" ") {
                let rules = objects[objects.count - 1].object["rules"].array ?? []
                objects[objects.count - 1].object["rules"] = .array(rules + [DefaultRoles.rule(words).value])
            } else if first == "role" {
                readRole(words)
            } else {
                readBinding(words)
            }
        }

        private mutating func readRole(_ words: [String]) {
            var role = object("Role", words[1])
            for word in words.dropFirst(2) {
                let (key, target) = word.splitOnce("=")
                let label = "\(DefaultRoles.group)/aggregate-to-\(target)"
                if key == "to" {
                    role["metadata"]["labels"][label] = "true"
                } else {
                    role["aggregationRule"] = ["clusterRoleSelectors": [["matchLabels": [label: "true"]]]]
                }
            }
            // Each controller has the role of its name. Rules follow the role, so that comes last.
            for controller in ["system:controller:", "segler:controller:"] where words[1].hasPrefix(controller) {
                let account = "ServiceAccount=kube-system/" + words[1].dropFirst(controller.count)
                readBinding(["bind", words[1], "ClusterRole", words[1], account])
            }
            add(role)
        }

        private mutating func readBinding(_ words: [String]) {
            var binding = object("RoleBinding", words[1])
            binding["roleRef"] = [
                "apiGroup": .string(DefaultRoles.group), "kind": .string(words[2]), "name": .string(words[3]),
            ]
            let subjects = words.dropFirst(4).map { word -> JSONValue in
                let (kind, name) = word.splitOnce("=")
                guard kind == "ServiceAccount" else {
                    return [
                        "kind": .string(String(kind)), "apiGroup": .string(DefaultRoles.group),
                        "name": .string(String(name)),
                    ]
                }
                let (namespace, account) = name.splitOnce("/")
                return [
                    "kind": "ServiceAccount", "name": .string(String(account)), "namespace": .string(String(namespace)),
                ]
            }
            if !subjects.isEmpty { binding["subjects"] = .array(subjects) }
            add(binding)
        }

        private mutating func add(_ object: JSONValue) {
            let plural = (object["kind"].string ?? "").lowercased() + "s"
            objects.append(("\(plural).\(DefaultRoles.group)", object))
        }

        /// A kind with `Cluster` before it where the name is of no namespace.
        private func object(_ kind: String, _ name: String) -> JSONValue {
            let (namespace, local) = name.contains("/") ? name.splitOnce("/") : ("", name[...])
            var metadata: JSONValue = [
                "name": .string(String(local)), "annotations": [autoupdate: "true"],
                "labels": ["kubernetes.io/bootstrapping": "rbac-defaults"],
            ]
            if !namespace.isEmpty { metadata["namespace"] = .string(String(namespace)) }
            return [
                "apiVersion": .string(DefaultRoles.group + "/v1"),
                "kind": .string(namespace.isEmpty ? "Cluster" + kind : kind), "metadata": metadata,
            ]
        }
    }

    private static func rule(_ words: [String]) -> PolicyRule {
        func list(_ text: String) -> [String] { text.split(separator: ",").map { $0 == "core" ? "" : String($0) } }
        if words[1] == "url" { return PolicyRule(verbs: list(words[0]), paths: list(words[2])) }
        return PolicyRule(
            verbs: list(words[0]), groups: list(words[1]), resources: list(words[2]),
            names: words.count > 3 ? list(words[3]) : [])
    }
}

extension APIServer {
    /// Makes the default roles and bindings, and gives back to existing ones what they lack, unless their annotation says to
    /// leave them alone. What was added to them stays.
    public func reconcileDefaultRoles() async { await reconcileRoles(DefaultRoles.objects) }
    func reconcileTemplateRoles() async { await reconcileRoles(DefaultRoles.templateObjects) }

    private func reconcileRoles(_ objects: [DefaultObject]) async {
        await reconcile(objects, WriteOptions(manager: "kube-apiserver"), Self.completed)
    }

    private static func completed(_ current: JSONValue, _ wanted: JSONValue) -> JSONValue {
        var object = current
        object["metadata"].remove("resourceVersion")
        guard current["metadata"]["annotations"][DefaultRoles.autoupdate] != "false" else { return object }
        for map in ["labels", "annotations"] {
            for (key, value) in wanted["metadata"][map].object ?? [:] where !object["metadata"][map].has(key) {
                object["metadata"][map][key] = value
            }
        }
        func rules(_ role: JSONValue) -> [PolicyRule] {
            ((try? JSONDocument(role.encoded()))?.root ?? .missing)["rules"].elements.map(PolicyRule.init)
        }
        if wanted.has("rules") {
            let owned = rules(current)
            let lacking = rules(wanted).filter { !$0.missing(from: owned).isEmpty }
            if !lacking.isEmpty {
                object["rules"] = .array((current["rules"].array ?? []) + lacking.map(\.value))
            }
        }
        let subjects = current["subjects"].array ?? []
        let absent = (wanted["subjects"].array ?? []).filter { !subjects.contains($0) }
        if !absent.isEmpty { object["subjects"] = .array(subjects + absent) }
        return object
    }
}
