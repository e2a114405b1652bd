internal import API
internal import Client
internal import Glibc
internal import JSON
internal import Runtime

/// Making sandboxes and containers.
extension PodWorker {
    /// Makes the pod's directories, volumes and sandbox. Returns whether there is one now.
    func createSandbox(_ pod: Object, _ attempt: UInt32) async throws -> Bool {
        guard try await setUpVolumes(pod) else { return false }
        if !runtime.sandboxes.isEmpty {
            services.event(pod, .normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
            for sandbox in runtime.sandboxes { try await services.driver.stopPodSandbox(id: sandbox.id) }
        }
        let hostDNS = DNSConfig(resolvConf: try await blocking { Files.text("/etc/resolv.conf") ?? "" })
        var config = PodSandboxConfig(pod, attempt: attempt, services.configuration, hostDNS: hostDNS)
        if let cgroups = services.cgroups {
            do {
                try await blocking { try cgroups.set(pod) }
                config.cgroupParent = cgroups.parent(of: pod)
            } catch { services.log("pod \(pod.key) has no cgroup of its own: \(error)") }
        }
        do {
            try checkHostname(pod, services.configuration)
            guard pod.spec["hostUsers"].bool ?? true else {
                throw ConfigurationError("user namespaces (hostUsers: false) are not supported by this node")
            }
            let handler = try await runtimeHandler(pod)
            let logs = config.logDirectory
            try await blocking { try Files.makeDirectories(logs) }
            let id = try await services.driver.runPodSandbox(config, runtimeHandler: handler)
            for old in runtime.sandboxes.indices { runtime.sandboxes[old].state = .notReady }
            runtime.add(try await services.driver.podSandboxStatus(id: id))
            isFirstStart = attempt == 0
            return true
        } catch {
            services.event(
                pod, .warning, "FailedCreatePodSandBox", "Failed to create pod sandbox: \(rpcText(error))")
            throw error
        }
    }

    /// What the pod's RuntimeClass names. https://kubernetes.io/docs/concepts/containers/runtime-class/
    private func runtimeHandler(_ pod: Object) async throws -> String {
        guard let name = pod.spec["runtimeClassName"].string, !name.isEmpty else { return "" }
        return try await services.client.get(.runtimeClasses, namespace: nil, name: name)["handler"].string ?? ""
    }

    private func setUpVolumes(_ pod: Object) async throws -> Bool {
        do {
            volumes = try await Volumes(context: services.volumeContext(pod, podIPs: runtime.ips)).setUp()
            return true
        } catch let error as VolumeError {
            services.event(pod, .warning, "FailedMount", error.description)
            throw error
        }
    }

    /// One container's next step towards running. Returns whether the runtime now holds something new.
    func start(_ start: PodPlan.Start, _ pod: Object, sandboxID: String) async throws -> Bool {
        let container = start.container
        let image: Image
        switch try await services.images.require(request(start, pod)) {
        case .present(let found): image = found
        case .pulling: return false
        case .waiting(let why, let time):
            waiting[container.name] = why
            if let time { wake(at: time) } else { wake(at: .now.adding(seconds: 60)) }
            return false
        }
        var id = start.created
        var step = "CreateContainerConfigError"
        do {
            if id == nil {
                let (config, sandbox) = try await configuration(start, pod, image, sandboxID: sandboxID)
                step = "CreateContainerError"
                id = try await services.driver.createContainer(config, inPodSandbox: sandboxID, sandboxConfig: sandbox)
                services.event(
                    pod, .normal, "Created", "Created container: \(container.name)", fieldPath: container.fieldPath)
            }
            guard let id else { return false }
            step = "RunContainerError"
            try await services.driver.startContainer(id: id)
            services.event(
                pod, .normal, "Started", "Started container \(container.name)", fieldPath: container.fieldPath)
        } catch let error as RuntimeError where error.code == .unavailable || error.code == .cancelled {
            throw error
        } catch {
            let message = "\(error)"
            waiting[container.name] = .init(reason: (error as? ConfigurationError)?.reason ?? step, message: message)
            services.event(pod, .warning, "Failed", "Error: \(message)", fieldPath: container.fieldPath)
            if let id, step == "RunContainerError" {
                // The runtime counts it as ended; the next attempt is a restart.
                restarted(start)
                let status = try await services.driver.containerStatus(id: id)
                runtime.add(status, sandboxID: sandboxID)
                if PodPlan.isDone(container, pod, runtime) { waiting[container.name] = nil }
                if status.state == .exited { return true }
                wake(at: .now.adding(seconds: 1))
                return false
            }
            wake(at: .now.adding(seconds: createRetry(container.name)))
            return false
        }
        waiting[container.name] = nil
        creationFailures[container.name] = nil
        restarted(start)
        if let id {
            actual[id] = container.resources
            runtime.add(try await services.driver.containerStatus(id: id), sandboxID: sandboxID)
            runPostStart(container, id, pod)
        }
        return true
    }

    private func restarted(_ start: PodPlan.Start) {
        guard let end = start.previousEnd else { return }
        backoffs[start.container.name, default: RestartBackoff()].restarted(finishedAt: end, now: .now)
    }

    /// A configuration that is refused is tried again soon at first: what it names may be about to come.
    private func createRetry(_ name: String) -> Double {
        creationFailures[name, default: 0] += 1
        return Backoff(initial: 1, maximum: 15).delay(afterFailures: creationFailures[name, default: 1] - 1)
    }

    private func request(_ start: PodPlan.Start, _ pod: Object) -> ImageRequest {
        let (container, services) = (start.container, services)
        return ImageRequest(
            image: container.image, policy: container.spec["imagePullPolicy"].string ?? "IfNotPresent", podUID: uid,
            container: container.name, attempt: start.attempt,
            credentials: { await ImageCredentials.find(for: container.image, pod, services.client) },
            event: { type, reason, message in
                services.event(pod, type, reason, message, fieldPath: container.fieldPath)
            },
            changed: { [weak self] in self?.wake() })
    }

    private func configuration(
        _ start: PodPlan.Start, _ pod: Object, _ image: Image, sandboxID: String
    ) async throws -> (ContainerConfig, PodSandboxConfig) {
        let container = start.container
        if volumes == nil { _ = try await setUpVolumes(pod) }
        var data = ReferencedData()
        for key in ReferencedData.references(in: container.spec) {
            // Whether it is an error when there is none, the reference says.
            let contents = try await services.client.contents(key.kind, namespace: pod.namespace, name: key.name)
            data[key.kind, key.name] = contents
        }
        let volumes = volumes ?? [:]
        let environment = try EnvironmentBuilder(
            fields: services.fields(of: pod, podIPs: runtime.ips), data: data, allocatable: services.allocatable,
            services: services.apiServerVariables.merging(await services.serviceVariables.variables(for: pod)) { $1 },
            files: try await blocking { try EnvFile.read(container.spec, volumes) }
        ).variables(of: container.spec)
        let mounts = ContainerMounts(
            pod: pod, container: container, attempt: start.attempt, volumes: volumes,
            podIPs: runtime.ips, environment: environment, configuration: services.configuration)
        let logs = "\(services.configuration.logDirectory(pod))/\(container.name)"
        try await blocking { try Files.makeDirectories(logs) }
        watchLog(of: container.name)
        let inputs = ContainerInputs(
            attempt: start.attempt, imageRef: image.id, image: image, environment: environment,
            mounts: try await mounts.make(), devices: try mounts.devices(), memoryCapacity: services.memoryCapacity)
        var config = try ContainerConfig(container, of: pod, inputs, services.configuration)
        if config.securityContext.namespaceOptions.pid == .target {
            let target = container.spec["targetContainerName"].string ?? ""
            guard let instance = runtime.latest(target), instance.status.state == .running else {
                throw ConfigurationError("unable to find target container \"\(target)\"")
            }
            config.securityContext.namespaceOptions.targetID = instance.id
        }
        let attempt = runtime.sandboxes.first { $0.id == sandboxID }?.metadata.attempt ?? 0
        var sandbox = PodSandboxConfig(pod, attempt: attempt, services.configuration, hostDNS: DNSConfig())
        if let cgroups = services.cgroups { sandbox.cgroupParent = cgroups.parent(of: pod) }
        return (config, sandbox)
    }
}

/// An error as upstream prints those of a runtime.
func rpcText(_ error: any Error) -> String {
    guard let error = error as? RuntimeError else { return "\(error)" }
    let name = "\(error.code)"
    return "rpc error: code = \(name.prefix(1).uppercased() + name.dropFirst()) desc = \(error.message)"
}
