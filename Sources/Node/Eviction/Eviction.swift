internal import API
internal import JSON
internal import Runtime

/// Ending pods that take more than the node has, or more local storage than they may.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
extension NodeAgent {
    /// One round. Measures only what has a limit, or when the node is short of memory.
    func relievePressure() async {
        for worker in workers where worker.pod.hasLocalStorageLimit && worker.pod.isActive {
            if let message = await excess(worker.pod) { await worker.evict(message) }
        }
        guard let available = try? await blocking({ MemoryInfo.read()["MemAvailable"] }),
            available < NodeStatus.memoryThreshold
        else { return }
        await relieveMemory(available)
    }

    /// One pod a round: what its end gives back is seen first.
    private func relieveMemory(_ available: Int) async {
        guard let snapshot = try? await services.stats.snapshot() else { return }
        var candidates: [EvictionCandidate] = []
        for stats in snapshot.pods {
            // What the node itself lives on stays.
            guard let pod = workers.first(where: { $0.uid == stats.uid })?.pod, pod.isActive,
                pod.priority < systemCriticalPriority
            else { continue }
            let usage = stats.containers.reduce(0) { $0 + Int(clamping: $1.usage.memory.workingSetBytes ?? 0) }
            candidates.append(
                EvictionCandidate(
                    uid: stats.uid, priority: pod.priority, usage: usage, request: podRequest(pod, "memory").value))
        }
        guard let first = candidates.min(by: EvictionCandidate.goesFirst),
            let worker = workers.first(where: { $0.uid == first.uid })
        else { return }
        let (threshold, left) = (Quantity(NodeStatus.memoryThreshold, .binarySI), Quantity(available, .binarySI))
        var message =
            "The node was low on resource: memory. Threshold quantity: \(threshold.canonical), "
            + "available: \(left.canonical). "
        for container in snapshot.pods.first(where: { $0.uid == first.uid })?.containers ?? [] {
            let used = Int(clamping: container.usage.memory.workingSetBytes ?? 0)
            let request = worker.pod.containerSpec(named: container.name)?.request("memory") ?? .zero
            if used > request.value {
                message +=
                    "Container \(container.name) was using \(Quantity(used, .binarySI).canonical), "
                    + "request is \(request.canonical), has larger consumption of memory. "
            }
        }
        await worker.evict(message)
    }

    // MARK: Local storage

    /// Which container exceeds its own limit, in upstream's words; nil: none. (Volumes: PodWorker.checkVolumes.)
    private func excess(_ pod: Object) async -> String? {
        let limited = pod.allContainers.filter { $0.limit("ephemeral-storage") != nil }
        guard !limited.isEmpty,
            let stats = try? await services.driver.listContainerStats(
                ContainerFilter(labelSelector: [RuntimeLabels.podUID: pod.uid]))
        else { return nil }
        for container in limited {
            guard let limit = container.limit("ephemeral-storage") else { continue }
            let layer = stats.first { $0.metadata.name == container.name }?.writableLayer?.usedBytes ?? 0
            let logs = "\(configuration.logDirectory(pod))/\(container.name)"
            let log = (try? await blocking { Files.usage(of: logs) }) ?? 0
            if Int(clamping: layer) + log > limit.value {
                return "Container \(container.name) exceeded its local ephemeral storage limit \"\(limit.canonical)\". "
            }
        }
        return nil
    }
}

private let systemCriticalPriority = 2_000_000_000

extension Object {
    fileprivate var priority: Int { spec["priority"].int ?? 0 }
    fileprivate var isActive: Bool { phase != "Succeeded" && phase != "Failed" && !isBeingDeleted }
    fileprivate var hasLocalStorageLimit: Bool {
        allContainers.contains { $0.limit("ephemeral-storage") != nil }
    }
}
