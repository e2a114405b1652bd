internal import JSON

// Defaults of the other groups that depend on other fields (pkg/apis/*/v1/defaults.go upstream).
extension Kinds {
    static let workloadDefaults: [String: @Sendable (inout JSONObject) -> Void] = [
        "apps.v1.DeploymentStrategy": { strategy in
            if strategy["type"] != "RollingUpdate" { return }
            var update = strategy["rollingUpdate"] ?? [:]
            for field in ["maxUnavailable", "maxSurge"] where !update.given(field) { update[field] = "25%" }
            strategy["rollingUpdate"] = update
        },
        "apps.v1.DaemonSetUpdateStrategy": { strategy in
            if strategy["type"] != "RollingUpdate" { return }
            var update = strategy["rollingUpdate"] ?? [:]
            if !update.given("maxUnavailable") { update["maxUnavailable"] = 1 }
            if !update.given("maxSurge") { update["maxSurge"] = 0 }
            strategy["rollingUpdate"] = update
        },
        "apps.v1.StatefulSetUpdateStrategy": { strategy in
            if strategy["type"] != "RollingUpdate" { return }
            var update = strategy["rollingUpdate"] ?? [:]
            if !update.given("partition") { update["partition"] = 0 }
            strategy["rollingUpdate"] = update
        },
        "apps.v1.StatefulSetSpec": { spec in
            guard let claims = spec["volumeClaimTemplates"]?.array else { return }
            spec["volumeClaimTemplates"] = .array(
                claims.map { claim in
                    var typed: JSONObject = ["kind": "PersistentVolumeClaim", "apiVersion": "v1"]
                    for (key, value) in claim.members where key != "kind" && key != "apiVersion" { typed[key] = value }
                    return .object(typed)
                })
        },
        "batch.v1.Job": { job in
            guard var spec = job["spec"] else { return }
            // One Pod, unless a number says otherwise; a number of workers alone means a queue.
            if !spec.given("completions"), !spec.given("parallelism") { spec["completions"] = 1 }
            let defaults: [(String, JSONValue)] = [
                ("parallelism", 1), ("backoffLimit", spec.given("backoffLimitPerIndex") ? 2_147_483_647 : 6),
                ("completionMode", "NonIndexed"), ("suspend", false), ("manualSelector", false),
                ("podReplacementPolicy", spec.given("podFailurePolicy") ? "Failed" : "TerminatingOrFailed"),
            ]
            for (field, value) in defaults where !spec.given(field) { spec[field] = value }
            job["spec"] = spec
            if let labels = spec["template"]["metadata"]["labels"].object, job["metadata"]?.given("labels") == false {
                job["metadata"]?["labels"] = .object(labels)
            }
        },
    ]

    static let autoscalingDefaults: [String: @Sendable (inout JSONObject) -> Void] = [
        "autoscaling.v2.HorizontalPodAutoscalerSpec": { spec in
            guard spec["metrics"]?.items.isEmpty ?? true else { return }
            spec["metrics"] = [
                [
                    "type": "Resource",
                    "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]],
                ]
            ]
        },
        "autoscaling.v2.HorizontalPodAutoscalerBehavior": { behavior in
            let up: JSONValue = [
                "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
                "policies": [
                    ["type": "Pods", "value": 4, "periodSeconds": 15],
                    ["type": "Percent", "value": 100, "periodSeconds": 15],
                ],
            ]
            let down: JSONValue = [
                "selectPolicy": "Max", "policies": [["type": "Percent", "value": 100, "periodSeconds": 15]],
            ]
            behavior["scaleUp"] = merged(behavior["scaleUp"], up)
            behavior["scaleDown"] = merged(behavior["scaleDown"], down)
        },
    ]

    static let otherDefaults: [String: @Sendable (inout JSONObject) -> Void] = [
        "apiextensions.v1.CustomResourceDefinitionSpec": { spec in
            guard let kind = spec["names"]?["kind"].string, !kind.isEmpty else { return }
            for (field, name) in [("singular", kind.lowercased()), ("listKind", kind + "List")]
            where spec["names"]?[field].text.isEmpty == true {
                spec["names"]?[field] = .string(name)
            }
        },
        "flowcontrol.v1.LimitResponse": { response in
            if response["type"] == "Queue", response["queuing"] == nil {
                response["queuing"] = ["handSize": 8, "queueLengthLimit": 50, "queues": 64]
            }
        },
        "rbac.v1.Subject": { subject in
            if subject["kind"] == "User" || subject["kind"] == "Group", subject["apiGroup"] == nil {
                subject["apiGroup"] = "rbac.authorization.k8s.io"
            }
        },
        "networking.v1.NetworkPolicySpec": { spec in
            if !(spec["policyTypes"]?.items.isEmpty ?? true) { return }
            spec["policyTypes"] = spec["egress"]?.items.isEmpty ?? true ? ["Ingress"] : ["Ingress", "Egress"]
        },
        "networking.v1.IngressClassParametersReference": { reference in
            if reference["scope"] == nil { reference["scope"] = "Cluster" }
        },
        "resource.v1.ExactDeviceRequest": deviceCount,
        "resource.v1.DeviceSubRequest": deviceCount,
    ]

    private static let deviceCount: @Sendable (inout JSONObject) -> Void = { request in
        if request["allocationMode"] == "ExactCount", request["count"] == nil { request["count"] = 1 }
    }
}
