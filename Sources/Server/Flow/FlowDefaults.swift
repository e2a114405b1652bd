internal import API
internal import JSON
internal import Store

/// The priority levels and flow schemas of a new cluster, as upstream has them
/// (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#suggested-configuration-objects). The notation, a
/// line each:
///
///     level NAME SHARES LENDABLE [QUEUES HANDSIZE]        without queues it refuses what does not run at once
///     exempt NAME
///     schema NAME LEVEL PRECEDENCE [ByUser|ByNamespace] SUBJECT...        User=NAME, Group=NAME, ServiceAccount=NAMESPACE/NAME
///       VERBS GROUPS RESOURCES [cluster]                  a rule for all namespaces; `cluster`: outside of namespaces, too
///       VERBS url PATHS
///       *                                                 everything
enum FlowDefaults {
    static let autoupdate = "apf.kubernetes.io/autoupdate-spec"
    private static let group = "flowcontrol.apiserver.k8s.io"

    private static let text = """
        exempt exempt
        level catch-all 5 0
        level global-default 20 50 128 6
        level leader-election 10 0 16 4
        level node-high 40 25 64 6
        level system 30 33 64 6
        level workload-high 40 50 128 6
        level workload-low 100 90 128 6
        schema exempt exempt 1 Group=system:masters
          *
        schema probes exempt 2 Group=system:unauthenticated Group=system:authenticated
          get url /healthz,/readyz,/livez
        schema system-leader-election leader-election 100 ByUser User=system:kube-controller-manager User=system:kube-scheduler ServiceAccount=kube-system/*
          get,create,update coordination.k8s.io leases
        schema endpoint-controller workload-high 150 ByUser User=system:kube-controller-manager ServiceAccount=kube-system/endpoint-controller ServiceAccount=kube-system/endpointslicemirroring-controller
          get,create,update core endpoints
        schema workload-leader-election leader-election 200 ByUser Group=system:serviceaccounts
          get,create,update coordination.k8s.io leases
        schema system-node-high node-high 400 ByUser Group=system:nodes
          * core nodes,nodes/status cluster
          * coordination.k8s.io leases
        schema system-nodes system 500 ByUser Group=system:nodes
          *
        schema kube-controller-manager workload-high 800 ByNamespace User=system:kube-controller-manager
          *
        schema kube-scheduler workload-high 800 ByNamespace User=system:kube-scheduler
          *
        schema kube-system-service-accounts workload-high 900 ByNamespace ServiceAccount=kube-system/*
          *
        schema service-accounts workload-low 9000 ByUser Group=system:serviceaccounts
          *
        schema global-default global-default 9900 ByUser Group=system:unauthenticated Group=system:authenticated
          *
        schema catch-all catch-all 10000 ByUser Group=system:unauthenticated Group=system:authenticated
          *
        """

    static let objects: [DefaultObject] = {
        var objects: [DefaultObject] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix(" ") {
                append(words, to: &objects[objects.count - 1].object["spec"]["rules"])
            } else if words[0] == "schema" {
                objects.append(("flowschemas." + group, schema(words)))
            } else {
                objects.append(("prioritylevelconfigurations." + group, level(words)))
            }
        }
        return objects
    }()

    private static func object(_ kind: String, _ name: String, _ spec: JSONValue) -> JSONValue {
        [
            "apiVersion": .string(group + "/v1"), "kind": .string(kind),
            "metadata": ["name": .string(name), "annotations": [autoupdate: "true"]], "spec": spec,
        ]
    }

    private static func level(_ words: [String]) -> JSONValue {
        let numbers = words.dropFirst(2).compactMap { Int($0) }.map { JSONValue.int($0) }
        guard numbers.count >= 2 else {
            return object(
                "PriorityLevelConfiguration", words[1],
                ["type": "Exempt", "exempt": ["nominalConcurrencyShares": 0, "lendablePercent": 0]])
        }
        var response: JSONValue = ["type": "Reject"]
        if numbers.count == 4 {
            response = [
                "type": "Queue", "queuing": ["queues": numbers[2], "handSize": numbers[3], "queueLengthLimit": 50],
            ]
        }
        return object(
            "PriorityLevelConfiguration", words[1],
            [
                "type": "Limited",
                "limited": [
                    "nominalConcurrencyShares": numbers[0], "lendablePercent": numbers[1], "limitResponse": response,
                ],
            ])
    }

    private static func schema(_ words: [String]) -> JSONValue {
        var spec: JSONValue = [
            "priorityLevelConfiguration": ["name": .string(words[2])],
            "matchingPrecedence": .int(Int(words[3]) ?? 0), "rules": [["subjects": []]],
        ]
        var subjects: [JSONValue] = []
        for word in words.dropFirst(4) {
            let (kind, name) = word.splitOnce("=")
            switch kind {
            case "User": subjects.append(["kind": "User", "user": ["name": .string(String(name))]])
            case "Group": subjects.append(["kind": "Group", "group": ["name": .string(String(name))]])
            case "ServiceAccount":
                let (namespace, account) = name.splitOnce("/")
                subjects.append([
                    "kind": "ServiceAccount",
                    "serviceAccount": ["namespace": .string(String(namespace)), "name": .string(String(account))],
                ])
            default: spec["distinguisherMethod"] = ["type": .string(word)]
            }
        }
        spec["rules"] = [["subjects": .array(subjects)]]
        return object("FlowSchema", words[1], spec)
    }

    /// Adds a rule to those of a schema's only subjects.
    private static func append(_ words: [String], to rules: inout JSONValue) {
        func list(_ text: String) -> JSONValue {
            .array(text.split(separator: ",").map { .string($0 == "core" ? "" : String($0)) })
        }
        guard var rule = rules.array?.first else { return }
        func add(_ kind: String, _ value: JSONValue) { rule[kind] = .array((rule[kind].array ?? []) + [value]) }
        if words == ["*"] {
            append(["*", "*", "*", "cluster"], to: &rules)
            return append(["*", "url", "*"], to: &rules)
        }
        if words[1] == "url" {
            add("nonResourceRules", ["verbs": list(words[0]), "nonResourceURLs": list(words[2])])
        } else {
            var value: JSONValue = [
                "verbs": list(words[0]), "apiGroups": list(words[1]), "resources": list(words[2]), "namespaces": ["*"],
            ]
            if words.last == "cluster" { value["clusterScope"] = true }
            add("resourceRules", value)
        }
        rules = [rule]
    }
}

extension APIServer {
    /// Makes the default levels and schemas, and sets back the specs of those that do not say to leave them alone.
    public func reconcileDefaultFlows() async {
        let options = WriteOptions(manager: "api-priority-and-fairness-config-producer-v1")
        await reconcile(FlowDefaults.objects, options) { current, wanted in
            var object = current
            object["metadata"].remove("resourceVersion")
            if object["metadata"]["annotations"][FlowDefaults.autoupdate] == "true" { object["spec"] = wanted["spec"] }
            return object
        }
    }
}
