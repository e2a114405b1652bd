internal import API
internal import JSON

/// Events of the newer API say who reports what when; those of core/v1 may be as short as they were.
struct EventStrategy: Strategy {
    var createsOnUpdate: Bool { true }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        guard old == nil else { return }
        let isNew = context.options.apiVersion.hasPrefix("events.k8s.io/")
        let hasTime = !object["eventTime"].isNull
        let owner = object["involvedObject"]["namespace"].string ?? ""
        let namespace = context.namespace ?? ""
        let matches =
            owner.isEmpty
            ? namespace == "default" || (hasTime && namespace == "kube-system") : hasTime || owner == namespace
        if !matches {
            errors.append(
                .invalid(FieldPath("involvedObject", "namespace"), .string(owner), "does not match event.namespace"))
        }
        func text(_ field: String) -> String { object[field].string ?? "" }
        if hasTime {
            let controller = isNew ? "reportingController" : "reportingComponent"
            if text("reportingComponent").isEmpty {
                errors.append(.required(FieldPath(controller)))
            } else {
                for problem in Format.qualifiedName.problems(text("reportingComponent")) {
                    errors.append(.invalid(FieldPath(controller), object["reportingComponent"], problem))
                }
            }
            for field in ["reportingInstance", "action", "reason"] {
                if text(field).isEmpty { errors.append(.required(FieldPath(field))) }
                if text(field).utf8.count > 128 {
                    errors.append(.invalid(FieldPath(field), "", "can have at most 128 characters"))
                }
            }
            if text("message").utf8.count > 1024 {
                errors.append(.invalid(FieldPath("message"), "", "can have at most 1024 characters"))
            }
        }
        guard isNew else { return }
        if !hasTime { errors.append(.required(FieldPath("eventTime"))) }
        if !["Normal", "Warning"].contains(text("type")) {
            errors.append(.invalid(FieldPath("type"), "", "has invalid value: "))
        }
        for field in ["firstTimestamp", "lastTimestamp", "count"] where !object[field].isNull {
            errors.append(.invalid(FieldPath(field), "", "needs to be unset"))
        }
        if !(object["source"].object ?? [:]).isEmpty {
            errors.append(.invalid(FieldPath("source"), "", "needs to be unset"))
        }
    }
}
