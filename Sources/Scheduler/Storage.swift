internal import API
internal import Client
internal import JSON

/// Claims, volumes and classes, and the volumes that pods on their way to a node will take.
struct Storage: Sendable {
    struct Volume: Sendable {
        let state: VolumeState
        /// From where it can be reached; nil: from everywhere.
        let terms: [NodeSelectorTerm]?

        init(_ volume: Object) {
            state = VolumeState(volume)
            let required = volume["spec"]["nodeAffinity"]["required"]
            terms = required.exists ? [NodeSelectorTerm](nodeSelector: required) : nil
        }

        func isReachable(from node: Node) -> Bool { terms?.matches(node) ?? true }
    }
    /// What is to be done for the claims of a pod on a node before the pod is bound.
    struct Plan: Sendable {
        var volumes: [(claim: String, volume: String)] = []
        /// Claims whose volumes are to be made.
        var provisioned: [String] = []
        var isEmpty: Bool { volumes.isEmpty && provisioned.isEmpty }
    }
    var claims: [String: ClaimState] = [:]
    var volumes: [String: Volume] = [:]
    var classes: [String: StorageClassState] = [:]
    /// By volume: the pod that takes it.
    private var reserved: [String: String] = [:]

    mutating func reserve(_ plan: Plan, for pod: String) {
        for (_, volume) in plan.volumes { reserved[volume] = pod }
    }
    mutating func release(_ pod: String) {
        if !reserved.isEmpty { reserved = reserved.filter { $0.value != pod } }
    }

    /// How these unbound claims would get volumes on the node; nil when they would not.
    func plan(_ claims: [ClaimState], on node: Node) -> Plan? {
        var plan = Plan()
        for claim in claims {
            if !claim.selectedNode.isEmpty {
                // Its volume is being made for a pod that was to run there.
                guard claim.selectedNode == node.name else { return nil }
                plan.provisioned.append(claim.key)
                continue
            }
            let open = volumes.values.lazy.filter { volume in
                reserved[volume.state.name] == nil && volume.isReachable(from: node)
                    && !plan.volumes.contains { $0.volume == volume.state.name }
            }.map(\.state)
            if let volume = open.best(for: claim) {
                plan.volumes.append((claim.key, volume.name))
            } else if let storageClass = classes[claim.className], !storageClass.isStatic,
                storageClass.allows(node.labels)
            {
                plan.provisioned.append(claim.key)
            } else {
                return nil
            }
        }
        return plan
    }
}

/// What selects the pods of workloads, for the default spreading.
struct Workloads: Sendable {
    /// By namespace and name.
    var services: [String: [String: LabelSelector]] = [:]
    /// By kind and key.
    var controllers: [String: LabelSelector] = [:]

    /// The pods that belong together with this one; nil when it belongs to nothing.
    func companions(of pod: PodInfo, _ demand: Demand) -> PodMatcher? {
        var selectors: [LabelSelector] = []
        for selector in (services[pod.namespace] ?? [:]).values
        where !selector.isEmpty && selector.matches({ pod.labels[$0] }) { selectors.append(selector) }
        if let owner = demand.owner, let selector = controllers["\(owner.kind) \(pod.namespace)/\(owner.name)"] {
            selectors.append(selector)
        }
        return selectors.isEmpty ? nil : PodMatcher(namespaces: [pod.namespace], selectors)
    }
}

/// policy/v1 PodDisruptionBudget, as far as victims go.
struct DisruptionBudget: Sendable {
    let namespace: String
    let selector: LabelSelector
    let allowed: Int
    /// Pods that are on their way out and counted already.
    let disrupted: Set<String>

    init(_ budget: Object) {
        namespace = budget.namespace
        selector = LabelSelector(budget["spec"]["selector"])
        allowed = budget["status"]["disruptionsAllowed"].int ?? 0
        disrupted = Set(budget["status"]["disruptedPods"].members.map(\.key))
    }

    func covers(_ pod: PodInfo) -> Bool {
        pod.namespace == namespace && !disrupted.contains(pod.name) && selector.matches { pod.labels[$0] }
    }
}
