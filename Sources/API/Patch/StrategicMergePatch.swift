public import JSON

/// Strategic merge patch: a merge patch that knows, from the declarations, which lists are merged by a key
/// (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/), with the directives
/// `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
public struct StrategicMergePatch {
    private static let deletion = "$deleteFromPrimitiveList/"
    private static let order = "$setElementOrder/"
    private let schema: Schema

    public init(_ schema: Schema) { self.schema = schema }

    public func apply(_ patch: JSONValue, to target: inout JSONValue, type: Int) throws(StatusError) {
        guard case .object(let changes) = patch else { throw .badRequest("a strategic merge patch is an object") }
        try merge(changes, into: &target, .object(type))
    }

    private func merge(_ changes: JSONObject, into target: inout JSONValue, _ type: FieldType?) throws(StatusError) {
        switch changes["$patch"]?.string {
        case "replace"?:
            var replacement = changes
            replacement.removeValue(forKey: "$patch")
            target = .object(replacement)
            return
        case "delete"?:
            target = .object([:])
            return
        case "merge"?, nil: break
        case let other?: throw Self.unknown(other)
        }
        if target.object == nil { target = .object([:]) }
        try retainKeys(changes, in: &target)
        for (key, change) in changes where !key.hasPrefix("$") || key == "$ref" || key == "$schema" {
            try merge(change, as: key, into: &target, lookUp(key, in: type), changes)
        }
        for (key, directive) in changes {
            if key.hasPrefix(Self.deletion) {
                let name = String(key.dropFirst(Self.deletion.count))
                guard let unwanted = directive.array else { throw .badRequest("\(key) must be a list") }
                if let list = target[name].array { target[name] = .array(list.filter { !unwanted.contains($0) }) }
            } else if key.hasPrefix(Self.order) {
                let name = String(key.dropFirst(Self.order.count))
                let mergeKey = lookUp(name, in: type).field?.patch.mergeKey
                if changes[name] == nil, let list = target[name].array {
                    target[name] = .array(
                        Self.arrange(list, named: try Self.list(directive, key), before: list, mergeKey))
                }
            }
        }
    }

    /// One field of the patch.
    private func merge(
        _ change: JSONValue, as key: String, into target: inout JSONValue,
        _ declared: (field: Field?, type: FieldType?),
        _ changes: JSONObject
    ) throws(StatusError) {
        if change.isNull {
            target.remove(key)
            return
        }
        let isMerged = declared.field?.patch.merge == true
        // What is not there yet is taken as it is; a directive has nothing to be about.
        guard target.has(key), !target[key].isNull else {
            if let plain = try Self.withoutDirectives(change) { target[key] = plain }
            if case .array = change, isMerged, let order = changes[Self.order + key] {
                target[key] = .array(
                    Self.arrange(
                        target[key].array ?? [], named: try Self.list(order, key), before: [],
                        declared.field?.patch.mergeKey))
            }
            return
        }
        switch change {
        case .object(let inner):
            if inner["$patch"]?.string == "delete" {
                target.remove(key)
            } else {
                try merge(inner, into: &target[key], declared.type)
            }
        case .array(let items):
            guard isMerged, case .list(let element)? = declared.type else {
                target[key] = .array(items.filter { !$0.has("$patch") })
                return
            }
            let before = target[key].array ?? []
            var list = before
            let mergeKey = declared.field?.patch.mergeKey
            var isReplaced = false
            if let mergeKey {
                isReplaced = try mergeObjects(items, into: &list, by: mergeKey, element)
            } else {
                for item in items where !list.contains(item) { list.append(item) }
            }
            if !isReplaced {
                let order =
                    try changes[Self.order + key].map { value throws(StatusError) in try Self.list(value, key) }
                    ?? items
                list = Self.arrange(list, named: order, before: before, mergeKey)
            }
            target[key] = .array(list)
        default: target[key] = change
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

    private static func list(_ value: JSONValue, _ key: String) throws(StatusError) -> [JSONValue] {
        guard let list = value.array else { throw .badRequest("\(order)\(key) must be a list") }
        return list
    }

    /// `$retainKeys` names the fields that stay; others that are there go. The patch may set no others.
    private func retainKeys(_ changes: JSONObject, in target: inout JSONValue) throws(StatusError) {
        guard let names = changes["$retainKeys"]?.array else { return }
        let kept = Set(names.compactMap(\.string))
        let others = changes.filter { !$0.key.hasPrefix("$") && !$0.value.isNull && !kept.contains($0.key) }.map(\.key)
        if !others.isEmpty {
            throw .badRequest("$retainKeys must name every field that the patch sets: \(others.sorted())")
        }
        for key in target.object?.keys ?? [] where !kept.contains(key) { target.remove(key) }
    }

    /// A value that is new, without nulls; nil for an object that is only a directive.
    private static func withoutDirectives(_ value: JSONValue) throws(StatusError) -> JSONValue? {
        switch value {
        case .object(let members):
            if members["$patch"] != nil { return nil }
            var result = JSONObject()
            for (key, item) in members where !item.isNull && !isDirective(key) {
                if let plain = try withoutDirectives(item) { result[key] = plain }
            }
            return .object(result)
        case .array(let items):
            // A list that is marked as replaced begins with the mark.
            var result: [JSONValue] = []
            for item in items { if let plain = try withoutDirectives(item) { result.append(plain) } }
            return .array(result)
        default: return value
        }
    }

    private static func isDirective(_ key: String) -> Bool {
        key == "$retainKeys" || key.hasPrefix(order) || key.hasPrefix(deletion)
    }

    /// Items of the patch are matched to the list's by the merge key. True when the patch replaces the whole list.
    private func mergeObjects(
        _ items: [JSONValue], into list: inout [JSONValue], by key: String, _ element: FieldType
    ) throws(StatusError) -> Bool {
        if items.contains(where: { $0["$patch"].string == "replace" }) {
            list = items.filter { $0["$patch"].string != "replace" }
            return true
        }
        for item in items {
            guard case .object(var changes) = item else { throw .badRequest("a list merged by \(key) holds objects") }
            guard let value = changes[key], !value.isNull else {
                // Upstream has no reason for this one, and calls it its own fault.
                throw StatusError(
                    code: 500, reason: "", message: "map: \(item) does not contain declared merge key: \(key)")
            }
            let position = list.firstIndex { $0[key] == value }
            switch changes["$patch"]?.string {
            case "delete"?:
                list.removeAll { $0[key] == value }
                continue
            case "merge"?: changes.removeValue(forKey: "$patch")
            case nil: break
            case let other?: throw Self.unknown(other)
            }
            if let position {
                try merge(changes, into: &list[position], element)
            } else if let fresh = try Self.withoutDirectives(.object(changes)) {
                list.append(fresh)
            }
        }
        return false
    }

    /// Brings the items that the order names into that order. The others keep the order they had, and come behind an item that is
    /// named unless they stood before it.
    private static func arrange(_ list: [JSONValue], named order: [JSONValue], before: [JSONValue], _ mergeKey: String?)
        -> [JSONValue]
    {
        func name(_ item: JSONValue) -> JSONValue { mergeKey.map { item[$0] } ?? item }
        func positions(_ items: [JSONValue]) -> [JSONValue] { items.map(name) }
        let (wanted, earlier) = (positions(order), positions(before))
        func sorted(_ items: [JSONValue], by names: [JSONValue]) -> [JSONValue] {
            items.enumerated().sorted { a, b in
                let (left, right) = (
                    names.firstIndex(of: name(a.element)) ?? .max, names.firstIndex(of: name(b.element)) ?? .max
                )
                return (left, a.offset) < (right, b.offset)
            }.map(\.element)
        }
        var named = sorted(list.filter { wanted.contains(name($0)) }, by: wanted)[...]
        var others = sorted(list.filter { !wanted.contains(name($0)) }, by: earlier)[...]
        var result: [JSONValue] = []
        while let other = others.first, let next = named.first {
            let stoodBefore =
                earlier.firstIndex(of: name(other)).flatMap { left in
                    earlier.firstIndex(of: name(next)).map { left < $0 }
                } ?? false
            result.append(stoodBefore ? others.removeFirst() : named.removeFirst())
        }
        return result + named + others
    }
}
