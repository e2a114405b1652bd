public import JSON

/// Strategic merge patch: a merge patch that knows, from the declarations, which lists are merged by a key
/// (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/), with the directives
/// `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
public struct StrategicMergePatch {
    private let schema: Schema

    public init(_ schema: Schema) { self.schema = schema }

    public func apply(_ patch: JSONValue, to target: inout JSONValue, type: Int) throws(StatusError) {
        guard case .object(let changes) = patch else { throw .badRequest("a strategic merge patch is an object") }
        try merge(changes, into: &target, .object(type))
    }

    private func merge(_ changes: JSONObject, into target: inout JSONValue, _ type: FieldType?) throws(StatusError) {
        if let directive = changes["$patch"]?.string {
            switch directive {
            case "replace":
                var replacement = changes
                replacement.removeValue(forKey: "$patch")
                target = .object(replacement)
                return
            case "delete":
                target = .object([:])
                return
            case "merge": break
            default: throw Self.unknown(directive)
            }
        }
        if target.object == nil { target = .object([:]) }
        if let kept = changes["$retainKeys"]?.array {
            let kept = Set(kept.compactMap(\.string))
            let given = Set(changes.keys.filter { !$0.hasPrefix("$") })
            if !given.isSubset(of: kept) {
                throw .badRequest("$retainKeys must name every field that the patch sets: \(given.subtracting(kept).sorted())")
            }
            for key in target.object?.keys ?? [] where !kept.contains(key) { target.remove(key) }
        }
        for (key, change) in changes where !key.hasPrefix("$") || key == "$ref" {
            let (field, fieldType) = lookUp(key, in: type)
            if change.isNull {
                target.remove(key)
                continue
            }
            switch change {
            case .object(let inner):
                if inner["$patch"]?.string == "delete" {
                    target.remove(key)
                } else {
                    try merge(inner, into: &target[key], fieldType)
                    if target[key].isNull { target[key] = .object([:]) }
                }
            case .array(let items):
                guard field?.patch.merge == true, case .list(let element)? = fieldType else {
                    target[key] = .array(items.filter { !$0.has("$patch") })
                    continue
                }
                var list = target[key].array ?? []
                if let mergeKey = field?.patch.mergeKey {
                    try mergeObjects(items, into: &list, by: mergeKey, element)
                } else {
                    for item in items where !list.contains(item) { list.append(item) }
                }
                target[key] = .array(list)
            default: target[key] = change
            }
        }
        for (key, directive) in changes {
            if key.hasPrefix("$deleteFromPrimitiveList/") {
                let name = String(key.dropFirst("$deleteFromPrimitiveList/".count))
                guard let unwanted = directive.array else { throw .badRequest("\(key) must be a list") }
                if let list = target[name].array { target[name] = .array(list.filter { !unwanted.contains($0) }) }
            } else if key.hasPrefix("$setElementOrder/") {
                let name = String(key.dropFirst("$setElementOrder/".count))
                guard let order = directive.array else { throw .badRequest("\(key) must be a list") }
                let mergeKey = lookUp(name, in: type).field?.patch.mergeKey
                if let list = target[name].array { target[name] = .array(Self.sort(list, order, mergeKey)) }
            }
        }
    }

    private func lookUp(_ key: String, in type: FieldType?) -> (field: Field?, type: FieldType?) {
        switch type {
        case .object(let id)?:
            let field = schema[id].field(key)
            return (field, field?.type)
        case .map(let element)?: return (nil, element)
        default: return (nil, nil)
        }
    }

    private static func unknown(_ directive: String) -> StatusError {
        .badRequest("unknown $patch directive \"\(directive)\": use replace, delete or merge")
    }

    /// Items of the patch are matched to the list's by the merge key; new ones go to the end.
    private func mergeObjects(
        _ items: [JSONValue], into list: inout [JSONValue], by key: String, _ element: FieldType
    ) throws(StatusError) {
        if items.contains(where: { $0["$patch"].string == "replace" }) {
            list = items.filter { $0["$patch"].string != "replace" }
            return
        }
        for item in items {
            guard case .object(var changes) = item else { throw .badRequest("a list merged by \(key) holds objects") }
            guard let value = changes[key], !value.isNull else {
                throw .badRequest("an item of the patch has no \(key), by which its list is merged")
            }
            let position = list.firstIndex { $0[key] == value }
            if let directive = changes["$patch"]?.string {
                switch directive {
                case "delete":
                    list.removeAll { $0[key] == value }
                    continue
                case "merge": changes.removeValue(forKey: "$patch")
                default: throw Self.unknown(directive)
                }
            }
            if let position {
                try merge(changes, into: &list[position], element)
            } else {
                var fresh = JSONValue.object([:])
                try merge(changes, into: &fresh, element)
                list.append(fresh)
            }
        }
    }

    /// Brings the items that the order names into that order; the others stay behind the one they followed.
    private static func sort(_ list: [JSONValue], _ order: [JSONValue], _ mergeKey: String?) -> [JSONValue] {
        func name(_ item: JSONValue) -> JSONValue { mergeKey.map { item[$0] } ?? item }
        let wanted = order.map { item in mergeKey.map { item[$0] } ?? item }
        let named = wanted.compactMap { key in list.first { name($0) == key } }
        var result: [JSONValue] = []
        var next = named.makeIterator()
        var pending = next.next()
        for item in list {
            if wanted.contains(name(item)) {
                if let ordered = pending {
                    result.append(ordered)
                    pending = next.next()
                }
            } else {
                result.append(item)
            }
        }
        return result
    }
}
