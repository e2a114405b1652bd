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
        if old == nil, new == nil { return nodes }
        let descends =
            switch shape {
            case .leaf: false
            case .structure, .map: Self.isMap(old) && Self.isMap(new) && !(Self.isEmpty(old) && Self.isEmpty(new))
            case .undeclared:
                Self.isMap(old) && Self.isMap(new) && !(Self.isEmpty(old) && Self.isEmpty(new))
            case .keyed, .set: Self.isList(old) && Self.isList(new) && !(Self.isEmpty(old) && Self.isEmpty(new))
            }
        guard descends else {
            switch (old, new) {
            case (nil, _): nodes.changed.isMember = true
            case (_, nil): nodes.removed.isMember = true
            case (let old?, let new?): nodes.changed.isMember = old != new
            }
            return nodes
        }
        switch shape {
        case .keyed(let element, _), .set(let element):
            compareItems(old?.array ?? [], new?.array ?? [], shape, schema.shape(of: element), &nodes)
        default: compareMembers(old, new, shape, &nodes)
        }
        if old == nil { nodes.changed.isMember = true }
        if new == nil { nodes.removed.isMember = true }
        return nodes
    }

    private func compareMembers(_ old: JSONValue?, _ new: JSONValue?, _ shape: Shape, _ nodes: inout Nodes) {
        let (before, now) = (old?.object ?? [:], new?.object ?? [:])
        func compare(_ key: String, _ a: JSONValue?, _ b: JSONValue?) {
            if let a, let b, a == b { return }
            switch shape {
            case .structure(let id):
                let (shape, field) = schema.shape(of: key, in: id)
                let zero = a == nil || b == nil ? field?.zero : nil
                nodes.attach(
                    PathElement.field(key),
                    self.compare(a ?? (old == nil ? nil : zero), b ?? (new == nil ? nil : zero), shape))
            case .map(let element): nodes.attach(PathElement.field(key), self.compare(a, b, schema.shape(of: element)))
            default: nodes.attach(PathElement.field(key), self.compare(a, b, .undeclared))
            }
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
    private static func isMap(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?, .object?: true
        default: false
        }
    }
    private static func isList(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?, .array?: true
        default: false
        }
    }
    private static func isEmpty(_ value: JSONValue?) -> Bool {
        value == nil || value?.isNull == true || value?.isEmptyContainer == true
    }
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
