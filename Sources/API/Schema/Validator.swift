public import JSON

/// Checks a decoded value against the rules of its type and collects everything that is wrong with it.
public struct Validator {
    private let schema: Schema
    public private(set) var errors: [FieldError] = []

    public init(_ schema: Schema) { self.schema = schema }

    /// A custom resource, by its structural schema. What did not change against `old` is taken as it is.
    public mutating func validateCustom(_ value: JSONValue, old: JSONValue?, _ definition: ResourceDefinition) {
        errors += schema[definition.type].structural?.errors(value, old: old) ?? []
        errors += definition.scale?.errors(value) ?? []
    }

    public mutating func validate(_ value: JSONValue, type: Int, at path: FieldPath = FieldPath()) {
        let type = schema[type]
        guard case .object(let object) = value else { return }
        let spare = checkUnions(object, type, path)
        for field in type.fields where !spare.contains(field.name) {
            guard let item = object[field.name], !item.isNull else {
                if field.isRequired { missing(field, path[field.name]) }
                continue
            }
            if field.isRequired, item.isEmptyContainer && !field.type.isObject || item == .string("") {
                missing(field, path[field.name])
                continue
            }
            validate(item, field, path[field.name])
        }
        type.check?(value, path, &errors)
    }

    /// The members of unions that are too many; nothing more is said about them.
    private mutating func checkUnions(_ object: JSONObject, _ type: TypeSchema, _ path: FieldPath) -> Set<String> {
        var spare: Set<String> = []
        for union in type.unions {
            let given = union.fields.filter { object[$0].map { !$0.isNull } ?? false }
            if given.isEmpty, union.isRequired {
                errors.append(.required(path, "must specify one of: " + union.fields.joined(separator: ", ")))
            }
            for extra in given.dropFirst() {
                errors.append(.forbidden(path[extra], "may not be specified beside \(given[0])"))
                spare.insert(extra)
            }
        }
        return spare
    }

    /// A number without a value is zero, a text empty, and its rules say whether that will do.
    private mutating func missing(_ field: Field, _ path: FieldPath) {
        guard field.isUnchecked else {
            errors.append(.required(path))
            return
        }
        switch field.type {
        case .int32, .int64, .intOrString: for rule in field.rules { check(rule, 0, path) }
        case .string: for rule in field.rules { check(rule, "", path) }
        default: break
        }
    }

    private mutating func validate(_ value: JSONValue, _ field: Field, _ path: FieldPath) {
        for rule in field.rules { check(rule, value, path) }
        if field.isUnvalidated { return }
        switch (field.type, value) {
        case (.object(let id), _): validate(value, type: id, at: path)
        case (.list(let element), .array(let list)):
            if case .object(let id) = element {
                for (index, item) in list.enumerated() { validate(item, type: id, at: path[index]) }
            }
            if field.isUnique { checkUnique(list, field, path) }
        case (.map(.object(let id)), .object(let map)):
            for (key, item) in map { validate(item, type: id, at: path.entry(key)) }
        default: break
        }
    }

    private mutating func check(_ rule: Rule, _ value: JSONValue, _ path: FieldPath) {
        switch (rule, value) {
        case (.oneOf(let allowed), .string(let text)):
            if !allowed.contains(text) { errors.append(.notSupported(path, value, allowed.filter { !$0.isEmpty })) }
        case (.oneOf, .array(let list)):
            for (index, item) in list.enumerated() { check(rule, item, path[index]) }
        case (.minimum(let minimum), .number(let number)):
            if let number = number.int, number < minimum {
                errors.append(.invalid(path, value, "must be greater than or equal to \(minimum)"))
            }
        case (.range(let low, let high), .number(let number)):
            if let number = number.int, !(low...high).contains(number) {
                errors.append(.invalid(path, value, "must be between \(low) and \(high), inclusive"))
            }
        case (.port, .number(let number)):
            if let number = number.int, !(1...65535).contains(number) {
                errors.append(.invalid(path, value, "must be between 1 and 65535, inclusive"))
            }
        case (.port, .string(let text)):
            for problem in Format.portName.problems(text) { errors.append(.invalid(path, value, problem)) }
        case (.format(let format), .array(let list)):
            for (index, item) in list.enumerated() { format.check(item, path[index], &errors) }
        case (.format(let format), _): if value != "" { format.check(value, path, &errors) }
        default: break
        }
    }

    /// Lists that are sets or maps hold each value or key once.
    private mutating func checkUnique(_ list: [JSONValue], _ field: Field, _ path: FieldPath) {
        var seen: Set<[UInt8]> = []
        switch field.listType {
        case .atomic: return
        case .set:
            for (index, item) in list.enumerated() where !seen.insert(item.encoded()).inserted {
                errors.append(.duplicate(path[index], item))
            }
        case .map(let keys):
            for (index, item) in list.enumerated() {
                let key = JSONValue.array(keys.map { item[$0] })
                if !seen.insert(key.encoded()).inserted {
                    let only = keys.count == 1
                    errors.append(.duplicate(only ? path[index][keys[0]] : path[index], only ? item[keys[0]] : key))
                }
            }
        }
    }

    /// What may not change between an object and its replacement.
    public mutating func validateUpdate(_ new: JSONValue, _ old: JSONValue, type: Int, at path: FieldPath = FieldPath())
    {
        for field in schema[type].fields {
            let (now, before) = (new[field.name], old[field.name])
            if field.isImmutable, now != before {
                errors.append(.invalid(path[field.name], now, "field is immutable"))
            } else if field.isFixed, now != before {
                errors.append(.forbidden(path[field.name], "may not be changed"))
            } else if case .object(let id) = field.type, !now.isNull, !before.isNull {
                validateUpdate(now, before, type: id, at: path[field.name])
            }
        }
        schema[type].checkUpdate?(new, old, path, &errors)
    }
}

extension FieldType {
    var isObject: Bool { if case .object = self { true } else { false } }
}
