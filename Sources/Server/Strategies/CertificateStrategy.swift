internal import API
internal import JSON

/// A certificate is asked for in the name of who asks, and what was asked stays.
struct CertificateStrategy: Strategy {
    private static let identity = ["username", "uid", "groups", "extra"]

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        for field in Self.identity { object["spec"].remove(field) }
        object["spec"]["username"] = .string(context.caller.user)
        if !context.caller.uid.isEmpty { object["spec"]["uid"] = .string(context.caller.uid) }
        if !context.caller.groups.isEmpty {
            object["spec"]["groups"] = .array(context.caller.groups.map { .string($0) })
        }
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        object["spec"] = old["spec"]
        guard context.subresource != nil else { return }
        let now = JSONValue.string(Time.now.description)
        for index in (object["status"]["conditions"].array ?? []).indices {
            for field in ["lastUpdateTime", "lastTransitionTime"]
            where object["status"]["conditions"][index][field].isNull {
                object["status"]["conditions"][index][field] = now
            }
        }
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        let path = FieldPath("status", "conditions")
        let types = Set((object["status"]["conditions"].array ?? []).compactMap { $0["type"].string })
        if types.contains("Approved"), types.contains("Denied") {
            errors.append(
                .invalid(path, object["status"]["conditions"], "Approved and Denied conditions are mutually exclusive"))
        }
        for (index, condition) in (object["status"]["conditions"].array ?? []).enumerated() {
            if (condition["type"].string ?? "").isEmpty { errors.append(.required(path[index]["type"])) }
            if (condition["status"].string ?? "").isEmpty { errors.append(.required(path[index]["status"])) }
        }
        guard let old else { return }
        let before = Set((old["status"]["conditions"].array ?? []).compactMap { $0["type"].string })
        for type in ["Approved", "Denied", "Failed"] where before.contains(type) && !types.contains(type) {
            errors.append(.forbidden(path, "updates may not remove a condition of type \"\(type)\""))
        }
        if context.subresource == "status" {
            for type in ["Approved", "Denied"] where types.contains(type) && !before.contains(type) {
                errors.append(.forbidden(path, "updates may not add a condition of type \"\(type)\""))
            }
        }
    }
}
