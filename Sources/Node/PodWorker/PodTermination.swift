internal import API
internal import Client
internal import JSON
internal import Runtime

/// A container being stopped.
struct Stop {
    let deadline: Time
    let task: Task<Void, Never>
}

/// The end of a pod. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
extension PodWorker {
    /// Seconds that a container gets at least, whatever was asked for.
    static let minimumGrace = 2.0

    /// One step of the end: stops what runs; when nothing does, takes everything away and lets go of the API object.
    func terminate(_ pod: Object, isGone: Bool) async throws {
        // Until its end a container may say that it takes no more requests.
        prober?.update(pod, runtime, kinds: isGone ? [] : [.readiness])
        await services.images.forget(podUID: uid)
        if !runtime.running.isEmpty {
            // Nobody has given a static pod a time to end: it has all of its own.
            let hurried = isGone ? Time.now.adding(seconds: Self.minimumGrace) : pod.deletionTime ?? .now
            stopNext(pod, deadline: pod.isStatic ? nil : hurried)
            if !isGone || pod.isStatic { await publish(pod) }
            return
        }
        if !isGone {
            waiting = [:]
            await publish(pod, isTerminal: true)
            await status.flush()
        }
        for sandbox in runtime.sandboxes {
            try await services.driver.stopPodSandbox(id: sandbox.id)
            try await services.driver.removePodSandbox(id: sandbox.id)
        }
        for instance in runtime.instances { try await services.driver.removeContainer(id: instance.id) }
        let (directory, logs) = (services.configuration.podDirectory(uid), services.configuration.logDirectory(pod))
        let hasLogs = !pod.name.isEmpty
        let (cgroups, uid) = (services.cgroups, uid)
        try await blocking {
            cgroups?.remove(uid)
            try Mounts.unmountAll(below: directory)
            try Files.removeTree(directory)
            if hasLogs { try Files.removeTree(logs) }
        }
        await services.tokens.forget(podUID: uid)
        if !isGone {
            try await deleteFromAPI(pod)
        }
        end()
    }

    /// Stops what runs, in the order of ends: first all that is not a sidecar, then sidecars one by one.
    /// - Parameter deadline: nil for the pod's own grace period from now on.
    func stopNext(_ pod: Object, deadline: Time? = nil) {
        for instance in runtime.nextToStop(pod) {
            let container = pod.containerSpec(named: instance.status.metadata.name)
            stop(instance.id, pod, container, message: "", deadline: deadline)
        }
    }

    /// Somebody else may have been faster, or the name may belong to another pod already.
    private func deleteFromAPI(_ pod: Object) async throws {
        let options = DeleteOptions(gracePeriodSeconds: 0, uid: uid)
        do throws(StatusError) {
            try await services.client.delete(.pods, namespace: pod.namespace, name: pod.name, options)
        } catch {
            if error.code != 404, error.code != 409 { throw error }
        }
    }

    /// Stops a container beside the worker, and wakes it then. Called again with an earlier deadline it hurries.
    /// - Parameter deadline: when it is killed; nil for the pod's own grace period from now on.
    func stop(_ id: String, _ pod: Object, _ container: ContainerSpec?, message: String, deadline: Time?) {
        let deadline = deadline ?? .now.adding(seconds: Double(pod.spec["terminationGracePeriodSeconds"].int ?? 30))
        let earlier = stops[id]
        if let earlier, earlier.deadline <= deadline { return }
        if earlier == nil, let container {
            services.event(
                pod, .normal, "Killing", message.isEmpty ? "Stopping container \(container.name)" : message,
                fieldPath: container.fieldPath)
        }
        let (services, address) = (services, podAddress(pod))
        let task = Task { [weak self] in
            do {
                if earlier == nil, let container, container.spec["lifecycle"]["preStop"].exists {
                    await Self.runPreStop(
                        ActionTarget(container: container, containerID: id, address: address), pod,
                        seconds: deadline - .now, services)
                }
                let grace = max(Self.minimumGrace, (deadline - .now).rounded(.up))
                try await services.driver.stopContainer(id: id, timeout: Int64(grace))
            } catch let error as RuntimeError where error.code == .notFound {
            } catch {
                services.log("pod \(pod.key): stopping a container failed: \(error)")
                try? await Task.sleep(for: .seconds(1))
            }
            await self?.stopped(id)
        }
        stops[id] = Stop(deadline: deadline, task: task)
    }

    private func stopped(_ id: String) {
        stops[id] = nil
        wake()
    }

    private static func runPreStop(
        _ target: ActionTarget, _ pod: Object, seconds: Double, _ services: NodeServices
    ) async {
        do {
            try await Hooks.run(
                target.container.spec["lifecycle"]["preStop"], target, seconds: seconds, services.driver)
        } catch {
            services.log("preStop of \(target.container.name) in pod \(pod.key): \(error)")
            services.event(
                pod, .warning, "FailedPreStopHook", "PreStopHook failed", fieldPath: target.container.fieldPath)
        }
    }
}
