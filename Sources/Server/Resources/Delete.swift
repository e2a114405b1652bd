internal import API
internal import JSON
internal import Store

/// meta/v1 DeleteOptions.
struct DeleteRequest: Sendable {
    var gracePeriodSeconds: Int?
    var propagationPolicy: String?
    var uid: String?
    var resourceVersion: String?
    var isDryRun = false

    init() {}

    /// From the body where there is one, else from the query.
    init(_ query: Query, body: [UInt8], contentType: String, _ schema: Schema) throws(StatusError) {
        isDryRun = try WriteOptions(query, kind: "DeleteOptions").isDryRun
        gracePeriodSeconds = try query.int("gracePeriodSeconds")
        propagationPolicy = query["propagationPolicy"]
        if query.flag("orphanDependents") { propagationPolicy = "Orphan" }
        if !body.isEmpty {
            let options = try RequestBody.bytes(body, contentType: contentType).document(
                kind: "DeleteOptions", schema: schema, type: schema.type(named: "meta.v1.DeleteOptions") ?? 0
            ).root
            let kind = options["kind"].string ?? "DeleteOptions"
            guard kind == "DeleteOptions" else {
                throw .badRequest("the body of a DELETE is a DeleteOptions object, not a \(kind)")
            }
            gracePeriodSeconds = options["gracePeriodSeconds"].int ?? gracePeriodSeconds
            propagationPolicy = options["propagationPolicy"].string ?? propagationPolicy
            if options["orphanDependents"].bool != nil, options["propagationPolicy"].exists {
                throw .invalid(
                    kind: "DeleteOptions", group: "meta.k8s.io", "",
                    [
                        .invalid(
                            FieldPath("propagationPolicy"), .string(propagationPolicy ?? ""),
                            "orphanDependents and deletionPropagation cannot be both set")
                    ])
            }
            if let orphan = options["orphanDependents"].bool { propagationPolicy = orphan ? "Orphan" : "Background" }
            uid = options["preconditions"]["uid"].string
            resourceVersion = options["preconditions"]["resourceVersion"].string
            let dryRun = options["dryRun"].elements.compactMap(\.string)
            if let wrong = dryRun.first(where: { $0 != "All" }) {
                throw .invalid(
                    kind: "DeleteOptions", group: "meta.k8s.io", "",
                    [.notSupported(FieldPath("dryRun"), .array([.string(wrong)]), ["All"])])
            }
            if !dryRun.isEmpty { isDryRun = true }
        }
        if let policy = propagationPolicy, !["Background", "Foreground", "Orphan"].contains(policy) {
            throw .invalid(
                kind: "DeleteOptions", group: "meta.k8s.io", "",
                [
                    .notSupported(
                        FieldPath("propagationPolicy"), .string(policy), ["Background", "Foreground", "Orphan"])
                ])
        }
    }
}

extension APIServer {
    /// Deletes an object, or begins to: with finalizers, or with a grace period, it stays until these are done.
    func delete(
        _ resource: ServedResource, namespace: String?, name: String, _ request: DeleteRequest, _ caller: Caller
    ) async throws(StatusError) -> (bytes: [UInt8], isGone: Bool) {
        let key = resource.key(namespace, name)
        while true {
            guard let current = store.get(resource.storeName, key), let document = try? JSONDocument(current.bytes)
            else {
                throw .notFound(resource.definition, name)
            }
            try resource.strategy.checkDeletion(name: name, resource)
            let old = document.root.value
            if let uid = request.uid, uid != old["metadata"]["uid"].string {
                throw .conflict(
                    resource.definition, name,
                    "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old["metadata"]["uid"].string ?? "")"
                )
            }
            if let version = request.resourceVersion, version != String(current.revision) {
                throw .conflict(
                    resource.definition, name,
                    "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: \(current.revision)"
                )
            }
            if !webhooks.isEmpty {
                _ = try await check(
                    Attempt(deleting: old, resource, namespace: namespace, name: name, request, caller, self))
            }
            var object = old
            object["metadata"].remove("resourceVersion")
            resource.strategy.prepareForDeletion(&object)
            let isGone = markDeleted(&object, resource, request)
            if request.isDryRun {
                return (ObjectEncoder.bytes(object, resourceVersion: String(current.revision)), isGone)
            }
            var unchanged = old
            unchanged["metadata"].remove("resourceVersion")
            if !isGone, object == unchanged { return (current.bytes, false) }
            let encoded = try ObjectEncoder.encode(object) { registry.attributes(resource, $0) }
            do {
                let stored = try await store.write(
                    Write(
                        resource: resource.storeName, key: key, expected: .revision(current.revision),
                        change: isGone ? .delete(encoded) : .put(encoded)))
                return (stored.bytes, isGone)
            } catch .conflict {
                continue
            } catch {
                throw Self.status(of: error, resource, name)
            }
        }
    }

    /// Sets what deletion sets. True when nothing keeps the object.
    private func markDeleted(_ object: inout JSONValue, _ resource: ServedResource, _ request: DeleteRequest) -> Bool {
        var finalizers = (object["metadata"]["finalizers"].array ?? []).compactMap(\.string)
        // Who deletes again may change their mind about the dependents only before the first deletion is through.
        finalizers.removeAll { $0 == "orphan" || $0 == "foregroundDeletion" }
        switch request.propagationPolicy ?? (resource.strategy.orphansDependents ? "Orphan" : "Background") {
        case "Orphan": finalizers.append("orphan")
        case "Foreground": finalizers.append("foregroundDeletion")
        default:
            if request.propagationPolicy == nil {
                // Without a word about it, what an earlier request asked for stays.
                finalizers = (object["metadata"]["finalizers"].array ?? []).compactMap(\.string)
            }
        }
        object["metadata"]["finalizers"] = finalizers.isEmpty ? nil : .array(finalizers.map { .string($0) })
        if finalizers.isEmpty { object["metadata"].remove("finalizers") }

        let grace = resource.strategy.gracePeriod(of: object, requested: request.gracePeriodSeconds)
        let wasDeleted = object["metadata"].has("deletionTimestamp")
        if let grace, !wasDeleted || grace < object["metadata"]["deletionGracePeriodSeconds"].int ?? 0 {
            setDeletion(&object, after: grace, wasDeleted)
        } else if !wasDeleted, !finalizers.isEmpty || !resource.strategy.mayVanish(object) {
            setDeletion(&object, after: 0, wasDeleted)
            if resource.storeName == "namespaces" {
                object["metadata"].remove("deletionGracePeriodSeconds")
                object["status"]["phase"] = "Terminating"
            }
        }
        return finalizers.isEmpty && resource.strategy.mayVanish(object)
    }

    private func setDeletion(_ object: inout JSONValue, after grace: Int, _ wasDeleted: Bool) {
        object["metadata"]["deletionTimestamp"] = .string(Time.now.adding(seconds: Double(grace)).description)
        object["metadata"]["deletionGracePeriodSeconds"] = .int(grace)
        if !wasDeleted, let generation = object["metadata"]["generation"].int, generation > 0 {
            object["metadata"]["generation"] = .int(generation + 1)
        }
    }

    /// Deletes everything a list request selects; the answer lists what was there.
    func deleteCollection(
        _ resource: ServedResource, namespace: String?, _ list: ListRequest, _ request: DeleteRequest, _ caller: Caller
    ) async throws(StatusError) -> [StoredObject] {
        let found = try snapshot(resource, namespace: namespace, list).objects
        for object in found {
            let name = object.key.split(separator: "/").last.map(String.init) ?? object.key
            let owner = resource.definition.isNamespaced ? object.key.split(separator: "/").first.map(String.init) : nil
            do {
                _ = try await delete(resource, namespace: owner, name: name, request, caller)
            } catch  where error.code == 404 {
                continue
            }
        }
        return found
    }
}
