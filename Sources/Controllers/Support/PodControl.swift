internal import API
internal import Client
internal import JSON

/// Creates and deletes the Pods of an owner, and tells about it in the owner's events.
struct PodControl: Sendable {
    let client: any ObjectClient
    let recorder: Recorder
    let pods: Reflector<Object>

    /// A Pod of the owner's template, with a generated name.
    static func pod(template: JSONValue, owner: Object) -> JSONValue {
        var metadata: JSONValue = [
            "generateName": .string(owner.name + "-"), "namespace": .string(owner.namespace),
            "ownerReferences": [OwnerReference(controller: owner).value],
        ]
        for field in ["labels", "annotations", "finalizers"] where !template["metadata"][field].isNull {
            metadata[field] = template["metadata"][field]
        }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]]
    }

    func create(_ pod: JSONValue, owner: Object) async throws(StatusError) {
        do throws(StatusError) {
            let created = try await client.create(.pods, namespace: owner.namespace, pod)
            pods.note(created)
            recorder.event(owner, reason: "SuccessfulCreate", "Created pod: \(created.name)")
        } catch {
            // Nobody needs to hear that a namespace being deleted takes no more Pods.
            if !error.isNamespaceTerminating {
                recorder.event(owner, .warning, reason: "FailedCreate", "Error creating: \(error.message)")
            }
            throw error
        }
    }

    /// As many as wanted, side by side in batches of 1, 2, 4, ...: a refusal that all would meet is met but once.
    /// A namespace that is being deleted takes none, which is no error.
    func create(_ count: Int, owner: Object, _ pod: @escaping @Sendable (Int) -> JSONValue) async throws(StatusError) {
        try await Self.inBatches(count) { index throws(StatusError) in
            do throws(StatusError) {
                try await create(pod(index), owner: owner)
            } catch {
                if !error.isNamespaceTerminating { throw error }
            }
        }
    }

    func delete(_ pod: Pod, owner: Object) async throws(StatusError) {
        do throws(StatusError) {
            let answer = try await client.delete(
                .pods, namespace: owner.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            pods.note(deletionOf: pod.object, answer)
            recorder.event(owner, reason: "SuccessfulDelete", "Deleted pod: \(pod.name)")
        } catch {
            if error.code == 404 || error.code == 409 { return pods.noteRemoval(of: pod.object) }
            recorder.event(owner, .warning, reason: "FailedDelete", "Error deleting: \(error.message)")
            throw error
        }
    }

    func delete(_ pods: [Pod], owner: Object) async throws(StatusError) {
        try await Self.inBatches(pods.count, first: pods.count) { index throws(StatusError) in
            try await delete(pods[index], owner: owner)
        }
    }

    /// Each batch is twice the one before and starts when that is through without an error.
    static func inBatches(
        _ count: Int, first: Int = 1, _ act: @escaping @Sendable (Int) async throws(StatusError) -> Void
    ) async throws(StatusError) {
        var (next, size) = (0, max(1, first))
        while next < count {
            let batch = next..<min(count, next + size)
            let failure = await withTaskGroup(of: StatusError?.self) { group in
                for index in batch {
                    group.addTask {
                        do throws(StatusError) {
                            try await act(index)
                            return nil
                        } catch { return error }
                    }
                }
                var first: StatusError?
                for await error in group { first = first ?? error }
                return first
            }
            if let failure { throw failure }
            (next, size) = (batch.upperBound, size * 2)
        }
    }
}

extension StatusError {
    /// `kubectl delete namespace` has begun: nothing new may be put there.
    var isNamespaceTerminating: Bool { causes.contains { $0.reason == "NamespaceTerminating" } }
}
