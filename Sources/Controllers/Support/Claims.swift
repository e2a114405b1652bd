internal import API
internal import Client
internal import JSON

/// Whose an object is: an owner takes those that its selector matches and nobody controls, and lets go of its own that no
/// longer match.
/// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions
struct Claims: Sendable {
    let client: any ObjectClient
    /// What is owned.
    let resource: ResourceName
    let copy: Reflector<Object>
    /// The kind of the owner.
    let ownerResource: ResourceName

    /// What the owner controls, after taking and letting go. `isCandidate` can refuse orphans beyond the selector.
    func owned(
        by owner: Object, _ selector: LabelSelector, isCandidate: (Object) -> Bool = { _ in true }
    ) async throws(StatusError) -> [Object] {
        var owned: [Object] = []
        for object in copy.values(at: owner.uid) {
            if selector.matches(object.label), isCandidate(object) {
                owned.append(object)
            } else if !owner.isBeingDeleted {
                try await release(object, owner)
            }
        }
        guard !owner.isBeingDeleted else { return owned }
        var mayAdopt = false
        for orphan in copy.values(at: SharedCopies.orphans(in: owner.namespace))
        where !orphan.isBeingDeleted && selector.matches(orphan.label) && isCandidate(orphan) {
            // The copy may not know yet that the owner is deleted.
            if !mayAdopt { mayAdopt = try await isAlive(owner) }
            guard mayAdopt else { break }
            if let adopted = try await adopt(orphan, owner) { owned.append(adopted) }
        }
        return owned
    }

    private func isAlive(_ owner: Object) async throws(StatusError) -> Bool {
        do throws(StatusError) {
            let current = try await client.get(ownerResource, namespace: owner.namespace, name: owner.name)
            return current.uid == owner.uid && !current.isBeingDeleted
        } catch {
            if error.code == 404 { return false }
            throw error
        }
    }

    private func adopt(_ object: Object, _ owner: Object) async throws(StatusError) -> Object? {
        let references = object.ownerReferences + [OwnerReference(controller: owner)]
        return try await setOwners(object, references.map(\.value))
    }

    private func release(_ object: Object, _ owner: Object) async throws(StatusError) {
        let references = object.ownerReferences.filter { $0.uid != owner.uid }
        _ = try await setOwners(object, references.isEmpty ? nil : references.map(\.value))
    }

    /// Nil when the object is gone. Refused when it changed: the next look decides anew.
    private func setOwners(_ object: Object, _ references: [JSONValue]?) async throws(StatusError) -> Object? {
        let patch: JSONValue = [
            "metadata": [
                "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
                "ownerReferences": references.map { .array($0) } ?? .null,
            ]
        ]
        do throws(StatusError) {
            let answer = try await client.patch(
                resource, namespace: object.namespace, name: object.name, subresource: nil, .merge, patch)
            copy.note(answer)
            return answer
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }
}

/// Finds who has to look when a Pod (or ReplicaSet, ...) changes: its controller of this kind, before and now, or every
/// owner whose selector matches an orphan that is new or has other labels.
struct OwnerFinder: Sendable {
    let kind: String
    let owners: Reflector<Object>
    let selector: @Sendable (Object) -> LabelSelector

    func keys(_ change: Reflector<Object>.Change) -> Set<String> {
        var keys: Set<String> = []
        for object in [change.old, change.new] {
            guard let object, let controller = object.controllerReference, controller.kind == kind else { continue }
            let key = object.namespace + "/" + controller.name
            if owners[key]?.uid == controller.uid { keys.insert(key) }
        }
        if let orphan = change.new, !orphan.isBeingDeleted, orphan.controllerUID == nil {
            if let old = change.old, old.controllerUID == nil,
                old.metadata["labels"].rawBytes == orphan.metadata["labels"].rawBytes
            {
                return keys
            }
            for owner in owners.values(at: SharedCopies.all(in: orphan.namespace))
            where selector(owner).matches(orphan.label) {
                keys.insert(owner.key)
            }
        }
        return keys
    }
}
