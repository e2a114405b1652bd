internal import API
internal import Client
internal import Runtime

/// What is done for a pod while it runs.
extension PodWorker {
    func refreshVolumes() async {
        let pod = pod
        guard volumes != nil || runtime.readySandbox != nil, !pod.isBeingDeleted, Volumes.needRefresh(pod),
            pod.phase != "Succeeded", pod.phase != "Failed"
        else { return }
        do {
            try await Volumes(context: services.volumeContext(pod, podIPs: runtime.ips)).refresh()
        } catch {
            services.log("volumes of pod \(pod.key) not refreshed: \(error)")
        }
    }

    /// A pod that fills its emptyDir beyond the limit has to go.
    func checkVolumes() async {
        let pod = pod
        guard runtime.readySandbox != nil, failure == nil, EmptyDirVolume.isLimited(pod) else { return }
        let context = services.volumeContext(pod, podIPs: runtime.ips)
        if let excess = try? await blocking({ EmptyDirVolume.excess(pod, context) }) { evict(excess) }
    }

    /// Ends the pod for the node's sake: it has failed as soon as its containers have ended.
    func evict(_ message: String) {
        guard failure == nil else { return }
        services.event(pod, .warning, "Evicted", message)
        failure = .init(reason: "Evicted", message: message)
        isDisrupted = true
        wake()
    }

    /// Looks after what decides how containers and volumes are made, once each.
    func watchReferences(_ pod: Object) {
        let keys = ObjectWatches.keys(of: pod)
        references = references.filter { keys.contains($0.key) }
        for key in keys where references[key] == nil {
            references[key] = services.watches.watch(key) { [weak self] in
                Task {
                    await self?.refreshVolumes()
                    self?.wake()
                }
            }
        }
    }

    func rotateLogs() async {
        let directory = services.configuration.logDirectory(pod)
        for instance in runtime.running {
            let log = "\(directory)/\(instance.status.metadata.name)/\(instance.attempt).log"
            do {
                try await LogRotation.rotate(log, containerID: instance.id, services.driver)
            } catch {
                services.log("\(log) not rotated: \(error)")
            }
        }
    }
}
