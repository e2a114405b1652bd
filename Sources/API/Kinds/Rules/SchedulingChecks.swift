internal import JSON

// Checks of what decides where a Pod runs.
extension Kinds {
    static let schedulingChecks: [String: Check] = [
        "core.v1.NodeSelectorTerm": { term, path, errors in
            for (index, requirement) in term["matchExpressions"].items.enumerated() {
                let path = path["matchExpressions"][index]
                let values = requirement["values"].items
                switch requirement["operator"].text {
                case "In", "NotIn":
                    if values.isEmpty {
                        errors.append(.required(path["values"], "must be specified when `operator` is 'In' or 'NotIn'"))
                    }
                case "Exists", "DoesNotExist":
                    if !values.isEmpty {
                        errors.append(
                            .forbidden(
                                path["values"], "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
                    }
                case "Gt", "Lt":
                    if values.count != 1 {
                        errors.append(
                            .required(path["values"], "must be specified single value when `operator` is 'Lt' or 'Gt'"))
                    }
                default:
                    errors.append(.invalid(path["operator"], requirement["operator"], "not a valid selector operator"))
                }
                errors.check(.qualifiedName, .string(requirement["key"].text), path["key"])
            }
            for (index, requirement) in term["matchFields"].items.enumerated() {
                let path = path["matchFields"][index]
                if !["In", "NotIn"].contains(requirement["operator"].text) {
                    errors.append(.invalid(path["operator"], requirement["operator"], "not a valid selector operator"))
                } else if requirement["values"].items.count != 1 {
                    errors.append(
                        .required(
                            path["values"],
                            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
                }
                if requirement["key"] != "metadata.name" {
                    errors.append(.invalid(path["key"], requirement["key"], "not a valid field selector key"))
                }
            }
        },
        "core.v1.PodAffinityTerm": { term, path, errors in
            errors.check(.qualifiedName, .string(term["topologyKey"].text), path["topologyKey"])
            for name in term["namespaces"].items { errors.check(.dns1123Label, name, path["namespace"]) }
        },
        "core.v1.Toleration": { toleration, path, errors in
            let (key, value) = (toleration["key"].text, toleration["value"])
            if !key.isEmpty { errors.check(.qualifiedName, .string(key), path["key"]) }
            if key.isEmpty, toleration["operator"] != "Exists" {
                errors.append(
                    .invalid(path["operator"], toleration["operator"], "operator must be Exists when `key` is empty"))
            }
            if toleration.given("tolerationSeconds"), toleration["effect"] != "NoExecute" {
                errors.append(
                    .invalid(
                        path["effect"], toleration["effect"],
                        "effect must be 'NoExecute' when `tolerationSeconds` is set"))
            }
            switch toleration["operator"].text {
            case "", "Equal":
                if let problem = Format.labelValue.problems(value.text).first {
                    errors.append(.invalid(path["operator"], value, problem))
                }
            case "Exists":
                if !value.text.isEmpty {
                    errors.append(
                        .invalid(path["operator"], toleration, "value must be empty when `operator` is 'Exists'"))
                }
            case "Gt", "Lt":
                if Int(value.text) == nil {
                    errors.append(.invalid(path["value"], value, "must be an integer when `operator` is 'Gt' or 'Lt'"))
                }
            default: break
            }
        },
        "core.v1.TopologySpreadConstraint": { constraint, path, errors in
            if let key = constraint["topologyKey"].string, !key.isEmpty {
                errors.check(.qualifiedName, .string(key), path["topologyKey"])
            }
            if let minimum = constraint["minDomains"].int {
                if minimum <= 0 {
                    errors.append(.invalid(path["minDomains"], .int(minimum), "must be greater than zero"))
                }
                if constraint["whenUnsatisfiable"] != "DoNotSchedule" {
                    errors.append(
                        .invalid(
                            path["minDomains"], .int(minimum),
                            "can only use minDomains if whenUnsatisfiable=DoNotSchedule"))
                }
            }
            let selected = Set(constraint["labelSelector"]["matchExpressions"].items.map { $0["key"].text })
                .union(constraint["labelSelector"]["matchLabels"].members.keys)
            if !constraint["matchLabelKeys"].items.isEmpty, constraint["labelSelector"].isNull {
                errors.append(.forbidden(path["matchLabelKeys"], "must not be specified when labelSelector is not set"))
            }
            for (index, key) in constraint["matchLabelKeys"].items.enumerated() {
                errors.check(.qualifiedName, key, path["matchLabelKeys"][index])
                if selected.contains(key.text) {
                    errors.append(
                        .invalid(path["matchLabelKeys"][index], key, "exists in both matchLabelKeys and labelSelector"))
                }
            }
        },
        "core.v1.NodeSpec": { spec, path, errors in
            var seen: Set<String> = []
            for (index, taint) in spec["taints"].items.enumerated() {
                let path = path["taints"][index]
                if let key = taint["key"].string, !key.isEmpty {
                    errors.check(.qualifiedName, .string(key), path["key"])
                }
                if let problem = Format.labelValue.problems(taint["value"].text).first {
                    errors.append(.invalid(path["value"], taint["value"], problem))
                }
                if !seen.insert(taint["key"].text + ":" + taint["effect"].text).inserted {
                    errors.append(.duplicate(path, taint))
                }
            }
        },
    ]
}
