public import JSON

/// What a CustomResourceDefinition declares, in the terms in which built-in kinds are declared: a definition and a schema for
/// each served version.
public struct CustomResource: Sendable {
    public struct Version: Sendable {
        public let definition: ResourceDefinition
        public let schema: Schema
        public let isStorage: Bool
        /// Said to everyone who uses this version; empty: nothing.
        public let warning: String
    }
    public let versions: [Version]
    /// Versions have one form but for their apiVersion; with a webhook they may differ in everything.
    public let convertsByWebhook: Bool

    /// `meta` are the types that every object needs (`Schema.extracting`).
    public init(_ object: JSONRef, meta: Schema) {
        let spec = object["spec"]
        let storage = spec["versions"].elements.first { $0["storage"].bool == true }?["name"].string ?? ""
        convertsByWebhook = spec["conversion"]["strategy"].equals("Webhook")
        versions = spec["versions"].elements.compactMap { version in
            guard version["served"].bool == true || version["storage"].bool == true else { return nil }
            let name = version["name"].string ?? ""
            var schema = meta
            let type = schema.addCustom(
                version["schema"]["openAPIV3Schema"].value, name: "custom.\(name).\(spec["names"]["kind"].string ?? "")"
            )
            let definition = ResourceDefinition(
                spec: spec, version: version, type: type, storedVersion: name == storage ? nil : storage)
            var warning = ""
            if version["deprecated"].bool == true {
                warning =
                    version["deprecationWarning"].string ?? "\(definition.apiVersion) \(definition.kind) is deprecated"
            }
            return Version(definition: definition, schema: schema, isStorage: name == storage, warning: warning)
        }
    }
}

/// Where a custom resource keeps what autoscaling/v1 Scale shows.
public struct ScalePaths: Sendable {
    public let specReplicas: [String]
    public let statusReplicas: [String]
    /// Of a text with a label selector; nil: there is none.
    public let selector: [String]?

    fileprivate init(_ scale: JSONRef) {
        func path(_ key: String) -> [String] {
            (scale[key].string ?? "").split(separator: ".").map(String.init)
        }
        (specReplicas, statusReplicas) = (path("specReplicasPath"), path("statusReplicasPath"))
        selector = scale["labelSelectorPath"].exists ? path("labelSelectorPath") : nil
    }

    /// Numbers of replicas have to be numbers that are not negative.
    public func errors(_ object: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        for path in [specReplicas, statusReplicas] {
            let value = path.reduce(object) { $0[$1] }
            if value.isNull { continue }
            let field = "." + path.joined(separator: ".")
            if value.int == nil {
                errors.append(
                    FieldError(field: field, .invalid, "Invalid value: 0: \(field): \(value) is not an integer"))
            } else if let number = value.int, !(0...Int(Int32.max)).contains(number) {
                errors.append(
                    FieldError(field: field, .invalid, "Invalid value: \(number): should be a non-negative integer"))
            }
        }
        if let selector {
            let value = selector.reduce(object) { $0[$1] }
            if !value.isNull, value.string == nil {
                let field = "." + selector.joined(separator: ".")
                errors.append(FieldError(field: field, .invalid, "Invalid value: \"\": \(field) is not a text"))
            }
        }
        return errors
    }
}

extension ResourceDefinition {
    fileprivate init(spec: JSONRef, version: JSONRef, type: Int, storedVersion: String?) {
        func list(_ ref: JSONRef) -> [String] { ref.elements.compactMap(\.string) }
        let names = spec["names"]
        let group = spec["group"].string ?? ""
        let kind = names["kind"].string ?? ""
        self.init(
            group: group, version: version["name"].string ?? "", name: names["plural"].string ?? "",
            singular: names["singular"].string ?? kind.lowercased(), kind: kind,
            isNamespaced: spec["scope"].equals("Namespaced"),
            verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], type: type)
        isCustom = true
        listKind = names["listKind"].string ?? kind + "List"
        shortNames = list(names["shortNames"])
        categories = list(names["categories"])
        tracksGeneration = true
        metadataChecks = (1, 2)
        self.storedVersion = storedVersion.map { group + "/" + $0 }
        selectableFields = version["selectableFields"].elements.compactMap { $0["jsonPath"].string }.map {
            String($0.drop { $0 == "." })
        }
        let subresources = version["subresources"]
        let verbs: Set = ["get", "patch", "update"]
        if subresources["status"].exists {
            self.subresources.append(
                Subresource(name: "status", group: group, version: self.version, kind: kind, verbs: verbs))
        }
        if subresources["scale"].exists {
            self.subresources.append(
                Subresource(name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: verbs))
            scale = ScalePaths(subresources["scale"])
        }
        columns = [Column(name: "Name", type: "string", format: "name", source: ".metadata.name", priority: 0)]
        let more = version["additionalPrinterColumns"].elements.map { column in
            Column(
                name: column["name"].string ?? "", type: column["type"].string ?? "string",
                format: column["format"].string ?? "", source: column["jsonPath"].string ?? "",
                priority: column["priority"].int ?? 0)
        }
        columns +=
            more.isEmpty
            ? [Column(name: "Age", type: "date", source: ".metadata.creationTimestamp", priority: 0)] : more
    }
}

extension Schema {
    /// Only the named types and what they refer to. Custom resources carry these beside their own.
    public func extracting(_ names: [String]) -> Schema {
        var result = Schema()
        var moved: [Int: Int] = [:]
        func move(_ id: Int) -> Int {
            if let known = moved[id] { return known }
            let position = result.types.count
            moved[id] = position
            result.types.append(types[id])
            result.index[types[id].name] = position
            for index in types[id].fields.indices {
                result.types[position].fields[index].type = move(types[id].fields[index].type)
            }
            return position
        }
        func move(_ type: FieldType) -> FieldType {
            switch type {
            case .object(let id): .object(move(id))
            case .list(let element): .list(move(element))
            case .map(let element): .map(move(element))
            default: type
            }
        }
        for name in names { if let id = index[name] { _ = move(id) } }
        return result
    }

    /// Adds the types of a structural schema; gives the index of the whole object's.
    fileprivate mutating func addCustom(_ schema: JSONValue, name: String) -> Int {
        var root = schema
        root["x-kubernetes-embedded-resource"] = true
        let type = customType(root, name)
        guard case .object(let id) = type else { return 0 }
        // What stands there beside metadata is the kind's own business.
        types[id].structural = StructuralSchema(schema)
        types[id].published = schema.encoded()
        index[name] = id
        return id
    }

    private mutating func customType(_ schema: JSONValue, _ name: String) -> FieldType {
        if schema["x-kubernetes-int-or-string"] == true { return .intOrString }
        let keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] == true
        let isEmbedded = schema["x-kubernetes-embedded-resource"] == true
        switch schema["type"].text {
        case "string": return .string
        case "boolean": return .bool
        case "integer": return .int64
        case "number": return .double
        case "array": return .list(customType(schema["items"], name))
        case "object",
            "" where isEmbedded || keepsUnknown:
            let additional = schema["additionalProperties"]
            if additional.object != nil { return .map(customType(additional, name)) }
            if additional == true { return .map(.any) }
        default: return .any
        }
        let id = types.count
        types.append(TypeSchema(name: name))
        var fields: [Field] = []
        for (key, property) in schema["properties"].members where !(isEmbedded && Self.typeMeta.contains(key)) {
            var field = Field(name: key, type: customType(property, name + "." + key), keepsZero: true)
            field.isNullable = property["nullable"] == true
            field.isAtomic = property["x-kubernetes-map-type"] == "atomic"
            switch property["x-kubernetes-list-type"].text {
            case "map": field.listType = .map(keys: property["x-kubernetes-list-map-keys"].items.map(\.text))
            case "set": field.listType = .set
            default: break
            }
            if property.has("default") { field.defaultValue = filled(property["default"], field.type) }
            fields.append(field)
        }
        if isEmbedded {
            fields += [Field(name: "apiVersion", type: .string), Field(name: "kind", type: .string)]
            if let meta = index["meta.v1.ObjectMeta"] { fields.append(Field(name: "metadata", type: .object(meta))) }
        }
        types[id].fields = fields
        types[id].isCustom = true
        types[id].preservesUnknownFields = keepsUnknown
        types[id].isAtomic = schema["x-kubernetes-map-type"] == "atomic"
        types[id].seal()
        return .object(id)
    }
    private static let typeMeta: Set = ["apiVersion", "kind", "metadata"]

    /// A default with the defaults of what is in it.
    private func filled(_ value: JSONValue, _ type: FieldType) -> JSONValue {
        switch (type, value) {
        case (.object(let id), .object(var members)):
            for field in types[id].fields {
                if let given = members[field.name], !given.isNull || field.isNullable {
                    members[field.name] = filled(given, field.type)
                } else if let value = field.defaultValue {
                    members[field.name] = value
                }
            }
            return .object(members)
        case (.list(let element), .array(let items)): return .array(items.map { filled($0, element) })
        case (.map(let element), .object(var members)):
            for (key, item) in members { members[key] = filled(item, element) }
            return .object(members)
        default: return value
        }
    }
}
