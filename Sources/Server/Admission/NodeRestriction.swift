internal import API
internal import JSON
internal import Store

/// What a node may write is about itself and its Pods. The authorizer asks which objects; this asks what is written: a node that
/// made a Pod with a Secret in it could read the Secret, and one that labelled itself could draw Pods to it.
/// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
struct NodeRestriction: AdmissionStep {
    private static let mirror = "kubernetes.io/config.mirror"
    /// Names of labels of Kubernetes' own that nodes may have chosen; all others of its domains are the administrator's.
    private static let ownLabels: Set = [
        "kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    ]

    /// The name of the node that a caller is; nil for everybody else.
    static func node(_ caller: Caller) -> String? {
        let prefix = "system:node:"
        guard caller.groups.contains("system:nodes"), caller.user.hasPrefix(prefix) else { return nil }
        return String(caller.user.dropFirst(prefix.count))
    }

    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard let node = Self.node(context.caller) else { return }
        let name = object["metadata"]["name"].string ?? ""
        let problem: String? =
            switch (context.resource.storeName, context.subresource) {
            case ("pods", nil) where old == nil: Self.problem(ofPod: object, node)
            case ("pods", "status"?): Self.problem(ofPodStatus: object, old ?? .null, node)
            case ("nodes", nil), ("nodes", "status"?):
                name == node
                    ? Self.problem(ofNode: object, old, node)
                    : "node \"\(node)\" is not allowed to modify node \"\(name)\""
            case ("csinodes.storage.k8s.io", _):
                name == node ? nil : "can only access CSINode with the same name as the requesting node"
            case ("resourceslices.resource.k8s.io", _):
                object["spec"]["nodeName"].string == node
                    ? nil : "can only create or change ResourceSlices with spec.nodeName set to itself"
            case ("leases.coordination.k8s.io", _):
                context.namespace != "kube-node-lease"
                    ? "can only access leases in the \"kube-node-lease\" system namespace"
                    : name == node ? nil : "can only access node lease with the same name as the requesting node"
            default: nil
            }
        if let problem { throw .forbidden(context.resource.definition, name, problem) }
    }

    /// Nodes show the Pods that they run by themselves, which have nothing of the API's.
    private static func problem(ofPod pod: JSONValue, _ node: String) -> String? {
        if !pod["metadata"]["annotations"].has(mirror) {
            return "pod does not have \"\(mirror)\" annotation, node \"\(node)\" can only create mirror pods"
        }
        if pod["spec"]["nodeName"].string != node {
            return "node \"\(node)\" can only create pods with spec.nodeName set to itself"
        }
        let owners = pod["metadata"]["ownerReferences"].array ?? []
        guard owners.count == 1, owners[0]["apiVersion"] == "v1", owners[0]["kind"] == "Node",
            owners[0]["name"].string == node, owners[0]["controller"].bool == true
        else { return "node \"\(node)\" can only create pods with an owner reference set to itself" }
        if !(pod["spec"]["serviceAccountName"].string ?? "").isEmpty {
            return "node \"\(node)\" can not create pods that reference a service account"
        }
        let volumes = pod["spec"]["volumes"].array ?? []
        let sources = volumes + volumes.flatMap { $0["projected"]["sources"].array ?? [] }
        let containers = PodSecuritySubject(pod["metadata"], pod["spec"], minor: .max).containers
        func uses(_ volume: String, _ variable: String) -> Bool {
            sources.contains { $0.has(volume) }
                || containers.contains { container in
                    (container["envFrom"].array ?? []).contains { $0.has(variable + "Ref") }
                        || (container["env"].array ?? []).contains { $0["valueFrom"].has(variable + "KeyRef") }
                }
        }
        let used: [(String, Bool)] = [
            ("secrets", uses("secret", "secret") || !(pod["spec"]["imagePullSecrets"].array ?? []).isEmpty),
            ("configmaps", uses("configMap", "configMap")),
            ("clustertrustbundles", sources.contains { $0.has("clusterTrustBundle") }),
            ("persistentvolumeclaims", sources.contains { $0.has("persistentVolumeClaim") || $0.has("ephemeral") }),
            ("service account tokens", sources.contains { $0.has("serviceAccountToken") }),
        ]
        return used.first { $0.1 }.map { "node \"\(node)\" can not create pods that reference \($0.0)" }
    }

    private static func problem(ofPodStatus pod: JSONValue, _ old: JSONValue, _ node: String) -> String? {
        if old["spec"]["nodeName"].string != node {
            return "node \"\(node)\" can only update pod status for pods with spec.nodeName set to itself"
        }
        if pod["metadata"]["labels"] != old["metadata"]["labels"] {
            return "node \"\(node)\" cannot update labels through pod status"
        }
        return pod["status"]["resourceClaimStatuses"] == old["status"]["resourceClaimStatuses"]
            ? nil : "node \"\(node)\" cannot update resource claim statues"
    }

    private static func problem(ofNode object: JSONValue, _ old: JSONValue?, _ node: String) -> String? {
        if object["spec"].has("configSource"), object["spec"]["configSource"] != old?["spec"]["configSource"] {
            return "node \"\(node)\" is not allowed to update configSource to a new non-nil configSource"
        }
        if let old, object["spec"]["taints"] != old["spec"]["taints"] {
            return "node \"\(node)\" is not allowed to modify taints"
        }
        let labels = object["metadata"]["labels"]
        let before = old?["metadata"]["labels"] ?? .null
        let keys = Set((labels.object?.keys ?? []) + (before.object?.keys ?? []))
        let wrong = keys.filter { labels[$0] != before[$0] && isReserved($0) }.sorted().joined(separator: ", ")
        if wrong.isEmpty { return nil }
        return old == nil
            ? "node \"\(node)\" is not allowed to set the following labels: \(wrong)"
            : "is not allowed to modify labels: \(wrong)"
    }

    private static func isReserved(_ label: String) -> Bool {
        guard let slash = label.firstIndex(of: "/") else { return false }
        func isOf(_ domains: String...) -> Bool {
            domains.contains { label[..<slash] == $0 || label[..<slash].hasSuffix("." + $0) }
        }
        if isOf("node-restriction.kubernetes.io") { return true }
        if !isOf("kubernetes.io", "k8s.io") || ownLabels.contains(label) { return false }
        return !isOf("kubelet.kubernetes.io", "node.kubernetes.io")
    }

    /// A node gets tokens for its own Pods only: `bound` is what the token shall be bound to.
    static func checkToken(
        _ caller: Caller, bound: JSONValue, podNode: String?, _ account: ResourceDefinition, _ name: String
    ) throws(StatusError) {
        guard let node = node(caller) else { return }
        if bound["kind"] != "Pod" || (bound["name"].string ?? "").isEmpty {
            throw .forbidden(account, name, "node requested token not bound to a pod")
        }
        if (bound["uid"].string ?? "").isEmpty {
            throw .forbidden(account, name, "node requested token with a pod binding without a uid")
        }
        if podNode != node {
            throw .forbidden(account, name, "node requested token bound to a pod scheduled on a different node")
        }
    }
}
