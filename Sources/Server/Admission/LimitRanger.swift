internal import API
internal import JSON
internal import Store

/// Fills in the limits and requests that a namespace's LimitRanges give, and refuses what lies outside of them.
/// https://kubernetes.io/docs/concepts/policy/limit-range/
struct LimitRanger: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        let resource = context.resource.storeName
        guard resource == "pods" && old == nil || resource == "persistentvolumeclaims", context.subresource == nil,
            let namespace = context.namespace, context.server.store.count("limitranges") > 0
        else { return }
        var problems: [String] = []
        for stored in (try? context.server.store.list("limitranges", prefix: namespace + "/"))?.objects ?? [] {
            guard let root = try? JSONDocument(stored.bytes).root else { continue }
            for item in root["spec"]["limits"].elements.map(\.value) {
                if resource == "pods" { limit(&object, item, &problems) } else { checkClaim(object, item, &problems) }
            }
        }
        guard !problems.isEmpty else { return }
        throw .forbidden(
            context.resource.definition, object["metadata"]["name"].string ?? "",
            problems.count == 1 ? problems[0] : "[" + problems.joined(separator: ", ") + "]")
    }

    private func limit(_ pod: inout JSONValue, _ item: JSONValue, _ problems: inout [String]) {
        switch item["type"].string {
        case "Container":
            for list in ["containers", "initContainers"] {
                for index in (pod["spec"][list].array ?? []).indices {
                    fill(&pod["spec"][list][index]["resources"], item)
                    check(pod["spec"][list][index]["resources"], item, "Container", &problems)
                }
            }
        case "Pod":
            // A container without a value makes the sum of the Pod unknown, which a maximum refuses.
            var sum: JSONValue = [:]
            for container in pod["spec"]["containers"].array ?? [] {
                for list in ["requests", "limits"] {
                    for (name, value) in container["resources"][list].object ?? [:] {
                        let total = (quantity(sum[list][name]) ?? .zero) + (quantity(value) ?? .zero)
                        sum[list][name] = .string(total.canonical)
                    }
                }
            }
            check(sum, item, "Pod", &problems)
        default: break
        }
    }

    private func quantity(_ value: JSONValue) -> Quantity? { value.string.flatMap(Quantity.init) }

    private func fill(_ resources: inout JSONValue, _ item: JSONValue) {
        for (name, value) in item["default"].object ?? [:] where !resources["limits"].has(name) {
            resources["limits"][name] = value
        }
        for (name, value) in item["defaultRequest"].object ?? [:] where !resources["requests"].has(name) {
            resources["requests"][name] = value
        }
    }

    private func check(_ resources: JSONValue, _ item: JSONValue, _ type: String, _ problems: inout [String]) {
        for (name, bound) in item["min"].object ?? [:] {
            guard let minimum = quantity(bound) else { continue }
            let request = quantity(resources["requests"][name])
            if request == nil {
                problems.append("minimum \(name) usage per \(type) is \(minimum.canonical).  No request is specified")
            } else if let request, request < minimum {
                problems.append(
                    "minimum \(name) usage per \(type) is \(minimum.canonical), but request is \(request.canonical)")
            }
            if let limit = quantity(resources["limits"][name]), limit < minimum {
                problems.append(
                    "minimum \(name) usage per \(type) is \(minimum.canonical), but limit is \(limit.canonical)")
            }
        }
        for (name, bound) in item["max"].object ?? [:] {
            guard let maximum = quantity(bound) else { continue }
            let limit = quantity(resources["limits"][name])
            if limit == nil {
                problems.append("maximum \(name) usage per \(type) is \(maximum.canonical).  No limit is specified")
            } else if let limit, limit > maximum {
                problems.append(
                    "maximum \(name) usage per \(type) is \(maximum.canonical), but limit is \(limit.canonical)")
            }
            if let request = quantity(resources["requests"][name]), request > maximum {
                problems.append(
                    "maximum \(name) usage per \(type) is \(maximum.canonical), but request is \(request.canonical)")
            }
        }
        for (name, bound) in item["maxLimitRequestRatio"].object ?? [:] {
            guard let ratio = quantity(bound) else { continue }
            guard let limit = quantity(resources["limits"][name]), let request = quantity(resources["requests"][name]),
                request > .zero
            else {
                problems.append(
                    "\(name) max limit to request ratio per \(type) is \(ratio.canonical), but no request is specified or request is 0"
                )
                continue
            }
            // limit / request > ratio, in thousandths.
            let (left, right) = (Double(limit.milliValue), Double(request.milliValue) * Double(ratio.milliValue) / 1000)
            if left > right {
                problems.append(
                    "\(name) max limit to request ratio per \(type) is \(ratio.canonical), but provided ratio is \(left / Double(request.milliValue))"
                )
            }
        }
    }

    private func checkClaim(_ claim: JSONValue, _ item: JSONValue, _ problems: inout [String]) {
        guard item["type"] == "PersistentVolumeClaim",
            let storage = quantity(claim["spec"]["resources"]["requests"]["storage"])
        else { return }
        if let minimum = quantity(item["min"]["storage"]), storage < minimum {
            problems.append(
                "minimum storage usage per PersistentVolumeClaim is \(minimum.canonical), but request is \(storage.canonical)"
            )
        }
        if let maximum = quantity(item["max"]["storage"]), storage > maximum {
            problems.append(
                "maximum storage usage per PersistentVolumeClaim is \(maximum.canonical), but request is \(storage.canonical)"
            )
        }
    }
}
