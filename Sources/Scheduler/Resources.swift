internal import API
internal import JSON

/// Amounts of what a node has and pods ask for: thousandths of a CPU, bytes, and numbers of anything else.
struct Resources: Hashable, Sendable {
    var milliCPU = 0
    var memory = 0
    var ephemeralStorage = 0
    /// Extended resources and huge pages, by name.
    var others: [String: Int] = [:]

    init() {}

    /// A map of quantities. `pods` is not among the amounts: it is counted, not asked for.
    init(_ quantities: JSONRef) {
        for (name, value) in quantities.members {
            let text = value.string ?? value.description
            guard name != "pods", let quantity = Quantity(text) else { continue }
            switch name {
            case "cpu": milliCPU = quantity.milliValue
            case "memory": memory = quantity.value
            case "ephemeral-storage": ephemeralStorage = quantity.value
            default: others[name] = quantity.value
            }
        }
    }

    static func += (a: inout Resources, b: Resources) { a.combine(b, +) }
    static func -= (a: inout Resources, b: Resources) { a.combine(b, -) }
    static func + (a: Resources, b: Resources) -> Resources {
        var sum = a
        sum += b
        return sum
    }
    func max(_ other: Resources) -> Resources {
        var larger = self
        larger.combine(other, Swift.max)
        return larger
    }

    private mutating func combine(_ other: Resources, _ operation: (Int, Int) -> Int) {
        milliCPU = operation(milliCPU, other.milliCPU)
        memory = operation(memory, other.memory)
        ephemeralStorage = operation(ephemeralStorage, other.ephemeralStorage)
        for (name, amount) in other.others { others[name] = operation(others[name] ?? 0, amount) }
    }

    /// What a pod needs at most at any moment: its containers together, or an init container on top of the sidecars
    /// started before it; and the overhead of its runtime class.
    /// https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    ///
    /// While a resize is on its way, both what is asked for and what the node has given count; what it can never give does
    /// not (KEP-1287).
    init(podSpec spec: JSONRef, status: JSONRef = .missing) {
        var running = Resources()
        var starting = Resources()
        let isInfeasible = status["conditions"].elements.contains {
            $0["type"].equals("PodResizePending") && $0["reason"].equals("Infeasible")
        }
        func given(_ container: JSONRef, _ statuses: String) -> Resources {
            let wanted = Resources(container["resources"]["requests"])
            guard let name = container["name"].string,
                let own = status[statuses].elements.first(where: { $0["name"].equals(name) }),
                own["allocatedResources"].exists
            else { return wanted }
            let has = Resources(own["allocatedResources"]).max(Resources(own["resources"]["requests"]))
            return isInfeasible ? has : wanted.max(has)
        }
        for container in spec["initContainers"].elements {
            let requests = given(container, "initContainerStatuses")
            if container["restartPolicy"].equals("Always") {
                running += requests
                starting = starting.max(running)
            } else {
                starting = starting.max(running + requests)
            }
        }
        for container in spec["containers"].elements { running += given(container, "containerStatuses") }
        self = running.max(starting)
        // Requests of the pod as a whole stand for those of its containers (KEP-2837).
        let whole = Resources(spec["resources"]["requests"])
        if whole.milliCPU > 0 { milliCPU = whole.milliCPU }
        if whole.memory > 0 { memory = whole.memory }
        if spec["overhead"].exists { self += Resources(spec["overhead"]) }
    }
}
