internal import API
internal import Client
internal import JSON
internal import Runtime

/// The status of a pod, from what the runtime holds of it. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
struct PodStatus: Sendable {
    var pod: Object
    var runtime: PodRuntime
    var hostIPs: [String]
    /// The scheme of container IDs, e.g. "containerd".
    var runtimeName = "containerd"
    /// Why containers wait, where that is known better than "ContainerCreating".
    var waiting: [String: PodPlan.Waiting] = [:]
    /// What the probes of a container say; nil while that is not known.
    var probeResult: @Sendable (_ containerID: String, Prober.Kind) -> Bool? = { _, _ in nil }
    /// Containers whose postStart hook has not ended.
    var starting: Set<String> = []
    /// Last words, by container ID.
    var terminationMessages: [String: String] = [:]
    var isInitialized = true
    /// The pod is being deleted and nothing runs any more.
    var isTerminal = false
    var startTime: Time
    var now: Time
    /// Why the node ended the pod: phase Failed with this reason and message.
    var failure: PodPlan.Waiting?
    /// Whether that was for the node's sake and no fault of the pod.
    var isDisrupted = false
    var resize = ResizeState.none
    /// What containers have, by their IDs, where that may be another than their spec says.
    var actual: [String: JSONValue] = [:]

    /// Puts everything into the object's status. What the agent does not own stays. Returns whether anything changed.
    func write(to object: inout JSONValue) -> Bool {
        let before = object["status"]
        let main = pod.mainContainers.map { ($0, containerStatus(of: $0, before)) }
        let initial = pod.initContainers.map { ($0, containerStatus(of: $0, before)) }
        let ephemeral = pod.ephemeralContainers.map { ($0, containerStatus(of: $0, before)) }
        var phase = phase(main: main, initial: initial, before: before["phase"].string)
        // A sidecar may take its time after the others have ended; only then is it the end of the pod.
        if phase == "Succeeded" || phase == "Failed", !runtime.running.isEmpty {
            phase = before["phase"].string ?? "Running"
        }

        var status = before
        status["phase"] = .string(phase)
        for (field, text) in [("reason", failure?.reason), ("message", failure?.message)] {
            if let text { status[field] = .string(text) }
        }
        if let generation = pod.generation { status["observedGeneration"] = .int(generation) }
        status["hostIP"] = .string(hostIPs.first ?? "")
        status["hostIPs"] = .array(hostIPs.map { ["ip": .string($0)] })
        let podIPs = pod.isHostNetwork ? hostIPs : runtime.ips
        if !podIPs.isEmpty, failure == nil || !runtime.isEmpty {
            status["podIP"] = .string(podIPs[0])
            status["podIPs"] = .array(podIPs.map { ["ip": .string($0)] })
        }
        if status["startTime"].isNull { status["startTime"] = .string(startTime.description) }
        status["qosClass"] = .string(QOSClass(pod).rawValue)
        for (field, list) in [
            ("containerStatuses", main), ("initContainerStatuses", initial), ("ephemeralContainerStatuses", ephemeral),
        ] where !list.isEmpty {
            status[field] = .array(list.map(\.1))
        }
        let passing = Set(["PodResizePending", "PodResizeInProgress"]).subtracting(resize.conditions.map(\.type))
        if let list = status["conditions"].array, list.contains(where: { passing.contains($0["type"].string ?? "") }) {
            status["conditions"] = .array(list.filter { !passing.contains($0["type"].string ?? "") })
        }
        object["status"] = status
        for condition in resize.conditions {
            object.setCondition(condition, now: now, observedGeneration: pod.generation)
        }
        for condition in conditions(phase: phase, main: main, initial: initial) {
            object.setCondition(condition, now: now, observedGeneration: pod.generation)
        }
        return object["status"] != before
    }

    // MARK: Containers

    private func containerStatus(of container: ContainerSpec, _ before: JSONValue) -> JSONValue {
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        let known = lists.lazy.flatMap { before[$0].array ?? [] }.first { $0["name"].string == container.name } ?? .null
        var status: JSONValue = ["name": .string(container.name)]
        let instances = runtime.containers[container.name] ?? []
        guard let latest = instances.first else { return lost(container, known) }

        // Until its postStart hook has ended it is as if it were not yet there.
        let state = starting.contains(latest.id) ? .created : latest.status.state
        let isRunning = state == .running || state == .unknown
        var previous = instances.dropFirst().first.map { terminated($0.status) }
        switch state {
        case .running, .unknown:
            status["state"] = [
                "running": ["startedAt": .string(Time(nanoseconds: latest.status.startedAt).description)]
            ]
        case .exited where waiting[container.name] == nil:
            status["state"] = ["terminated": terminated(latest.status)]
        case .exited:
            status["state"] = waitingState(container)
            previous = terminated(latest.status)
        case .created:
            status["state"] = waitingState(container)
        }
        status["lastState"] = previous.map { ["terminated": $0] } ?? lastState(known, unless: latest.id)
        let isStarted = isRunning && says(.startup, container, latest.id, known)
        status["started"] = .bool(isStarted)
        switch container.role {
        case .initialization: status["ready"] = .bool(state == .exited && latest.status.exitCode == 0)
        case .ephemeral: status["ready"] = false
        case .main, .sidecar: status["ready"] = .bool(isStarted && says(.readiness, container, latest.id, known))
        }
        status["restartCount"] = .int(Int(latest.attempt))
        status["image"] = .string(latest.status.image.image.isEmpty ? container.image : latest.status.image.image)
        status["imageID"] = .string(latest.status.imageRef)
        status["containerID"] = .string(containerID(latest.id))
        addSpec(container, to: &status)
        if isRunning, let user = latest.status.user {
            status["user"] = [
                "linux": [
                    "uid": .int(Int(user.uid)), "gid": .int(Int(user.gid)),
                    "supplementalGroups": .array(user.supplementalGroups.map { .int(Int($0)) }),
                ]
            ]
        }
        return status
    }

    /// Without such a probe the answer is yes. Until the first result it is what it was, or no.
    private func says(_ kind: Prober.Kind, _ container: ContainerSpec, _ id: String, _ known: JSONValue) -> Bool {
        guard container.spec[kind.rawValue].exists else { return true }
        if let result = probeResult(id, kind) { return result }
        return known["containerID"].string == containerID(id)
            && known[kind == .startup ? "started" : "ready"].bool == true
    }

    /// Of a container that the runtime does not hold: it was never made, or it is gone.
    private func lost(_ container: ContainerSpec, _ known: JSONValue) -> JSONValue {
        var status = known
        let hadRun = known["containerID"].string != nil
        let isWaiting = waiting[container.name] != nil
        if hadRun, known["state"]["terminated"].isNull, !known["state"]["running"].isNull {
            let end: JSONValue = [
                "terminated": [
                    "exitCode": 137, "reason": "ContainerStatusUnknown",
                    "message": "The container could not be located when the pod was terminated",
                    "startedAt": known["state"]["running"]["startedAt"], "finishedAt": .string(now.description),
                    "containerID": known["containerID"],
                ]
            ]
            status["state"] = end
        }
        if !hadRun || isWaiting && known["state"]["terminated"].isNull == false {
            if hadRun { status["lastState"] = known["state"] }
            status["state"] = waitingState(container)
        }
        status["name"] = .string(container.name)
        if status["lastState"].isNull { status["lastState"] = [:] }
        status["ready"] = .bool(
            container.role == .initialization && status["state"]["terminated"]["exitCode"].int == 0)
        status["started"] = false
        if status["restartCount"].isNull { status["restartCount"] = 0 }
        if status["image"].isNull { status["image"] = .string(container.image) }
        if status["imageID"].isNull { status["imageID"] = "" }
        addSpec(container, to: &status)
        return status
    }

    private func waitingState(_ container: ContainerSpec) -> JSONValue {
        let isFirst = pod.initContainers.isEmpty || pod.initContainers.first?.name == container.name
        let standard = isInitialized || isFirst ? "ContainerCreating" : "PodInitializing"
        let why = waiting[container.name] ?? .init(reason: standard, message: "")
        var state: JSONValue = ["reason": .string(why.reason)]
        if !why.message.isEmpty { state["message"] = .string(why.message) }
        return ["waiting": state]
    }

    /// What was known of the instance before, when the runtime has forgotten it.
    private func lastState(_ known: JSONValue, unless id: String) -> JSONValue {
        let current = known["state"]["terminated"]
        if !current.isNull, current["containerID"].string != containerID(id) { return ["terminated": current] }
        let last = known["lastState"]["terminated"]
        return last.isNull || last["containerID"].string == containerID(id) ? [:] : ["terminated": last]
    }

    private func terminated(_ status: Runtime.ContainerStatus) -> JSONValue {
        var state: JSONValue = ["exitCode": .int(Int(status.exitCode))]
        state["reason"] = .string(
            !status.reason.isEmpty ? status.reason : status.exitCode == 0 ? "Completed" : "Error")
        let message = [terminationMessages[status.id] ?? "", status.message].filter { !$0.isEmpty }.joined(
            separator: ": ")
        if !message.isEmpty { state["message"] = .string(message) }
        state["startedAt"] = .string(Time(nanoseconds: status.startedAt).description)
        state["finishedAt"] = .string(Time(nanoseconds: status.finishedAt).description)
        state["containerID"] = .string(containerID(status.id))
        return state
    }

    private func containerID(_ id: String) -> String { runtimeName + "://" + id }

    /// What the node gives the container: what it asks for.
    private func addSpec(_ container: ContainerSpec, to status: inout JSONValue) {
        let resources = container.spec["resources"]
        if resources["requests"].exists { status["allocatedResources"] = resources["requests"].value }
        let has = runtime.latest(container.name).flatMap { actual[$0.id] } ?? resources.value
        if has.object?.isEmpty == false {
            var shown: JSONValue = [:]
            for field in ["limits", "requests"] where has.has(field) { shown[field] = has[field] }
            status["resources"] = shown
        } else if container.role != .ephemeral {
            status["resources"] = [:]
        }
        let mounts = container.spec["volumeMounts"].elements.map { mount -> JSONValue in
            var shown: JSONValue = ["name": mount["name"].value, "mountPath": mount["mountPath"].value]
            if mount["readOnly"].bool == true {
                shown["readOnly"] = true
                shown["recursiveReadOnly"] = .string(mount["recursiveReadOnly"].string ?? "Disabled")
            }
            return shown
        }
        if !mounts.isEmpty { status["volumeMounts"] = .array(mounts) }
    }

    // MARK: The pod

    private typealias Entry = (container: ContainerSpec, status: JSONValue)

    private func phase(main: [Entry], initial: [Entry], before: String?) -> String {
        if failure != nil { return "Failed" }
        // An end is for good.
        if let before, before == "Failed" || before == "Succeeded" { return before }
        for (container, status) in initial where container.role == .initialization {
            let state = status["state"]
            if let code = state["terminated"]["exitCode"].int {
                if code == 0 { continue }
                if !container.isRestarted(afterExitCode: code, podPolicy: pod.restartPolicy) { return "Failed" }
                if !isInitialized { return "Pending" }
            } else if !isInitialized {
                return "Pending"
            }
        }
        for (container, status) in initial where container.role == .sidecar && !isInitialized {
            if status["started"].bool != true { return "Pending" }
        }
        var (running, waiting, stopped, succeeded) = (0, 0, 0, 0)
        var isRestarted = false
        for (container, status) in main {
            let state = status["state"]
            if state["running"].object != nil {
                running += 1
            } else if let code = state["terminated"]["exitCode"].int {
                stopped += 1
                if code == 0 { succeeded += 1 }
                if container.isRestarted(afterExitCode: code, podPolicy: pod.restartPolicy) { isRestarted = true }
            } else if status["lastState"]["terminated"].object != nil {
                stopped += 1
                isRestarted = true
            } else {
                waiting += 1
            }
        }
        if isTerminal { return stopped + waiting == succeeded ? "Succeeded" : "Failed" }
        if waiting > 0 { return "Pending" }
        if running > 0 || isRestarted { return "Running" }
        return stopped == succeeded ? "Succeeded" : "Failed"
    }

    private func conditions(phase: String, main: [Entry], initial: [Entry]) -> [Condition] {
        // A pod that the node refused has nothing to be ready.
        if failure != nil, runtime.isEmpty { return [] }
        let isOver = phase == "Succeeded" || phase == "Failed"
        let overReason = phase == "Succeeded" ? "PodCompleted" : "PodFailed"
        var disruption: [Condition] = []
        if isDisrupted, let failure {
            disruption = [
                Condition("DisruptionTarget", true, reason: "TerminationByKubelet", message: failure.message)
            ]
        }
        var result = disruption + [Condition("PodReadyToStartContainers", runtime.readySandbox != nil && !isOver)]

        let incomplete = isInitialized ? [] : initial.filter { $0.status["ready"].bool != true }.map(\.container.name)
        if phase == "Succeeded" {
            result.append(Condition("Initialized", true, reason: overReason))
        } else if incomplete.isEmpty {
            result.append(Condition("Initialized", true))
        } else {
            let names = incomplete.joined(separator: " ")
            result.append(
                Condition(
                    "Initialized", false, reason: "ContainersNotInitialized",
                    message: "containers with incomplete status: [\(names)]"))
        }

        let unready = (main + initial.filter { $0.container.role == .sidecar })
            .filter { $0.status["ready"].bool != true }.map(\.container.name)
        var containersReady = Condition("ContainersReady", unready.isEmpty)
        if isOver {
            containersReady = Condition("ContainersReady", false, reason: overReason)
        } else if !unready.isEmpty {
            containersReady.reason = "ContainersNotReady"
            containersReady.message = "containers with unready status: [\(unready.joined(separator: " "))]"
        }
        var ready = containersReady
        ready.type = "Ready"
        let gates = pod.spec["readinessGates"].elements.compactMap { $0["conditionType"].string }
        let closed = gates.filter { pod.condition($0)["status"].string != "True" }
        if ready.status == "True", !closed.isEmpty {
            ready.status = "False"
            ready.reason = "ReadinessGatesNotReady"
            ready.message = closed.map {
                pod.condition($0).exists
                    ? "the status of pod readiness gate \"\($0)\" is not \"True\", but \(pod.condition($0)["status"].string ?? "")"
                    : "corresponding condition of pod readiness gate \"\($0)\" does not exist."
            }.joined(separator: ", ")
        }
        result += [ready, containersReady, Condition("PodScheduled", true)]
        return result
    }
}
