import Testing

@testable import Store

@Suite struct AttributesTests {
    @Test func labelsAndFieldsAreFoundAndSorted() {
        let long = String(repeating: "v", count: 5000)
        let attributes = Attributes(
            labels: ["app": "web", "app.kubernetes.io/name": "x", "": "empty", "zero\u{0}": "\u{0}", "big": long],
            fields: ["spec.nodeName": "node-1"])
        #expect(attributes.label("app") == "web")
        #expect(attributes.label("app.kubernetes.io/name") == "x")
        #expect(attributes.label("") == "empty")
        #expect(attributes.label("zero\u{0}") == "\u{0}")
        #expect(attributes.label("big") == long)
        #expect(attributes.label("ap") == nil)
        #expect(attributes.label("spec.nodeName") == nil)
        #expect(attributes.field("spec.nodeName") == "node-1")
        #expect(attributes.labels.map(\.key) == ["", "app", "app.kubernetes.io/name", "big", "zero\u{0}"])
    }

    @Test func equalityIsThatOfThePairs() {
        #expect(Attributes(labels: ["a": "1", "b": "2"]) == Attributes(labels: ["b": "2", "a": "1"]))
        #expect(Attributes(labels: ["a": "1"]) != Attributes(fields: ["a": "1"]))
        #expect(Attributes().labels.isEmpty)
        #expect(Attributes().label("a") == nil)
    }
}
