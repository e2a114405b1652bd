internal import API
internal import Client
internal import JSON

/// Which object owns which, as the watches tell.
struct OwnerGraph: Sendable {
    /// A class, so that the copy of a resource and the graph have the same one.
    final class Node: Sendable {
        let resource: ResourceName
        /// `namespace/name`, or the name alone.
        let key: String
        let uid: String
        let owners: [OwnerReference]
        let isBeingDeleted: Bool
        /// Being deleted, after its dependents (`foregroundDeletion`).
        let isDeletingDependents: Bool
        /// Being deleted, after its dependents were told that they have no owner (`orphan`).
        let isOrphaning: Bool

        init(_ object: Object, _ resource: ResourceName, key: String) {
            (self.resource, self.key, uid, owners) = (resource, key, object.uid, object.ownerReferences)
            isBeingDeleted = object.isBeingDeleted
            let finalizers = isBeingDeleted ? object.metadata["finalizers"] : .missing
            isDeletingDependents = finalizers.elements.contains { $0.equals(GarbageCollector.foreground) }
            isOrphaning = finalizers.elements.contains { $0.equals(GarbageCollector.orphan) }
        }

        var namespace: String? { splitKey(key).namespace }
        var name: String { splitKey(key).name }
    }
    private var nodes: [String: Node] = [:]
    private var dependents: [String: Set<String>] = [:]

    subscript(_ uid: String) -> Node? { nodes[uid] }

    func dependents(of uid: String) -> [Node] { (dependents[uid] ?? []).compactMap { nodes[$0] } }

    /// Takes in a change; returns the uids of the objects to look at because of it.
    mutating func change(from old: Node?, to new: Node?) -> Set<String> {
        var affected: Set<String> = []
        if let old, old.uid != new?.uid {
            remove(old)
            affected.formUnion(dependents[old.uid] ?? [])
        }
        if let old {
            // An owner may wait for this.
            for owner in old.owners where nodes[owner.uid]?.isBeingDeleted == true { affected.insert(owner.uid) }
        }
        if let new {
            if let known = nodes[new.uid] { remove(known) }
            nodes[new.uid] = new
            for owner in new.owners { dependents[owner.uid, default: []].insert(new.uid) }
            if !new.owners.isEmpty || new.isDeletingDependents || new.isOrphaning { affected.insert(new.uid) }
            if new.isDeletingDependents { affected.formUnion(dependents[new.uid] ?? []) }
        }
        return affected
    }

    private mutating func remove(_ node: Node) {
        nodes[node.uid] = nil
        for owner in node.owners {
            dependents[owner.uid]?.remove(node.uid)
            if dependents[owner.uid]?.isEmpty == true { dependents[owner.uid] = nil }
        }
    }
}
