import API
import JSON

/// Requests that the API understands, to make others from: for every resource a small object, its paths, and bodies of every kind.
struct Seeds {
    struct Seed {
        var method: String
        var path: String
        var query: [(String, String)] = []
        var contentType = ""
        var body: [UInt8] = []
    }

    static let names = ["a", "b", "c.d", "default"]
    static let namespaces = ["default", "fuzz"]
    static let patchTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ]
    /// Parameters, each with values that mean something and values that do not.
    static let parameters: [(name: String, values: [String])] = [
        ("watch", ["1", "true", "x"]), ("limit", ["1", "0", "-1", "9999999999999999999", "x"]),
        ("continue", ["x", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0", ""]),
        ("resourceVersion", ["0", "1", "999999999", "-1", "x"]),
        ("resourceVersionMatch", ["Exact", "NotOlderThan", "x"]), ("sendInitialEvents", ["true", "false"]),
        ("allowWatchBookmarks", ["true"]), ("timeoutSeconds", ["0", "1", "9223372036854775807", "-5"]),
        ("labelSelector", ["a=b", "a in (b,c)", "!a", "a>1", "((", "a notin (", ",,"]),
        ("fieldSelector", ["metadata.name=a", "spec.nodeName!=x", "status.phase=Pending", "x=y", "="]),
        ("dryRun", ["All", "x"]), ("fieldValidation", ["Strict", "Warn", "Ignore", "x"]),
        ("fieldManager", ["me", "\u{1}", String(repeating: "x", count: 200)]), ("force", ["true", "false"]),
        ("propagationPolicy", ["Foreground", "Orphan", "Background", "x"]),
        ("gracePeriodSeconds", ["0", "-1", "9223372036854775807"]), ("orphanDependents", ["true"]), ("pretty", ["1"]),
        ("tailLines", ["1", "-1"]), ("container", ["c"]), ("includeObject", ["None", "Metadata", "x"]),
    ]
    static let otherPaths = [
        "/", "/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/healthz", "/readyz", "/livez",
        "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1", "/openid/v1/jwks", "/console/",
        "/.well-known/openid-configuration", "/nowhere", "/api/v1/namespaces/fuzz/finalize",
    ]

    /// Parts of specs that kinds cannot do without.
    private static let template: JSONValue = [
        "metadata": ["labels": ["a": "b"]],
        "spec": [
            "containers": [
                ["name": "c", "image": "i", "ports": [["containerPort": 80]], "resources": ["limits": ["cpu": "1"]]]
            ],
            "volumes": [["name": "v", "emptyDir": [:]]], "tolerations": [["operator": "Exists"]],
        ],
    ]
    private static let selector: JSONValue = ["matchLabels": ["a": "b"]]
    private static let parts: [String: [String: JSONValue]] = [
        "Pod": ["spec": template["spec"]],
        "ConfigMap": ["data": ["k": "v"]], "Secret": ["stringData": ["k": "v"]],
        "Service": ["spec": ["ports": [["port": 80]], "selector": ["a": "b"]]],
        "ReplicationController": ["spec": ["selector": ["a": "b"], "template": template]],
        "PodTemplate": ["template": template],
        "Deployment": ["spec": ["selector": selector, "template": template]],
        "ReplicaSet": ["spec": ["selector": selector, "template": template]],
        "DaemonSet": ["spec": ["selector": selector, "template": template]],
        "StatefulSet": ["spec": ["serviceName": "s", "selector": selector, "template": template]],
        "Job": [
            "spec": ["template": ["spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]]]
        ],
        "CronJob": [
            "spec": [
                "schedule": "* * * * *",
                "jobTemplate": [
                    "spec": [
                        "template": ["spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]]
                    ]
                ],
            ]
        ],
        "PersistentVolumeClaim": [
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]]
        ],
        "PersistentVolume": [
            "spec": [
                "accessModes": ["ReadWriteOnce"], "capacity": ["storage": "1Gi"], "hostPath": ["path": "/x"],
            ]
        ],
        "HorizontalPodAutoscaler": [
            "spec": [
                "maxReplicas": 3, "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "a"],
            ]
        ],
        "Role": ["rules": [["apiGroups": [""], "resources": ["pods"], "verbs": ["get"]]]],
        "RoleBinding": [
            "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"],
            "subjects": [["kind": "User", "name": "u"]],
        ],
        "NetworkPolicy": ["spec": ["podSelector": [:], "ingress": [["ports": [["port": 80]]]]]],
        "Ingress": ["spec": ["defaultBackend": ["service": ["name": "s", "port": ["number": 80]]]]],
        "PriorityClass": ["value": 1], "StorageClass": ["provisioner": "a/b"], "RuntimeClass": ["handler": "h"],
        "EndpointSlice": ["addressType": "IPv4", "endpoints": [["addresses": ["1.2.3.4"]]]],
        "ResourceQuota": ["spec": ["hard": ["pods": "10"]]],
        "LimitRange": ["spec": ["limits": [["type": "Container", "default": ["cpu": "1"]]]]],
        "CustomResourceDefinition": [
            "metadata": ["name": "xs.a.b"],
            "spec": [
                "group": "a.b", "scope": "Namespaced", "names": ["plural": "xs", "kind": "X"],
                "versions": [
                    [
                        "name": "v1", "served": true, "storage": true,
                        "schema": [
                            "openAPIV3Schema": [
                                "type": "object",
                                "properties": [
                                    "spec": [
                                        "type": "object",
                                        "properties": [
                                            "n": ["type": "integer", "minimum": 1],
                                            "l": ["type": "array", "items": ["type": "string"]],
                                        ],
                                    ]
                                ],
                            ]
                        ],
                    ]
                ],
            ],
        ],
    ]

    /// Everything for one resource.
    static func seeds(of resource: ResourceDefinition) -> [Seed] {
        let root = resource.group.isEmpty ? "/api/\(resource.version)" : "/apis/\(resource.apiVersion)"
        var seeds: [Seed] = []
        for namespace in resource.isNamespaced ? namespaces : [""] {
            let collection = root + (namespace.isEmpty ? "" : "/namespaces/" + namespace) + "/" + resource.name
            for name in names {
                var object: JSONValue = [
                    "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
                    "metadata": ["name": .string(name), "labels": ["a": "b"]],
                ]
                for (field, value) in parts[resource.kind] ?? [:] { object[field] = value }
                let body = object.encoded()
                let path = collection + "/" + (object["metadata"]["name"].string ?? name)
                seeds.append(Seed(method: "POST", path: collection, contentType: "application/json", body: body))
                seeds.append(Seed(method: "PUT", path: path, contentType: "application/json", body: body))
                seeds.append(Seed(method: "GET", path: path))
                seeds.append(Seed(method: "DELETE", path: path))
                for type in patchTypes { seeds.append(patch(type, path, object)) }
                for sub in resource.subresources {
                    for verb in sub.verbs.sorted() {
                        let below = path + "/" + sub.name
                        switch verb {
                        case "get": seeds.append(Seed(method: "GET", path: below))
                        case "update":
                            seeds.append(Seed(method: "PUT", path: below, contentType: "application/json", body: body))
                        case "patch": seeds.append(patch(patchTypes[1], below, object))
                        case "create":
                            let sent: JSONValue = [
                                "apiVersion": .string(sub.group.isEmpty ? sub.version : "\(sub.group)/\(sub.version)"),
                                "kind": .string(sub.kind), "metadata": ["name": .string(name)],
                                "target": ["name": "n"],
                            ]
                            seeds.append(
                                Seed(
                                    method: "POST", path: below, contentType: "application/json", body: sent.encoded()))
                        default: break
                        }
                    }
                }
            }
            seeds.append(Seed(method: "GET", path: collection))
            seeds.append(Seed(method: "GET", path: collection, query: [("watch", "1"), ("timeoutSeconds", "0")]))
            seeds.append(Seed(method: "DELETE", path: collection))
        }
        return seeds
    }

    private static func patch(_ type: String, _ path: String, _ object: JSONValue) -> Seed {
        let body: JSONValue
        switch type {
        case patchTypes[0]:
            body = [
                ["op": "add", "path": "/metadata/labels/x", "value": "y"],
                ["op": "replace", "path": "/metadata/labels", "value": ["a": "c"]],
            ]
        case patchTypes[3]: body = object
        default: body = ["metadata": ["labels": ["a": "c", "d": nil]], "spec": ["replicas": 2]]
        }
        return Seed(
            method: "PATCH", path: path, query: type == patchTypes[3] ? [("fieldManager", "fuzz")] : [],
            contentType: type, body: body.encoded())
    }
}
