import JSON
import Testing

@testable import API

@Suite struct TemplateTests {
    private func template(_ parameters: JSONValue, _ objects: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
        var template: JSONValue = [
            "apiVersion": "template.openshift.io/v1", "kind": "Template", "parameters": parameters, "objects": objects,
        ]
        for (key, value) in more.object ?? [:] { template[key] = value }
        return template
    }

    private func process(_ template: JSONValue, _ values: [String: String] = [:]) throws -> ([JSONValue], String) {
        var random = SystemRandomNumberGenerator()
        let (objects, message, _) = try Template(template).process(values: values, labels: [:], using: &random)
        return (objects, message)
    }

    @Test func valuesComeFromTheUserThenFromTheTemplate() throws {
        let made = template(
            [["name": "A", "value": "one"], ["name": "B", "value": 2]],
            [["data": ["x": "${A}-${B}-${C}", "${A}": "key"]]])
        #expect(try process(made).0[0]["data"] == ["x": "one-2-${C}", "one": "key"])
        #expect(try process(made, ["A": "two"]).0[0]["data"]["x"] == "two-2-${C}")
    }

    @Test func twoBracesStandForTheValueItself() throws {
        let made = template(
            [["name": "N", "value": "3"], ["name": "F", "value": "true"], ["name": "T", "value": "text"]],
            [["n": "${{N}}", "f": "${{F}}", "t": "${{T}}", "s": "${N}", "inside": "x${{N}}"]])
        let object = try process(made).0[0]
        #expect(object["n"] == 3 && object["f"] == true && object["t"] == "text" && object["s"] == "3")
        #expect(object["inside"] == "x${{N}}")
    }

    @Test func valuesAreMadeUpWhereTheTemplateSaysHow() throws {
        let made = template(
            [["name": "P", "generate": "expression", "from": "user-[a-z]{4}[0-9A-F]{3}"]], [["v": "${P}", "w": "${P}"]])
        let object = try process(made).0[0]
        let text = object["v"].string ?? ""
        #expect(text.wholeMatch(of: /user-[a-z]{4}[0-9A-F]{3}/) != nil && object["w"].string == text)
        #expect(try process(made).0[0]["v"] != object["v"] || process(made).0[0]["v"] != object["v"])
        #expect(try process(made, ["P": "given"]).0[0]["v"] == "given")
    }

    @Test func labelsGoToEveryObjectAndFixedNamespacesGoAway() throws {
        let made = template(
            [["name": "A", "value": "x"]],
            [["metadata": ["namespace": "fixed"]], ["metadata": ["namespace": "ns-${A}", "labels": ["own": "1"]]]],
            ["labels": ["app": "${A}"], "message": "Installed ${A}"])
        let (objects, message) = try process(made)
        #expect(objects[0]["metadata"] == ["labels": ["app": "x"]])
        #expect(objects[1]["metadata"] == ["namespace": "ns-x", "labels": ["own": "1", "app": "x"]])
        #expect(message == "Installed x")
    }

    @Test(
        arguments: [
            ([["name": "A", "required": true]], [:], "parameter A is required"),
            ([["name": "A"]], ["B": "1"], "no parameter B"),
            ([["name": "A", "generate": "magic"]], [:], "parameter A"),
            ([["name": "A", "generate": "expression", "from": "[z-a]{3}"]], [:], "parameter A"),
            ([["name": "A", "generate": "expression", "from": "[a-z]{0}"]], [:], "parameter A"),
            ([["name": "A"], ["name": "A"]], [:], "A is there twice"),
            ([["name": "a-b"]], [:], "letters, digits"),
        ] as [(JSONValue, [String: String], String)])
    func mistakesNameTheParameter(parameters: JSONValue, values: [String: String], message: String) {
        #expect(throws: Template.Failure.self) { try process(template(parameters, []), values) }
        do { _ = try process(template(parameters, []), values) } catch {
            #expect("\(error)".contains(message))
        }
    }
}
