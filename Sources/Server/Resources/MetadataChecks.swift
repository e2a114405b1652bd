internal import API
internal import JSON

/// What may stand in an object's metadata, and what may change in it.
enum MetadataChecks {
    /// Findings come as often as upstream reports them (ResourceDefinition.metadataChecks).
    static func errors(_ metadata: JSONValue, old: JSONValue?, _ context: WriteContext) -> [FieldError] {
        let definition = context.resource.definition
        var whole: [FieldError] = []
        let path = FieldPath("metadata")
        let name = metadata["name"].string ?? ""
        if name.isEmpty {
            whole.append(.required(path["name"], "name or generateName is required"))
        } else if old == nil {
            if let prefix = metadata["generateName"].string, !prefix.isEmpty {
                // The end of a prefix may be a dash: a name follows.
                let text = prefix.hasSuffix("-") ? String(prefix.dropLast()) + "a" : prefix
                for problem in definition.nameFormat.problems(text) {
                    whole.append(.invalid(path["generateName"], .string(prefix), problem))
                }
            }
            for problem in definition.nameFormat.problems(name) {
                whole.append(.invalid(path["name"], .string(name), problem))
            }
        }
        for finalizer in metadata["finalizers"].array ?? [] {
            for problem in Format.qualifiedName.problems(finalizer.string ?? "") {
                whole.append(.invalid(path["finalizers"], finalizer, problem))
            }
        }
        let given = Set((metadata["finalizers"].array ?? []).compactMap(\.string))
        if given.isSuperset(of: ["orphan", "foregroundDeletion"]) {
            whole.append(
                .invalid(
                    path["finalizers"], metadata["finalizers"],
                    "finalizers orphan and foregroundDeletion cannot be both set"))
        }
        // Labels, annotations and owners are looked at as a part of the whole and as a part of the change.
        var shared = Validator(context.resource.schema)
        if let type = context.resource.schema.type(named: "meta.v1.ObjectMeta") {
            shared.validate(metadata, type: type, at: path)
        }
        var kind: [FieldError] = []
        for (index, finalizer) in (metadata["finalizers"].array ?? []).enumerated() {
            let name = finalizer.string ?? ""
            if !name.contains("/"), !["kubernetes", "orphan", "foregroundDeletion"].contains(name) {
                kind.append(
                    .invalid(
                        path["finalizers"][index], finalizer,
                        "name is neither a standard finalizer name nor is it fully qualified"))
            }
        }
        guard let old else { return whole + shared.errors + kind }

        var change: [FieldError] = []
        for field in [
            "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        ]
        where metadata[field] != old[field] {
            change.append(.invalid(path[field], metadata[field], "field is immutable"))
        }
        if old.has("deletionTimestamp") {
            let before = old["finalizers"].array ?? []
            let added = (metadata["finalizers"].array ?? []).filter { !before.contains($0) }
            if !added.isEmpty {
                change.append(
                    .forbidden(
                        path["finalizers"],
                        "no new finalizers can be added if the object is being deleted, found new finalizers \(added.compactMap(\.string))"
                    ))
            }
        }
        let times = context.subresource == nil ? definition.metadataChecks : (1, 2)
        return Array(repeating: whole + shared.errors, count: times.0).flatMap { $0 }
            + Array(repeating: change + shared.errors, count: times.1).flatMap { $0 }
            + (times.0 > 1 ? kind : [])
    }

    /// Whether the error is about the metadata of the object itself.
    static func counts(_ error: FieldError) -> Bool {
        ["metadata.labels", "metadata.annotations", "metadata.ownerReferences", "metadata.managedFields"].contains {
            error.field == $0 || error.field.hasPrefix($0 + ".")
                || error.field.hasPrefix($0 + "[") && !error.field.hasPrefix("metadata.annotations[")
        }
    }
}
