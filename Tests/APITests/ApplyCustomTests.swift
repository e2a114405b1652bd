import JSON
import Testing

@testable import API

/// Types as a custom resource has them: nothing is there unless somebody wrote it, and some fields are unknown.
@Suite struct ApplyCustomTests {
    private let schema: Schema

    init() {
        var spec = TypeSchema(name: "spec")
        var items = Field(name: "items", type: .list(.object(2)), keepsZero: true)
        items.listType = .map(keys: ["k"])
        spec.fields = [Field(name: "size", type: .int64, keepsZero: true), items]
        spec.preservesUnknownFields = true
        var item = TypeSchema(name: "item")
        item.fields = [
            Field(name: "k", type: .string, isRequired: true, keepsZero: true),
            Field(name: "v", type: .int64, keepsZero: true),
        ]
        var widget = TypeSchema(name: "widget")
        widget.fields = [
            Field(name: "apiVersion", type: .string, keepsZero: true),
            Field(name: "kind", type: .string, keepsZero: true),
            Field(name: "metadata", type: .map(.any), keepsZero: true),
            Field(name: "spec", type: .object(1), keepsZero: true),
        ]
        var schema = Schema()
        schema.types = [widget, spec, item]
        for id in schema.types.indices { schema.types[id].seal() }
        self.schema = schema
    }

    private func manager(_ name: String) -> FieldManager {
        FieldManager(schema, type: 0, apiVersion: "e.x/v1", manager: name, time: Time(secondsSince1970: 0))
    }

    private func fields(_ object: JSONValue, _ name: String) -> JSONValue? {
        object["metadata"]["managedFields"].array?.first { $0["manager"].string == name }?["fieldsV1"]
    }

    @Test func anUpdateOwnsTheObjectsItMakes() {
        var object: JSONValue = ["spec": ["size": 0, "items": [["k": "a"]], "free": ["x": ["y": 1]]]]
        manager("m").update(&object, old: nil)
        #expect(
            fields(object, "m") == [
                "f:spec": [
                    ".": [:], "f:size": [:], "f:items": [".": [:], "k:{\"k\":\"a\"}": [".": [:], "f:k": [:]]],
                    "f:free": [".": [:], "f:x": [".": [:], "f:y": [:]]],
                ]
            ])
    }

    @Test func appliedItemsAndUnknownFieldsAreMerged() throws {
        let one: JSONValue = ["spec": ["size": 3, "items": [["k": "a", "v": 1]], "free": ["x": 1, "l": [1]]]]
        let two: JSONValue = ["spec": ["items": [["k": "b", "v": 2]], "free": ["y": 2]]]
        var object = try manager("one").apply(one, to: nil, force: false)
        object = try manager("two").apply(two, to: object, force: false)
        #expect(object["spec"]["items"] == [["k": "a", "v": 1], ["k": "b", "v": 2]])
        #expect(object["spec"]["free"] == ["x": 1, "l": [1], "y": 2])
        object = try manager("one").apply(["spec": ["size": 3]], to: object, force: false)
        #expect(object["spec"] == ["size": 3, "items": [["k": "b", "v": 2]], "free": ["y": 2]])
        object = try manager("two").apply(["spec": ["free": ["y": 2]]], to: object, force: false)
        #expect(object["spec"] == ["size": 3, "free": ["y": 2]])
    }

    @Test func anItemWithoutItsKeyIsRefused() {
        let error = #expect(throws: StatusError.self) {
            try manager("one").apply(["spec": ["items": [["v": 1]]]], to: nil, force: false)
        }
        #expect(error?.message.contains("omits key field \"k\"") == true)
    }
}
