internal import JSON

// Checks of the schemas of CustomResourceDefinitions: they must be structural, so that every field has one type
// (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
extension Kinds {
    private static let junctors = ["allOf", "anyOf", "oneOf"]
    /// Parts of JSON Schema that nobody may use.
    private static let refused = [
        "id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref",
    ]
    private static let types = ["array", "boolean", "integer", "number", "object", "string"]

    static func checkSchema(_ schema: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard !schema.isNull else {
            errors.append(.required(path, "schemas are required"))
            return
        }
        if schema["type"].text.isEmpty {
            errors.append(.required(path["type"], "must not be empty at the root"))
        } else if schema["type"] != "object" {
            errors.append(.invalid(path["type"], schema["type"], "must be object at the root"))
        }
        checkMetadata(schema["properties"]["metadata"], path["properties"].entry("metadata"), &errors)
        checkStructure(schema, path, isRoot: true, &errors)
    }

    /// Of an object's own metadata a schema may say what names are like, and nothing else.
    private static func checkMetadata(_ schema: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard !schema.isNull else { return }
        if !schema["type"].text.isEmpty, schema["type"] != "object" {
            errors.append(.invalid(path["type"], schema["type"], "must be object"))
        }
        for name in schema["properties"].members.keys.sorted() where name != "name" && name != "generateName" {
            errors.append(
                .forbidden(
                    path,
                    "must not specify anything other than name and generateName, but metadata is implicitly specified"))
            return
        }
    }

    private static func checkStructure(
        _ schema: JSONValue, _ path: FieldPath, isRoot: Bool = false, _ errors: inout [FieldError]
    ) {
        let type = schema["type"].text
        let isEither = schema["x-kubernetes-int-or-string"] == true
        let keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] == true
        if type.isEmpty {
            if !isRoot, !isEither, !keepsUnknown {
                errors.append(.required(path["type"], "must not be empty for specified object fields or array items"))
            }
        } else if type == "null" {
            errors.append(.forbidden(path["type"], "type cannot be set to null, use nullable as an alternative"))
        } else if !types.contains(type) {
            errors.append(.notSupported(path["type"], schema["type"], types))
        } else if isEither {
            errors.append(
                .invalid(path["type"], schema["type"], "must be empty if x-kubernetes-int-or-string is true"))
        }
        checkExtensions(schema, path, &errors)
        for word in refused where schema.given(word) {
            errors.append(.forbidden(path[word], "\(word) is not supported"))
        }
        if schema["uniqueItems"] == true {
            errors.append(
                .forbidden(path["uniqueItems"], "cannot be set to true since the runtime complexity becomes quadratic"))
        }
        if !schema["properties"].members.isEmpty, schema["additionalProperties"].object != nil {
            errors.append(
                .forbidden(
                    path["additionalProperties"], "additionalProperties and properties are mutual exclusive"))
        }
        if type == "array", !schema.given("items") {
            errors.append(.required(path["items"], "must be specified"))
        }
        if schema["items"].array != nil {
            errors.append(.forbidden(path["items"], "items must be a schema object and not an array"))
        }
        for (index, rule) in schema["x-kubernetes-validations"].items.enumerated() {
            errors.require(rule, "rule", path["x-kubernetes-validations"][index])
        }
        for word in junctors {
            for (index, part) in schema[word].items.enumerated() {
                checkValuePart(part, of: schema, path[word][index], &errors)
            }
        }
        if schema.given("not") { checkValuePart(schema["not"], of: schema, path["not"], &errors) }
        for (name, property) in schema["properties"].members {
            checkStructure(property, path["properties"].entry(name), &errors)
        }
        for word in ["items", "additionalProperties"] where schema[word].object != nil {
            checkStructure(schema[word], path[word], &errors)
        }
    }

    private static func checkExtensions(_ schema: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let type = schema["type"].text
        if schema["x-kubernetes-preserve-unknown-fields"] == false {
            errors.append(
                .invalid(
                    path["x-kubernetes-preserve-unknown-fields"], false, "must be true or undefined"))
        }
        if schema["x-kubernetes-embedded-resource"] == true {
            if type != "object" {
                errors.append(
                    type.isEmpty
                        ? .required(path["type"], "must be object if x-kubernetes-embedded-resource is true")
                        : .invalid(
                            path["type"], schema["type"], "must be object if x-kubernetes-embedded-resource is true"))
            }
            if schema["x-kubernetes-preserve-unknown-fields"] != true, schema["properties"].members.isEmpty {
                errors.append(
                    .required(
                        path["properties"],
                        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
                    ))
            }
        }
        let (list, map) = (schema["x-kubernetes-list-type"], schema["x-kubernetes-map-type"])
        let keys = schema["x-kubernetes-list-map-keys"].items
        if !list.isNull {
            errors.check(list, isOneOf: ["atomic", "map", "set"], path["x-kubernetes-list-type"])
            if type != "array" {
                errors.append(
                    type.isEmpty
                        ? .required(path["type"], "must be array if x-kubernetes-list-type is specified")
                        : .invalid(path["type"], schema["type"], "must be array if x-kubernetes-list-type is specified")
                )
            }
        }
        if !map.isNull {
            errors.check(map, isOneOf: ["atomic", "granular"], path["x-kubernetes-map-type"])
            if type != "object" {
                errors.append(
                    type.isEmpty
                        ? .required(path["type"], "must be object if x-kubernetes-map-type is specified")
                        : .invalid(path["type"], schema["type"], "must be object if x-kubernetes-map-type is specified")
                )
            }
        }
        if !keys.isEmpty, list != "map" {
            errors.append(
                .invalid(
                    path["x-kubernetes-list-type"], list, "must be map if x-kubernetes-list-map-keys is non-empty"))
        }
        guard list == "map" else { return }
        if keys.isEmpty {
            errors.append(
                .required(
                    path["x-kubernetes-list-map-keys"], "must not be empty if x-kubernetes-list-type is map"))
        }
        for (index, key) in keys.enumerated() {
            let property = schema["items"]["properties"][key.text]
            if property.isNull {
                errors.append(
                    .invalid(
                        path["x-kubernetes-list-map-keys"][index], key, "entries must all be names of item properties"))
            } else if !schema["items"]["required"].items.contains(key), !property.given("default") {
                errors.append(
                    .required(
                        path["items"]["properties"].entry(key.text)["default"],
                        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
                    ))
            }
        }
    }

    /// A part of a junctor may only narrow values: what a field is, the schema around it says.
    private static func checkValuePart(
        _ part: JSONValue, of whole: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let isEither = whole["x-kubernetes-int-or-string"] == true
        for word in [
            "type", "default", "description", "title", "nullable", "additionalProperties",
            "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string",
            "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
        ]
        where part.given(word) && !(word == "type" && isEither) {
            errors.append(.forbidden(path[word], "must be empty to be structural"))
        }
        for (name, property) in part["properties"].members {
            if whole["properties"][name].isNull, whole["additionalProperties"].isNull {
                errors.append(
                    .required(path["properties"].entry(name), "because it is defined here, it must be defined outside"))
            }
            checkValuePart(property, of: whole["properties"][name], path["properties"].entry(name), &errors)
        }
        for word in junctors {
            for (index, inner) in part[word].items.enumerated() {
                checkValuePart(inner, of: whole, path[word][index], &errors)
            }
        }
        if part.given("not") { checkValuePart(part["not"], of: whole, path["not"], &errors) }
        if part["items"].object != nil { checkValuePart(part["items"], of: whole["items"], path["items"], &errors) }
    }
}
