internal import API
internal import Glibc
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

    /// What of its own limits the pod exceeds, in upstream's words; nil: nothing.
    private func excess(_ pod: Object) async -> String? {
        let directory = configuration.podDirectory(pod.uid)
        for volume in pod.spec["volumes"].elements {
            guard let limit = volume["emptyDir"]["sizeLimit"].string, let size = Quantity(limit)?.value,
                let name = volume["name"].string
            else { continue }
            // A file system of its own is bounded by the kernel.
            if volume["emptyDir"]["medium"].equals("Memory") { continue }
            let path = "\(directory)/volumes/kubernetes.io~empty-dir/\(name)"
            if let used = try? await blocking({ DiskUsage.of(path) }), used > size {
                return "Usage of EmptyDir volume \"\(name)\" exceeds the limit \"\(limit)\". "
            }
        }
        let limited = pod.allContainers.filter { $0.limit("ephemeral-storage") != nil }
        guard !limited.isEmpty,
            let stats = try? await services.driver.listContainerStats(
                ContainerFilter(labelSelector: [RuntimeLabels.podUID: pod.uid]))
        else { return nil }
        for container in limited {
            guard let limit = container.limit("ephemeral-storage") else { continue }
            let layer = stats.first { $0.metadata.name == container.name }?.writableLayer?.usedBytes ?? 0
            let logs = "\(configuration.logDirectory(pod))/\(container.name)"
            let log = (try? await blocking { DiskUsage.of(logs) }) ?? 0
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
        spec["volumes"].elements.contains { $0["emptyDir"]["sizeLimit"].exists }
            || allContainers.contains { $0.limit("ephemeral-storage") != nil }
    }
}

enum DiskUsage {
    /// Bytes that a file, or a directory with everything in it, takes on its disk. Follows no links; blocks.
    static func of(_ path: String) -> Int {
        var info = stat()
        guard lstat(path, &info) == 0 else { return 0 }
        var bytes = Int(info.st_blocks) * 512
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in Files.names(in: path) { bytes += of("\(path)/\(name)") }
        }
        return bytes
    }
}
