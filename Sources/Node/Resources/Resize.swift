internal import API
internal import Client
internal import Glibc
internal import JSON
internal import Runtime

/// What the node has given the containers of a pod. It follows the pod's spec where there is room, and is kept on disk, so that
/// it outlives the agent.
/// https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
struct Allocation: Sendable {
    /// The `resources` of each container, by its name.
    var resources: [String: JSONValue] = [:]

    init(_ pod: Object) {
        for container in pod.initContainers + pod.mainContainers {
            resources[container.name] = container.resources
        }
    }

    init?(parsing bytes: [UInt8]) {
        guard let object = try? JSONValue(parsing: bytes).object else { return nil }
        for (name, value) in object { resources[name] = value }
    }

    var encoded: [UInt8] {
        var object = JSONObject()
        for (name, value) in resources.sorted(by: { $0.key < $1.key }) { object[name] = value }
        return JSONValue.object(object).encoded()
    }

    /// The pod as if this were what it asks for.
    func applied(to pod: Object) -> Object {
        var value = pod.value
        var isChanged = false
        for list in ["initContainers", "containers"] {
            for index in (value["spec"][list].array ?? []).indices {
                guard let own = resources[value["spec"][list][index]["name"].string ?? ""],
                    own != value["spec"][list][index]["resources"]
                else { continue }
                value["spec"][list][index]["resources"] = own
                isChanged = true
            }
        }
        guard isChanged else { return pod }
        return (try? Object(parsing: value.encoded())) ?? pod
    }
}

/// A resize that has not come to its end.
enum ResizeState: Sendable, Equatable {
    case none
    /// The node cannot now, or never.
    case pending(reason: String, message: String)
    case inProgress(message: String?)

    var conditions: [Condition] {
        switch self {
        case .none: []
        case .pending(let reason, let message):
            [Condition("PodResizePending", true, reason: reason, message: message)]
        case .inProgress(let message):
            [
                Condition(
                    "PodResizeInProgress", true, reason: message == nil ? "" : "Error", message: message ?? "")
            ]
        }
    }
}

extension PodWorker {
    private var allocationPath: String { services.configuration.podDirectory(uid) + "/allocation.json" }

    /// What the pod was given, as it was written down, or else what it asks for.
    func loadAllocation(_ pod: Object) async -> Allocation {
        if let allocation { return allocation }
        let path = allocationPath
        let kept = (try? await blocking { Files.read(path, limit: 1 << 20) }).flatMap { $0 }
        let found = kept.flatMap { Allocation(parsing: $0) }
        wasResized = found != nil
        let loaded = found ?? Allocation(pod)
        allocation = loaded
        return loaded
    }

    /// The pod with what the node gives it. Takes what it asks for now, if there is room.
    func allocate(_ pod: Object) async -> Object {
        let current = await loadAllocation(pod)
        let wanted = Allocation(pod)
        if wanted.resources == current.resources {
            if case .pending = resize { resize = .none }
            return pod
        }
        if let refusal = services.admission.resize(pod, wake: { [weak self] in self?.wake() }) {
            resize = .pending(reason: refusal.reason, message: refusal.message)
            return current.applied(to: pod)
        }
        allocation = wanted
        wasResized = true
        let path = allocationPath
        do {
            try await blocking { try Files.write(path, wanted.encoded) }
        } catch { services.log("\(path): \(error)") }
        resize = .inProgress(message: nil)
        return pod
    }

    /// Gives running containers what they were allocated. Returns those that have to be started anew for it.
    func actuate(_ pod: Object) async throws -> [PodPlan.Kill] {
        guard wasResized, runtime.readySandbox != nil else { return [] }
        let changing = (pod.initContainers + pod.mainContainers).compactMap { container in
            runtime.latest(container.name).flatMap { instance in
                instance.status.state == .running && actual[instance.id] != container.resources
                    ? (container, instance) : nil
            }
        }
        if changing.isEmpty, resize == .none { return [] }
        var restarts: [PodPlan.Kill] = []
        var problem: String?
        let cgroups = services.cgroups
        // Before the containers where it grows; where it shrinks, they come first, and the second time counts.
        try? await blocking { try cgroups?.set(pod) }
        for (container, instance) in changing {
            let (before, wanted) = (actual[instance.id], container.resources)
            if let before, Self.needsRestart(container, before, wanted) {
                restarts.append(
                    .init(
                        id: instance.id, container: container,
                        message: "Container \(container.name) resize requires restart"))
                continue
            }
            do {
                try await services.driver.updateContainerResources(
                    id: instance.id,
                    LinuxContainerResources(container, of: pod, memoryCapacity: services.memoryCapacity))
                actual[instance.id] = wanted
            } catch let error as RuntimeError where error.code != .unavailable {
                problem = "\(error)"
                wake(at: .now.adding(seconds: 5))
            }
        }
        do {
            try await blocking { try cgroups?.set(pod) }
        } catch { problem = problem ?? "\(error)" }
        if case .inProgress = resize {
            resize = restarts.isEmpty && problem == nil ? .none : .inProgress(message: problem)
            if resize == .none {
                services.event(pod, .normal, "ResizeCompleted", "Pod resize completed")
            }
        }
        return restarts
    }

    private static func needsRestart(_ container: ContainerSpec, _ before: JSONValue, _ wanted: JSONValue) -> Bool {
        container.spec["resizePolicy"].elements.contains { policy in
            let name = policy["resourceName"].string ?? ""
            return policy["restartPolicy"].equals("RestartContainer")
                && ["requests", "limits"].contains { before[$0][name] != wanted[$0][name] }
        }
    }
}
