import JSON
import Testing

@testable import API

/// JSON has numbers that Swift has no literals for here.
private func number(_ text: String) -> JSONValue { (try? JSONValue(parsing: Array(text.utf8))) ?? nil }

@Suite struct CustomResourceTests {
    private func errors(_ schema: JSONValue, _ value: JSONValue, old: JSONValue? = nil) -> [String] {
        StructuralSchema(schema).errors(value, old: old).map { "\($0.field) \($0.reason.rawValue)" }
    }

    @Test(
        arguments: [
            (["type": "string", "minLength": 2], "ü", "a FieldValueInvalid"),
            (["type": "string", "maxLength": 1], "üü", "a FieldValueTooLong"),
            (["type": "string", "pattern": "^a+$"], "b", "a FieldValueInvalid"),
            (["type": "string", "pattern": "^a+$"], "a\n", "a FieldValueInvalid"),
            (["type": "string", "format": "date-time"], "yesterday", "a FieldValueTypeInvalid"),
            (["type": "string", "format": "ipv4"], "::1", "a FieldValueTypeInvalid"),
            (["type": "string", "enum": ["x"]], "y", "a FieldValueNotSupported"),
            (["type": "integer", "maximum": 3, "exclusiveMaximum": true], 3, "a FieldValueInvalid"),
            (["type": "number", "multipleOf": number("0.5")], number("0.7"), "a FieldValueInvalid"),
            (["type": "integer"], number("1.5"), "a FieldValueTypeInvalid"),
            (["type": "array", "items": ["type": "string"], "maxItems": 1], ["x", "y"], "a FieldValueTooMany"),
            (["type": "object", "additionalProperties": ["type": "integer"]], ["k": "x"], "a.k FieldValueTypeInvalid"),
            (["type": "object", "maxProperties": 0], ["k": 1], "a FieldValueTooMany"),
            (["x-kubernetes-int-or-string": true], true, "a FieldValueTypeInvalid"),
            (["type": "string"], nil, "a FieldValueTypeInvalid"),
        ] as [(JSONValue, JSONValue, String)])
    func whatASchemaForbidsIsFoundWithItsPlaceAndReason(schema: JSONValue, value: JSONValue, finding: String) {
        #expect(errors(["type": "object", "properties": ["a": schema]], ["a": value]) == [finding])
    }

    @Test(
        arguments: [
            [["type": "integer"], number("2.0")], [["type": "number"], 2],
            [["x-kubernetes-int-or-string": true], "50%"],
            [["type": "string", "nullable": true], nil], [["type": "string", "format": "unknown"], "x"],
            [["anyOf": [["required": ["x"]], ["required": ["y"]]]], ["y": 1]],
            [["oneOf": [["required": ["x"]], ["required": ["y"]]]], ["y": 1]],
            [["not": ["required": ["x"]]], ["y": 1]],
        ] as [JSONValue])
    func whatASchemaAllowsPasses(pair: JSONValue) {
        #expect(errors(["type": "object", "properties": ["a": pair[0]]], ["a": pair[1]]) == [])
    }

    @Test func combinationsThatFailAreSaidOfTheWhole() {
        let oneOf: JSONValue = ["oneOf": [["required": ["x"]], ["required": ["y"]]]]
        #expect(errors(oneOf, ["x": 1, "y": 1]) == ["<nil> FieldValueInvalid"])
        #expect(errors(oneOf, ["z": 1]) == ["<nil> FieldValueInvalid", "x FieldValueRequired"])
        #expect(errors(["not": ["required": ["x"]]], ["x": 1]) == ["<nil> FieldValueInvalid"])
    }

    @Test func whatDidNotChangeIsNotJudgedAgain() {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "n": ["type": "integer", "maximum": 3],
                "list": [
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                    "items": ["type": "object", "properties": ["v": ["type": "integer", "maximum": 3]]],
                ],
            ],
        ]
        let old: JSONValue = ["n": 9, "list": [["k": "a", "v": 9], ["k": "b", "v": 1]]]
        #expect(errors(schema, ["n": 9, "list": [["k": "b", "v": 2], ["k": "a", "v": 9]]], old: old) == [])
        #expect(errors(schema, ["n": 8, "list": []], old: old) == ["n FieldValueInvalid"])
    }

    @Test func aPatternThatNeverEndsIsCutOff() {
        #expect(Pattern("^(a+)+$")?.matches(String(repeating: "a", count: 40) + "b") == false)
        #expect(Pattern("(") == nil)
    }

    // MARK: Decoding

    private func decode(_ schema: JSONValue, _ object: JSONValue) throws -> (JSONValue, [String]) {
        let definition: JSONValue = [
            "spec": [
                "group": "e.x", "scope": "Cluster", "names": ["plural": "ws", "kind": "W"],
                "versions": [["name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": schema]]],
            ]
        ]
        let meta = try BuiltInKinds().schema.extracting(["meta.v1.ObjectMeta"])
        let custom = CustomResource(try JSONDocument(definition.encoded()).root, meta: meta)
        let version = try #require(custom.versions.first)
        var decoder = Decoder(version.schema)
        let value = try decoder.decode(try JSONDocument(object.encoded()).root, type: version.definition.type)
        return (value, decoder.unknownFields)
    }

    @Test func nullIsDroppedUnlessItMayBeNull() throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "a": ["type": "string"], "b": ["type": "string", "nullable": true],
                "c": ["type": "string", "default": "x"], "d": ["type": "string", "nullable": true, "default": "x"],
            ],
        ]
        let (value, _) = try decode(schema, ["a": nil, "b": nil, "c": nil, "d": nil])
        #expect(value == ["b": nil, "c": "x", "d": nil])
    }

    @Test func defaultsFillWhatIsThereAndWhatTheyMake() throws {
        let inner: JSONValue = ["type": "object", "properties": ["n": ["type": "integer", "default": 1]]]
        var made = inner
        made["default"] = [:]
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "there": inner, "absent": inner, "made": made,
                "list": ["type": "array", "items": inner, "default": [[:]]],
            ],
        ]
        let (value, _) = try decode(schema, ["there": [:]])
        #expect(value == ["there": ["n": 1], "made": ["n": 1], "list": [["n": 1]]])
    }

    @Test func unknownFieldsGoUnlessTheyAreKept() throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "kept": [
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    "properties": ["strict": ["type": "object", "properties": ["a": ["type": "string"]]]],
                ],
                "map": ["type": "object", "additionalProperties": ["type": "object"]],
            ],
        ]
        let (value, unknown) = try decode(
            schema, ["kept": ["x": 1, "strict": ["a": "1", "b": 2]], "map": ["k": ["z": 1]], "y": 1])
        #expect(value == ["kept": ["x": 1, "strict": ["a": "1"]], "map": ["k": [:]]])
        #expect(unknown == ["kept.strict.b", "map.k.z", "y"])
    }

    // MARK: JSONPath

    @Test(arguments: [
        (".spec.size", ["3"]), ("{.spec.size}", ["3"]), (".spec['dotted.key']", ["\"d\""]),
        (#".spec.dotted\.key"#, ["\"d\""]), (".list[0].n", ["1"]), (".list[-1].n", ["2"]),
        (".list[*].n", ["1", "2"]), (#".list[?(@.t=="b")].n"#, ["2"]), (".list[?(@.n>1)].t", ["\"b\""]),
        (".list[?(@.extra)].n", ["2"]), ("..n", ["1", "2"]), (".none.at.all", []),
    ])
    func pathsFindWhatKubectlFinds(path: String, found: [String]) throws {
        let root = try JSONDocument(
            Array(
                #"{"spec":{"size":3,"dotted.key":"d"},"list":[{"t":"a","n":1},{"t":"b","n":2,"extra":null}]}"#.utf8)
        ).root
        #expect((JSONPath(path)?.find(in: root).map(\.description) ?? []) == found)
    }
}
