internal import API
internal import JSON
internal import Store
internal import TLS

/// What came of a write.
struct WriteResult: Sendable {
    let bytes: [UInt8]
    var created = false
    var warnings: [String] = []
}

extension APIServer {
    func create(
        _ resource: ServedResource, namespace: String?, _ body: RequestBody, _ caller: Caller, _ options: WriteOptions
    ) async throws(StatusError) -> WriteResult {
        let (decoded, warnings) = try decode(body, as: resource, options)
        var options = options
        options.apiVersion = resource.definition.apiVersion
        return try await create(resource.stored, namespace: namespace, object: decoded, warnings, caller, options)
    }

    func create(
        _ resource: ServedResource, namespace: String?, object decoded: JSONValue, _ warnings: [String],
        _ caller: Caller,
        _ options: WriteOptions, isApplied: Bool = false
    ) async throws(StatusError) -> WriteResult {
        let context = WriteContext(
            server: self, resource: resource, namespace: namespace, caller: caller, options: options)
        // A taken generated name is tried again, as upstream does.
        for attempt in 0... {
            var object = decoded
            try prepareMetadata(&object, context)
            if resource.definition.hasStatus, !resource.strategy.keepsStatusOnCreate { resetStatus(&object, resource) }
            if !isApplied { trackFields(&object, old: nil, context) }
            if let finalizer = resource.strategy.protection {
                let present = object["metadata"]["finalizers"].array ?? []
                if !present.contains(.string(finalizer)) {
                    object["metadata"]["finalizers"] = .array(present + [.string(finalizer)])
                }
            }
            try await waitForServiceAccount(object, context)
            for step in admission { try step.admit(&object, old: nil, context) }
            var warnings = warnings + (try await mutate(&object, old: nil, context))
            try resource.strategy.prepareForCreate(&object, context)
            try validate(object, old: nil, context)
            warnings += resource.strategy.warnings(object, old: nil, context)
            warnings += PodSecurity.warnings(object, old: nil, context)
            warnings += try await check(object, old: nil, context)
            let name = object["metadata"]["name"].string ?? ""
            let key = resource.key(namespace, name)
            let charge = try await QuotaCharge.take(object, old: nil, context)
            if options.isDryRun {
                if store.get(resource.storeName, key) != nil { throw .alreadyExists(resource.definition, name) }
                return WriteResult(
                    bytes: ObjectEncoder.bytes(object, resourceVersion: nil), created: true, warnings: warnings)
            }
            let encoded = try ObjectEncoder.encode(object) { registry.attributes(resource, $0) }
            do {
                let stored = try await store.write(
                    Write(resource: resource.storeName, key: key, expected: .absent, change: .put(encoded)))
                return WriteResult(bytes: stored.bytes, created: true, warnings: warnings)
            } catch .exists {
                await charge.giveBack(self)
                let isGenerated = (decoded["metadata"]["name"].string ?? "").isEmpty
                if isGenerated, attempt < 7 { continue }
                throw .alreadyExists(resource.definition, name)
            } catch {
                await charge.giveBack(self)
                throw Self.status(of: error, resource, name)
            }
        }
        throw .internalError("unreachable")
    }

    /// A new namespace gets its default account from a controller; who is faster waits a moment.
    private func waitForServiceAccount(_ object: JSONValue, _ context: WriteContext) async throws(StatusError) {
        guard context.resource.storeName == "pods", let namespace = context.namespace,
            (object["spec"]["serviceAccountName"].string ?? "default") == "default",
            store.get("namespaces", namespace) != nil
        else { return }
        for _ in 0..<20 where store.get("serviceaccounts", namespace + "/default") == nil {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func prepareMetadata(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        let resource = context.resource
        var metadata = object["metadata"]
        if !(metadata["resourceVersion"].string ?? "").isEmpty {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        if (metadata["name"].string ?? "").isEmpty, let prefix = metadata["generateName"].string, !prefix.isEmpty {
            metadata["name"] = .string(prefix.prefix(58) + GeneratedName.suffix())
        }
        try Self.checkNamespace(&metadata, context)
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
            metadata.remove(field)
        }
        metadata["uid"] = .string(Random.uuid())
        metadata["creationTimestamp"] = .string(Time.now.description)
        if resource.definition.tracksGeneration { metadata["generation"] = 1 }
        object["metadata"] = metadata
    }

    private static func checkNamespace(_ metadata: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        guard context.resource.definition.isNamespaced else {
            if !(metadata["namespace"].string ?? "").isEmpty {
                throw .badRequest(
                    "namespace may not be set on an object of the cluster: \(context.resource.definition.name) have none"
                )
            }
            return
        }
        let given = metadata["namespace"].string ?? ""
        if !given.isEmpty, given != context.namespace {
            throw .badRequest(
                "the namespace of the object (\(given)) does not match the namespace on the request (\(context.namespace ?? ""))"
            )
        }
        metadata["namespace"] = .string(context.namespace ?? "")
    }

    /// The status that a new object has: nothing but its defaults.
    private func resetStatus(_ object: inout JSONValue, _ resource: ServedResource) {
        object.remove("status")
        guard let field = resource.schema[resource.definition.type].field("status"), field.defaultValue != nil,
            case .object(let type) = field.type, let empty = try? JSONDocument(Array("{}".utf8)).root
        else { return }
        var decoder = Decoder(resource.schema)
        object["status"] = (try? decoder.decode(empty, type: type)) ?? [:]
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        let resource = context.resource
        var validator = Validator(resource.schema)
        let name = object["metadata"]["name"].string ?? ""
        var errors = MetadataChecks.errors(object["metadata"], old: old?["metadata"], context)
        if resource.definition.isCustom {
            validator.validateCustom(object, old: old, resource.definition)
        } else if context.subresource == "status",
            case .object(let status)? = resource.schema[resource.definition.type].field("status")?.type
        {
            // Nothing else was written.
            validator.validate(object["status"], type: status, at: FieldPath("status"))
        } else {
            validator.validate(object, type: resource.definition.type)
            if let old { validator.validateUpdate(object, old, type: resource.definition.type) }
        }
        // What the type of ObjectMeta says was counted above.
        errors += validator.errors.filter { !MetadataChecks.counts($0) }
        resource.strategy.validate(object, old: old, context, &errors)
        if !errors.isEmpty { throw .invalid(kind: resource.kind, group: resource.definition.group, name, errors) }
    }

    // MARK: Updates

    /// Reads, changes and writes an object. `change` gets the current object and gives the new one; it runs again when somebody
    /// else wrote in between, unless the new object insists on a resourceVersion. `isApplied`: `change` sees to managedFields.
    func update(
        _ resource: ServedResource, namespace: String?, name: String, subresource: String?, _ caller: Caller,
        _ options: WriteOptions, isApplied: Bool = false,
        _ change: (JSONDocument) throws(StatusError) -> (object: JSONValue, warnings: [String])
    ) async throws(StatusError) -> WriteResult {
        let resource = resource.stored
        var context = WriteContext(
            server: self, resource: resource, namespace: namespace, caller: caller, options: options)
        context.subresource = subresource
        let key = resource.key(namespace, name)
        while true {
            guard let current = store.get(resource.storeName, key) else { throw .notFound(resource.definition, name) }
            let document: JSONDocument
            do { document = try JSONDocument(current.bytes) } catch {
                throw .internalError("\(resource.storeName) \(key) cannot be read: \(error)")
            }
            let old = document.root.value
            var (object, warnings) = try change(document)
            let insists = try checkIdentity(object, old, current, name, context)
            try merge(&object, old: old, context)
            if !isApplied { trackFields(&object, old: old, context) }
            for step in admission { try step.admit(&object, old: old, context) }
            warnings += try await mutate(&object, old: old, context)
            try resource.strategy.prepareForUpdate(&object, old: old, context)
            countGeneration(&object, old: old, resource)
            try validate(object, old: old, context)
            warnings += resource.strategy.warnings(object, old: old, context)
            warnings += PodSecurity.warnings(object, old: old, context)
            warnings += try await check(object, old: old, context)

            var before = old
            before["metadata"].remove("resourceVersion")
            object["metadata"].remove("resourceVersion")
            if object == before || ManagedFields.onlyTimesDiffer(object, before) {
                return WriteResult(bytes: current.bytes, warnings: warnings)
            }
            let charge = try await QuotaCharge.take(object, old: old, context)
            if options.isDryRun {
                return WriteResult(
                    bytes: ObjectEncoder.bytes(object, resourceVersion: String(current.revision)), warnings: warnings)
            }
            let encoded = try ObjectEncoder.encode(object) { registry.attributes(resource, $0) }
            let vanishes = isGone(object, resource)
            do {
                let stored = try await store.write(
                    Write(
                        resource: resource.storeName, key: key, expected: .revision(current.revision),
                        change: vanishes ? .delete(encoded) : .put(encoded)))
                return WriteResult(bytes: stored.bytes, warnings: warnings)
            } catch .conflict {
                await charge.giveBack(self)
                if insists { throw .conflict(resource.definition, name, StatusError.staleObject) }
            } catch {
                await charge.giveBack(self)
                throw Self.status(of: error, resource, name)
            }
        }
    }

    /// True when the new object names a resourceVersion, which then must be the current one.
    private func checkIdentity(
        _ object: JSONValue, _ old: JSONValue, _ current: StoredObject, _ name: String, _ context: WriteContext
    ) throws(StatusError) -> Bool {
        let metadata = object["metadata"]
        let given = metadata["name"].string ?? ""
        if given != name {
            throw .badRequest(
                given.isEmpty
                    ? "the name of the object must be given"
                    : "the name of the object (\(given)) does not match the name on the URL (\(name))")
        }
        var copy = metadata
        try Self.checkNamespace(&copy, context)
        if !context.options.isPatch, let uid = metadata["uid"].string, !uid.isEmpty,
            uid != old["metadata"]["uid"].string
        {
            throw .conflict(
                context.resource.definition, name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old["metadata"]["uid"].string ?? "")"
            )
        }
        guard let version = metadata["resourceVersion"].string, !version.isEmpty, version != "0" else { return false }
        if version != String(current.revision) {
            throw .conflict(context.resource.definition, name, StatusError.staleObject)
        }
        return true
    }

    /// Keeps what this kind of update may not change.
    private func merge(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        var metadata = object["metadata"]
        for field in [
            "namespace", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
            "generateName",
        ] {
            if old["metadata"].has(field) { metadata[field] = old["metadata"][field] } else { metadata.remove(field) }
        }
        if (metadata["uid"].string ?? "").isEmpty { metadata["uid"] = old["metadata"]["uid"] }
        metadata.remove("selfLink")
        object["metadata"] = metadata
        switch context.subresource {
        case nil:
            guard context.resource.definition.hasStatus else { return }
            if old.has("status") { object["status"] = old["status"] } else { object.remove("status") }
        case "status"?, "approval"?:
            var merged = old
            for field in context.resource.strategy.keptByStatus {
                if old["metadata"].has(field) {
                    metadata[field] = old["metadata"][field]
                } else {
                    metadata.remove(field)
                }
            }
            merged["metadata"] = metadata
            if object.has("status") { merged["status"] = object["status"] } else { merged.remove("status") }
            object = merged
        case "finalize"?:
            var merged = old
            merged["spec"]["finalizers"] = object["spec"]["finalizers"]
            object = merged
        case "ephemeralcontainers"?:
            var merged = old
            merged["spec"]["ephemeralContainers"] = object["spec"]["ephemeralContainers"]
            object = merged
        case "resize"?:
            // The resources of containers, and nothing else (KEP-1287).
            var merged = old
            for list in ["containers", "initContainers"] {
                let wanted = object["spec"][list].array ?? []
                for (index, container) in (old["spec"][list].array ?? []).enumerated() {
                    guard let new = wanted.first(where: { $0["name"] == container["name"] }) else { continue }
                    for field in ["resources", "resizePolicy"] where new.has(field) {
                        merged["spec"][list][index][field] = new[field]
                    }
                }
            }
            object = merged
        case let other?:
            throw .notImplemented("updates of the subresource \(other) are not implemented")
        }
    }

    /// `metadata.generation` counts changes to everything but metadata and status.
    private func countGeneration(_ object: inout JSONValue, old: JSONValue, _ resource: ServedResource) {
        guard resource.definition.tracksGeneration else { return }
        let keys = Set((object.object?.keys ?? []) + (old.object?.keys ?? []))
        let changed = keys.contains { $0 != "metadata" && $0 != "status" && object[$0] != old[$0] }
        if changed { object["metadata"]["generation"] = .int((old["metadata"]["generation"].int ?? 0) + 1) }
    }

    /// Deleted, and nothing holds it back any more.
    func isGone(_ object: JSONValue, _ resource: ServedResource) -> Bool {
        object["metadata"].has("deletionTimestamp") && (object["metadata"]["finalizers"].array ?? []).isEmpty
            && resource.strategy.mayVanish(object)
    }

    static func status(of error: StoreError, _ resource: ServedResource, _ name: String) -> StatusError {
        switch error {
        case .exists: .alreadyExists(resource.definition, name)
        case .conflict: .conflict(resource.definition, name, StatusError.staleObject)
        case .notFound: .notFound(resource.definition, name)
        case .compacted(let oldest):
            .expired(
                "the history before revision \(oldest) is gone: list again and continue from the new resourceVersion")
        case .tooLargeRevision(let current): Self.tooLarge(current)
        case .backend(let reason): .internalError("the store could not write: \(reason)")
        case .closed: .unavailable("the server is shutting down")
        }
    }

    private static func tooLarge(_ current: Int64) -> StatusError {
        var error = StatusError(
            code: 504, reason: "Timeout", message: "Too large resource version: the newest is \(current)")
        error.causes = [.init(field: "", reason: "ResourceVersionTooLarge", message: "Too large resource version")]
        error.retryAfterSeconds = 1
        return error
    }
}
