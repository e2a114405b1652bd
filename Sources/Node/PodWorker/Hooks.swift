internal import API
internal import Client
internal import JSON
internal import Runtime

/// `lifecycle` hooks of containers: exec, httpGet and sleep. The API also knows tcpSocket, which no version runs.
/// https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
enum Hooks {
    /// - Parameter seconds: how long it may take.
    static func run(
        _ hook: JSONRef, _ target: ActionTarget, seconds: Double, _ driver: any RuntimeDriver
    ) async throws {
        let timeout = Int64(max(1, seconds.rounded(.up)))
        if let wait = hook["sleep"]["seconds"].int {
            try await Task.sleep(for: .seconds(min(Double(wait), max(0, seconds))))
        } else if hook["httpGet"].exists {
            // Any answer will do.
            _ = try await target.httpGet(hook["httpGet"], defaultPort: 80).send(timeout: timeout)
        } else if hook["exec"].exists {
            let command = hook["exec"]["command"].elements.compactMap(\.string)
            let result = try await driver.execSync(container: target.containerID, command: command, timeout: timeout)
            if result.exitCode != 0 {
                let output = String(decoding: result.stdout + result.stderr, as: UTF8.self)
                throw ProbeFailure(
                    "command '\(command.joined(separator: " "))' exited with \(result.exitCode): \(output)")
            }
        } else {
            throw ProbeFailure("cannot run handler: invalid handler: use exec, httpGet or sleep")
        }
    }
}

extension PodWorker {
    /// The container counts as started when its postStart hook has ended; one whose hook fails is stopped.
    func runPostStart(_ container: ContainerSpec, _ id: String, _ pod: Object) {
        let hook = container.spec["lifecycle"]["postStart"]
        guard hook.exists else { return }
        starting.insert(id)
        let target = ActionTarget(container: container, containerID: id, address: podAddress(pod))
        let driver = services.driver
        Task { [weak self] in
            do {
                try await Hooks.run(hook, target, seconds: 86400, driver)
                await self?.postStartEnded(container, id, pod, nil)
            } catch {
                await self?.postStartEnded(container, id, pod, error)
            }
        }
    }

    private func postStartEnded(_ container: ContainerSpec, _ id: String, _ pod: Object, _ error: (any Error)?) {
        starting.remove(id)
        if let error, runtime.running.contains(where: { $0.id == id }), !self.pod.isBeingDeleted {
            services.log("postStart of \(container.name) in pod \(pod.key): \(error)")
            services.event(
                pod, .warning, "FailedPostStartHook", "PostStartHook failed", fieldPath: container.fieldPath)
            stop(id, pod, container, message: "FailedPostStartHook", deadline: nil)
        }
        wake()
    }

    /// Where the containers of the pod are reached from this node.
    func podAddress(_ pod: Object) -> String {
        (pod.isHostNetwork ? services.hostIPs.first : runtime.ips.first) ?? "127.0.0.1"
    }
}
