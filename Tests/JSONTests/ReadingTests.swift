import JSON
import Testing

func document(_ text: String, limits: JSONLimits = .default) throws -> JSONDocument {
    try JSONDocument(Array(text.utf8), limits: limits)
}

func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct ReadingTests {
    @Test func fieldsAreReadThroughNestedValues() throws {
        let pod = try document(
            #"{"a":{"skip":[1,{"b":2}]},"spec":{"containers":[{"name":"x"},{"name":"y","ports":[{"p":80}]}]}}"#
        ).root
        #expect(pod["spec"]["containers"][1]["ports"][0]["p"].int == 80)
        #expect(pod["spec"]["containers"].elements.map { $0["name"].string } == ["x", "y"])
        #expect(pod.members.map(\.key) == ["a", "spec"])
        #expect(pod.count == 2)
        #expect(pod["spec"]["containers"].count == 2)
    }

    @Test func whatIsMissingReadsAsMissingAllTheWayDown() throws {
        let root = try document(#"{"n":null,"s":"x","l":[1]}"#).root
        for ref in [
            root["no"], root["no"]["deeper"][3], root["s"]["x"], root["l"][1], root["l"][-1], root["l"]["1"], root[0],
        ] {
            #expect(ref.kind == .missing)
            #expect(!ref.exists && ref.isNull && ref.count == 0 && ref.string == nil && ref.rawBytes.isEmpty)
            #expect(ref.value == .null && Array(ref.elements).isEmpty && Array(ref.members).isEmpty)
        }
        #expect(root["n"].kind == .null && root["n"].exists && root["n"].isNull)
        #expect(JSONRef.missing.kind == .missing)
    }

    @Test func onlyIntegersThatFitAreInt() throws {
        let numbers = try document(
            "[0,-0,42,-42,1.0,1e2,9223372036854775807,-9223372036854775808,9223372036854775808,\"1\"]")
        #expect(numbers.root.elements.map(\.int) == [0, 0, 42, -42, nil, nil, .max, .min, nil, nil])
    }

    @Test func doublesAreTheNearestAndNeverInfinite() throws {
        let numbers = try document("[0.1,-2.5e3,1e400,1e-400,7,true]")
        #expect(numbers.root.elements.map(\.double) == [0.1, -2500, nil, 0, 7, nil])
    }

    @Test func stringsAreUnescaped() throws {
        let strings = try document(
            #"["\"\\\/\b\f\n\r\t","\u00e9\u65e5\ud83d\ude00","\ud800x","\udc00\ud800","\ud800\ud83d\ude00","a\u0000b","é\n日"]"#
        )
        #expect(
            strings.root.elements.map(\.string) == [
                "\"\\/\u{8}\u{c}\n\r\t", "é日😀", "\u{fffd}x", "\u{fffd}\u{fffd}", "\u{fffd}😀", "a\0b", "é\n日",
            ])
        #expect(strings.root[1].equals("é日😀") && !strings.root[1].equals("é日"))
    }

    @Test func stringsAreComparedByTheirBytes() throws {
        let composed = try document(#"{"é":"é"}"#).root
        #expect(composed["é"].equals("é"))
        #expect(!composed["e\u{301}"].exists && !composed["é"].equals("e\u{301}"))
        #expect(JSONValue.string("é") != .string("e\u{301}"))
        #expect(try value(#"{"é":1,"e\#u{301}":2}"#).object?.count == 2)
    }

    @Test func namesOfEveryLengthAreToldApart() throws {
        let names =
            (0...40).flatMap { n in ["", "x", "y"].map { String(repeating: "a", count: n) + $0 } } + ["z\"\\\n", "é"]
        let unique = Array(Set(names)).sorted()
        var object = JSONObject()
        for (index, name) in unique.enumerated() { object[name] = .int(index) }
        let document = try JSONDocument(JSONValue.object(object).encoded())
        for (index, name) in unique.enumerated() { #expect(document.root[name].int == index) }
    }

    @Test func theLastOfRepeatedNamesCounts() throws {
        let root = try document(#"{"a":1,"b":2,"\u0061":3,"a":{"x":4}}"#).root
        #expect(root["a"]["x"].int == 4)
        #expect(root.count == 4)
        #expect(root.value.description == #"{"a":{"x":4},"b":2}"#)
    }

    @Test func rawTextIsExact() throws {
        let spaced = try document(#" { "a" : [ 1.50 , "x\n" ] , "b":{ } , "c": true} "#)
        let root = spaced.root
        #expect(root["a"].description == #"[ 1.50 , "x\n" ]"#)
        #expect(root["a"][0].description == "1.50")
        #expect(root["a"][1].description == #""x\n""#)
        #expect(root["b"].description == "{ }")
        #expect(root["c"].description == "true")
        #expect(root.byteRange == 1..<spaced.bytes.count - 1)
    }

    @Test func aRefKeepsItsDocumentAlive() throws {
        func ref() throws -> JSONRef { try document(#"{"a":["still here"]}"#).root["a"][0] }
        #expect(try ref().string == "still here")
    }

    @Test func duplicateFieldsAreNamedAsKubernetesNamesThem() throws {
        let twice = try document(
            #"""
            {"data":1,"spec":{"containers":[{"image":"a","\u0069mage":"b","image":"c"},{"image":"a"}]},"data":2,
             "metadata":{"labels":{"app.k8s.io/name":1,"app.k8s.io/name":2}}}
            """#)
        #expect(
            twice.duplicateFields(limit: 10) == [
                "spec.containers[0].image", "data", "metadata.labels.app.k8s.io/name",
            ])
        #expect(twice.duplicateFields(limit: 2) == ["spec.containers[0].image", "data"])
        #expect(try document(#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#).duplicateFields(limit: 10).isEmpty)
        let many = (0..<100).map { "\"k\($0 % 99)\":0" }.joined(separator: ",")
        #expect(try document("{\(many)}").duplicateFields(limit: 10) == ["k0"])
    }
}

@Suite struct LimitTests {
    @Test func errorsTellWhatAndWhere() {
        let expected: [(String, JSONError.Kind, Int)] = [
            ("", .unexpectedEnd, 0), ("[1,", .unexpectedEnd, 3), ("[1 x]", .invalidCharacter, 3),
            ("{a}", .invalidCharacter, 1),
            ("[tru]", .invalidCharacter, 4), ("1 1", .trailingData, 2), ("-x", .invalidNumber, 1),
            ("01", .invalidNumber, 1),
            ("\"a\u{1}\"", .controlCharacter, 2), (#""\q""#, .invalidEscape, 1), (#""\u12G4""#, .invalidEscape, 1),
            ("\"abc", .unexpectedEnd, 4),
        ]
        for (text, kind, offset) in expected {
            let error = #expect(throws: JSONError.self) { _ = try document(text) }
            #expect(error?.kind == kind && error?.offset == offset, "\(text): \(String(describing: error))")
        }
        let error = #expect(throws: JSONError.self) { _ = try JSONDocument([0x22, 0x61, 0xC0, 0x80, 0x22]) }
        #expect(error?.description == "invalid UTF-8 in JSON string at byte 2")
    }

    @Test func depthIsLimited() throws {
        let limits = JSONLimits(maxDepth: 2)
        _ = try document("[[],{}]", limits: limits)
        let error = #expect(throws: JSONError.self) { _ = try document("[[[]]]", limits: limits) }
        #expect(error?.kind == .tooDeep && error?.offset == 2)
        #expect(throws: JSONError.self) { _ = try document("[]", limits: JSONLimits(maxDepth: -1)) }
    }

    @Test func noLimitAllowsTreesThatOverflowTheStack() throws {
        let limits = JSONLimits(maxDepth: .max)
        func nested(_ depth: Int) -> String {
            String(repeating: "[{\"a\":", count: depth / 2) + "1" + String(repeating: "}]", count: depth / 2)
        }
        let deepest = try document(nested(1000), limits: limits)
        #expect(deepest.root.value.encoded() == deepest.bytes)
        #expect(deepest.root.value == deepest.root.value)
        #expect(throws: JSONError.self) { _ = try document(nested(1002), limits: limits) }
        #expect(throws: JSONError.self) { _ = try document(String(repeating: "[", count: 1_000_000), limits: limits) }
    }

    @Test func sizeIsLimited() throws {
        _ = try document("[1,2]", limits: JSONLimits(maxBytes: 5))
        let error = #expect(throws: JSONError.self) { _ = try document("[1,2]", limits: JSONLimits(maxBytes: 4)) }
        #expect(error?.kind == .tooLarge)
        #expect(throws: JSONError.self) { _ = try document("1", limits: JSONLimits(maxBytes: -1)) }
    }

    @Test func aFoldedPartReadsAsBefore() throws {
        let text = #"{"m":{"a":[1],"f":[{"x":{"y":[true]}},"s"],"z":{"k":2}},"s":{"n":[{"q":"r"}]}}"#
        let whole = try document(text)
        let folded = whole.trimmed(folding: "m", "f")
        #expect(folded.root.value == whole.root.value)
        #expect(folded.root["m"]["f"][0]["x"]["y"][0].bool == true)
        #expect(folded.root["m"]["f"].count == 2 && folded.root["m"]["f"].kind == .array)
        #expect(String(decoding: folded.root["m"]["f"].rawBytes, as: UTF8.self) == #"[{"x":{"y":[true]}},"s"]"#)
        #expect(folded.root["m"].members.map(\.value.description) == whole.root["m"].members.map(\.value.description))
        #expect(folded.root["m"]["z"]["k"].int == 2 && folded.root["s"]["n"][0]["q"].string == "r")
        #expect(whole.trimmed(folding: "m", "nothing").root.value == whole.root.value)
        #expect(whole.trimmed(folding: "s", "n", "0").root.value == whole.root.value)
    }
}
