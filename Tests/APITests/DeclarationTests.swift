import Foundation
import JSON
import Testing

@testable import API

/// The declarations against upstream's schema, where it lies beside the repository.
@Suite struct DeclarationTests {
    static let reference = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../../shared/reference/kubernetes-1.36-schema.json")

    private static func load() throws -> JSONValue? {
        guard let data = try? Data(contentsOf: reference) else { return nil }
        return try JSONValue(parsing: Array(data))["definitions"]
    }

    /// `core.v1.Pod` for `io.k8s.api.core.v1.Pod`.
    private static func name(_ definition: String) -> String {
        let parts = definition.split(separator: ".")
        return parts.suffix(3).joined(separator: ".")
    }

    @Test func theDeclarationsCanBeRead() throws {
        let kinds = try BuiltInKinds()
        #expect(kinds.resources.count > 60)
        for name in Array(Kinds.checks.keys) + Array(Kinds.updateChecks.keys) + Array(Kinds.defaults.keys) {
            #expect(kinds.schema.type(named: name) != nil, "a rule is for \(name), which is no type")
        }
    }

    @Test func everyFieldOfEveryServedTypeIsDeclaredAndNoOther() throws {
        guard let definitions = try Self.load()?.object else { return }
        let kinds = try BuiltInKinds()
        let byName = Dictionary(definitions.map { (Self.name($0.key), $0.value) }) { first, _ in first }
        // metrics.k8s.io is an add-on's upstream, and not in its schema.
        for type in kinds.schema.types where !type.name.hasPrefix("metrics.") && !type.name.hasPrefix("template.") {
            guard let upstream = byName[type.name.replacing("meta.k8s.io", with: "meta")] else {
                Issue.record("\(type.name) is not upstream's")
                continue
            }
            let wanted = Set((upstream["properties"].object ?? [:]).keys)
            let declared = Set(type.fields.map(\.name))
            let required = upstream["required"].array ?? []
            #expect(wanted.subtracting(declared).isEmpty, "missing in \(type.name)")
            #expect(declared.subtracting(wanted).isEmpty, "too many in \(type.name)")
            for field in type.fields {
                let property = upstream["properties"][field.name]
                check(field, property, type.name, kinds.schema)
                if field.isRequired {
                    #expect(
                        required.contains(.string(field.name)), "\(type.name).\(field.name) is not required upstream")
                }
            }
        }
    }

    private func check(_ field: Field, _ property: JSONValue, _ type: String, _ schema: Schema) {
        let place = "\(type).\(field.name)"
        #expect(Self.describes(property, field.type, schema), "\(place) has another type: \(property)")
        let listType = property["x-kubernetes-list-type"].string
        switch field.listType {
        case .atomic: #expect(listType == nil || listType == "atomic", "\(place) is a \(listType ?? "")")
        case .set: #expect(listType == "set", "\(place) is no set")
        case .map(let keys):
            #expect(listType == "map", "\(place) is no map")
            #expect(
                keys == (property["x-kubernetes-list-map-keys"].array ?? []).compactMap(\.string), "keys of \(place)")
        }
        let strategies = Set(
            (property["x-kubernetes-patch-strategy"].string ?? "").split(separator: ",").map(String.init))
        #expect(field.patch.merge == strategies.contains("merge"), "\(place): merge")
        #expect(field.patch.retainKeys == strategies.contains("retainKeys"), "\(place): retainKeys")
        #expect(field.patch.mergeKey == property["x-kubernetes-patch-merge-key"].string, "\(place): merge key")
    }

    private static func describes(_ property: JSONValue, _ type: FieldType, _ schema: Schema) -> Bool {
        let reference = (property["$ref"].string ?? property["allOf"][0]["$ref"].string).map {
            name(String($0.split(separator: "/").last ?? ""))
        }
        switch type {
        case .string: return property["type"] == "string" && property["format"].isNull
        case .bytes: return property["format"] == "byte"
        case .bool: return property["type"] == "boolean"
        case .int32, .int64: return property["type"] == "integer"
        case .double: return property["type"] == "number"
        case .quantity: return reference == "api.resource.Quantity"
        case .intOrString: return reference == "util.intstr.IntOrString"
        case .time: return reference == "meta.v1.Time"
        case .microTime: return reference == "meta.v1.MicroTime"
        case .any: return true
        case .list(let element): return property["type"] == "array" && describes(property["items"], element, schema)
        case .map(let element):
            return property["type"] == "object" && describes(property["additionalProperties"], element, schema)
        case .object(let id): return reference == schema[id].name.replacing("meta.k8s.io", with: "meta")
        }
    }
}
