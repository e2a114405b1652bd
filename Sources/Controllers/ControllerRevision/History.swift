internal import API
internal import Client
internal import JSON

/// The versions of a template that a StatefulSet or DaemonSet had, kept as ControllerRevisions, so that Pods of an older
/// one can be told, made again, and rolled back to.
/// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/
struct History: Sendable {
    let client: any ObjectClient
    let copy: Reflector<Object>
    let claims: Claims
    /// The label of a revision with the hash of what it says.
    let hashLabel: String

    /// - `revisions`: the owner's, the oldest first. The last one is that of its present template.
    /// - `collisionCount`: how often a name was taken by something else; part of the owner's status.
    struct State: Sendable {
        var revisions: [Object]
        var collisionCount: Int

        var newest: Object { revisions[revisions.count - 1] }
    }

    init(_ client: any ObjectClient, _ copy: Reflector<Object>, owners: ResourceName, hashLabel: String) {
        (self.client, self.copy, self.hashLabel) = (client, copy, hashLabel)
        claims = Claims(client: client, resource: .controllerRevisions, copy: copy, ownerResource: owners)
    }

    /// What a revision says: a strategic merge patch of the owner that brings the template back.
    static func data(_ owner: Object) -> JSONValue {
        var template = owner["spec"]["template"].value
        template["$patch"] = "replace"
        return ["spec": ["template": template]]
    }

    /// The template of a revision.
    static func template(_ revision: Object) -> JSONValue {
        var template = revision["data"]["spec"]["template"].value
        template.remove("$patch")
        return template
    }

    /// The owner's revisions with one of its present template, which is made, or becomes the newest again.
    func state(of owner: Object, _ selector: LabelSelector) async throws(StatusError) -> State {
        var revisions = try await claims.owned(by: owner, selector).sorted { a, b in
            let (x, y) = (Self.number(a), Self.number(b))
            return x == y ? Object.isOlder(a, b) : x < y
        }
        let data = Self.data(owner)
        let canonical = data.canonical
        let next = (revisions.last.map(Self.number) ?? 0) + 1
        var collisions = owner["status"]["collisionCount"].int ?? 0
        if let index = revisions.lastIndex(where: { $0["data"].value.canonical == canonical }) {
            var revision = revisions.remove(at: index)
            if index < revisions.count {
                let patch: JSONValue = ["revision": .int(next)]
                revision = try await client.patch(
                    .controllerRevisions, namespace: owner.namespace, name: revision.name, subresource: nil, .merge,
                    patch)
                copy.note(revision)
            }
            revisions.append(revision)
        } else {
            revisions.append(try await create(owner, data, canonical, next, &collisions))
        }
        return State(revisions: revisions, collisionCount: collisions)
    }

    static func number(_ revision: Object) -> Int { revision["revision"].int ?? 0 }

    private func create(
        _ owner: Object, _ data: JSONValue, _ canonical: JSONValue, _ number: Int, _ collisions: inout Int
    ) async throws(StatusError) -> Object {
        while true {
            let hash = data.hashName(collisions: collisions)
            let name = owner.name.prefix(253 - 1 - hash.utf8.count) + "-" + hash
            var labels = owner["spec"]["template"]["metadata"]["labels"].value
            labels[hashLabel] = .string(hash)
            var metadata: JSONValue = [
                "name": .string(name), "namespace": .string(owner.namespace), "labels": labels,
                "ownerReferences": [OwnerReference(controller: owner).value],
            ]
            let annotations = owner.metadata["annotations"].value
            if !annotations.isNull { metadata["annotations"] = annotations }
            let value: JSONValue = [
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data,
                "revision": .int(number),
            ]
            do throws(StatusError) {
                let created = try await client.create(.controllerRevisions, namespace: owner.namespace, value)
                copy.note(created)
                return created
            } catch {
                guard error.reason == "AlreadyExists" else { throw error }
                let there = try await client.get(.controllerRevisions, namespace: owner.namespace, name: name)
                if there.controllerUID == owner.uid, there["data"].value.canonical == canonical { return there }
                collisions += 1
            }
        }
    }

    /// Deletes the oldest revisions beyond `limit` that nobody uses.
    func prune(_ revisions: [Object], keeping limit: Int, isUsed: (Object) -> Bool) async throws(StatusError) {
        let unused = revisions.filter { !isUsed($0) }
        for revision in unused.prefix(max(0, unused.count - limit)) {
            do throws(StatusError) {
                let answer = try await client.delete(
                    .controllerRevisions, namespace: revision.namespace, name: revision.name,
                    DeleteOptions(uid: revision.uid))
                copy.note(deletionOf: revision, answer)
            } catch {
                if error.code != 404 { throw error }
            }
        }
    }
}
