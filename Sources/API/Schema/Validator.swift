public import JSON

/// Checks a decoded value against the rules of its type and collects everything that is wrong with it.
public struct Validator {
    private let schema: Schema
    public private(set) var errors: [FieldError] = []

    public init(_ schema: Schema) { self.schema = schema }

    public mutating func validate(_ value: JSONValue, type: Int, at path: FieldPath = FieldPath()) {
        let type = schema[type]
        guard case .object(let object) = value else { return }
        for field in type.fields {
            guard let item = object[field.name], !item.isNull else {
                if field.isRequired { errors.append(.required(path[field.name])) }
                continue
            }
            if field.isRequired, item.isEmptyContainer && !field.type.isObject || item == .string("") {
                errors.append(.required(path[field.name]))
                continue
            }
            validate(item, field, path[field.name])
        }
        type.check?(value, path, &errors)
    }

    private mutating func validate(_ value: JSONValue, _ field: Field, _ path: FieldPath) {
        for rule in field.rules { check(rule, value, path, isRequired: field.isRequired) }
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

    private mutating func check(_ rule: Rule, _ value: JSONValue, _ path: FieldPath, isRequired: Bool) {
        switch (rule, value) {
        case (.oneOf(let allowed), .string(let text)):
            if !allowed.contains(text) { errors.append(.notSupported(path, value, allowed.filter { !$0.isEmpty })) }
        case (.oneOf, .array(let list)):
            for (index, item) in list.enumerated() { check(rule, item, path[index], isRequired: false) }
        case (.minimum(let minimum), .number(let number)):
            if let number = number.int, number < minimum {
                errors.append(.invalid(path, value, "must be greater than or equal to \(minimum)"))
            }
        case (.range(let low, let high), .number(let number)):
            // A port of 0 means that nobody gave one.
            if number.int == 0, isRequired, high == 65535, low == 1, path.description.hasSuffix("containerPort") {
                errors.append(.required(path))
            } else if let number = number.int, !(low...high).contains(number) {
                errors.append(.invalid(path, value, "must be between \(low) and \(high), inclusive"))
            }
        case (.port, .number(let number)):
            if let number = number.int, !(1...65535).contains(number) {
                errors.append(.invalid(path, value, "must be between 1 and 65535, inclusive"))
            }
        case (.port, .string(let text)):
            for problem in Format.portName.problems(text) { errors.append(.invalid(path, value, problem)) }
        case (.format(let format), _): format.check(value, path, &errors)
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

    /// Fields declared immutable must be as they were.
    public mutating func checkImmutable(_ new: JSONValue, _ old: JSONValue, type: Int, at path: FieldPath = FieldPath()) {
        for field in schema[type].fields {
            let (now, before) = (new[field.name], old[field.name])
            if field.isImmutable, now != before {
                errors.append(.invalid(path[field.name], now, "field is immutable"))
            } else if case .object(let id) = field.type, !now.isNull, !before.isNull {
                checkImmutable(now, before, type: id, at: path[field.name])
            }
        }
    }
}

extension FieldType {
    var isObject: Bool { if case .object = self { true } else { false } }
}
