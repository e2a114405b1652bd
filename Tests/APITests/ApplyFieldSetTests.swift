import JSON
import Testing

@testable import API

@Suite struct ApplyFieldSetTests {
    private func set(_ value: JSONValue) throws -> FieldSet { try #require(FieldSet(parsing: value)) }

    @Test func aSetSurvivesItsJSON() throws {
        let value: JSONValue = [
            "f:a": [".": [:], "f:b": [:]], "f:c": ["k:{\"n\":1}": [:], "v:\"x\"": [:], "i:3": [:]],
        ]
        #expect(JSONValue.object(try set(value).tree) == value)
        #expect(try set(value).contains("f:a", "f:b"))
        #expect(try !set(value).contains("f:c"))
    }

    @Test func keysAreBroughtToOneSpelling() throws {
        let found = try set(["f:p": ["k:{ \"protocol\": \"TCP\", \"containerPort\": 80 }": [".": [:]]]])
        #expect(JSONValue.object(found.tree) == ["f:p": ["k:{\"containerPort\":80,\"protocol\":\"TCP\"}": [:]]])
    }

    @Test(arguments: [["x": [:]], ["f:a": 1], ["k:[1]": [:]], ["k:{": [:]], [1], ["i:x": [:]]] as [JSONValue])
    func whatIsNoSetIsRefused(value: JSONValue) { #expect(FieldSet(parsing: value) == nil) }

    @Test func unionDifferenceAndIntersectionKeepTheNormalForm() throws {
        let a = try set(["f:a": [:], "f:b": ["f:c": [:], "f:d": [:]]])
        let b = try set(["f:a": ["f:x": [:]], "f:b": ["f:c": [:]]])
        var union = a
        union.formUnion(b)
        #expect(JSONValue.object(union.tree) == ["f:a": [".": [:], "f:x": [:]], "f:b": ["f:c": [:], "f:d": [:]]])
        var rest = union
        rest.subtract(a)
        #expect(JSONValue.object(rest.tree) == ["f:a": ["f:x": [:]]])
        rest = union
        rest.subtract(b)
        #expect(rest == (try set(["f:a": [:], "f:b": ["f:d": [:]]])))
        rest.subtract(rest)
        #expect(rest.isEmpty)
        #expect(JSONValue.object(union.intersection(b).tree) == JSONValue.object(b.tree))
        #expect(a.intersection(try set(["f:b": [:], "f:a": ["f:x": [:]]])).isEmpty)
    }
}
