internal import API
internal import JSON

/// A container as the pod's spec has it.
struct ContainerSpec: Sendable {
    enum Role: Sendable {
        /// Runs to its end before the next one starts.
        case initialization
        /// An init container with restartPolicy Always: the next one starts when this one has.
        case sidecar
        case main
        case ephemeral
    }
    let spec: JSONRef
    let role: Role

    var name: String { spec["name"].string ?? "" }
    var image: String { spec["image"].string ?? "" }
    /// Whether it is started again when it has ended with this code: by the first of its rules that matches, its own
    /// policy, or the pod's. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restart-rules
    func isRestarted(afterExitCode code: Int, podPolicy: String) -> Bool {
        if role == .ephemeral { return false }
        for rule in spec["restartPolicyRules"].elements where rule["action"].equals("Restart") {
            let isListed = rule["exitCodes"]["values"].elements.contains { $0.int == code }
            if isListed == rule["exitCodes"]["operator"].equals("In") { return true }
        }
        switch spec["restartPolicy"].string ?? podPolicy {
        case "Always": return role != .initialization || code != 0
        case "OnFailure": return code != 0
        default: return false
        }
    }

    /// How events point at the container.
    var fieldPath: String {
        switch role {
        case .initialization, .sidecar: "spec.initContainers{\(name)}"
        case .main: "spec.containers{\(name)}"
        case .ephemeral: "spec.ephemeralContainers{\(name)}"
        }
    }
    /// Changes when the container must be made anew to follow its spec: of what may be edited in place, the image.
    var hash: String { String(fnv1a(Array((name + "\u{0}" + image).utf8)), radix: 16) }

    var resources: JSONValue { spec["resources"].exists ? spec["resources"].value : [:] }
    func request(_ resource: String) -> Quantity? { quantity("requests", resource) ?? quantity("limits", resource) }
    func limit(_ resource: String) -> Quantity? { quantity("limits", resource) }
    private func quantity(_ list: String, _ resource: String) -> Quantity? {
        spec["resources"][list][resource].string.flatMap { Quantity($0) }
    }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

extension Object {
    var spec: JSONRef { self["spec"] }

    var initContainers: [ContainerSpec] {
        spec["initContainers"].elements.map {
            ContainerSpec(spec: $0, role: $0["restartPolicy"].equals("Always") ? .sidecar : .initialization)
        }
    }
    var mainContainers: [ContainerSpec] { spec["containers"].elements.map { ContainerSpec(spec: $0, role: .main) } }
    var ephemeralContainers: [ContainerSpec] {
        spec["ephemeralContainers"].elements.map { ContainerSpec(spec: $0, role: .ephemeral) }
    }
    var allContainers: [ContainerSpec] { initContainers + mainContainers + ephemeralContainers }

    func containerSpec(named name: String) -> ContainerSpec? { allContainers.first { $0.name == name } }

    /// Always, OnFailure or Never.
    var restartPolicy: String { spec["restartPolicy"].string ?? "Always" }
    var isHostNetwork: Bool { spec["hostNetwork"].bool ?? false }
    var phase: String { self["status"]["phase"].string ?? "" }
    var generation: Int? { metadata["generation"].int }

    /// Seconds that the containers get to end by themselves.
    var gracePeriodSeconds: Int {
        metadata["deletionGracePeriodSeconds"].int ?? spec["terminationGracePeriodSeconds"].int ?? 30
    }
    var deletionTime: Time? { metadata["deletionTimestamp"].string.flatMap { Time($0) } }
}

/// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
enum QOSClass: String, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    init(_ pod: Object) {
        var isGuaranteed = true
        var requestsAnything = false
        for container in pod.initContainers + pod.mainContainers {
            for resource in ["cpu", "memory"] {
                let (request, limit) = (container.request(resource), container.limit(resource))
                if let request, request > .zero { requestsAnything = true }
                if limit == nil || limit == .zero || request != limit { isGuaranteed = false }
            }
        }
        self = !requestsAnything ? .bestEffort : isGuaranteed ? .guaranteed : .burstable
    }
}

/// What the scheduler counts for a pod: the sum of the containers, or the largest init container with the sidecars
/// started before it. https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
func podRequest(_ pod: Object, _ resource: String) -> Quantity {
    podSum(pod, resource) { $0.request(resource) ?? .zero } ?? .zero
}

/// The most that all containers of a pod may use together; nil when one of them has no limit.
func podLimit(_ pod: Object, _ resource: String) -> Quantity? {
    pod.spec["resources"]["limits"][resource].string.flatMap { Quantity($0) }
        ?? podSum(pod, resource) { $0.limit(resource) }
}

/// What the containers have together at most at any time, and the overhead; nil when one of them has nothing.
private func podSum(_ pod: Object, _ resource: String, _ amount: (ContainerSpec) -> Quantity?) -> Quantity? {
    var sidecars = Quantity.zero
    var largest = Quantity.zero
    for container in pod.initContainers {
        guard let own = amount(container) else { return nil }
        if container.role == .sidecar { sidecars += own }
        largest = max(largest, container.role == .sidecar ? sidecars : sidecars + own)
    }
    var main = sidecars
    for container in pod.mainContainers {
        guard let own = amount(container) else { return nil }
        main += own
    }
    let overhead = pod.spec["overhead"][resource].string.flatMap { Quantity($0) } ?? .zero
    return max(main, largest) + overhead
}
