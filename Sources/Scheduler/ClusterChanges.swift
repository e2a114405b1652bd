internal import API
internal import Client
internal import JSON

/// What the scheduler hears of the cluster, and which pods it tries again then.
extension Scheduler {
    func sources() -> [any Followed] {
        let pods = Reflector(client, .pods, time: time) { PodInfo($0) }
        let nodes = Reflector(client, .nodes, time: time) { Node($0) }
        pods.onChange { [weak self] in self?.podChanged(from: $0.old, to: $0.new) }
        nodes.onChange { [weak self] in self?.nodeChanged($0.key, to: $0.new) }
        return [pods, nodes] + storageSources() + workloadSources()
    }

    private func podChanged(from old: PodInfo?, to new: PodInfo?) {
        update { state, now in
            if let freed = state.cache.change(from: old, to: new) { Self.retryFitting(freed, &state, now) }
            if old?.isPlaced != new?.isPlaced || old?.labels != new?.labels {
                state.queue.move(now: now) { $1.isRelational }
            }
            if let new, new.demand != nil {
                state.queue.update(new, now: now)
            } else if let key = new?.key ?? old?.key {
                state.queue.remove(key)
                // Whoever is to make way or to wait for it need not any more.
                state.waiting[key]?.cancel()
            }
        }
    }

    private func nodeChanged(_ name: String, to node: Node?) {
        update { state, now in
            guard let node else { return state.cache.removeNode(name) }
            if state.cache.set(node) { Self.retryFitting(name, &state, now) }
        }
    }

    /// Unschedulable pods that this node could take now are tried again.
    static func retryFitting(_ name: String, _ state: inout State, _ now: Double) {
        guard !state.queue.groups.isEmpty else { return }
        var cache = state.cache
        state.queue.move(now: now) { pod, reason in reason.isRelational || Algorithm.fits(pod, on: name, &cache) }
    }

    private func storageSources() -> [any Followed] {
        let claims = Reflector(client, .persistentVolumeClaims, time: time) { ClaimState($0) }
        let volumes = Reflector(client, .persistentVolumes, time: time) { Storage.Volume($0) }
        let classes = Reflector(client, .storageClasses, time: time) { StorageClassState($0) }
        claims.onChange { [weak self] change in
            if change.old == change.new { return }
            self?.storageChanged { $0.claims[change.key] = change.new }
        }
        volumes.onChange { [weak self] change in self?.storageChanged { $0.volumes[change.key] = change.new } }
        classes.onChange { [weak self] change in self?.storageChanged { $0.classes[change.key] = change.new } }
        return [claims, volumes, classes]
    }

    private func storageChanged(_ change: (inout Storage) -> Void) {
        update { state, now in
            change(&state.cache.storage)
            for wait in state.waiting.values { wait.check(state.cache.storage) }
            // Another class or volume may be what a pod with claims waits for.
            state.queue.move(now: now) { pod, _ in !pod.claims.isEmpty }
        }
    }

    private func workloadSources() -> [any Followed] {
        let namespaces = Reflector(client, .namespaces, time: time) { [String: String](labels: $0.metadata["labels"]) }
        namespaces.onChange { [weak self] change in
            if change.old == change.new { return }
            self?.update { state, now in
                state.cache.set(namespace: change.key, change.new)
                state.queue.move(now: now) { $1.isRelational }
            }
        }
        let services = Reflector(client, ResourceName("services"), time: time) {
            LabelSelector(matchLabels: $0["spec"]["selector"])
        }
        services.onChange { [weak self] change in
            let (namespace, name) = splitKey(change.key)
            self?.update { state, _ in
                state.cache.workloads.services[namespace ?? "", default: [:]][name] = change.new
            }
        }
        let budgets = Reflector(client, .podDisruptionBudgets, time: time) { DisruptionBudget($0) }
        budgets.onChange { [weak self] change in
            self?.update { state, _ in state.cache.budgets[change.key] = change.new }
        }
        return [namespaces, services, budgets]
            + [
                controllers("ReplicationController", ResourceName("replicationcontrollers")) {
                    LabelSelector(matchLabels: $0)
                },
                controllers("ReplicaSet", ResourceName("replicasets", group: "apps")) { LabelSelector($0) },
                controllers("StatefulSet", ResourceName("statefulsets", group: "apps")) { LabelSelector($0) },
            ]
    }

    private func controllers(
        _ kind: String, _ resource: ResourceName, _ selector: @escaping @Sendable (JSONRef) -> LabelSelector
    ) -> any Followed {
        let reflector = Reflector(client, resource, time: time) { selector($0["spec"]["selector"]) }
        reflector.onChange { [weak self] change in
            self?.update { state, _ in state.cache.workloads.controllers["\(kind) \(change.key)"] = change.new }
        }
        return reflector
    }
}
