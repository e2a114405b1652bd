internal import JSON

/// How apply treats a value (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
enum Shape {
    /// Owned as a whole: scalars, and lists, maps and objects that are atomic.
    case leaf
    /// Owned field by field; the type's index.
    case structure(Int)
    /// Owned entry by entry.
    case map(FieldType)
    /// Owned item by item: by the fields that identify one, in the order of their names, or by value.
    case keyed(FieldType, keys: [String])
    case set(FieldType)
    /// Nothing is declared: objects are owned by their members, everything else as a whole.
    case undeclared
}

extension Schema {
    /// What stands in a list or map.
    func shape(of type: FieldType) -> Shape {
        switch type {
        case .object(let id): types[id].isAtomic ? .leaf : .structure(id)
        case .map(let element): .map(element)
        default: .leaf
        }
    }

    func shape(of field: Field) -> Shape {
        if field.isAtomic { return .leaf }
        guard case .list(let element) = field.type else { return shape(of: field.type) }
        switch field.listType {
        case .atomic: return .leaf
        case .set: return .set(element)
        case .map(let keys): return .keyed(element, keys: keys.sorted())
        }
    }

    /// The shape of a member of an object with fields. `isField` is false for what the type does not declare.
    func shape(of key: String, in id: Int) -> (shape: Shape, field: Field?) {
        guard let position = types[id].index[key] else { return (.undeclared, nil) }
        let field = types[id].fields[position]
        return (shape(of: field), field)
    }

    /// The same without the field, which is much to copy.
    func childShape(of key: String, in parent: Shape) -> Shape {
        switch parent {
        case .structure(let id):
            guard let position = types[id].index[key] else { return .undeclared }
            if types[id].fields[position].isAtomic { return .leaf }
            guard case .list = types[id].fields[position].type else {
                return shape(of: types[id].fields[position].type)
            }
            return shape(of: types[id].fields[position])
        case .map(let element): return shape(of: element)
        default: return .undeclared
        }
    }

    /// The path element of an item; nil when it lacks a key that has no default.
    func element(of item: JSONValue, in shape: Shape) -> String? {
        switch shape {
        case .keyed(let type, let names):
            guard case .object(let object) = item else { return nil }
            var keys: [(name: String, value: JSONValue)] = []
            for name in names {
                guard let value = object[name] ?? defaultKey(name, of: type) else { return nil }
                keys.append((name, value))
            }
            return PathElement.key(keys)
        default: return PathElement.value(item)
        }
    }

    private func defaultKey(_ name: String, of type: FieldType) -> JSONValue? {
        guard case .object(let id) = type, let field = types[id].field(name) else { return nil }
        if field.defaultValue == nil, field.keepsZero { return nil }
        return field.defaultValue ?? field.type.zero
    }
}

extension Field {
    /// What an object has in this field when nobody set it: upstream's types are structs, in which a field that is
    /// neither a pointer nor left out when empty is always there. Nil where absent is absent.
    var zero: JSONValue? {
        if keepsZero { return nil }
        switch type {
        case .object:
            if isRequired { return .object([:]) }
            if let defaultValue, case .object(let object) = defaultValue, object.isEmpty { return defaultValue }
        case .list, .map:
            if isRequired || defaultValue?.isNull == true { return .null }
        default:
            if isRequired { return type.zero }
            if let defaultValue, defaultValue.isNull || defaultValue == type.zero { return defaultValue }
        }
        return nil
    }
}
