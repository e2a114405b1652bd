internal import API
internal import Client
internal import JSON
internal import Runtime

/// The status of the Node, from what is known of the machine and the runtime.
/// https://kubernetes.io/docs/reference/node/node-status/
struct NodeStatus: Sendable {
    /// What the machine runs short of.
    struct Pressure: Sendable, Equatable {
        var memory = false
        var disk = false
        var pids = false
    }
    var facts: HostFacts
    var configuration: NodeConfiguration
    var version: RuntimeVersion?
    /// nil: the runtime does not answer.
    var runtime: RuntimeStatus?
    var pressure = Pressure()
    var images: [Image] = []

    var capacity: [String: Quantity] {
        var capacity = [
            "cpu": Quantity(facts.cpus), "memory": Quantity(facts.memory, .binarySI),
            "pods": Quantity(configuration.maxPods),
            "ephemeral-storage": Quantity(facts.ephemeralStorage, .binarySI),
        ]
        for (name, size) in facts.hugepages { capacity[name] = Quantity(size, .binarySI) }
        return capacity
    }

    var allocatable: [String: Quantity] {
        var allocatable = capacity
        let hugepages = facts.hugepages.values.reduce(0, +)
        let (thresholds, reserved) = (configuration.evictionThresholds.amounts, configuration.reserved)
        let memory = (thresholds[.memory]?.value(of: facts.memory) ?? 0) + (reserved["memory"]?.value ?? 0)
        allocatable["memory"] = Quantity(max(0, facts.memory - hugepages - memory), .binarySI)
        let disk =
            (thresholds[.nodeDisk]?.value(of: facts.ephemeralStorage) ?? 0)
            + (reserved["ephemeral-storage"]?.value ?? 0)
        allocatable["ephemeral-storage"] = Quantity(max(0, facts.ephemeralStorage - disk))
        if let cpu = reserved["cpu"]?.milliValue, cpu > 0 {
            allocatable["cpu"] = Quantity("\(max(0, facts.cpus * 1000 - cpu))m")
        }
        return allocatable
    }

    var labels: [String: String] {
        var labels = [
            "kubernetes.io/hostname": configuration.nodeName, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": facts.architecture, "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": facts.architecture,
        ]
        labels.merge(configuration.labels) { $1 }
        return labels
    }

    var readyProblem: String? {
        guard let runtime else { return "container runtime is down" }
        var problems: [String] = []
        for (name, condition) in [("runtime", runtime.runtimeReady), ("runtime network", runtime.networkReady)]
        where !condition.status {
            let type = name == "runtime" ? "RuntimeReady" : "NetworkReady"
            problems.append(
                "container \(name) not ready: \(type)=false reason:\(condition.reason) message:\(condition.message)")
        }
        return problems.isEmpty ? nil : problems.joined(separator: ", ")
    }

    var conditions: [Condition] {
        [
            pressure.memory
                ? Condition(
                    "MemoryPressure", true, reason: "KubeletHasInsufficientMemory",
                    message: "kubelet has insufficient memory available")
                : Condition(
                    "MemoryPressure", false, reason: "KubeletHasSufficientMemory",
                    message: "kubelet has sufficient memory available"),
            pressure.disk
                ? Condition(
                    "DiskPressure", true, reason: "KubeletHasDiskPressure", message: "kubelet has disk pressure")
                : Condition(
                    "DiskPressure", false, reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure"),
            pressure.pids
                ? Condition(
                    "PIDPressure", true, reason: "KubeletHasInsufficientPID",
                    message: "kubelet has insufficient PID available")
                : Condition(
                    "PIDPressure", false, reason: "KubeletHasSufficientPID",
                    message: "kubelet has sufficient PID available"),
            readyProblem.map { Condition("Ready", false, reason: "KubeletNotReady", message: $0) }
                ?? Condition("Ready", true, reason: "KubeletReady", message: "kubelet is posting ready status"),
        ]
    }

    /// The Node as it is created.
    var node: JSONValue {
        var spec: JSONValue = [:]
        if !configuration.podCIDR.isEmpty {
            spec["podCIDR"] = .string(configuration.podCIDR)
            spec["podCIDRs"] = [.string(configuration.podCIDR)]
        }
        if !configuration.registerWithTaints.isEmpty {
            spec["taints"] = .array(
                configuration.registerWithTaints.map {
                    ["key": .string($0.key), "value": .string($0.value), "effect": .string($0.effect)]
                })
        }
        var node: JSONValue = [
            "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(configuration.nodeName)], "spec": spec,
        ]
        node["metadata"]["labels"] = .object(object(labels))
        return node
    }

    /// Puts labels and addresses that a Node made earlier lacks into it. Returns whether anything changed.
    func adopt(_ node: inout JSONValue) -> Bool {
        let before = node
        for (key, value) in labels { node["metadata"]["labels"][key] = .string(value) }
        if node["spec"]["podCIDR"].string == nil, !configuration.podCIDR.isEmpty {
            node["spec"]["podCIDR"] = .string(configuration.podCIDR)
            node["spec"]["podCIDRs"] = [.string(configuration.podCIDR)]
        }
        return node != before
    }

    /// Writes the status into the Node.
    /// - Parameter heartbeat: whether to say that the conditions were looked at now; without it, only when one changed.
    /// - Returns: whether anything changed.
    func write(to node: inout JSONValue, now: Time, heartbeat: Bool) -> Bool {
        let before = node["status"]
        var status = before
        status["capacity"] = quantities(capacity)
        status["allocatable"] = quantities(allocatable)
        status["addresses"] = [
            ["type": "InternalIP", "address": .string(configuration.nodeAddress)],
            ["type": "Hostname", "address": .string(configuration.nodeName)],
        ]
        status["daemonEndpoints"] = ["kubeletEndpoint": ["Port": .int(configuration.kubeletPort)]]
        status["nodeInfo"] = nodeInfo(before["nodeInfo"])
        if !images.isEmpty { status["images"] = .array(imageList) }
        node["status"] = status
        for condition in conditions { node.setCondition(condition, now: now) }
        let isChanged = node["status"] != before
        guard isChanged || heartbeat else { return false }
        if var list = node["status"]["conditions"].array {
            let own = Set(conditions.map(\.type))
            for index in list.indices where own.contains(list[index]["type"].string ?? "") {
                list[index]["lastHeartbeatTime"] = .string(now.description)
            }
            node["status"]["conditions"] = .array(list)
        }
        return true
    }

    private func nodeInfo(_ before: JSONValue) -> JSONValue {
        var info = before
        let runtime = version.map { "\($0.runtimeName)://\($0.runtimeVersion.drop { $0 == "v" })" }
        for (field, text) in [
            ("machineID", facts.machineID), ("systemUUID", facts.systemUUID), ("bootID", facts.bootID),
            ("kernelVersion", facts.kernelVersion), ("osImage", facts.osImage),
            ("containerRuntimeVersion", runtime ?? before["containerRuntimeVersion"].string ?? ""),
            ("kubeletVersion", configuration.version), ("kubeProxyVersion", ""), ("operatingSystem", "linux"),
            ("architecture", facts.architecture),
        ] { info[field] = .string(text) }
        return info
    }

    /// The 50 largest, as upstream shows them: those that the scheduler gains most by.
    private var imageList: [JSONValue] {
        images.filter { !$0.repoTags.isEmpty || !$0.repoDigests.isEmpty }
            .sorted { ($0.size, $1.id) > ($1.size, $0.id) }.prefix(50)
            .map { image in
                [
                    "names": .array((image.repoDigests + image.repoTags).map { .string($0) }),
                    "sizeBytes": .int(Int(clamping: image.size)),
                ]
            }
    }

    private func quantities(_ values: [String: Quantity]) -> JSONValue {
        .object(object(values.mapValues(\.canonical)))
    }

    private func object(_ values: [String: String]) -> JSONObject {
        var object = JSONObject()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return object
    }
}
