internal import API
internal import HTTP
internal import JSON
internal import NIOHTTP1
internal import Synchronization
internal import TLS

/// OpenAPI documents, generated from the declarations: v3 in a document per group and version, v2 in one.
struct OpenAPI {
    let resources: [ServedResource]

    /// `/api/v1` or `/apis/GROUP/VERSION`.
    static func path(_ definition: ResourceDefinition) -> String {
        definition.group.isEmpty ? "/api/\(definition.version)" : "/apis/\(definition.apiVersion)"
    }

    /// The name of a type, as upstream's documents have it: `io.k8s.api.apps.v1.Deployment`.
    static func name(_ type: String) -> String {
        switch type.split(separator: ".").first {
        case "meta"?: "io.k8s.apimachinery.pkg.apis." + type
        case "apiextensions"?: "io.k8s.apiextensions-apiserver.pkg.apis." + type
        case "custom"?: type
        case "apiregistration"?: "io.k8s.kube-aggregator.pkg.apis." + type
        default: "io.k8s.api." + type
        }
    }

    /// The name of a kind: of custom ones the group backwards, as upstream has them: `com.example.v1.Widget`.
    static func name(of resource: ServedResource) -> String {
        let definition = resource.definition
        guard definition.isCustom else { return name(resource.schema[definition.type].name) }
        return
            (definition.group.split(separator: ".").reversed().map(String.init) + [definition.version, definition.kind])
            .joined(separator: ".")
    }

    // MARK: Types

    private func schema(of type: FieldType, _ schema: Schema, prefix: String) -> JSONValue {
        switch type {
        case .string: ["type": "string"]
        case .bool: ["type": "boolean"]
        case .int32: ["type": "integer", "format": "int32"]
        case .int64: ["type": "integer", "format": "int64"]
        case .double: ["type": "number", "format": "double"]
        case .bytes: ["type": "string", "format": "byte"]
        case .quantity:
            prefix.hasPrefix("#/definitions")
                ? ["type": "string"] : ["oneOf": [["type": "string"], ["type": "number"]]]
        case .intOrString: ["type": "string", "format": "int-or-string"]
        case .time, .microTime: ["type": "string", "format": "date-time"]
        case .any: ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        case .list(let element): ["type": "array", "items": self.schema(of: element, schema, prefix: prefix)]
        case .map(let element):
            ["type": "object", "additionalProperties": self.schema(of: element, schema, prefix: prefix)]
        case .object(let id): ["$ref": .string(prefix + Self.name(schema[id].name))]
        }
    }

    private func property(_ field: Field, _ schema: Schema, prefix: String) -> JSONValue {
        var value = self.schema(of: field.type, schema, prefix: prefix)
        // A reference with siblings is written as allOf in v3.
        if value.has("$ref"), prefix.hasPrefix("#/components"), field.documentation != nil {
            value = ["allOf": [value]]
        }
        if let text = field.documentation { value["description"] = .string(text) }
        if case .list = field.type {
            switch field.listType {
            case .atomic: value["x-kubernetes-list-type"] = "atomic"
            case .set: value["x-kubernetes-list-type"] = "set"
            case .map(let keys):
                value["x-kubernetes-list-type"] = "map"
                value["x-kubernetes-list-map-keys"] = .array(keys.map { .string($0) })
            }
        }
        if field.isAtomic { value["x-kubernetes-map-type"] = "atomic" }
        var strategies: [String] = []
        if field.patch.merge { strategies.append("merge") }
        if field.patch.retainKeys { strategies.append("retainKeys") }
        if !strategies.isEmpty { value["x-kubernetes-patch-strategy"] = .string(strategies.joined(separator: ",")) }
        if let key = field.patch.mergeKey { value["x-kubernetes-patch-merge-key"] = .string(key) }
        return value
    }

    private func definition(_ type: TypeSchema, _ schema: Schema, prefix: String) -> JSONValue {
        var properties = JSONObject()
        for field in type.fields { properties[field.name] = property(field, schema, prefix: prefix) }
        var value: JSONValue = ["type": "object"]
        if let text = type.documentation { value["description"] = .string(text) }
        let required = type.fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { value["required"] = .array(required) }
        if !properties.isEmpty { value["properties"] = .object(properties) }
        if type.isAtomic { value["x-kubernetes-map-type"] = "atomic" }
        return value
    }

    /// The schema as it was declared, with what every object has.
    private func customKind(_ type: TypeSchema, prefix: String) -> JSONValue {
        var value = (try? JSONValue(parsing: type.published)) ?? [:]
        if value.isNull { value = ["x-kubernetes-preserve-unknown-fields": true] }
        value["type"] = "object"
        let texts = [
            ("apiVersion", "The group and version of the API that the object is written in."),
            ("kind", "What the object is."),
        ]
        for (key, text) in texts { value["properties"][key] = ["type": "string", "description": .string(text)] }
        let meta: JSONValue = ["$ref": .string(prefix + Self.name("meta.v1.ObjectMeta"))]
        value["properties"]["metadata"] =
            prefix.hasPrefix("#/components")
            ? ["allOf": [meta], "description": "The object's name, labels and the like."] : meta
        return value
    }

    private static func kindTag(_ group: String, _ version: String, _ kind: String) -> JSONValue {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }

    /// The types that the resources need, with the kinds' tags, and list types.
    private func definitions(_ resources: [ServedResource], prefix: String) -> JSONObject {
        var result = JSONObject()
        func add(_ id: Int, _ schema: Schema) {
            let name = Self.name(schema[id].name)
            if result[name] != nil { return }
            result[name] = .null
            result[name] = definition(schema[id], schema, prefix: prefix)
            for field in schema[id].fields { visit(field.type, schema) }
        }
        func visit(_ type: FieldType, _ schema: Schema) {
            switch type {
            case .object(let id): add(id, schema)
            case .list(let element), .map(let element): visit(element, schema)
            default: break
            }
        }
        for resource in resources {
            let definition = resource.definition
            let schema = resource.schema
            let name = Self.name(of: resource)
            if definition.isCustom {
                result[name] = customKind(schema[definition.type], prefix: prefix)
                if let meta = schema.type(named: "meta.v1.ObjectMeta") { add(meta, schema) }
            } else {
                add(definition.type, schema)
            }
            result[name]?["x-kubernetes-group-version-kind"] = [
                Self.kindTag(definition.group, definition.version, definition.kind)
            ]
            guard definition.verbs.contains("list") else { continue }
            result[name + "List"] = [
                "type": "object", "required": ["items"],
                "properties": [
                    "apiVersion": ["type": "string"], "kind": ["type": "string"],
                    "items": ["type": "array", "items": ["$ref": .string(prefix + name)]],
                    "metadata": [
                        "type": "object",
                        "properties": ["continue": ["type": "string"], "resourceVersion": ["type": "string"]],
                    ],
                ],
                "x-kubernetes-group-version-kind": [
                    Self.kindTag(
                        definition.group, definition.version,
                        definition.listKind.isEmpty ? definition.kind + "List" : definition.listKind)
                ],
            ]
        }
        if let schema = resources.first?.schema, let id = schema.type(named: "meta.v1.DeleteOptions") {
            add(id, schema)
        }
        return result
    }

    // MARK: Paths

    private static let methods: [(verb: String, method: String, onItem: Bool, action: String)] = [
        ("list", "get", false, "list"), ("create", "post", false, "post"),
        ("deletecollection", "delete", false, "deletecollection"),
        ("get", "get", true, "get"), ("update", "put", true, "put"), ("patch", "patch", true, "patch"),
        ("delete", "delete", true, "delete"),
    ]

    /// Query parameters by verb; clients look for `fieldValidation` before they rely on the server's validation.
    private static func parameters(_ verb: String) -> [String] {
        switch verb {
        case "list", "deletecollection":
            [
                "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
                "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
            ]
        case "create", "update": ["dryRun", "fieldManager", "fieldValidation"]
        case "patch": ["dryRun", "fieldManager", "fieldValidation", "force"]
        case "delete": ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"]
        default: []
        }
    }

    private static func parameter(_ name: String, isPath: Bool, v3: Bool) -> JSONValue {
        let type: JSONValue =
            ["limit", "timeoutSeconds", "gracePeriodSeconds"].contains(name)
            ? "integer"
            : ["watch", "allowWatchBookmarks", "sendInitialEvents", "force", "orphanDependents"].contains(name)
                ? "boolean" : "string"
        var value: JSONValue = ["name": .string(name), "in": isPath ? "path" : "query"]
        if isPath { value["required"] = true }
        if v3 {
            value["schema"] = ["type": type, "uniqueItems": true]
        } else {
            value["type"] = type
            value["uniqueItems"] = true
        }
        return value
    }

    private func paths(_ resources: [ServedResource], v3: Bool) -> JSONObject {
        let prefix = v3 ? "#/components/schemas/" : "#/definitions/"
        var result = JSONObject()
        for resource in resources {
            let definition = resource.definition
            let reference: JSONValue = ["$ref": .string(prefix + Self.name(of: resource))]
            let base =
                Self.path(definition) + (definition.isNamespaced ? "/namespaces/{namespace}" : "") + "/"
                + definition.name
            func operation(_ verb: String, _ action: String) -> JSONValue {
                let answer: JSONValue =
                    v3
                    ? ["200": ["description": "OK", "content": ["application/json": ["schema": reference]]]]
                    : ["200": ["description": "OK", "schema": reference]]
                var value: JSONValue = [
                    "operationId": .string(
                        "\(verb)\(definition.apiVersion.filter { $0.isLetter || $0.isNumber })\(definition.isNamespaced ? "Namespaced" : "")\(definition.kind)"
                    ),
                    "parameters": .array(Self.parameters(verb).map { Self.parameter($0, isPath: false, v3: v3) }),
                    "responses": answer, "x-kubernetes-action": .string(action),
                    "x-kubernetes-group-version-kind": Self.kindTag(
                        definition.group, definition.version, definition.kind),
                ]
                if ["create", "update", "patch"].contains(verb) {
                    if v3 {
                        value["requestBody"] = [
                            "content": ["application/json": ["schema": reference]], "required": true,
                        ]
                    } else {
                        value["parameters"] = .array(
                            (value["parameters"].array ?? []) + [
                                ["name": "body", "in": "body", "required": true, "schema": reference]
                            ])
                    }
                }
                return value
            }
            for onItem in [false, true] {
                var item = JSONObject()
                for entry in Self.methods where entry.onItem == onItem && definition.verbs.contains(entry.verb) {
                    item[entry.method] = operation(entry.verb, entry.action)
                }
                if item.isEmpty { continue }
                var parameters: [JSONValue] = []
                if onItem { parameters.append(Self.parameter("name", isPath: true, v3: v3)) }
                if definition.isNamespaced { parameters.append(Self.parameter("namespace", isPath: true, v3: v3)) }
                if !parameters.isEmpty { item["parameters"] = .array(parameters) }
                result[onItem ? base + "/{name}" : base] = .object(item)
            }
        }
        return result
    }

    private var info: JSONValue { ["title": "Kubernetes", "version": .string(ServerConfiguration.kubernetesVersion)] }

    func v2() -> [UInt8] {
        let value: JSONValue = [
            "swagger": "2.0", "info": info, "paths": .object(paths(resources, v3: false)),
            "definitions": .object(definitions(resources, prefix: "#/definitions/")),
        ]
        return value.encoded()
    }

    func v2Protobuf() -> [UInt8] {
        OpenAPIProtobuf.document(info: info, definitions: definitions(resources, prefix: "#/definitions/"))
    }

    func v3(_ path: String) -> [UInt8]? {
        let served = resources.filter { Self.path($0.definition) == "/" + path }
        if served.isEmpty { return nil }
        let value: JSONValue = [
            "openapi": "3.0.0", "info": info, "paths": .object(paths(served, v3: true)),
            "components": ["schemas": .object(definitions(served, prefix: "#/components/schemas/"))],
        ]
        return value.encoded()
    }

    /// The documents there are; the hash lets clients keep what they have.
    func index() -> JSONValue {
        var paths = JSONObject()
        for path in Set(resources.map { String(Self.path($0.definition).dropFirst()) }).sorted() {
            let served = resources.filter { Self.path($0.definition) == "/" + path }
            let content = served.flatMap { Array($0.definition.name.utf8) + $0.schema[$0.definition.type].published }
            let hash = Hex.encode(
                SHA256.hash(Array(ServerConfiguration.kubernetesVersion.utf8) + content).prefix(16))
            paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash)")]
        }
        return ["paths": .object(paths)]
    }
}

extension APIServer {
    /// Documents are made when they are asked for; few clients do, and only once.
    func openAPI(_ request: HTTPRequest, _ segments: [Substring]) throws(StatusError) -> HTTPResponse {
        let documents = OpenAPI(resources: registry.all)
        switch segments.dropFirst().first {
        case "v2"? where segments.count == 2:
            let accepted = MediaType.alternatives(request.headers.first(name: "accept") ?? "").first?.base ?? ""
            guard accepted.hasPrefix("application/com.github.proto-openapi.spec.v2") else {
                return Self.json(documents.v2())
            }
            var response = Self.json(documents.v2Protobuf())
            response.headers.replaceOrAdd(name: "content-type", value: OpenAPIProtobuf.mediaType)
            return response
        case "v3"? where segments.count == 2: return Self.json(documents.index().encoded())
        case "v3"?:
            guard let document = documents.v3(segments.dropFirst(2).joined(separator: "/")) else { throw .noSuchPath }
            return Self.json(document)
        default: throw .noSuchPath
        }
    }
}
