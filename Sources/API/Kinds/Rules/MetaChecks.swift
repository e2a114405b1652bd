internal import JSON

// Checks of the types that all groups use.
extension Kinds {
    static let metaChecks: [String: Check] = [
        "meta.v1.LabelSelectorRequirement": { requirement, path, errors in
            let values = requirement["values"].items
            switch requirement["operator"].text {
            case "In", "NotIn":
                if values.isEmpty {
                    errors.append(.required(path["values"], "must be specified when `operator` is 'In' or 'NotIn'"))
                }
            case "Exists", "DoesNotExist":
                if !values.isEmpty {
                    errors.append(
                        .forbidden(path["values"], "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
                    )
                }
            default: errors.append(.invalid(path["operator"], requirement["operator"], "not a valid selector operator"))
            }
            errors.check(.qualifiedName, .string(requirement["key"].text), path["key"])
            for (index, value) in values.enumerated() { errors.check(.labelValue, value, path["values"][index]) }
        },
        "meta.v1.ObjectMeta": { metadata, path, errors in
            var controllers = 0
            for owner in metadata["ownerReferences"].items {
                let path = path["ownerReferences"]
                for field in ["apiVersion", "kind", "name", "uid"] where owner[field].text.isEmpty {
                    errors.append(.invalid(path[field], owner[field], "must not be empty"))
                }
                if owner["kind"] == "Event", owner["apiVersion"] == "v1" {
                    errors.append(.invalid(path, owner, "an Event is not allowed to be an owner"))
                }
                guard owner["controller"] == true else { continue }
                controllers += 1
                if controllers == 1 { continue }
                errors.append(
                    .invalid(
                        path, metadata["ownerReferences"], "only one reference can have controller set to true"))
            }
        },
    ]
}
