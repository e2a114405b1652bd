internal import JSON

// Checks of flowcontrol.apiserver.k8s.io/v1 and of the registration of other API servers.
extension Kinds {
    private static let flowVerbs: Set = [
        "get", "list", "create", "update", "delete", "deletecollection", "patch", "watch", "proxy",
    ]
    private static let members = ["Group": "group", "ServiceAccount": "serviceAccount", "User": "user"]

    static let flowControlChecks: [String: Check] = [
        "flowcontrol.v1.FlowSchema": { schema, path, errors in
            let (precedence, path) = (schema["spec"]["matchingPrecedence"], path["spec"]["matchingPrecedence"])
            let number = precedence.int ?? 0
            if number <= 0 { errors.append(.invalid(path, precedence, "must be a positive value")) }
            if number > 10000 { errors.append(.invalid(path, precedence, "must not be greater than 10000")) }
            if number == 1, schema["metadata"]["name"] != "exempt" {
                errors.append(
                    .invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
            }
        },
        "flowcontrol.v1.PolicyRulesWithSubjects": { rule, path, errors in
            if rule["resourceRules"].items.isEmpty, rule["nonResourceRules"].items.isEmpty {
                errors.append(
                    .required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
            }
        },
        "flowcontrol.v1.Subject": { subject, path, errors in
            guard let own = members[subject["kind"].text] else { return }
            if !subject.given(own) { errors.append(.required(path[own], "is required for this kind of subject")) }
            for other in members.values.sorted() where other != own && subject.given(other) {
                errors.append(.forbidden(path[other], "is forbidden for this kind of subject"))
            }
        },
        "flowcontrol.v1.ServiceAccountSubject": { subject, path, errors in
            let name = subject["name"].text
            if !name.isEmpty, name != "*" { errors.check(.dns1123Subdomain, .string(name), path["name"]) }
            if !subject["namespace"].text.isEmpty {
                errors.check(.dns1123Label, subject["namespace"], path["namespace"])
            }
        },
        "flowcontrol.v1.ResourcePolicyRule": { rule, path, errors in
            checkVerbs(rule["verbs"], path["verbs"], &errors)
            for field in ["apiGroups", "resources", "namespaces"] { checkStar(rule[field], path[field], &errors) }
            let namespaces = rule["namespaces"].items
            if namespaces.isEmpty, rule["clusterScope"] != true {
                errors.append(
                    .required(
                        path["namespaces"],
                        "resource rules that are not cluster scoped must supply at least one namespace"))
            } else if !namespaces.contains("*") {
                for (index, name) in namespaces.enumerated() {
                    errors.check(.dns1123Label, name, path["namespaces"][index])
                }
            }
        },
        "flowcontrol.v1.NonResourcePolicyRule": { rule, path, errors in
            checkVerbs(rule["verbs"], path["verbs"], &errors)
            let (urls, path) = (rule["nonResourceURLs"], path["nonResourceURLs"])
            checkStar(urls, path, &errors)
            if urls.items.contains("*") { return }
            for (index, url) in urls.items.enumerated() {
                let text = url.text
                if text.isEmpty {
                    errors.append(.invalid(path[index], url, "must not be empty"))
                } else if text != "/", !text.hasPrefix("/") || text.contains("//") || text.contains(" ") {
                    errors.append(.invalid(path[index], url, "must start with '/' and contain neither '//' nor spaces"))
                } else if text.dropLast().contains("*") || text.hasSuffix("*") && !text.hasSuffix("/*") {
                    errors.append(.invalid(path[index], url, "wildcard can only do suffix matching"))
                }
            }
        },
        "flowcontrol.v1.PriorityLevelConfigurationSpec": { spec, path, errors in
            let type = spec["type"].text
            let pairs = [("Exempt", "exempt", "limited"), ("Limited", "limited", "exempt")]
            guard let (_, own, other) = pairs.first(where: { $0.0 == type }) else { return }
            if spec.given(other) {
                errors.append(.forbidden(path[other], "must be nil if the type is \(type)"))
            }
            if own == "limited", !spec.given(own) {
                errors.append(.required(path[own], "must not be empty when type is Limited"))
            }
        },
        "flowcontrol.v1.LimitResponse": { response, path, errors in
            switch response["type"].text {
            case "Reject":
                if response.given("queuing") {
                    errors.append(
                        .forbidden(path["queuing"], "must be nil if limited.limitResponse.type is not Limited"))
                }
            case "Queue":
                if !response.given("queuing") {
                    errors.append(
                        .required(path["queuing"], "must not be empty if limited.limitResponse.type is Queue"))
                }
            default: break
            }
        },
        "flowcontrol.v1.QueuingConfiguration": { queuing, path, errors in
            func number(_ field: String) -> Int { queuing[field].int ?? 0 }
            for field in ["queueLengthLimit", "queues", "handSize"] where number(field) <= 0 {
                errors.append(.invalid(path[field], .int(number(field)), "must be positive"))
            }
            if number("queues") > 10_000_000 {
                errors.append(.invalid(path["queues"], queuing["queues"], "must not be greater than 10000000"))
            }
            if number("handSize") > number("queues") {
                errors.append(
                    .invalid(path["handSize"], queuing["handSize"], "should not be greater than queues"))
            }
        },
    ]

    private static func checkStar(_ list: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if list.items.count > 1, list.items.contains("*") {
            errors.append(.invalid(path, list, "if '*' is present, must not specify others"))
        }
    }

    private static func checkVerbs(_ verbs: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        checkStar(verbs, path, &errors)
        if !verbs.items.contains("*"), !verbs.items.allSatisfy({ flowVerbs.contains($0.text) }) {
            errors.append(.notSupported(path, verbs, flowVerbs.sorted()))
        }
    }

    static let registrationChecks: [String: Check] = [
        "apiregistration.v1.APIService": { service, path, errors in
            let spec = service["spec"]
            let (group, version) = (spec["group"].text, spec["version"].text)
            if service["metadata"]["name"].text != version + "." + group {
                errors.append(
                    .invalid(
                        path["metadata"]["name"], service["metadata"]["name"],
                        "must be `spec.version+\".\"+spec.group`"))
            }
            let path = path["spec"]
            if version.isEmpty {
                errors.append(.required(path["version"]))
            } else {
                errors.check(.dns1035Label, .string(version), path["version"])
            }
            if group.isEmpty {
                if version != "v1" { errors.append(.required(path["group"], "only v1 may have an empty group")) }
            } else {
                errors.check(.dns1123Subdomain, .string(group), path["group"])
            }
            guard spec.given("service") else {
                for field in ["caBundle", "insecureSkipTLSVerify"]
                where spec[field] == true || spec[field].string != nil {
                    errors.append(.invalid(path[field], "", "local APIServices may not have it"))
                }
                return
            }
            for field in ["namespace", "name"] { errors.require(spec["service"], field, path["service"]) }
            if let port = spec["service"]["port"].int, !(1...65535).contains(port) {
                errors.append(.invalid(path["service"]["port"], .int(port), "must be between 1 and 65535, inclusive"))
            }
            if spec["insecureSkipTLSVerify"] == true, !spec["caBundle"].text.isEmpty {
                errors.append(
                    .invalid(path["insecureSkipTLSVerify"], true, "may not be true if caBundle is present"))
            }
        }
    ]
}
