internal import JSON

/// Merges an applied configuration into an object, and takes out what is applied no longer.
struct ApplyMerge {
    private let schema: Schema

    init(_ schema: Schema) { self.schema = schema }

    // MARK: Merging

    func merge(_ configuration: JSONValue, into live: JSONValue, type: Int) -> JSONValue {
        merge(live, configuration, .structure(type)) ?? live
    }

    private func merge(_ live: JSONValue?, _ applied: JSONValue?, _ shape: Shape) -> JSONValue? {
        guard let applied else { return live }
        guard let live else { return applied }
        switch (shape, live, applied) {
        case (.structure, .object(let a), .object(let b)), (.map, .object(let a), .object(let b)),
            (.undeclared, .object(let a), .object(let b)):
            var merged = a
            for (key, value) in b { merged[key] = merge(a[key], value, schema.childShape(of: key, in: shape)) }
            return .object(merged)
        case (.keyed(let type, _), .array(let a), .array(let b)), (.set(let type), .array(let a), .array(let b)):
            return .array(mergeItems(a, b, shape, schema.shape(of: type)))
        case (.structure, .object, .null), (.map, .object, .null), (.keyed, .array, .null), (.set, .array, .null):
            return live
        default: return applied
        }
    }

    /// The order is that of the configuration; items that are only in the live list stay behind the ones they followed.
    private func mergeItems(_ live: [JSONValue], _ applied: [JSONValue], _ list: Shape, _ item: Shape) -> [JSONValue] {
        let elements = live.enumerated().map { schema.element(of: $1, in: list) ?? "i:\($0)" }
        let (before, wanted) = (schema.group(live, list), schema.group(applied, list))
        var shared = wanted.order.filter { before.items[$0] != nil }[...]
        var result: [JSONValue] = []
        result.reserveCapacity(max(live.count, wanted.order.count))
        var done: Set<String> = []
        func take(_ element: String) {
            done.insert(element)
            let old = before.items[element] ?? []
            // Duplicates are replaced by the one that is applied.
            if let merged = merge(old.count == 1 ? .some(old[0]) : .none, wanted.items[element]?.first, item) {
                result.append(merged)
            }
            if shared.first == element { shared.removeFirst() }
        }
        var (l, r) = (0, 0)
        while l < live.count || r < wanted.order.count {
            if l < live.count, r < wanted.order.count {
                if elements[l] == wanted.order[r] {
                    take(elements[l])
                    (l, r) = (l + 1, r + 1)
                    continue
                }
                // Its turn comes when the configuration says so.
                if wanted.items[elements[l]] != nil, let next = shared.first, next != elements[l] {
                    l += 1
                    continue
                }
            }
            if l < live.count {
                if wanted.items[elements[l]] == nil {
                    result.append(live[l])
                    l += 1
                    continue
                }
                if done.contains(elements[l]) { l += 1 }
            }
            if r < wanted.order.count {
                if !done.contains(wanted.order[r]) { take(wanted.order[r]) }
                r += 1
            }
        }
        return result
    }

    // MARK: Pruning

    /// Removes what the applier owned (`last`) and nobody owns now (`owned`: all managers, and the new configuration).
    func prune(_ object: JSONValue, last: FieldSet, owned: FieldSet, type: Int) -> JSONValue {
        pruneMembers(object.object ?? [:], last.tree, owned.tree, .structure(type)).map { .object($0) } ?? .object([:])
    }

    /// A declared field with something below it in the set counts as in the set: without its content nobody wants it.
    private func isOwned(_ node: JSONObject, isField: Bool) -> Bool { isField || FieldSet.isMember(node) }

    /// Nil when nothing is left.
    private func prune(_ value: JSONValue, _ last: JSONObject, _ owned: JSONObject, _ shape: Shape) -> JSONValue? {
        switch (shape, value) {
        case (.structure, .object(let members)), (.map, .object(let members)), (.undeclared, .object(let members)):
            if members.isEmpty { return value }
            return pruneMembers(members, last, owned, shape).map { .object($0) }
        case (.keyed(let type, _), .array(let items)), (.set(let type), .array(let items)):
            if items.isEmpty { return value }
            let result = pruneItems(items, last, owned, shape, schema.shape(of: type))
            return result.isEmpty ? nil : .array(result)
        default: return value
        }
    }

    private func pruneMembers(_ members: JSONObject, _ last: JSONObject, _ owned: JSONObject, _ shape: Shape)
        -> JSONObject?
    {
        var result = members
        for (element, below) in last where element.hasPrefix("f:") {
            let key = String(element.dropFirst(2))
            guard let value = members[key], case .object(let mine) = below else { continue }
            let isField = if case .structure(let id) = shape { schema.types[id].index[key] != nil } else { false }
            let theirs = owned[element]?.object
            if isOwned(mine, isField: isField), theirs.map({ isOwned($0, isField: isField) }) != true {
                result.removeValue(forKey: key)
            } else if !mine.isEmpty {
                result[key] = prune(value, mine, theirs ?? [:], schema.childShape(of: key, in: shape))
            }
        }
        return result.isEmpty ? nil : result
    }

    private func pruneItems(
        _ items: [JSONValue], _ last: JSONObject, _ owned: JSONObject, _ list: Shape, _ item: Shape
    ) -> [JSONValue] {
        items.compactMap { value in
            guard let element = schema.element(of: value, in: list), case .object(let mine)? = last[element] else {
                return value
            }
            let theirs = owned[element]?.object
            if FieldSet.isMember(mine), theirs.map(FieldSet.isMember) != true { return nil }
            return mine.isEmpty ? value : prune(value, mine, theirs ?? [:], item)
        }
    }
}
