internal import JSON

// Checks of webhooks, admission policies and certificate requests.
extension Kinds {
    static let admissionChecks: [String: Check] = [
        "admissionregistration.v1.ValidatingWebhookConfiguration": checkWebhooks,
        "admissionregistration.v1.MutatingWebhookConfiguration": checkWebhooks,
        "admissionregistration.v1.ValidatingWebhook": checkWebhook,
        "admissionregistration.v1.MutatingWebhook": checkWebhook,
        "admissionregistration.v1.RuleWithOperations": checkRule,
        "admissionregistration.v1.NamedRuleWithOperations": checkRule,
        "admissionregistration.v1.WebhookClientConfig": { client, path, errors in
            if client.given("url") == client.given("service") {
                errors.append(.required(path, "exactly one of url or service is required"))
            }
            if let url = client["url"].string, !url.isEmpty {
                if url.hasPrefix("https://"), url.dropFirst(8).prefix(1).allSatisfy({ $0 == "/" }) {
                    errors.append(.invalid(path["url"], client["url"], "host must be specified"))
                }
                if url.hasPrefix("https://"), url.dropFirst(8).prefix(while: { $0 != "/" }).contains("@") {
                    errors.append(.invalid(path["url"], client["url"], "user information is not permitted in the URL"))
                }
                if !url.hasPrefix("https://") {
                    errors.append(.invalid(path["url"], client["url"], "'https' is the only allowed URL scheme"))
                }
                for (mark, name) in ["?": "query parameters", "#": "fragments"] where url.contains(mark) {
                    errors.append(.invalid(path["url"], client["url"], "\(name) are not permitted in webhook URLs"))
                }
            }
        },
        "admissionregistration.v1.ValidatingAdmissionPolicySpec": { spec, path, errors in
            if spec["validations"].items.isEmpty, spec["auditAnnotations"].items.isEmpty {
                errors.append(
                    .required(path["validations"], "validations or auditAnnotations must contain at least one item"))
            }
            if !spec.given("matchConstraints") {
                errors.append(.required(path["matchConstraints"]))
            } else if spec["matchConstraints"]["resourceRules"].items.isEmpty {
                errors.append(.required(path["matchConstraints"]["resourceRules"]))
            }
            if spec.given("paramKind") {
                for field in ["apiVersion", "kind"] { errors.require(spec["paramKind"], field, path["paramKind"]) }
            }
        },
        "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": { spec, path, errors in
            let actions = spec["validationActions"].items
            for (index, action) in actions.enumerated() {
                errors.check(action, isOneOf: ["Audit", "Deny", "Warn"], path["validationActions"][index])
            }
            if actions.contains("Deny"), actions.contains("Warn") {
                errors.append(
                    .invalid(
                        path["validationActions"], spec["validationActions"], "must not contain both Deny and Warn"))
            }
        },
        "certificates.v1.CertificateSigningRequestSpec": { spec, path, errors in
            if spec["usages"].items.isEmpty { errors.append(.required(path["usages"])) }
            var seen: Set<String> = []
            for (index, usage) in spec["usages"].items.enumerated() {
                errors.check(usage, isOneOf: keyUsages, path["usages"][index])
                if !seen.insert(usage.text).inserted { errors.append(.duplicate(path["usages"][index], usage)) }
            }
            checkSigner(spec["signerName"], path["signerName"], &errors)
            if let seconds = spec["expirationSeconds"].int, seconds < 600 {
                errors.append(
                    .invalid(
                        path["expirationSeconds"], .int(seconds),
                        "may not specify a duration less than 600 seconds (10 minutes)"))
            }
            if let request = spec["request"].string.flatMap(Base64Text.decode),
                !String(decoding: request, as: UTF8.self).contains("-----BEGIN CERTIFICATE REQUEST-----")
            {
                errors.append(.invalid(path["request"], spec["request"], "PEM block type must be CERTIFICATE REQUEST"))
            }
        },
    ]

    private static let keyUsages = [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
        "decipher only",
        "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user",
        "key agreement",
        "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing",
        "timestamping",
    ]

    private static func checkWebhooks(_ configuration: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var names: Set<String> = []
        for (index, webhook) in configuration["webhooks"].items.enumerated()
        where !names.insert(webhook["name"].text).inserted {
            errors.append(.duplicate(path["webhooks"][index]["name"], webhook["name"]))
        }
    }

    private static func checkWebhook(_ webhook: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if let name = webhook["name"].string, !name.isEmpty {
            errors.check(.fullyQualifiedName, .string(name), path["name"])
        }
        let versions = webhook["admissionReviewVersions"].items
        var seen: Set<String> = []
        for (index, version) in versions.enumerated() {
            let path = path["admissionReviewVersions"][index]
            errors.check(.dns1035Label, version, path)
            if !seen.insert(version.text).inserted { errors.append(.duplicate(path, version)) }
        }
        checkConditions(webhook["matchConditions"], path["matchConditions"], &errors)
        if !versions.isEmpty, !versions.contains("v1"), !versions.contains("v1beta1") {
            errors.append(
                .invalid(
                    path["admissionReviewVersions"], webhook["admissionReviewVersions"],
                    "must include at least one of v1, v1beta1"))
        }
    }

    private static func checkConditions(_ list: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if list.items.count > 64 { errors.append(.tooMany(path, list.items.count, maximum: 64)) }
        var names: Set<String> = []
        for (index, condition) in list.items.enumerated() {
            for field in ["expression", "name"] { errors.require(condition, field, path[index]) }
            let name = condition["name"].text
            if name.isEmpty { continue }
            errors.check(.qualifiedName, .string(name), path[index]["name"])
            if !names.insert(name).inserted { errors.append(.duplicate(path[index]["name"], condition["name"])) }
        }
    }

    /// `*/*` and `*/scale` already say what other words would.
    private static func checkResourceWords(_ list: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let words = list.items.map(\.text)
        if words.count > 1, words.contains("*/*") {
            errors.append(.invalid(path, list, "if '*/*' is present, must not specify other resources"))
        } else if words.contains("*"), words.contains(where: { $0 != "*" && !$0.contains("/") }) {
            errors.append(
                .invalid(path, list, "if '*' is present, must not specify other resources without subresources"))
        }
        for (index, word) in words.enumerated() where word.contains("/") && word != "*/*" {
            let (resource, part) = word.splitOnce("/")
            if part == "*",
                words.contains(where: { $0 != word && $0.hasPrefix(resource + "/") })
                    || resource == "*" && words.contains(where: { $0 != word && $0.hasSuffix("/" + part) })
            {
                errors.append(
                    .invalid(path[index], .string(word), "if '\(word)' is present, must not specify what it includes"))
            }
        }
    }

    private static func checkRule(_ rule: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for field in ["operations", "apiGroups", "apiVersions", "resources"] {
            errors.require(rule, field, path)
            if field != "resources", rule[field].items.count > 1, rule[field].items.contains("*") {
                errors.append(.invalid(path[field], rule[field], "if '*' is present, must not specify other values"))
            }
        }
        for field in ["apiVersions", "resources"] {
            for (index, item) in rule[field].items.enumerated() where item.text.isEmpty {
                errors.append(.required(path[field][index]))
            }
        }
        for (index, operation) in rule["operations"].items.enumerated() {
            errors.check(operation, isOneOf: ["*", "CREATE", "UPDATE", "DELETE", "CONNECT"], path["operations"][index])
        }
        checkResourceWords(rule["resources"], path["resources"], &errors)
        errors.check(rule["scope"], isOneOf: ["*", "Cluster", "Namespaced"], path["scope"])
    }
}
