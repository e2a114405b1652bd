internal import JSON

// What the defaults of core/v1 depend on other fields for
// (https://kubernetes.io/docs/reference/kubernetes-api/; pkg/apis/core/v1/defaults.go upstream).
extension Kinds {
    static let coreDefaults: [String: @Sendable (inout JSONObject) -> Void] = [
        "core.v1.Pod": podDefaults,
        "core.v1.PodSpec": { spec in
            // serviceAccount is the old name of serviceAccountName; both are served.
            let name = spec["serviceAccountName"] ?? spec["serviceAccount"]
            spec["serviceAccountName"] = name
            spec["serviceAccount"] = name
        },
        "core.v1.Container": imagePullPolicy,
        "core.v1.EphemeralContainer": imagePullPolicy,
        "core.v1.Volume": { volume in
            if volume.count == 1 { volume["emptyDir"] = [:] }
        },
        "core.v1.Service": serviceDefaults,
        "core.v1.Secret": { secret in
            guard let plain = secret["stringData"]?.object else { return }
            var data = secret["data"] ?? [:]
            for (key, value) in plain { data[key] = .string(Base64Text.encode(Array((value.string ?? "").utf8))) }
            secret["data"] = data.isEmptyContainer ? nil : data
            secret["stringData"] = nil
        },
        "core.v1.Namespace": { namespace in
            if let name = namespace["metadata"]?["name"].string, !name.isEmpty {
                namespace["metadata"]?["labels"]["kubernetes.io/metadata.name"] = .string(name)
            }
        },
        // The old field of one block, and the new one of two, say the same.
        "core.v1.NodeSpec": {
            pair(&$0, "podCIDR", "podCIDRs") {
                [$0]
            } first: {
                $0[0]
            }
        },
        "core.v1.PodStatus": {
            pair(&$0, "podIP", "podIPs") {
                [["ip": $0]]
            } first: {
                $0[0]["ip"]
            }
        },
        "core.v1.LoadBalancerIngress": { ingress in
            if ingress["ip"] != nil, ingress["ipMode"] == nil { ingress["ipMode"] = "VIP" }
        },
        "core.v1.ReplicationController": { controller in
            guard let labels = controller["spec"]?["template"]["metadata"]["labels"], !labels.isNull else { return }
            if controller["spec"]?["selector"].isNull == true { controller["spec"]?["selector"] = labels }
            if controller["metadata"]?["labels"].isNull == true { controller["metadata"]?["labels"] = labels }
        },
        "core.v1.LimitRangeItem": { item in
            guard item["type"] == "Container" else { return }
            let limits = merged(item["default"], item["max"])
            item["default"] = limits
            item["defaultRequest"] = merged(merged(item["defaultRequest"], item["min"]), limits)
        },
    ]

    /// A field that holds one value and its successor that holds a list: each is made from the other.
    private static func pair(
        _ object: inout JSONObject, _ one: String, _ many: String, list: (JSONValue) -> JSONValue,
        first: (JSONValue) -> JSONValue
    ) {
        if let value = object[one], object[many] == nil {
            object[many] = list(value)
        } else if let values = object[many], object[one] == nil, !first(values).isNull {
            object[one] = first(values)
        }
    }

    private static let imagePullPolicy: @Sendable (inout JSONObject) -> Void = { container in
        guard container["imagePullPolicy"] == nil else { return }
        let reference = container["image"]?.string ?? ""
        let name = reference.split(separator: "/").last ?? ""
        let isLatest = !name.contains("@") && (!name.contains(":") || name.hasSuffix(":latest"))
        container["imagePullPolicy"] = isLatest ? "Always" : "IfNotPresent"
    }

    private static let podDefaults: @Sendable (inout JSONObject) -> Void = { pod in
        guard var spec = pod["spec"] else { return }
        if !spec.has("enableServiceLinks") { spec["enableServiceLinks"] = true }
        for list in ["containers", "initContainers"] {
            guard var containers = spec[list].array else { continue }
            for index in containers.indices {
                // A limit without a request requests as much.
                if let limits = containers[index]["resources"]["limits"].object {
                    let requests = merged(containers[index]["resources"]["requests"], .object(limits))
                    containers[index]["resources"]["requests"] = requests ?? [:]
                }
                if spec["hostNetwork"] == true, let ports = containers[index]["ports"].array {
                    for port in ports.indices where !ports[port].has("hostPort") {
                        containers[index]["ports"][port]["hostPort"] = ports[port]["containerPort"]
                    }
                }
            }
            spec[list] = .array(containers)
        }
        pod["spec"] = spec
    }

    private static let serviceDefaults: @Sendable (inout JSONObject) -> Void = { service in
        guard var spec = service["spec"] else { return }
        if spec["type"] == "ExternalName" {
            service["spec"] = spec
            return
        }
        if spec["sessionAffinity"] == "ClientIP", spec["sessionAffinityConfig"].isNull {
            spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": 10800]]
        }
        for index in (spec["ports"].array ?? []).indices where spec["ports"][index]["targetPort"].isNull {
            spec["ports"][index]["targetPort"] = .int(spec["ports"][index]["port"].int ?? 0)
        }
        if !spec.has("internalTrafficPolicy") { spec["internalTrafficPolicy"] = "Cluster" }
        if isExternallyAccessible(spec), !spec.has("externalTrafficPolicy") {
            spec["externalTrafficPolicy"] = "Cluster"
        }
        if spec["type"] == "LoadBalancer", !spec.has("allocateLoadBalancerNodePorts") {
            spec["allocateLoadBalancerNodePorts"] = true
        }
        service["spec"] = spec
    }

    /// `first` with what only `second` has; nil when both are absent.
    static func merged(_ first: JSONValue?, _ second: JSONValue?) -> JSONValue? {
        guard case .object(var result)? = first, !result.isEmpty else { return second?.isNull == true ? nil : second }
        if let more = second?.object {
            for (key, value) in more where result[key] == nil { result[key] = value }
        }
        return .object(result)
    }
}
