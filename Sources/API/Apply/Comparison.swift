internal import JSON

/// What differs between two states of an object.
struct Comparison {
    /// Added and modified.
    var changed = FieldSet()
    var removed = FieldSet()
    var isEmpty: Bool { changed.isEmpty && removed.isEmpty }

    /// Fields of metadata that the server sets and nobody owns; `apiVersion` and `kind` are not owned either.
    static let unowned: Set<String> = [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
        "resourceVersion",
    ]
}

/// Compares along the branches that differ, and only those.
struct Comparer {
    private let schema: Schema

    private struct Nodes {
        var changed = FieldNode()
        var removed = FieldNode()

        mutating func attach(_ element: String, _ child: Nodes) {
            if !child.changed.isEmpty { changed.attach(element, child.changed) }
            if !child.removed.isEmpty { removed.attach(element, child.removed) }
        }
    }

    init(_ schema: Schema) { self.schema = schema }

    /// `old` is an empty object for one that did not exist.
    func compare(_ old: JSONValue, _ new: JSONValue, type: Int) -> Comparison {
        var nodes = Nodes()
        let (before, now) = (old.object ?? [:], new.object ?? [:])
        func compare(_ key: String) {
            if key == "apiVersion" || key == "kind" { return }
            let (shape, field) = schema.shape(of: key, in: type)
            var (before, now) = (before[key] ?? field?.zero, now[key] ?? field?.zero)
            if key == "metadata" {
                for name in Comparison.unowned {
                    before?.remove(name)
                    now?.remove(name)
                }
            }
            nodes.attach(PathElement.field(key), self.compare(before, now, shape))
        }
        for (key, _) in now { compare(key) }
        for (key, _) in before where now[key] == nil { compare(key) }
        return Comparison(
            changed: FieldSet(tree: nodes.changed.children), removed: FieldSet(tree: nodes.removed.children))
    }

    private func compare(_ old: JSONValue?, _ new: JSONValue?, _ shape: Shape) -> Nodes {
        var nodes = Nodes()
        guard let old else {
            if let new { nodes.changed = whole(new, shape) }
            return nodes
        }
        guard let new else {
            nodes.removed = whole(old, shape)
            return nodes
        }
        let descends =
            switch shape {
            case .leaf: false
            case .structure, .map, .undeclared: Self.isMap(old) && Self.isMap(new)
            case .keyed, .set: Self.isList(old) && Self.isList(new)
            }
        // The difference between an empty one and null is kept.
        guard descends, !Self.isEmpty(old) || !Self.isEmpty(new) else {
            nodes.changed.isMember = old != new
            return nodes
        }
        switch shape {
        case .keyed(let element, _), .set(let element):
            compareItems(old.array ?? [], new.array ?? [], shape, schema.shape(of: element), &nodes)
        default: compareMembers(old.object ?? [:], new.object ?? [:], shape, &nodes)
        }
        return nodes
    }

    /// Every field of a value that came or went: each node is in the set.
    private func whole(_ value: JSONValue, _ shape: Shape) -> FieldNode {
        var node = FieldNode(isMember: true)
        switch (shape, value) {
        case (.structure, .object(let members)), (.map, .object(let members)), (.undeclared, .object(let members)):
            node.children.reserveCapacity(members.count)
            for (key, value) in members {
                node.attach(PathElement.field(key), whole(value, schema.childShape(of: key, in: shape)))
            }
        case (.keyed(let type, _), .array(let items)), (.set(let type), .array(let items)):
            let item = schema.shape(of: type)
            let groups = schema.group(items, shape)
            for element in groups.order {
                let same = groups.items[element] ?? []
                node.attach(element, same.count == 1 ? whole(same[0], item) : FieldNode(isMember: true))
            }
        default: break
        }
        return node
    }

    private func compareMembers(_ before: JSONObject, _ now: JSONObject, _ shape: Shape, _ nodes: inout Nodes) {
        func compare(_ key: String, _ a: JSONValue?, _ b: JSONValue?) {
            if let a, let b, a == b { return }
            var (a, b) = (a, b)
            if a == nil || b == nil, case .structure(let id) = shape, let zero = schema.types[id].field(key)?.zero {
                (a, b) = (a ?? zero, b ?? zero)
            }
            nodes.attach(PathElement.field(key), self.compare(a, b, schema.childShape(of: key, in: shape)))
        }
        for (key, value) in now { compare(key, before[key], value) }
        for (key, value) in before where now[key] == nil { compare(key, value, nil) }
    }

    /// Items are matched by their keys or values. Of duplicates, which only an update can leave behind, the whole group
    /// is one field.
    private func compareItems(
        _ old: [JSONValue], _ new: [JSONValue], _ list: Shape, _ item: Shape, _ nodes: inout Nodes
    ) {
        let (before, now) = (schema.group(old, list), schema.group(new, list))
        func compare(_ element: String, _ a: [JSONValue], _ b: [JSONValue]) {
            if a == b { return }
            var child = Nodes()
            switch (a.count, b.count) {
            case (...1, ...1): child = self.compare(a.first, b.first, item)
            case (2..., 2...): child.changed.isMember = true
            case (2..., _):
                child = self.compare(nil, b.first, item)
                child.removed.isMember = true
            default:
                child = self.compare(a.first, nil, item)
                child.changed.isMember = true
            }
            nodes.attach(element, child)
        }
        for element in now.order { compare(element, before.items[element] ?? [], now.items[element] ?? []) }
        for element in before.order where now.items[element] == nil {
            compare(element, before.items[element] ?? [], [])
        }
    }

    /// Null stands for an empty one.
    private static func isMap(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .object: true
        default: false
        }
    }
    private static func isList(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .array: true
        default: false
        }
    }
    private static func isEmpty(_ value: JSONValue) -> Bool { value.isNull || value.isEmptyContainer }
}

extension Schema {
    struct Groups {
        /// The path elements, each once, in the order of the list.
        var order: [String] = []
        var items: [String: [JSONValue]] = [:]
    }

    /// The items of a list by their path elements; what has none is known by its position.
    func group(_ list: [JSONValue], _ shape: Shape) -> Groups {
        var groups = Groups()
        groups.order.reserveCapacity(list.count)
        groups.items.reserveCapacity(list.count)
        for (index, item) in list.enumerated() {
            let element = element(of: item, in: shape) ?? "i:\(index)"
            if groups.items[element] == nil { groups.order.append(element) }
            groups.items[element, default: []].append(item)
        }
        return groups
    }
}
