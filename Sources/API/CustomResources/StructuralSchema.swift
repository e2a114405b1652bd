internal import JSON

/// A structural schema of a CustomResourceDefinition, ready to check values by it.
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
///
/// The findings are those of upstream's validator: same fields, same reasons.
final class StructuralSchema: Sendable {
    /// The JSON types that a value may have; empty: any.
    let types: [String]
    let isNullable: Bool
    let format: String
    let pattern: Pattern?
    let patternText: String
    let allowed: [JSONValue]
    /// Numbers of the schema by their keyword: `minimum`, `maxLength` and so on.
    let limits: [String: Double]
    let exclusive: (minimum: Bool, maximum: Bool)
    let required: [String]
    let properties: [String: StructuralSchema]
    let additional: StructuralSchema?
    let items: StructuralSchema?
    let combined: (all: [StructuralSchema], any: [StructuralSchema], one: [StructuralSchema], not: StructuralSchema?)
    let listType: String
    let mapKeys: [String]
    let isEmbeddedResource: Bool
    /// Whether CEL rules stand anywhere in it. They are kept, and not evaluated.
    let hasRules: Bool

    private static let limitKeywords = [
        "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
        "maxProperties",
    ]

    init(_ schema: JSONValue) {
        func schemas(_ key: String) -> [StructuralSchema] { schema[key].items.map(StructuralSchema.init) }
        func one(_ key: String) -> StructuralSchema? {
            schema[key].object == nil ? nil : StructuralSchema(schema[key])
        }
        let isIntOrString = schema["x-kubernetes-int-or-string"] == true
        types = isIntOrString ? ["integer", "string"] : schema["type"].string.map { $0.isEmpty ? [] : [$0] } ?? []
        isNullable = schema["nullable"] == true
        format = schema["format"].text
        patternText = schema["pattern"].text
        pattern = patternText.isEmpty ? nil : Pattern(patternText)
        allowed = schema["enum"].items
        var limits: [String: Double] = [:]
        for keyword in Self.limitKeywords { limits[keyword] = schema[keyword].double }
        self.limits = limits
        exclusive = (schema["exclusiveMinimum"] == true, schema["exclusiveMaximum"] == true)
        required = schema["required"].items.map(\.text)
        var properties: [String: StructuralSchema] = [:]
        for (name, property) in schema["properties"].members { properties[name] = StructuralSchema(property) }
        self.properties = properties
        additional = one("additionalProperties")
        items = one("items")
        combined = (schemas("allOf"), schemas("anyOf"), schemas("oneOf"), one("not"))
        listType = schema["x-kubernetes-list-type"].text
        mapKeys = schema["x-kubernetes-list-map-keys"].items.map(\.text)
        isEmbeddedResource = schema["x-kubernetes-embedded-resource"] == true
        let parts = Array(properties.values) + [additional, items].compactMap { $0 }
        hasRules = !schema["x-kubernetes-validations"].items.isEmpty || parts.contains(where: \.hasRules)
    }

    /// Everything that is wrong with a value. What did not change against `old` is taken as it is (KEP-4008).
    func errors(_ value: JSONValue, old: JSONValue?) -> [FieldError] {
        var errors: [FieldError] = []
        check(value, old, "", &errors)
        checkLists(value, "", &errors)
        let blocking: Set<FieldError.Reason> = [.notSupported, .required, .tooLong, .tooMany, .typeInvalid]
        if hasRules, errors.contains(where: { blocking.contains($0.reason) }) {
            errors.append(
                FieldError(
                    field: "<nil>", .invalid,
                    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
                ))
        }
        return errors
    }

    // MARK: Values

    private func check(_ value: JSONValue, _ old: JSONValue?, _ path: String, _ errors: inout [FieldError]) {
        if let old, old == value { return }
        if value.isNull {
            if !isNullable, !types.isEmpty { mistyped("null", path, &errors) }
            checkEnum(value, path, &errors)
            return
        }
        checkType(value, path, &errors)
        checkCombined(value, path, &errors)
        switch value {
        case .string(let text): check(text, path, &errors)
        case .number(let number): check(number, path, &errors)
        case .array(let list): check(list, old, path, &errors)
        case .object(let object): check(object, old, path, &errors)
        case .bool, .null: break
        }
        checkEnum(value, path, &errors)
    }

    private func checkType(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
        guard !types.isEmpty else { return }
        let names: [String]
        switch value {
        case .null: names = ["null"]
        case .bool: names = ["boolean"]
        case .string: names = ["string"]
        case .array: names = ["array"]
        case .object: names = ["object"]
        case .number(let number): names = number.double.rounded() == number.double ? ["integer", "number"] : ["number"]
        }
        if !names.contains(where: types.contains) { mistyped(names[0], path, &errors) }
    }

    private func mistyped(_ name: String, _ path: String, _ errors: inout [FieldError]) {
        let field = Self.shown(path)
        errors.append(
            FieldError(
                field: field, .typeInvalid,
                "Invalid value: \"\(name)\": \(path) in body must be of type \(types.joined(separator: ",")): \"\(name)\""
            ))
    }

    private func checkEnum(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
        if allowed.isEmpty || allowed.contains(value) { return }
        let words = allowed.map { $0.string.map { "\"\($0)\"" } ?? $0.description }
        errors.append(
            FieldError(
                field: Self.shown(path), .notSupported,
                "Unsupported value: \(value): supported values: \(words.joined(separator: ", "))"))
    }

    private func invalid(_ value: JSONValue, _ path: String, _ problem: String, _ errors: inout [FieldError]) {
        errors.append(
            FieldError(field: Self.shown(path), .invalid, "Invalid value: \(value): \(path) in body \(problem)"))
    }

    private func check(_ text: String, _ path: String, _ errors: inout [FieldError]) {
        // Characters are code points here (JSON Schema Validation, 6.3).
        let length = Double(text.unicodeScalars.count)
        if let maximum = limits["maxLength"], length > maximum {
            errors.append(
                FieldError(
                    field: Self.shown(path), .tooLong, "Too long: may not be more than \(Int(maximum)) bytes"))
        }
        if let minimum = limits["minLength"], length < minimum {
            invalid(.string(text), path, "should be at least \(Int(minimum)) chars long", &errors)
        }
        if !patternText.isEmpty, pattern?.matches(text) != true {
            invalid(.string(text), path, "should match '\(patternText)'", &errors)
        }
        if !SchemaFormat.accepts(text, format) {
            errors.append(
                FieldError(
                    field: Self.shown(path), .typeInvalid,
                    "Invalid value: \"\(text)\": \(path) in body must be of type \(format): \"\(text)\""))
        }
    }

    private func check(_ number: JSONNumber, _ path: String, _ errors: inout [FieldError]) {
        let value = number.double
        func shown(_ limit: Double) -> String { limit == limit.rounded() ? String(Int(limit)) : String(limit) }
        if let maximum = limits["maximum"], exclusive.maximum ? value >= maximum : value > maximum {
            let words = exclusive.maximum ? "less than" : "less than or equal to"
            invalid(.number(number), path, "should be \(words) \(shown(maximum))", &errors)
        }
        if let minimum = limits["minimum"], exclusive.minimum ? value <= minimum : value < minimum {
            let words = exclusive.minimum ? "greater than" : "greater than or equal to"
            invalid(.number(number), path, "should be \(words) \(shown(minimum))", &errors)
        }
        if let factor = limits["multipleOf"], factor > 0 {
            let quotient = value / factor
            if quotient.rounded() != quotient {
                invalid(.number(number), path, "should be a multiple of \(shown(factor))", &errors)
            }
        }
    }

    private func check(_ list: [JSONValue], _ old: JSONValue?, _ path: String, _ errors: inout [FieldError]) {
        let count = Double(list.count)
        if let maximum = limits["maxItems"], count > maximum {
            errors.append(.tooMany(Self.shown(path), list.count, maximum: Int(maximum)))
        }
        if let minimum = limits["minItems"], count < minimum {
            invalid(.array(list), path, "should have at least \(Int(minimum)) items", &errors)
        }
        guard let items else { return }
        let before = old?.array ?? []
        for (index, item) in list.enumerated() {
            items.check(item, predecessor(of: item, among: before), "\(path)[\(index)]", &errors)
        }
    }

    /// The item that an item of a map-like list was before.
    private func predecessor(of item: JSONValue, among old: [JSONValue]) -> JSONValue? {
        guard listType == "map", !mapKeys.isEmpty else { return nil }
        return old.first { before in mapKeys.allSatisfy { before[$0] == item[$0] } }
    }

    private func check(_ object: JSONObject, _ old: JSONValue?, _ path: String, _ errors: inout [FieldError]) {
        let count = Double(object.count)
        if let maximum = limits["maxProperties"], count > maximum {
            errors.append(.tooMany(Self.shown(path), object.count, maximum: Int(maximum)))
        }
        if let minimum = limits["minProperties"], count < minimum {
            invalid(.object(object), path, "should have at least \(Int(minimum)) properties", &errors)
        }
        func inside(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
        for name in required where object[name] == nil {
            errors.append(FieldError(field: inside(name), .required, "Required value"))
        }
        for (key, value) in object {
            guard let schema = properties[key] ?? additional else { continue }
            schema.check(value, old.flatMap { $0.has(key) ? $0[key] : nil }, inside(key), &errors)
        }
    }

    // MARK: Combinations

    private func isValid(_ value: JSONValue) -> Bool {
        var errors: [FieldError] = []
        check(value, nil, "", &errors)
        return errors.isEmpty
    }

    private func checkCombined(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
        func fail(_ problem: String) {
            errors.append(FieldError(field: "<nil>", .invalid, "Invalid value: \"\": \"\(path)\" \(problem)"))
        }
        /// What the alternative says that comes closest.
        func closest(_ schemas: [StructuralSchema]) -> [FieldError] {
            let findings = schemas.map { schema in
                var errors: [FieldError] = []
                schema.check(value, nil, path, &errors)
                return errors
            }
            return findings.min { $0.count < $1.count } ?? []
        }
        let before = errors.count
        for schema in combined.all { schema.check(value, nil, path, &errors) }
        if errors.count > before { fail("must validate all the schemas (allOf)") }
        if !combined.any.isEmpty, !combined.any.contains(where: { $0.isValid(value) }) {
            fail("must validate at least one schema (anyOf)")
            errors += closest(combined.any)
        }
        if !combined.one.isEmpty {
            let count = combined.one.filter { $0.isValid(value) }.count
            if count != 1 {
                fail("must validate one and only one schema (oneOf). Found \(count == 0 ? "none" : "\(count)") valid")
                if count == 0 { errors += closest(combined.one) }
            }
        }
        if let not = combined.not, not.isValid(value) { fail("must not validate the schema (not)") }
    }

    // MARK: Lists that are sets or maps, embedded objects

    private func checkLists(_ value: JSONValue, _ path: String, _ errors: inout [FieldError]) {
        func inside(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
        switch value {
        case .array(let list):
            if listType == "set" || listType == "map" {
                var seen: Set<[UInt8]> = []
                for (index, item) in list.enumerated() {
                    var key = item
                    if listType == "map" {
                        var members = JSONObject()
                        for name in mapKeys where item.has(name) { members[name] = item[name] }
                        key = .object(members)
                    }
                    if !seen.insert(key.encoded()).inserted {
                        errors.append(
                            FieldError(field: "\(path)[\(index)]", .duplicate, "Duplicate value: \(key)"))
                    }
                }
            }
            guard let items else { return }
            for (index, item) in list.enumerated() { items.checkLists(item, "\(path)[\(index)]", &errors) }
        case .object(let object):
            if isEmbeddedResource {
                for key in ["apiVersion", "kind"] where (object[key]?.text ?? "").isEmpty {
                    errors.append(FieldError(field: inside(key), .required, "Required value: must not be empty"))
                }
            }
            for (key, value) in object {
                if let schema = properties[key] {
                    schema.checkLists(value, inside(key), &errors)
                } else {
                    additional?.checkLists(value, "\(path)[\(key)]", &errors)
                }
            }
        default: break
        }
    }

    /// Upstream shows the absence of a path so.
    private static func shown(_ path: String) -> String { path.isEmpty ? "<nil>" : path }
}

extension FieldError {
    init(field: String, _ reason: Reason, _ message: String) {
        (self.field, self.reason, self.message) = (field, reason, message)
    }

    fileprivate static func tooMany(_ field: String, _ count: Int, maximum: Int) -> FieldError {
        FieldError(field: field, .tooMany, "Too many: \(count): must have at most \(maximum) items")
    }
}
