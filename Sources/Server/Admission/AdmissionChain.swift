internal import API
internal import JSON
internal import Store
internal import TLS

/// A step that may change or refuse an object before it is validated and stored.
/// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
protocol AdmissionStep: Sendable {
    /// `old` is nil when the object is new.
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError)
}

/// The steps, in upstream's order.
enum AdmissionChain {
    static let steps: [any AdmissionStep] = [
        RoleEscalation(), NamespaceLifecycle(), NodeRestriction(), LimitRanger(), ServiceAccountAdmission(),
        TaintNodesByCondition(),
        PriorityAdmission(), DefaultTolerationSeconds(), DefaultStorageClass(), DefaultIngressClass(),
        PersistentVolumeClaimResize(), RuntimeClassAdmission(), CertificateAdmission(), PodSecurity(),
    ]
}

/// Nothing is created in a namespace that does not exist or is being deleted.
struct NamespaceLifecycle: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, let name = context.namespace, context.resource.definition.isNamespaced else { return }
        guard let namespace = context.server.store.get("namespaces", name) else {
            throw .notFound(group: "", resource: "namespaces", name)
        }
        if namespace.attributes.field("status.phase") == "Terminating" {
            var error = StatusError.forbidden(
                context.resource.definition, object["metadata"]["name"].string ?? "",
                "unable to create new content in namespace \(name) because it is being terminated")
            error.causes = [
                .init(
                    field: "metadata.namespace", reason: "NamespaceTerminating",
                    message: "namespace \(name) is being terminated")
            ]
            throw error
        }
    }
}

/// Pods run as a ServiceAccount, whose token, authority and namespace are mounted into every container.
struct ServiceAccountAdmission: AdmissionStep {
    private static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "pods", let namespace = context.namespace else { return }
        // Mirror Pods stand for what a node runs by itself, without an account.
        if object["metadata"]["annotations"].has("kubernetes.io/config.mirror") { return }
        let name = object["spec"]["serviceAccountName"].string ?? "default"
        object["spec"]["serviceAccountName"] = .string(name)
        object["spec"]["serviceAccount"] = .string(name)
        guard let stored = context.server.store.get("serviceaccounts", "\(namespace)/\(name)"),
            let account = try? JSONDocument(stored.bytes).root
        else {
            throw .forbidden(
                context.resource.definition, object["metadata"]["name"].string ?? "",
                "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found")
        }
        if (object["spec"]["imagePullSecrets"].array ?? []).isEmpty, account["imagePullSecrets"].count > 0 {
            object["spec"]["imagePullSecrets"] = account["imagePullSecrets"].value
        }
        let mounts =
            object["spec"]["automountServiceAccountToken"].bool ?? account["automountServiceAccountToken"].bool ?? true
        guard mounts else { return }
        let volume = "kube-api-access-" + GeneratedName.suffix()
        var isMounted = false
        for list in ["initContainers", "containers"] {
            for (index, container) in (object["spec"][list].array ?? []).enumerated() {
                let present = container["volumeMounts"].array ?? []
                if present.contains(where: { $0["mountPath"].string == Self.mountPath }) { continue }
                isMounted = true
                object["spec"][list][index]["volumeMounts"] = .array(
                    present + [["name": .string(volume), "readOnly": true, "mountPath": .string(Self.mountPath)]])
            }
        }
        guard isMounted else { return }
        object["spec"]["volumes"] = .array(
            (object["spec"]["volumes"].array ?? []) + [
                [
                    "name": .string(volume),
                    "projected": [
                        "sources": [
                            ["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]],
                            [
                                "configMap": [
                                    "name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]],
                                ]
                            ],
                            [
                                "downwardAPI": [
                                    "items": [
                                        [
                                            "path": "namespace",
                                            "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                                        ]
                                    ]
                                ]
                            ],
                            [
                                "configMap": [
                                    "name": "openshift-service-ca.crt",
                                    "items": [["key": "service-ca.crt", "path": "service-ca.crt"]],
                                ]
                            ],
                        ],
                        "defaultMode": 420,
                    ],
                ]
            ])
    }
}

/// A Pod's priority is the value of its class.
struct PriorityAdmission: AdmissionStep {
    private static let system = ["system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000]

    private static let classes = "priorityclasses.scheduling.k8s.io"

    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        if context.resource.storeName == Self.classes { return try checkDefault(object, context) }
        guard old == nil, context.resource.storeName == "pods" else { return }
        let store = context.server.store
        var priority = 0
        var policy = "PreemptLowerPriority"
        func read(_ bytes: [UInt8]) {
            guard let root = try? JSONDocument(bytes).root else { return }
            priority = root["value"].int ?? 0
            policy = root["preemptionPolicy"].string ?? policy
        }
        if let name = object["spec"]["priorityClassName"].string, !name.isEmpty {
            if let value = Self.system[name] {
                priority = value
            } else if let found = store.get(Self.classes, name) {
                read(found.bytes)
            } else {
                throw .forbidden(
                    context.resource.definition, object["metadata"]["name"].string ?? "",
                    "no PriorityClass with name \(name) was found")
            }
        } else if let (name, bytes) = Self.globalDefault(context) {
            object["spec"]["priorityClassName"] = .string(name)
            read(bytes)
        }
        object["spec"]["priority"] = .int(priority)
        if !object["spec"].has("preemptionPolicy") { object["spec"]["preemptionPolicy"] = .string(policy) }
    }

    private static func globalDefault(_ context: WriteContext) -> (name: String, bytes: [UInt8])? {
        if context.server.store.count(classes) == 0 { return nil }
        for candidate in (try? context.server.store.list(classes))?.objects ?? [] {
            if let root = try? JSONDocument(candidate.bytes).root, root["globalDefault"].bool == true {
                return (root["metadata"]["name"].string ?? "", candidate.bytes)
            }
        }
        return nil
    }

    private func checkDefault(_ object: JSONValue, _ context: WriteContext) throws(StatusError) {
        let name = object["metadata"]["name"].string ?? ""
        if object["globalDefault"].bool == true, let (other, _) = Self.globalDefault(context), other != name {
            throw .forbidden(
                context.resource.definition, name,
                "PriorityClass \(other) is already marked as default. Only one default can exist")
        }
    }
}

/// A new node takes no Pods until it says that it is ready (the node lifecycle controller then takes the taint away).
struct TaintNodesByCondition: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "nodes" else { return }
        let taint: JSONValue = ["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]
        let taints = object["spec"]["taints"].array ?? []
        if taints.contains(where: { $0["key"] == taint["key"] && $0["effect"] == taint["effect"] }) { return }
        object["spec"]["taints"] = .array(taints + [taint])
    }
}

/// Pods stay five minutes on a node that is not ready or cannot be reached.
struct DefaultTolerationSeconds: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard old == nil, context.resource.storeName == "pods" else { return }
        var tolerations = object["spec"]["tolerations"].array ?? []
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let isTolerated = tolerations.contains { toleration in
                let name = toleration["key"].string ?? ""
                let effect = toleration["effect"].string ?? ""
                return (name.isEmpty || name == key) && (effect.isEmpty || effect == "NoExecute")
            }
            if !isTolerated {
                tolerations.append([
                    "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
                ])
            }
        }
        object["spec"]["tolerations"] = .array(tolerations)
    }
}

/// The random end of a generated name: five characters without vowels or digits that look alike.
enum GeneratedName {
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    static func suffix() -> String { String(Random.bytes(5).map { alphabet[Int($0) % alphabet.count] }) }
}
