import JSON
import Testing

@testable import API

@Suite struct ApplyUpdateTests {
    @Test func whoCreatesAnObjectOwnsItWithItsDefaults() throws {
        var object = try ManagedObject("Deployment")
        try object.update(
            [
                "spec": [
                    "selector": ["matchLabels": ["a": "b"]],
                    "template": [
                        "metadata": ["labels": ["a": "b"]],
                        "spec": ["containers": [["name": "c", "image": "i:1", "resources": ["limits": ["cpu": "1"]]]]],
                    ],
                ]
            ], as: "me")
        let spec = object.fields(of: "me")?["f:spec"] ?? [:]
        #expect(!spec.has("."), "a struct is there from the beginning")
        #expect(spec["f:replicas"] == [:])
        #expect(spec["f:template"]["f:metadata"] == ["f:labels": [".": [:], "f:a": [:]]])
        #expect(spec["f:template"]["f:spec"]["f:securityContext"] == [:])
        let container = spec["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"c\"}"]
        #expect(container["f:resources"] == [".": [:], "f:limits": [".": [:], "f:cpu": [:]]])
        #expect(object.fields(of: "me")?.has("f:metadata") == false)
    }

    @Test func aChangedFieldGoesToWhoChangedItAndARemovedOneToNobody() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1", "b": "2", "c": "3"]], as: "one", at: 1)
        try object.edit(as: "two", at: 2) { $0["data"] = ["a": "9", "b": "2"] }
        #expect(object.fields(of: "one") == ["f:data": [".": [:], "f:b": [:]]])
        #expect(object.fields(of: "two") == ["f:data": ["f:a": [:]]])
        #expect(object.entry("two")?["time"] == "1970-01-01T00:00:02Z")
        #expect(object.entry("one")?["time"] == "1970-01-01T00:00:01Z")
    }

    @Test func anUpdateThatChangesNothingLeavesTheEntriesAlone() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1"]], as: "one", at: 1)
        let before = object.value
        try object.edit(as: "one", at: 2) { $0["metadata"].remove("managedFields") }
        #expect(object.value == before)
    }

    @Test func statusIsOwnedThroughItsSubresource() throws {
        var object = try ManagedObject("Deployment")
        try object.update(["spec": ["selector": ["matchLabels": ["a": "b"]]]], as: "c")
        try object.edit(as: "c", subresource: "status") {
            $0["status"] = ["replicas": 1, "conditions": [["type": "A", "status": "True"]]]
        }
        let entry = object.value?["metadata"]["managedFields"].array?.first { $0["subresource"] == "status" }
        #expect(entry?["fieldsV1"]["f:status"]["f:replicas"] == [:])
        #expect(entry?["fieldsV1"]["f:status"].has(".") == false)
        #expect(entry?["fieldsV1"]["f:status"]["f:conditions"].has("k:{\"type\":\"A\"}") == true)
        #expect(object.managers == ["c", "c"])
    }

    @Test(arguments: [[], [[:]]] as [JSONValue]) func anEmptyListEndsTheTracking(list: JSONValue) throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1"]], as: "one")
        try object.edit(as: "two") {
            $0["metadata"]["managedFields"] = list
            $0["data"]["a"] = "2"
        }
        #expect(object.value?["metadata"].has("managedFields") == false)
        try object.edit(as: "two") { $0["data"]["a"] = "3" }
        #expect(object.value?["metadata"].has("managedFields") == false)
    }

    @Test func aRequestMayRewriteTheEntriesButNotThroughASubresource() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1"]], as: "one")
        let given: JSONValue = [
            [
                "manager": "chosen", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": ["f:data": [".": [:], "f:a": [".": [:]]]],
            ]
        ]
        try object.edit(as: "two", subresource: "status") { $0["metadata"]["managedFields"] = given }
        #expect(object.managers == ["one"])
        try object.edit(as: "two") { $0["metadata"]["managedFields"] = given }
        #expect(object.managers == ["chosen"])
        #expect(object.fields(of: "chosen") == ["f:data": [".": [:], "f:a": [:]]])
        try object.edit(as: "two") { $0["metadata"]["managedFields"] = [["manager": "x", "operation": "Nonsense"]] }
        #expect(object.managers == ["chosen"], "what cannot be understood is ignored")
    }

    @Test func moreThanTenUpdatersAreJoined() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1"]], as: "creator", at: 0)
        for number in 1...12 { try object.edit(as: "m\(number)", at: number) { $0["data"]["k\(number)"] = "1" } }
        #expect(object.managers.count == 10)
        #expect(object.fields(of: "ancient-changes")?["f:data"].has("f:k2") == true)
        #expect(object.fields(of: "ancient-changes")?["f:data"].has("f:a") == true)
        #expect(object.managers.last == "m12")
    }

    @Test func objectsThatDifferInTimesAloneAreRecognised() throws {
        var object = try ManagedObject("ConfigMap")
        try object.update(["data": ["a": "1"]], as: "one", at: 1)
        let before = try #require(object.value)
        var later = before
        later["metadata"]["managedFields"][0]["time"] = "2030-01-01T00:00:00Z"
        #expect(ManagedFields.onlyTimesDiffer(later, before))
        later["data"]["a"] = "2"
        #expect(!ManagedFields.onlyTimesDiffer(later, before))
    }
}
