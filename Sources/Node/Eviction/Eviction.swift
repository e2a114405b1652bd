internal import API
internal import Client
internal import JSON
internal import Runtime

/// Ending pods that take more than the node has, or more local storage than they may.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
extension NodeAgent {
    /// One round. Measures only what has a limit, or when the node is short of something.
    func relievePressure() async {
        for worker in workers where worker.pod.hasLocalStorageLimit && worker.pod.isActive {
            if let message = await excess(worker.pod) { await worker.evict(message) }
        }
        let (thresholds, directory) = (configuration.evictionThresholds, configuration.dataDirectory)
        guard let shortages = try? await blocking({ Shortage.observe(thresholds, directory) }),
            let shortage = shortages.first
        else {
            await imageGarbage.collect()
            return
        }
        if shortage.signal != .memory, shortage.signal != .processes {
            // What nobody uses goes before what somebody does.
            if await imageGarbage.collect(isUrgent: true) { return }
        }
        // One pod a round: what its end gives back is seen first.
        await relieve(shortage)
    }

    private func relieve(_ shortage: Shortage) async {
        guard let snapshot = try? await services.stats.snapshot() else { return }
        var candidates: [EvictionCandidate] = []
        var usages: [String: [String: Int]] = [:]
        for worker in workers {
            // What the node itself lives on stays.
            let pod = worker.pod
            guard pod.isActive, pod.priority < systemCriticalPriority, !pod.isStatic else { continue }
            let usage = await usage(of: pod, shortage.signal, snapshot)
            usages[pod.uid] = usage
            let request =
                ["memory", "ephemeral-storage"].contains(shortage.signal.resource)
                ? podRequest(pod, shortage.signal.resource).value : 0
            candidates.append(
                EvictionCandidate(
                    uid: pod.uid, priority: pod.priority, usage: usage.values.reduce(0, +), request: request))
        }
        guard let first = candidates.min(by: EvictionCandidate.goesFirst),
            let worker = workers.first(where: { $0.uid == first.uid })
        else { return }
        var message = shortage.message
        for (name, used) in (usages[first.uid] ?? [:]).sorted(by: { $0.key < $1.key }) where !name.isEmpty {
            let request = worker.pod.containerSpec(named: name)?.request(shortage.signal.resource) ?? .zero
            if used > request.value {
                message +=
                    "Container \(name) was using \(Quantity(used, .binarySI).canonical), "
                    + "request is \(request.canonical), has larger consumption of \(shortage.signal.resource). "
            }
        }
        services.measurements.evicted(for: shortage.signal.rawValue)
        await worker.evict(message)
    }

    /// By container; under "" what belongs to all of them.
    private func usage(
        of pod: Object, _ signal: EvictionSignal, _ snapshot: StatsCollector.Snapshot
    ) async -> [String: Int] {
        let containers = snapshot.pods.first { $0.uid == pod.uid }?.containers ?? []
        switch signal {
        case .memory:
            return Dictionary(
                containers.map { ($0.name, Int(clamping: $0.usage.memory.workingSetBytes ?? 0)) }
            ) { $1 }
        case .nodeInodes, .imageInodes:
            return Dictionary(
                containers.map { ($0.name, Int(clamping: $0.usage.writableLayer?.inodesUsed ?? 0)) }
            ) { $1 }
        case .processes: return [:]
        case .nodeDisk, .imageDisk:
            let (logs, volumes) = (configuration.logDirectory(pod), configuration.podDirectory(pod.uid) + "/volumes")
            let names = containers.map { ($0.name, Int(clamping: $0.usage.writableLayer?.usedBytes ?? 0)) }
            let usage = try? await blocking {
                var usage = Dictionary(names.map { ($0.0, $0.1 + Files.usage(of: "\(logs)/\($0.0)")) }) { $1 }
                usage[""] = Files.usage(of: volumes)
                return usage
            }
            return usage ?? [:]
        }
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
