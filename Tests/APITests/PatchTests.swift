import JSON
import Testing

@testable import API

@Suite struct PatchTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    /// RFC 6902, appendix A; nil: the patch must fail.
    @Test(arguments: [
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
        (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (
            #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            #"{"baz":"boo","foo":"bar"}"#
        ),
        (
            #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
        ),
        (
            #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            #"{"foo":["all","cows","eat","grass"]}"#
        ),
        (
            #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#
        ),
        (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, nil),
        (
            #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            #"{"foo":"bar","child":{"grandchild":{}}}"#
        ),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, #"{"foo":"bar","baz":"qux"}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, nil),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, nil),
        (
            #"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            #"{"foo":["bar",["abc","def"]]}"#
        ),
        (#"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, nil),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/5","value":1}]"#, nil),
        (#"{"a":[1]}"#, #"[{"op":"remove","path":"/a/01"}]"#, nil), (#"{"a":1}"#, #"[{"op":"nope","path":"/a"}]"#, nil),
    ])
    func jsonPatchesFollowTheRFC(_ document: String, _ patch: String, _ expected: String?) throws {
        var target = try value(document)
        let before = target
        do {
            try JSONPatch(value(patch)).apply(to: &target)
            #expect(try target == value(try #require(expected)))
        } catch let error as StatusError {
            #expect(expected == nil && error.code == 422)
            #expect(target == before)
        }
    }

    @Test func aJSONPatchThatIsNoListIsABadRequest() throws {
        #expect { try JSONPatch(["op": "add"]) } throws: { ($0 as? StatusError)?.code == 400 }
    }

    @Test func mergePatchesReplaceListsAndRemoveNulls() throws {
        var target = try value(#"{"a":{"b":1,"c":2},"d":[1,2]}"#)
        mergePatch(&target, with: try value(#"{"a":{"b":null,"e":{"f":null,"g":1}},"d":[3]}"#))
        #expect(try target == value(#"{"a":{"c":2,"e":{"g":1}},"d":[3]}"#))
    }

    private func strategic(_ target: String, _ patch: String, _ type: String = "core.v1.PodSpec") throws -> JSONValue {
        let schema = try BuiltInKinds().schema
        var result = try value(target)
        try StrategicMergePatch(schema).apply(value(patch), to: &result, type: #require(schema.type(named: type)))
        return result
    }

    private func names(_ list: JSONValue) -> [String] { (list.array ?? []).compactMap { $0["name"].string } }

    @Test func listsMergeByTheirKeyAndWhatIsNewComesFirst() throws {
        let result = try strategic(
            #"{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}"#,
            #"{"containers":[{"name":"c","image":"2"},{"name":"b","image":"2"}]}"#)
        #expect(names(result["containers"]) == ["c", "a", "b"] || names(result["containers"]) == ["a", "c", "b"])
        #expect(result["containers"].array?.last?["image"] == "2")
    }

    @Test func directivesDeleteAndReplace() throws {
        let spec =
            #"{"containers":[{"name":"a","env":[{"name":"X","value":"1"}]},{"name":"b"}],"nodeSelector":{"a":"b"},"securityContext":{"runAsUser":1}}"#
        #expect(names(try strategic(spec, #"{"containers":[{"name":"b","$patch":"delete"}]}"#)["containers"]) == ["a"])
        #expect(
            try strategic(
                spec, #"{"containers":[{"name":"a","env":[{"$patch":"replace"},{"name":"Y","value":"2"}]}]}"#)[
                    "containers"][0]["env"]
                == value(#"[{"name":"Y","value":"2"}]"#))
        #expect(try strategic(spec, #"{"nodeSelector":{"$patch":"replace","c":"d"}}"#)["nodeSelector"] == ["c": "d"])
        #expect(try !strategic(spec, #"{"securityContext":{"$patch":"delete"}}"#).has("securityContext"))
        // About something that is not there, a directive says nothing.
        #expect(try !strategic("{}", #"{"nodeSelector":{"$patch":"replace","c":"d"}}"#).has("nodeSelector"))
        #expect { try strategic(spec, #"{"containers":[{"name":"a","$patch":"explode"}]}"#) } throws: {
            ($0 as? StatusError)?.code == 400
        }
        #expect { try strategic(spec, #"{"containers":[{"image":"no key"}]}"#) } throws: {
            ($0 as? StatusError)?.code == 500
        }
    }

    @Test func retainedKeysAreAllThatStays() throws {
        let spec = #"{"volumes":[{"name":"v","emptyDir":{}}]}"#
        let patch =
            #"{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"},"emptyDir":null}]}"#
        #expect(try strategic(spec, patch)["volumes"] == value(#"[{"name":"v","hostPath":{"path":"/x"}}]"#))
        #expect {
            try strategic(spec, #"{"volumes":[{"name":"v","$retainKeys":["name"],"hostPath":{"path":"/x"}}]}"#)
        } throws: {
            ($0 as? StatusError)?.code == 400
        }
    }

    @Test func anElementOrderIsKept() throws {
        let spec = #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#
        let patch =
            #"{"$setElementOrder/containers":[{"name":"n"},{"name":"b"},{"name":"a"}],"containers":[{"name":"n"}]}"#
        let result = names(try strategic(spec, patch)["containers"])
        #expect(result.filter { $0 != "c" } == ["n", "b", "a"])
        #expect(result.contains("c"))
    }

    @Test func primitivesAreMergedAndDeleted() throws {
        let name = "meta.v1.ObjectMeta"
        #expect(
            try strategic(#"{"finalizers":["a/a"]}"#, #"{"finalizers":["b/b","a/a"]}"#, name)["finalizers"] == [
                "b/b", "a/a",
            ])
        #expect(
            try strategic(#"{"finalizers":["a/a","b/b"]}"#, #"{"$deleteFromPrimitiveList/finalizers":["a/a"]}"#, name)[
                "finalizers"] == ["b/b"])
    }
}
