internal import JSON

/// The fields that an applied configuration names, and what is wrong with it.
struct AppliedConfiguration {
    private let schema: Schema
    private var path: [String] = []
    private(set) var errors: [String] = []

    init(_ schema: Schema) { self.schema = schema }

    mutating func fields(of value: JSONValue, type: Int) -> FieldSet {
        FieldSet(tree: node(value, .structure(type), .object(type)).children)
    }

    /// Whether the node itself belongs to the set is, for members and items, up to who asks.
    private mutating func node(_ value: JSONValue, _ shape: Shape, _ type: FieldType) -> FieldNode {
        var node = FieldNode()
        switch (shape, value) {
        case (.leaf, _):
            check(value, type)
            node.isMember = true
        case (.structure, .object(let members)), (.map, .object(let members)), (.undeclared, .object(let members)):
            for (key, value) in members { attach(key, value, shape, &node) }
        case (.undeclared, _): node.isMember = true
        case (.keyed(let element, _), .array(let items)), (.set(let element), .array(let items)):
            attach(items, shape, element, &node)
        case (_, .null): break
        case (.structure, _), (.map, _): fail("expected map, got \(value)")
        case (.keyed, _), (.set, _): fail("expected list, got \(value)")
        }
        return node
    }

    private mutating func attach(_ key: String, _ value: JSONValue, _ parent: Shape, _ node: inout FieldNode) {
        var shape = Shape.undeclared
        var type = FieldType.any
        var isField = false
        let element = PathElement.field(key)
        path.append(element)
        defer { path.removeLast() }
        switch parent {
        case .structure(let id):
            let found = schema.shape(of: key, in: id)
            shape = found.shape
            if let field = found.field {
                (type, isField) = (field.type, true)
            } else if !schema.types[id].preservesUnknownFields {
                return fail("field not declared in schema")
            }
        case .map(let item): (shape, type) = (schema.shape(of: item), item)
        default: break
        }
        var child = self.node(value, shape, type)
        let isEmptyMap = if case .object(let object) = value { object.isEmpty } else { false }
        if !isField || value.isNull || isEmptyMap { child.isMember = true }
        node.attach(element, child)
    }

    private mutating func attach(_ items: [JSONValue], _ list: Shape, _ type: FieldType, _ node: inout FieldNode) {
        let shape = schema.shape(of: type)
        var seen: Set<String> = []
        for (index, item) in items.enumerated() {
            guard let element = schema.element(of: item, in: list) else {
                if case .keyed(_, let keys) = list {
                    let missing = keys.first { !item.has($0) } ?? ""
                    fail(
                        "element \(index): associative list with keys has an element that omits key field \"\(missing)\" (and doesn't have default value)"
                    )
                }
                continue
            }
            path.append(element)
            defer { path.removeLast() }
            guard seen.insert(element).inserted else {
                let shown = PathElement.description(of: [element])
                path.removeLast()
                fail("duplicate entries for key \(shown)")
                path.append(element)
                continue
            }
            var child = self.node(item, shape, type)
            child.isMember = true
            node.attach(element, child)
        }
    }

    private mutating func fail(_ problem: String) {
        if errors.count < 100 { errors.append(PathElement.description(of: path) + ": " + problem) }
    }

    private mutating func check(_ value: JSONValue, _ type: FieldType) {
        switch (type, value) {
        case (_, .null), (.any, _), (.object, .object), (.map, .object), (.list, .array), (.bool, .bool),
            (.string, .string),
            (.bytes, .string), (.int32, .number), (.int64, .number), (.double, .number):
            break
        case (.quantity, .number), (.quantity, .string), (.intOrString, .number), (.intOrString, .string),
            (.time, .string),
            (.microTime, .string):
            break
        case (.object, _), (.map, _): fail("expected map, got \(value)")
        case (.list, _): fail("expected list, got \(value)")
        case (.string, _), (.bytes, _): fail("expected string, got \(value)")
        case (.bool, _): fail("expected boolean, got \(value)")
        case (.int32, _), (.int64, _), (.double, _): fail("expected numeric (int or float), got \(value)")
        default: fail("expected any scalar, got \(value)")
        }
        checkWithin(value, type)
    }

    /// What is owned as a whole has a declared type all the same.
    private mutating func checkWithin(_ value: JSONValue, _ type: FieldType) {
        switch (type, value) {
        case (.object(let id), .object(let members)):
            for (key, value) in members {
                path.append(PathElement.field(key))
                if let field = schema.types[id].field(key) {
                    check(value, field.type)
                } else if !schema.types[id].preservesUnknownFields {
                    fail("field not declared in schema")
                }
                path.removeLast()
            }
        case (.map(let element), .object(let members)):
            for (key, value) in members {
                path.append(PathElement.field(key))
                check(value, element)
                path.removeLast()
            }
        case (.list(let element), .array(let items)):
            for (index, value) in items.enumerated() {
                path.append("i:\(index)")
                check(value, element)
                path.removeLast()
            }
        default: break
        }
    }
}
