import JSON
import Testing

@Suite struct EditingTests {
    @Test func assignmentMakesTheObjectsOnTheWay() {
        var pod: JSONValue = nil
        pod["metadata"]["labels"]["app"] = "web"
        pod["spec"]["replicas"] = 3
        pod["spec"]["paused"] = nil
        #expect(pod.description == #"{"metadata":{"labels":{"app":"web"}},"spec":{"replicas":3,"paused":null}}"#)
        #expect(pod.has("spec") && pod["spec"].has("paused") && !pod["spec"].has("nodeName"))
    }

    @Test func aNewValueKeepsTheFieldsPlace() throws {
        var object = try value(#"{"a":1,"b":2,"c":3}"#)
        object["b"] = ["x"]
        object["d"] = true
        #expect(object.description == #"{"a":1,"b":["x"],"c":3,"d":true}"#)
        #expect(object.remove("a") == 1)
        #expect(object.remove("a") == nil)
        object["a"] = 9
        #expect(object.description == #"{"b":["x"],"c":3,"d":true,"a":9}"#)
    }

    @Test func removingWhatIsNotThereLeavesNoTrace() throws {
        var object = try value(#"{"kept":{}}"#)
        object["metadata"]["annotations"].remove("x")
        object["list"].array?.append(1)
        object["kept"].remove("x")
        _ = object["read"]["only"].string
        #expect(object.description == #"{"kept":{}}"#)
    }

    @Test func writingBelowAScalarDoesNothing() throws {
        var object = try value(#"{"s":"x","l":[1]}"#)
        object["s"]["a"] = 1
        object["s"]["a"]["b"] = 1
        object["l"]["a"] = 1
        object["l"][1] = 2
        object["l"][-1] = 2
        object["s"][0] = 2
        #expect(object.description == #"{"s":"x","l":[1]}"#)
        object["l"][0]["x"] = 2
        #expect(object.description == #"{"s":"x","l":[1]}"#)
        object["l"][0] = 2
        #expect(object.description == #"{"s":"x","l":[2]}"#)
    }

    @Test func readingWhatIsNotThereGivesNull() throws {
        let object = try value(#"{"a":{"b":[1,true,"x",null,1.5]}}"#)
        #expect(object["a"]["b"][0].int == 1 && object["a"]["b"][1].bool == true && object["a"]["b"][2].string == "x")
        #expect(object["a"]["b"][3].isNull && object["a"]["b"][4].double == 1.5 && object["a"]["b"][4].int == nil)
        #expect(object["x"]["y"][0] == .null && object["a"]["b"][5] == .null && object["a"]["b"][-1] == .null)
        #expect(object["a"].object?.count == 1 && object["a"].array == nil && object["a"]["b"].array?.count == 5)
        #expect(JSONValue.array([]).isEmptyContainer && JSONValue.object([:]).isEmptyContainer)
        #expect(!object.isEmptyContainer && !JSONValue.null.isEmptyContainer)
    }

    @Test func arraysAndObjectsAreEditedAsSuch() throws {
        var object = try value(#"{"l":[1],"o":{"a":1},"s":"x"}"#)
        object["l"].array?.append("y")
        object["l"].array?.insert(0, at: 0)
        object["o"].object?["b"] = false
        object["o"].object?["a"] = nil
        object["s"].array?.append(1)
        #expect(object.description == #"{"l":[0,1,"y"],"o":{"b":false},"s":"x"}"#)
        object["l"].array = nil
        object["s"].object = ["z": 1]
        #expect(object.description == #"{"l":null,"o":{"b":false},"s":{"z":1}}"#)
    }

    @Test func editsDeepInATreeDoNotCopyIt() {
        var elements: [JSONValue] = (0..<100).map { .int($0) }
        elements.reserveCapacity(1000)
        var tree: JSONValue = ["a": ["b": [nil, .array(elements)]]]
        elements = []
        func address() -> UInt? {
            tree["a"]["b"][1].array?.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        }
        let before = address()
        for index in 0..<100 {
            tree["a"]["b"][1][index] = .string("edited")
            tree["a"]["b"][1][index] = ["x": 1]
            tree["a"]["b"][1].array?.append(1)
            tree["a"]["b"][1][index]["x"]["y"] = 2
        }
        #expect(address() == before)
    }

    @Test func copiesAreIndependent() throws {
        let original = try value(#"{"a":{"b":[1,2]}}"#)
        var copy = original
        copy["a"]["b"][0] = 9
        copy["a"]["c"] = 1
        #expect(original.description == #"{"a":{"b":[1,2]}}"#)
        #expect(copy.description == #"{"a":{"b":[9,2],"c":1}}"#)
    }

    @Test func literalsSpellJSON() {
        let spelled: JSONValue = [
            "a": [1, -2, true, nil, "x", [:], []], "b": ["c": .number(JSONNumber(text: "1.50") ?? JSONNumber(0))],
        ]
        #expect(spelled.description == #"{"a":[1,-2,true,null,"x",{},[]],"b":{"c":1.50}}"#)
    }
}

@Suite struct ObjectTests {
    /// Goes over the border at 16 names in both directions.
    @Test(arguments: [3, 15, 16, 17, 18, 40, 1000])
    func objectsOfAnySizeBehaveAlike(size: Int) {
        var object = JSONObject()
        for number in 0..<size { object["k\(number)"] = .int(number) }
        #expect(object.count == size && object.keys == (0..<size).map { "k\($0)" })
        for number in 0..<size { #expect(object["k\(number)"] == .int(number)) }
        #expect(object["absent"] == nil)
        for number in stride(from: 0, to: size, by: 2) {
            #expect(object.removeValue(forKey: "k\(number)") == .int(number))
        }
        #expect(object.keys == stride(from: 1, to: size, by: 2).map { "k\($0)" })
        for number in 0..<size { #expect(object["k\(number)"] == (number % 2 == 1 ? .int(number) : nil)) }
        object["k0"] = "again"
        object["k1"] = "changed"
        #expect(
            object.keys.first == "k1" && object.keys.last == "k0" && object["k0"] == "again"
                && object["k1"] == "changed")
        for key in object.keys { object[key] = nil }
        #expect(object.isEmpty && object == [:] && Array(object).isEmpty)
    }

    @Test func equalityIgnoresTheOrder() {
        let forward = JSONObject((0..<30).map { ("k\($0)", .int($0)) })
        let backward = JSONObject((0..<30).reversed().map { ("k\($0)", .int($0)) })
        #expect(forward == backward)
        var other = backward
        other["k3"] = 4
        #expect(forward != other)
        other["k3"] = nil
        #expect(forward != other)
        other["k99"] = 3
        #expect(forward != other)
    }

    @Test(arguments: [5, 50]) func keysAreSortedByTheirBytes(size: Int) {
        var object = JSONObject(
            (0..<size).reversed().map { ("k\($0)", .int($0)) } + [("é", nil), ("z", nil), ("Z", nil)])
        object["k2"] = nil
        object.sortKeys()
        let expected = (0..<size).filter { $0 != 2 }.map { "k\($0)" }.sorted()
        #expect(object.keys == ["Z"] + expected + ["z", "é"])
        #expect(object["k1"] == 1 && object["é"] == .null && object["k2"] == nil)
    }

    /// Quadratic work would take minutes here.
    @Test func hugeObjectsFromStrangersAreReadAndEditedInLinearTime() throws {
        let size = 50_000
        let text = "{" + (0..<size).map { "\"key-\($0)\":\"\"" }.joined(separator: ",") + "}"
        let document = try document(text)
        #expect(document.duplicateFields(limit: 1).isEmpty)
        var tree = document.root.value
        #expect(tree == document.root.value)
        for number in 0..<size { tree["key-\(number)"] = nil }
        for number in 0..<size { tree.remove("key-\(number)") }
        #expect(tree.isEmptyContainer)
    }
}

extension JSONObject {
    init(_ members: [(String, JSONValue)]) {
        self.init()
        for (key, value) in members { self[key] = value }
    }
}

@Suite struct NumberTests {
    @Test func numbersKeepTheirText() throws {
        for text in ["1.50", "1E+5", "-0", "123456789012345678901234567890", "0.10000000000000000000000001"] {
            #expect(try value(text).description == text)
        }
    }

    @Test func numbersAreEqualByValueHoweverWritten() {
        let same = [
            ["1", "1.0", "10e-1", "0.1e1", "1E0", "100e-2"], ["0", "-0", "0.00", "0e99999999999999999999"],
            ["1500", "1.5e3"],
        ]
        for (index, group) in same.enumerated() {
            for a in group {
                for b in same.flatMap(\.self) {
                    let (x, y) = (JSONNumber(text: a), JSONNumber(text: b))
                    #expect(x != nil && (x == y) == group.contains(b), "\(a) \(b) \(index)")
                    if x == y { #expect(x.hashValue == y.hashValue) }
                }
            }
        }
        #expect(JSONNumber(text: "-1") != JSONNumber(text: "1"))
        #expect(JSONNumber(text: "9007199254740993") != JSONNumber(text: "9007199254740992"))
        #expect(JSONNumber(text: "1e99999999999999999999") == JSONNumber(text: "1e99999999999999999999"))
        #expect(JSONNumber(text: "1e99999999999999999999") != JSONNumber(text: "1e99999999999999999998"))
    }

    @Test func onlyNumbersAreNumbers() {
        for text in ["", " 1", "1 ", "01", "1.", "x", "1x", "--1", "1e", "+1", "NaN", "é"] {
            #expect(JSONNumber(text: text) == nil)
        }
        #expect(JSONNumber(Int.min).text == "-9223372036854775808" && JSONNumber(Int.min).int == .min)
        #expect(JSONNumber(text: "2.5")?.double == 2.5)
    }
}
