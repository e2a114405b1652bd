internal import API
internal import JSON

/// Namespaces are deleted by the namespace controller, which first empties them: `spec.finalizers` holds them until then.
struct NamespaceStrategy: Strategy {
    private static let kept: Set = ["default", "kube-system", "kube-public"]

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        var finalizers = object["spec"]["finalizers"].array ?? []
        if !finalizers.contains("kubernetes") { finalizers.append("kubernetes") }
        object["spec"]["finalizers"] = .array(finalizers)
        object["status"] = ["phase": "Active"]
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if context.subresource != "finalize" { object["spec"]["finalizers"] = old["spec"]["finalizers"] }
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        guard context.subresource == "status" else { return }
        let phase = object["metadata"].has("deletionTimestamp") ? "Terminating" : "Active"
        if object["status"]["phase"].string != phase {
            errors.append(
                .invalid(
                    FieldPath("status", "Phase"), object["status"]["phase"],
                    "may only be '\(phase)' \(phase == "Active" ? "if" : "while") `deletionTimestamp` is \(phase == "Active" ? "empty" : "set")"
                ))
        }
    }

    func gracePeriod(of object: JSONValue, requested: Int?) -> Int? { nil }

    func checkDeletion(name: String, _ resource: ServedResource) throws(StatusError) {
        if Self.kept.contains(name) {
            throw .forbidden(resource.definition, name, "this namespace may not be deleted")
        }
    }

    func mayVanish(_ object: JSONValue) -> Bool { (object["spec"]["finalizers"].array ?? []).isEmpty }
}

/// ConfigMaps and Secrets: at most 1 MiB, and no changes once they are immutable.
struct ConfigMapStrategy: Strategy {
    private static let maximumBytes = 1 << 20

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        let isSecret = context.resource.definition.name == "secrets"
        var size = 0
        for field in ["data", "binaryData"] {
            for (_, value) in object[field].object ?? [:] {
                let length = value.string?.utf8.count ?? 0
                size += isSecret || field == "binaryData" ? length / 4 * 3 : length
                if size > Self.maximumBytes { break }
            }
        }
        if size > Self.maximumBytes {
            errors.append(.tooLong(isSecret ? FieldPath("data") : FieldPath(), maximum: Self.maximumBytes))
        }
        for key in (object["binaryData"].object?.keys ?? []) where object["data"].has(key) {
            errors.append(
                .invalid(FieldPath("data").entry(key), .string(key), "duplicate of key present in binaryData"))
        }
        guard let old, old["immutable"] == true else { return }
        if object["immutable"] != true {
            errors.append(.forbidden(FieldPath("immutable"), "field is immutable when `immutable` is set"))
        }
        for field in ["data", "binaryData"] where object[field] != old[field] {
            errors.append(.forbidden(FieldPath(field), "field is immutable when `immutable` is set"))
        }
    }
}
