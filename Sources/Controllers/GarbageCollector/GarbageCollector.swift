internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Deletes objects whose owners are all gone, and carries out foreground deletion and orphaning.
/// https://kubernetes.io/docs/concepts/architecture/garbage-collection/
final class GarbageCollector: ClusterController, Reconciler {
    static let foreground = "foregroundDeletion"
    static let orphan = "orphan"
    /// How long to wait at the start for resources that cannot be listed, in seconds.
    static let patience = 30.0
    private static let definitions = ResourceName("customresourcedefinitions", group: "apiextensions.k8s.io")

    private let environment: Environment
    private let client: any ObjectClient
    private let graph = Mutex(OwnerGraph())
    private let recorder: Recorder
    /// By the uid of the object to look at.
    private let queue: WorkQueue<String>
    /// What other controllers keep anyhow.
    private let shared: [Reflector<Object>]
    /// The other resources.
    private let followed = Mutex<[ResourceName: (reflector: Reflector<OwnerGraph.Node>, run: Task<Void, Never>)]>([:])

    init(_ environment: Environment) {
        (self.environment, client, queue) = (environment, environment.client, environment.queue())
        recorder = Recorder(client, component: "garbage-collector-controller", time: environment.time)
        shared = environment.shared.all
        for copy in shared {
            copy.onChange { [weak self, resource = copy.resource] change in
                func node(_ object: Object?) -> OwnerGraph.Node? {
                    object.map { OwnerGraph.Node($0, resource, key: change.key) }
                }
                self?.changed(from: node(change.old), to: node(change.new))
            }
        }
    }

    func run() async {
        let kinds = Reflector(client, Self.definitions, time: environment.time) { _ in true }
        await withTaskGroup { group in
            group.addTask { await kinds.run() }
            for copy in shared { group.addTask { await copy.run() } }
            group.addTask {
                await self.follow()
                await Controller("garbage-collector", self.queue, workers: 4, self).run()
            }
            group.addTask {
                // What resources there are changes with the CustomResourceDefinitions.
                for await _ in kinds.changes() { await self.followMore() }
            }
        }
        for (_, run) in followed.withLock({ $0.values.map { $0 } }) { run.cancel() }
    }

    // MARK: Following everything

    private func follow() async {
        await followMore()
        let reflectors = followed.withLock { $0.values.map(\.reflector) }
        await withTaskGroup { group in
            group.addTask { [shared] in
                for copy in shared { await copy.waitForSync() }
                for reflector in reflectors { await reflector.waitForSync() }
            }
            group.addTask { [time = environment.time] in try? await time.sleep(seconds: Self.patience) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Follows resources that are new, and no longer those that are gone.
    private func followMore() async {
        // Events own nothing, belong to nobody, and are many.
        let resources = Set(await environment.resources().filter { $0.plural != "events" })
        followed.withLock { followed in
            for resource in resources
            where followed[resource] == nil && !shared.contains(where: { $0.resource == resource }) {
                let reflector = Reflector(client, resource, time: environment.time) {
                    OwnerGraph.Node($0, resource, key: $0.key)
                }
                reflector.onChange { [weak self] in self?.changed(from: $0.old, to: $0.new) }
                followed[resource] = (reflector, Task { await reflector.run() })
            }
            for (resource, (_, run)) in followed where !resources.contains(resource) {
                run.cancel()
                followed[resource] = nil
            }
        }
    }

    private func changed(from old: OwnerGraph.Node?, to new: OwnerGraph.Node?) {
        for uid in graph.withLock({ $0.change(from: old, to: new) }) { queue.add(uid) }
    }

    // MARK: One object

    func reconcile(_ uid: String) async throws -> ReconcileResult {
        guard let node = graph.withLock({ $0[uid] }) else { return .done }
        do throws(StatusError) {
            if node.isOrphaning { try await orphanDependents(of: node) }
            if node.isDeletingDependents { try await deleteDependents(of: node) }
            if !node.isBeingDeleted, !node.owners.isEmpty { try await judge(node) }
        } catch {
            // What is gone already, the watch will tell.
            if error.code != 404 { throw error }
        }
        return .done
    }

    /// Foreground deletion: the dependents that block it go first.
    private func deleteDependents(of node: OwnerGraph.Node) async throws(StatusError) {
        let blocking = graph.withLock { $0.dependents(of: node.uid) }.filter { dependent in
            dependent.owners.contains { $0.uid == node.uid && $0.blocksOwnerDeletion }
        }
        if blocking.isEmpty {
            try await removeFinalizer(Self.foreground, node)
        } else {
            // Each is judged on its own: it may have other owners. Its end brings this object up again.
            for dependent in blocking where !dependent.isBeingDeleted { queue.add(dependent.uid) }
        }
    }

    private func orphanDependents(of node: OwnerGraph.Node) async throws(StatusError) {
        for dependent in graph.withLock({ $0.dependents(of: node.uid) }) {
            do throws(StatusError) {
                try await removeOwners([node.uid], dependent)
            } catch  where error.code == 404 {}
        }
        try await removeFinalizer(Self.orphan, node)
    }

    private enum OwnerState {
        case here, gone
        /// Being deleted in the foreground, and this object blocks it.
        case waiting
    }

    /// Decides about an object by what became of its owners.
    private func judge(_ node: OwnerGraph.Node) async throws(StatusError) {
        var here = 0
        var waiting = 0
        var unwanted: Set<String> = []
        for owner in node.owners {
            switch try await state(of: owner, node) {
            case .here: here += 1
            case .gone: unwanted.insert(owner.uid)
            case .waiting:
                waiting += 1
                unwanted.insert(owner.uid)
            }
        }
        if here > 0 {
            if !unwanted.isEmpty { try await removeOwners(unwanted, node) }
            return
        }
        let dependents = graph.withLock { $0.dependents(of: node.uid) }
        var policy = "Background"
        if waiting > 0, !dependents.isEmpty {
            policy = "Foreground"
            // Objects that wait for each other in a circle would wait for ever.
            if dependents.contains(where: \.isDeletingDependents) { try await unblock(node) }
        }
        let current = try await client.get(node.resource, namespace: node.namespace, name: node.name)
        // Owners that came meanwhile bring the object up again.
        guard current.uid == node.uid, !current.isBeingDeleted, Set(current.ownerReferences) == Set(node.owners) else {
            return
        }
        // What somebody asked for before stays asked for.
        if current.finalizers.contains(Self.orphan) { policy = "Orphan" }
        if current.finalizers.contains(Self.foreground) { policy = "Foreground" }
        try await client.delete(
            node.resource, namespace: node.namespace, name: node.name,
            DeleteOptions(propagationPolicy: policy, uid: node.uid, resourceVersion: current.resourceVersion))
    }

    private func state(of reference: OwnerReference, _ node: OwnerGraph.Node) async throws(StatusError) -> OwnerState {
        if let owner = graph.withLock({ $0[reference.uid] }) {
            if let namespace = owner.namespace {
                // An owner elsewhere counts as gone; an object of the cluster cannot name one in a namespace.
                guard let own = node.namespace else { return .here }
                if namespace != own {
                    await tell(of: reference, node)
                    return .gone
                }
            }
            return owner.isDeletingDependents && reference.blocksOwnerDeletion ? .waiting : .here
        }
        // The watch of the owner's resource may be behind: only the server knows.
        let group = reference.apiVersion.split(separator: "/").dropLast().first.map(String.init) ?? ""
        let resources = (followed.withLock { Array($0.keys) } + shared.map(\.resource)).filter { $0.group == group }
        // A kind that is not served may come back, with the owner.
        if resources.isEmpty { return .here }
        for resource in resources {
            for namespace in Set([node.namespace, nil]) {
                do throws(StatusError) {
                    let owner = try await client.get(resource, namespace: namespace, name: reference.name)
                    if owner.uid == reference.uid { return .here }
                } catch  where [400, 404, 405].contains(error.code) {}
            }
        }
        return .gone
    }

    /// An owner in another namespace is a mistake that costs the object its life: its user should know.
    private func tell(of owner: OwnerReference, _ node: OwnerGraph.Node) async {
        guard let object = try? await client.get(node.resource, namespace: node.namespace, name: node.name) else {
            return
        }
        recorder.event(
            object, .warning, reason: "OwnerRefInvalidNamespace",
            "ownerRef [\(owner.apiVersion)/\(owner.kind), namespace: \(node.namespace ?? ""), name: \(owner.name), uid: \(owner.uid)] does not exist in namespace \"\(node.namespace ?? "")\""
        )
    }

    // MARK: Edits

    private func removeOwners(_ uids: Set<String>, _ node: OwnerGraph.Node) async throws(StatusError) {
        try await edit(node) { object in
            var owners = object["metadata"]["ownerReferences"].array ?? []
            let count = owners.count
            owners.removeAll { $0["uid"].string.map(uids.contains) ?? false }
            if owners.isEmpty {
                object["metadata"].remove("ownerReferences")
            } else {
                object["metadata"]["ownerReferences"] = .array(owners)
            }
            return owners.count != count
        }
    }

    /// The object no longer holds up the deletion of its owners.
    private func unblock(_ node: OwnerGraph.Node) async throws(StatusError) {
        try await edit(node) { object in
            var isChanged = false
            for index in (object["metadata"]["ownerReferences"].array ?? []).indices
            where object["metadata"]["ownerReferences"][index]["blockOwnerDeletion"].bool == true {
                object["metadata"]["ownerReferences"][index]["blockOwnerDeletion"] = false
                isChanged = true
            }
            return isChanged
        }
    }

    private func removeFinalizer(_ finalizer: String, _ node: OwnerGraph.Node) async throws(StatusError) {
        try await edit(node) { object in
            guard let index = object["metadata"]["finalizers"].array?.firstIndex(of: .string(finalizer)) else {
                return false
            }
            object["metadata"]["finalizers"].array?.remove(at: index)
            return true
        }
    }

    private func edit(_ node: OwnerGraph.Node, _ edit: (inout JSONValue) -> Bool) async throws(StatusError) {
        try await client.modify(node.resource, namespace: node.namespace, name: node.name) { object in
            object["metadata"]["uid"].string == node.uid && edit(&object)
        }
    }
}
