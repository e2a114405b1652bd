internal import API
internal import JSON
internal import Store

/// What a node may do: report about itself and its Pods, and read what these Pods use, and nothing of other nodes' Pods.
/// https://kubernetes.io/docs/reference/access-authn-authz/node/
struct NodeAuthorizer: Authorizer {
    let store: Store

    private static let prefix = "system:node:"
    private static let read = ["get", "list", "watch"]
    /// Read by all nodes, as upstream's role system:node has it.
    private static let rules = [
        PolicyRule(verbs: read, groups: [""], resources: ["services"]),
        PolicyRule(verbs: read, groups: ["discovery.k8s.io"], resources: ["endpointslices"]),
        PolicyRule(verbs: ["create"], groups: [""], resources: ["nodes", "pods"]),
        PolicyRule(verbs: ["create", "patch", "update"], groups: ["", "events.k8s.io"], resources: ["events"]),
        PolicyRule(verbs: read, groups: ["node.k8s.io"], resources: ["runtimeclasses"]),
        PolicyRule(verbs: read, groups: ["storage.k8s.io"], resources: ["csidrivers"]),
        PolicyRule(
            verbs: ["create", "get", "list", "watch"], groups: ["certificates.k8s.io"],
            resources: ["certificatesigningrequests"]),
        PolicyRule(verbs: ["create"], groups: ["authentication.k8s.io"], resources: ["tokenreviews"]),
        PolicyRule(
            verbs: ["create"], groups: ["authorization.k8s.io"],
            resources: ["subjectaccessreviews", "localsubjectaccessreviews"]),
    ]

    func allows(_ caller: Caller, _ request: RequestAttributes) -> Bool {
        guard caller.user.hasPrefix(Self.prefix), request.isResource else { return false }
        let node = String(caller.user.dropFirst(Self.prefix.count))
        if Self.rules.contains(where: { $0.allows(request) }) { return true }
        let isRead = Self.read.contains(request.verb)
        switch (request.group, request.resource, request.subresource) {
        case ("", "nodes", ""): return isRead || ["update", "patch"].contains(request.verb) && request.name == node
        case ("", "nodes", "status"): return ["update", "patch"].contains(request.verb) && request.name == node
        case ("coordination.k8s.io", "leases", ""):
            return request.namespace == "kube-node-lease" && (request.name == node || request.verb == "create")
        // Lists are of what the node has, which the field selector says.
        case ("", "pods", ""):
            return ["get", "delete"].contains(request.verb)
                ? isOwn(node, request) : isRead && request.fields.required("spec.nodeName") == node
        case ("resource.k8s.io", "resourceslices", ""):
            return request.verb == "create" || request.fields.required("spec.nodeName") == node
                || isOwn(node, request, "resourceslices.resource.k8s.io")
        case ("storage.k8s.io", "csinodes", ""):
            return request.verb == "create"
                || ["get", "update", "patch", "delete"].contains(request.verb) && request.name == node
        case ("", "pods", "status"): return ["update", "patch"].contains(request.verb) && isOwn(node, request)
        case ("", "secrets", ""):
            return isRead && !request.name.isEmpty && uses(node, request) { Self.usesSecret($0, request.name) }
        case ("", "configmaps", ""):
            return isRead && !request.name.isEmpty
                && (request.name == "kube-root-ca.crt" || uses(node, request) { Self.usesMap($0, request.name) })
        case ("", "serviceaccounts", "token"):
            return request.verb == "create"
                && uses(node, request) { ($0["spec"]["serviceAccountName"].string ?? "default") == request.name }
        case ("", "serviceaccounts", ""):
            return request.verb == "get"
                && uses(node, request) { ($0["spec"]["serviceAccountName"].string ?? "default") == request.name }
        case ("", "persistentvolumeclaims", ""):
            return isRead && !request.name.isEmpty && uses(node, request) { Self.usesClaim($0, request.name) }
        case ("", "persistentvolumeclaims", "status"):
            return request.verb != "delete" && uses(node, request) { Self.usesClaim($0, request.name) }
        case ("", "persistentvolumes", ""): return request.verb == "get" && usesVolume(node, request.name)
        default: return false
        }
    }

    // MARK: What the node's Pods use

    private func pods(_ node: String, _ namespace: String) -> [JSONRef] {
        let prefix = namespace.isEmpty ? "" : namespace + "/"
        let found = try? store.list("pods", prefix: prefix) { $0.attributes.field("spec.nodeName") == node }
        return (found?.objects ?? []).compactMap { (try? JSONDocument($0.bytes))?.root }
    }

    private func uses(_ node: String, _ request: RequestAttributes, _ test: (JSONRef) -> Bool) -> Bool {
        !request.namespace.isEmpty && pods(node, request.namespace).contains(where: test)
    }

    private func isOwn(_ node: String, _ request: RequestAttributes, _ resource: String = "pods") -> Bool {
        if request.name.isEmpty { return false }
        let key = request.namespace.isEmpty ? request.name : "\(request.namespace)/\(request.name)"
        // One that is gone is nobody's: the answer is that it is not there.
        return store.get(resource, key).map { $0.attributes.field("spec.nodeName") == node } ?? true
    }

    private func usesVolume(_ node: String, _ name: String) -> Bool {
        guard let volume = store.get("persistentvolumes", name), let root = (try? JSONDocument(volume.bytes))?.root
        else { return true }
        let claim = root["spec"]["claimRef"]
        guard let namespace = claim["namespace"].string, let name = claim["name"].string else { return false }
        return pods(node, namespace).contains { Self.usesClaim($0, name) }
    }

    private static func containers(_ pod: JSONRef) -> [JSONRef] {
        ["containers", "initContainers", "ephemeralContainers"].flatMap { pod["spec"][$0].elements }
    }

    /// In volumes, projected ones too, and in variables.
    private static func uses(_ pod: JSONRef, _ name: String, volume: (JSONRef) -> JSONRef, _ kind: String) -> Bool {
        pod["spec"]["volumes"].elements.contains { item in
            volume(item).equals(name)
                || item["projected"]["sources"].elements.contains { $0[kind]["name"].equals(name) }
        }
            || containers(pod).contains { container in
                container["envFrom"].elements.contains { $0[kind + "Ref"]["name"].equals(name) }
                    || container["env"].elements.contains { $0["valueFrom"][kind + "KeyRef"]["name"].equals(name) }
            }
    }

    private static func usesSecret(_ pod: JSONRef, _ name: String) -> Bool {
        uses(pod, name, volume: { $0["secret"]["secretName"] }, "secret")
            || pod["spec"]["imagePullSecrets"].elements.contains { $0["name"].equals(name) }
    }

    private static func usesMap(_ pod: JSONRef, _ name: String) -> Bool {
        uses(pod, name, volume: { $0["configMap"]["name"] }, "configMap")
    }

    private static func usesClaim(_ pod: JSONRef, _ name: String) -> Bool {
        pod["spec"]["volumes"].elements.contains { volume in
            volume["persistentVolumeClaim"]["claimName"].equals(name)
                // The claim of a volume that lives with its Pod is named after both.
                || volume["ephemeral"].exists
                    && "\(pod["metadata"]["name"].string ?? "")-\(volume["name"].string ?? "")" == name
        }
    }
}
