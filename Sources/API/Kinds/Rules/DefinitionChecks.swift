internal import JSON

// Checks of CustomResourceDefinitions. What all versions share is found at the definition and not at a version, as the first API
// had it (spec.validation, spec.subresources).
extension Kinds {
    static let definitionChecks: [String: Check] = [
        "apiextensions.v1.CustomResourceDefinition": { definition, path, errors in
            let spec = definition["spec"]
            let required = spec["names"]["plural"].text + "." + spec["group"].text
            if definition["metadata"]["name"].text != required {
                errors.append(
                    .invalid(
                        path["metadata"]["name"], definition["metadata"]["name"],
                        "must be spec.names.plural+\".\"+spec.group"))
            }
            let versions = spec["versions"].items
            let stored = definition["status"]["storedVersions"].items
            let path = path["status"]["storedVersions"]
            if stored.isEmpty, !versions.contains(where: { $0["storage"] == true }) {
                errors.append(.invalid(path, .array(stored), "must have at least one stored version"))
            }
            for (index, name) in stored.enumerated() where !versions.contains(where: { $0["name"] == name }) {
                errors.append(.invalid(path[index], name, "missing from spec.versions"))
            }
        },
        "apiextensions.v1.CustomResourceDefinitionSpec": { spec, path, errors in
            let group = spec["group"].text
            if !group.isEmpty {
                let problems = Format.dns1123Subdomain.problems(group)
                if !problems.isEmpty {
                    errors.append(.invalid(path["group"], spec["group"], problems.joined(separator: ",")))
                } else if !group.contains(".") {
                    errors.append(.invalid(path["group"], spec["group"], "should be a domain with at least one dot"))
                }
            }
            for name in ["plural", "singular", "kind", "listKind"] {
                errors.require(spec["names"], name, path["names"])
            }
            if spec["preserveUnknownFields"] == true {
                errors.append(
                    .invalid(
                        path["preserveUnknownFields"], true,
                        "must be false in order to use defaults in the schema, or to have structural schemas"))
            }
            checkVersions(spec, path, &errors)
            checkConversion(spec["conversion"], path["conversion"], &errors)
        },
        "apiextensions.v1.CustomResourceDefinitionNames": { names, path, errors in
            func check(_ value: JSONValue, _ path: FieldPath, lowercase: Bool) {
                guard let text = value.string, !text.isEmpty else { return }
                let problems = Format.dns1035Label.problems(lowercase ? text.lowercased() : text)
                if !problems.isEmpty { errors.append(.invalid(path, value, problems.joined(separator: ","))) }
            }
            for field in ["plural", "singular"] { check(names[field], path[field], lowercase: false) }
            for field in ["kind", "listKind"] { check(names[field], path[field], lowercase: true) }
            for field in ["shortNames", "categories"] {
                for (index, name) in names[field].items.enumerated() {
                    check(name, path[field][index], lowercase: false)
                }
            }
            if !names["kind"].text.isEmpty, names["kind"] == names["listKind"] {
                errors.append(
                    .invalid(path["listKind"], names["listKind"], "kind and listKind may not be the same"))
            }
        },
    ]

    static let definitionUpdateChecks: [String: UpdateCheck] = [
        "apiextensions.v1.CustomResourceDefinition": { new, old, path, errors in
            let isEstablished = old["status"]["conditions"].items.contains {
                $0["type"] == "Established" && $0["status"] == "True"
            }
            let path = path["spec"]
            for field in ["group", "scope"] where new["spec"][field] != old["spec"][field] {
                if field == "group" || isEstablished {
                    errors.append(.invalid(path[field], new["spec"][field], "field is immutable"))
                }
            }
            for field in ["plural", "kind"] where new["spec"]["names"][field] != old["spec"]["names"][field] {
                if field == "plural" || isEstablished {
                    errors.append(.invalid(path["names"][field], new["spec"]["names"][field], "field is immutable"))
                }
            }
        }
    ]

    private static func checkVersions(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let versions = spec["versions"].items
        let list = path["versions"]
        for (index, version) in versions.enumerated() {
            let problems = Format.dns1035Label.problems(version["name"].text)
            if !problems.isEmpty {
                errors.append(.invalid(list[index]["name"], version["name"], problems.joined(separator: ",")))
            }
            if version["deprecated"] != true, version.given("deprecationWarning") {
                errors.append(
                    .invalid(
                        list[index]["deprecationWarning"], version["deprecationWarning"],
                        "can only be set for deprecated versions"))
            }
        }
        if Set(versions.map { $0["name"].text }).count < versions.count {
            errors.append(.invalid(list, spec["versions"], "must contain unique version names"))
        }
        if versions.count(where: { $0["storage"] == true }) != 1 {
            errors.append(
                .invalid(list, spec["versions"], "must have exactly one version marked as storage version"))
        }
        /// The places where something of the versions is looked at: one for all when they agree.
        func places(_ field: String, shared: String) -> [(JSONValue, FieldPath)] {
            if let first = versions.first, versions.allSatisfy({ $0[field] == first[field] }) {
                return [(first[field], path[shared])]
            }
            return versions.enumerated().map { ($1[field], list[$0][field]) }
        }
        for (schema, path) in places("schema", shared: "validation") {
            checkSchema(schema["openAPIV3Schema"], path["openAPIV3Schema"], &errors)
        }
        for (subresources, path) in places("subresources", shared: "subresources") {
            checkScalePaths(subresources["scale"], path, &errors)
        }
        for (columns, path) in places("additionalPrinterColumns", shared: "additionalPrinterColumns") {
            for (index, column) in columns.items.enumerated() { checkColumn(column, path[index], &errors) }
        }
    }

    private static func checkScalePaths(_ scale: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if scale.isNull { return }
        for (field, part, isRequired) in [
            ("specReplicasPath", ".spec.", true), ("statusReplicasPath", ".status.", true),
            ("labelSelectorPath", "", false),
        ] {
            let text = scale[field].text
            let place = path["scale." + field]
            if text.isEmpty {
                if isRequired { errors.append(.required(place)) }
            } else if !text.hasPrefix(".") {
                errors.append(.invalid(place, scale[field], "must be a simple json path starting with ."))
            } else if part.isEmpty ? !text.hasPrefix(".status.") && !text.hasPrefix(".spec.") : !text.hasPrefix(part) {
                errors.append(.invalid(place, scale[field], "should be a json path under \(part.dropLast())"))
            }
        }
    }

    private static func checkColumn(_ column: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for field in ["name", "jsonPath"] {
            if column[field].text.isEmpty { errors.append(.required(path[field == "jsonPath" ? "JSONPath" : field])) }
        }
        let types = ["boolean", "date", "integer", "number", "string"]
        if column["type"].text.isEmpty {
            errors.append(.required(path["type"], "must be one of \(types.joined(separator: ","))"))
        } else if !types.contains(column["type"].text) {
            errors.append(.invalid(path["type"], column["type"], "must be one of \(types.joined(separator: ","))"))
        }
        let formats = [
            "int32", "int64", "float", "double", "byte", "date", "date-time", "password",
        ]
        if let format = column["format"].string, !format.isEmpty, !formats.contains(format) {
            errors.append(
                .invalid(path["format"], column["format"], "must be one of \(formats.joined(separator: ","))"))
        }
        if !column["jsonPath"].text.isEmpty, !column["jsonPath"].text.hasPrefix(".") {
            errors.append(
                .invalid(path["JSONPath"], column["jsonPath"], "must be a simple json path starting with ."))
        }
    }

    private static func checkConversion(_ conversion: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let webhook = conversion["webhook"]
        guard conversion["strategy"] == "Webhook" else {
            if webhook.given("clientConfig") {
                errors.append(
                    .forbidden(path["webhookClientConfig"], "should not be set when strategy is not set to Webhook"))
            }
            return
        }
        let client = webhook["clientConfig"]
        if client.isNull {
            errors.append(.required(path["webhookClientConfig"], "required when strategy is set to Webhook"))
        } else if client.given("url") == client.given("service") {
            errors.append(.required(path["webhookClientConfig"], "exactly one of url or service is required"))
        }
        let versions = webhook["conversionReviewVersions"].items
        if versions.isEmpty {
            errors.append(.required(path["conversionReviewVersions"]))
        } else if !versions.contains("v1"), !versions.contains("v1beta1") {
            errors.append(
                .invalid(
                    path["conversionReviewVersions"], webhook["conversionReviewVersions"],
                    "must include at least one of v1, v1beta1"))
        }
    }
}
