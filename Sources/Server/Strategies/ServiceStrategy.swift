internal import API
internal import JSON

/// Services get an address of the cluster's range, and ports of the nodes where their type wants them.
struct ServiceStrategy: Strategy {
    var returnsDeletedObject: Bool { true }
    var createsOnUpdate: Bool { true }

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        object["status"] = ["loadBalancer": [:]]
        try allocate(&object, old: nil, context)
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        guard context.subresource == nil else { return }
        keepAllocated(&object, old)
        dropUnneeded(&object, old)
        try allocate(&object, old: old, context)
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        guard let old, context.subresource == nil else { return }
        let (now, before) = (object["spec"], old["spec"])
        let path = FieldPath("spec")
        if Self.hasAddress(now), Self.hasAddress(before), before.has("clusterIP") {
            if now["clusterIP"] != before["clusterIP"] {
                errors.append(
                    .invalid(path["clusterIPs"][0], .array([now["clusterIP"]]), "may not change once set"))
            }
            if now["ipFamilies"][0] != before["ipFamilies"][0] {
                errors.append(.invalid(path["ipFamilies"][0], now["ipFamilies"][0], "may not change once set"))
            }
        }
        if Self.isBalanced(now), Self.isBalanced(before), now["loadBalancerClass"] != before["loadBalancerClass"] {
            errors.append(.invalid(path["loadBalancerClass"], now["loadBalancerClass"], "may not change once set"))
        }
        if Self.needsHealthCheck(now), Self.needsHealthCheck(before),
            now["healthCheckNodePort"] != before["healthCheckNodePort"]
        {
            errors.append(.forbidden(path["healthCheckNodePort"], "field is immutable"))
        }
    }

    // MARK: What the types need

    static func hasAddress(_ spec: JSONValue) -> Bool { spec["type"] != "ExternalName" }
    static func isBalanced(_ spec: JSONValue) -> Bool { spec["type"] == "LoadBalancer" }
    static func needsHealthCheck(_ spec: JSONValue) -> Bool {
        isBalanced(spec) && spec["externalTrafficPolicy"] == "Local"
    }
    static func isExternal(_ spec: JSONValue) -> Bool {
        isBalanced(spec) || spec["type"] == "NodePort"
            || spec["type"] == "ClusterIP" && !(spec["externalIPs"].array ?? []).isEmpty
    }
    static func usesNodePorts(_ spec: JSONValue) -> Bool {
        spec["type"] == "NodePort" || isBalanced(spec) && spec["allocateLoadBalancerNodePorts"] != false
    }

    /// An update that leaves out what was allocated keeps it.
    private func keepAllocated(_ object: inout JSONValue, _ old: JSONValue) {
        var spec = object["spec"]
        let before = old["spec"]
        guard Self.hasAddress(spec), Self.hasAddress(before) else { return }
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] where !spec.has(field) {
            if before.has(field) { spec[field] = before[field] }
        }
        if Self.usesNodePorts(spec) {
            for (index, port) in (spec["ports"].array ?? []).enumerated() where !port.has("nodePort") {
                let known = (before["ports"].array ?? []).first {
                    $0["port"] == port["port"] && $0["protocol"] == port["protocol"]
                }
                if let known, known.has("nodePort") { spec["ports"][index]["nodePort"] = known["nodePort"] }
            }
        }
        if Self.needsHealthCheck(spec), !spec.has("healthCheckNodePort"), before.has("healthCheckNodePort") {
            spec["healthCheckNodePort"] = before["healthCheckNodePort"]
        }
        object["spec"] = spec
    }

    /// What the new type has no use for goes, unless the update says something about it: then validation has a word.
    private func dropUnneeded(_ object: inout JSONValue, _ old: JSONValue) {
        var spec = object["spec"]
        let before = old["spec"]
        func drop(_ fields: [String], unless needs: (JSONValue) -> Bool) {
            guard needs(before), !needs(spec) else { return }
            for field in fields where spec[field] == before[field] { spec.remove(field) }
        }
        drop(["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"], unless: Self.hasAddress)
        drop(["healthCheckNodePort"], unless: Self.needsHealthCheck)
        drop(["allocateLoadBalancerNodePorts", "loadBalancerClass"], unless: Self.isBalanced)
        drop(["externalTrafficPolicy"], unless: Self.isExternal)
        drop(["internalTrafficPolicy"], unless: Self.hasAddress)
        if Self.usesNodePorts(before), !Self.usesNodePorts(spec) {
            let ports = before["ports"].array ?? []
            for (index, port) in (spec["ports"].array ?? []).enumerated()
            where ports.contains(where: { $0["nodePort"] == port["nodePort"] }) {
                spec["ports"][index].remove("nodePort")
            }
        }
        object["spec"] = spec
    }
}
