internal import API
internal import JSON

/// Who made a TemplateInstance is who its objects are made for: nobody can say that it was somebody else.
struct TemplateInstanceStrategy: Strategy {
    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        let caller = context.caller
        var requester: JSONValue = [
            "username": .string(caller.user), "groups": .array(caller.groups.map { .string($0) }),
        ]
        if !caller.uid.isEmpty { requester["uid"] = .string(caller.uid) }
        object["spec"]["requester"] = requester
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if object["spec"]["requester"].isNull { object["spec"]["requester"] = old["spec"]["requester"] }
    }

    var protection: String? { "template.openshift.io/finalizer" }
}

extension APIServer {
    /// A Template with values in the places of its parameters, and its parameters with theirs.
    static func processed(_ template: JSONValue) throws(StatusError) -> JSONValue {
        var answer = template
        do throws(Template.Failure) {
            var random = SystemRandomNumberGenerator()
            let (objects, message, values) = try Template(template).process(values: [:], using: &random)
            answer["objects"] = .array(objects)
            if !message.isEmpty { answer["message"] = .string(message) }
            for index in (answer["parameters"].array ?? []).indices {
                let value = values[answer["parameters"][index]["name"].string ?? ""] ?? ""
                if !value.isEmpty { answer["parameters"][index]["value"] = .string(value) }
            }
        } catch {
            throw .invalid(
                kind: "Template", group: "template.openshift.io", template["metadata"]["name"].string ?? "",
                [.invalid(FieldPath("template"), template["metadata"]["name"], error.description)])
        }
        return answer
    }
}
