import JSON
import Testing

@testable import API

@Suite struct ApplyTests {
    @Test func aFieldThatIsAppliedNoLongerIsRemoved() throws {
        var object = try ManagedObject("ConfigMap")
        try object.apply(["data": ["a": "1", "b": "2"]], as: "one")
        try object.apply(["data": ["a": "1"]], as: "one")
        #expect(object.value?["data"] == ["a": "1"])
        #expect(object.fields(of: "one") == ["f:data": ["f:a": [:]]])
    }

    @Test func aFieldThatSomebodyElseAppliesTooStays() throws {
        var object = try ManagedObject("ConfigMap")
        try object.apply(["data": ["a": "1", "b": "2"]], as: "one")
        try object.apply(["data": ["b": "2"]], as: "two")
        try object.apply(["data": ["a": "1"]], as: "one")
        #expect(object.value?["data"] == ["a": "1", "b": "2"])
        try object.apply(["data": ["c": "3"]], as: "two")
        #expect(object.value?["data"] == ["a": "1", "c": "3"])
    }

    @Test func anotherValueForAFieldOfSomebodyElseIsAConflictThatNamesIt() throws {
        var object = try ManagedObject("Deployment")
        func image(_ image: String) -> JSONValue {
            ["spec": ["template": ["spec": ["containers": [["name": "a", "image": .string(image)]]]]]]
        }
        try object.apply(image("x:1"), as: "one")
        try object.edit(as: "scaler", subresource: "scale") { $0["spec"]["replicas"] = 3 }
        var wanted = image("x:2")
        wanted["spec"]["replicas"] = 5
        let error = #expect(throws: StatusError.self) { try object.apply(wanted, as: "two") }
        #expect(error?.code == 409)
        #expect(error?.reason == "Conflict")
        #expect(
            error?.causes == [
                .init(
                    field: ".spec.template.spec.containers[name=\"a\"].image", reason: "FieldManagerConflict",
                    message: "conflict with \"one\""),
                .init(
                    field: ".spec.replicas", reason: "FieldManagerConflict",
                    message: "conflict with \"scaler\" with subresource \"scale\" using apps/v1"),
            ])
        try object.apply(wanted, as: "two", force: true)
        #expect(object.value?["spec"]["replicas"] == 5)
        #expect(object.fields(of: "scaler") == nil)
        #expect(
            object.fields(of: "one")?["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"a\"}"] == [
                ".": [:], "f:name": [:],
            ])
    }

    @Test func theSameValueIsSharedWithoutAConflict() throws {
        var object = try ManagedObject("ConfigMap")
        try object.apply(["data": ["a": "1"]], as: "one")
        try object.apply(["data": ["a": "1"]], as: "two")
        #expect(object.managers == ["two", "one"])
        #expect(object.entry("two")?.has("time") == false, "nothing changed when it came")
    }

    @Test func itemsOfAMapListAreMergedByTheirKeysAndDefaultsOfKeysCount() throws {
        var object = try ManagedObject("Deployment")
        func ports(_ ports: JSONValue) -> JSONValue {
            ["spec": ["template": ["spec": ["containers": [["name": "a", "ports": ports]]]]]]
        }
        try object.apply(ports([["containerPort": 80], ["containerPort": 80, "protocol": "UDP"]]), as: "one")
        try object.apply(ports([["containerPort": 81]]), as: "two")
        var found = object.value?["spec"]["template"]["spec"]["containers"][0]["ports"].array ?? []
        #expect(found.map { $0["containerPort"] } == [80, 80, 81])
        #expect(found.map { $0["protocol"] } == ["TCP", "UDP", "TCP"])
        let mine = object.fields(of: "two")?["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"a\"}"][
            "f:ports"]
        #expect(mine == ["k:{\"containerPort\":81,\"protocol\":\"TCP\"}": [".": [:], "f:containerPort": [:]]])
        try object.apply(ports([["containerPort": 80, "protocol": "UDP"]]), as: "one")
        found = object.value?["spec"]["template"]["spec"]["containers"][0]["ports"].array ?? []
        #expect(found.map { $0["protocol"] } == ["UDP", "TCP"])
    }

    @Test func theOrderOfAnAppliedListIsThatOfTheConfiguration() throws {
        var object = try ManagedObject("Pod")
        func containers(_ names: String...) -> JSONValue {
            ["spec": ["containers": .array(names.map { ["name": .string($0)] })]]
        }
        func names() -> [String?] { (object.value?["spec"]["containers"].array ?? []).map { $0["name"].string } }
        try object.apply(containers("a", "b", "c"), as: "one")
        try object.apply(containers("x", "b"), as: "two")
        #expect(names() == ["a", "x", "b", "c"])
        try object.apply(containers("c", "a", "b"), as: "one")
        #expect(names().compactMap { $0 }.filter { $0 != "x" } == ["c", "a", "b"])
    }

    @Test func aSetIsOwnedByItsValues() throws {
        var object = try ManagedObject("ConfigMap")
        try object.apply(["metadata": ["finalizers": ["a.b/c", "d.e/f"]]], as: "one")
        try object.apply(["metadata": ["finalizers": ["g.h/i"]]], as: "two")
        try object.apply(["metadata": ["finalizers": ["d.e/f"]]], as: "one")
        #expect(object.value?["metadata"]["finalizers"] == ["d.e/f", "g.h/i"])
        #expect(object.fields(of: "two") == ["f:metadata": ["f:finalizers": ["v:\"g.h/i\"": [:]]]])
    }

    @Test func whatIsAtomicIsOwnedAsAWhole() throws {
        var object = try ManagedObject("Deployment")
        try object.apply(["spec": ["selector": ["matchLabels": ["a": "b"]]]], as: "one")
        #expect(object.fields(of: "one") == ["f:spec": ["f:selector": [:]]])
        #expect(throws: StatusError.self) {
            try object.apply(["spec": ["selector": ["matchLabels": ["c": "d"]]]], as: "two")
        }
        try object.apply(["spec": ["selector": ["matchLabels": ["c": "d"]]]], as: "two", force: true)
        #expect(object.value?["spec"]["selector"] == ["matchLabels": ["c": "d"]])
    }

    @Test func anItemGoesWithItsLastOwner() throws {
        var object = try ManagedObject("Pod")
        func env(_ names: String...) -> JSONValue {
            [
                "spec": [
                    "containers": [["name": "a", "env": .array(names.map { ["name": .string($0), "value": "1"] })]]
                ]
            ]
        }
        try object.apply(env("X", "Y"), as: "one")
        try object.apply(env("X"), as: "two")
        try object.apply(["spec": ["containers": [["name": "a"]]]], as: "one")
        #expect(object.value?["spec"]["containers"][0]["env"] == [["name": "X", "value": "1"]])
        try object.apply(["spec": ["containers": [["name": "a"]]]], as: "two")
        #expect(object.value?["spec"]["containers"][0].has("env") == false)
    }

    @Test func applyingTheSameAgainChangesNothingNotEvenTheTime() throws {
        var object = try ManagedObject("ConfigMap")
        try object.apply(["data": ["a": "1"]], as: "one", at: 10)
        let before = object.value
        try object.apply(["data": ["a": "1"]], as: "one", at: 20)
        #expect(object.value == before)
    }

    @Test func fieldsFromBeforeTheFirstApplyHaveAnOwner() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1", "b": "2"]], as: "old")
        object.value?["metadata"].remove("managedFields")
        let error = #expect(throws: StatusError.self) { try object.apply(["data": ["a": "9"]], as: "one") }
        #expect(error?.causes.first?.message == "conflict with \"before-first-apply\" using v1")
        try object.apply(["data": ["a": "1"]], as: "one")
        #expect(object.fields(of: "before-first-apply") == ["f:data": [".": [:], "f:a": [:], "f:b": [:]]])
    }

    @Test func fieldsThatTheKindHasNotAreRefused() throws {
        var object = try ManagedObject("Deployment")
        let error = #expect(throws: StatusError.self) {
            try object.apply(["spec": ["foo": 1, "replicas": "two"]], as: "one")
        }
        #expect(error?.code == 500)
        #expect(error?.message.contains(".spec.foo: field not declared in schema") == true)
        #expect(error?.message.contains(".spec.replicas: expected numeric (int or float), got \"two\"") == true)
    }

    @Test func theSameKeyTwiceIsRefused() throws {
        var object = try ManagedObject("Pod")
        let error = #expect(throws: StatusError.self) {
            try object.apply(["spec": ["containers": [["name": "a"], ["name": "a"]]]], as: "one")
        }
        #expect(error?.message.contains(".spec.containers: duplicate entries for key [name=\"a\"]") == true)
    }

    @Test func aConfigurationWithManagedFieldsIsRefused() throws {
        var object = try ManagedObject("ConfigMap")
        let error = #expect(throws: StatusError.self) {
            try object.apply(["metadata": ["managedFields": []]], as: "one")
        }
        #expect(error?.code == 400)
    }

    @Test func kubectlMayChangeServerSideWhatItAppliedFromTheClientBefore() throws {
        var object = try ManagedObject("ConfigMap")
        let last = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"}}"#
        try object.update(
            [
                "metadata": ["annotations": ["kubectl.kubernetes.io/last-applied-configuration": .string(last)]],
                "data": ["a": "1", "b": "1"],
            ], as: "kubectl-client-side-apply")
        try object.apply(["data": ["a": "2"]], as: "kubectl")
        #expect(object.value?["data"] == ["a": "2", "b": "1"])
        #expect(
            object.value?["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].string?
                .contains(#""a":"2""#) == true)
        #expect(throws: StatusError.self) { try object.apply(["data": ["b": "2"]], as: "kubectl") }
    }
}
