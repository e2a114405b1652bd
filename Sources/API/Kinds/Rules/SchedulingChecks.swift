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
                } else {
                    for (position, value) in requirement["values"].items.enumerated() {
                        errors.check(.dns1123Subdomain, value, path["values"][position])
                    }
                }
            }
        },
        // Values that no node can have are refused where they would keep a Pod from every node.
        "core.v1.NodeSelector": { selector, path, errors in
            for (index, term) in selector["nodeSelectorTerms"].items.enumerated() {
                for (position, requirement) in term["matchExpressions"].items.enumerated() {
                    let path = path["nodeSelectorTerms"][index]["matchExpressions"][position]["values"]
                    for (item, value) in requirement["values"].items.enumerated() {
                        errors.check(.labelValue, value, path[item])
                    }
                }
            }
        },
        "core.v1.TopologySelectorTerm": { term, path, errors in
            var keys: Set<String> = []
            for (index, requirement) in term["matchLabelExpressions"].items.enumerated() {
                let path = path["matchLabelExpressions"][index]
                errors.check(.qualifiedName, .string(requirement["key"].text), path["key"])
                if !keys.insert(requirement["key"].text).inserted {
                    errors.append(.duplicate(path["key"], requirement["key"]))
                }
                var values: Set<String> = []
                for (position, value) in requirement["values"].items.enumerated()
                where !values.insert(value.text).inserted {
                    errors.append(.duplicate(path["values"][position], value))
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
            let blocks = spec["podCIDRs"].items
            for (index, block) in blocks.enumerated() { errors.check(.cidr, block, path["podCIDRs"][index]) }
            let families = blocks.compactMap { IPBlock($0.text)?.address.isIPv4 }
            if blocks.count > 1, blocks.count > 2 || Set(families).count < families.count {
                errors.append(
                    .invalid(
                        path["podCIDRs"], spec["podCIDRs"], "may specify no more than one CIDR for each IP family"))
            }
            // Clients know the taints as part of the metadata.
            let path = FieldPath("metadata", "taints")
            var seen: Set<String> = []
            for (index, taint) in spec["taints"].items.enumerated() {
                let path = path[index]
                errors.check(.qualifiedName, .string(taint["key"].text), path["key"])
                if let problem = Format.labelValue.problems(taint["value"].text).first {
                    errors.append(.invalid(path["value"], taint["value"], problem))
                }
                errors.require(taint, "effect", path)
                if !taint["effect"].text.isEmpty {
                    errors.check(
                        taint["effect"], isOneOf: ["NoExecute", "NoSchedule", "PreferNoSchedule"], path["effect"])
                }
                if !seen.insert(taint["key"].text + ":" + taint["effect"].text).inserted {
                    errors.append(.duplicate(path, taint))
                }
            }
        },
    ]

    static let nodeUpdateChecks: [String: UpdateCheck] = [
        "core.v1.NodeSpec": { new, old, path, errors in
            for (field, isList) in [("podCIDRs", true), ("providerID", false)] {
                let isGiven = isList ? !old[field].items.isEmpty : !old[field].text.isEmpty
                if isGiven, new[field] != old[field] {
                    errors.append(
                        .forbidden(path[field], "node updates may not change \(field) except from empty to valid"))
                }
            }
            if new["externalID"] != old["externalID"] {
                errors.append(.forbidden(path["externalID"], "may not be updated"))
            }
        }
    ]
}
