internal import JSON

// Checks of the kinds of core/v1 that are neither Pods nor Services nor storage.
extension Kinds {
    static let coreChecks: [String: Check] = [
        "core.v1.Secret": { secret, path, errors in
            let data = secret["data"]
            func need(_ keys: String...) {
                for key in keys where !data.has(key) { errors.append(.required(path["data"].entry(key))) }
            }
            switch secret["type"].text {
            case "kubernetes.io/service-account-token":
                let name = "kubernetes.io/service-account.name"
                if secret["metadata"]["annotations"][name].text.isEmpty {
                    errors.append(.required(path["metadata"]["annotations"].entry(name)))
                }
            case "kubernetes.io/dockercfg": checkJSON(data, ".dockercfg", path["data"], &errors)
            case "kubernetes.io/dockerconfigjson": checkJSON(data, ".dockerconfigjson", path["data"], &errors)
            case "kubernetes.io/basic-auth":
                if !data.has("username"), !data.has("password") { need("username", "password") }
            case "kubernetes.io/ssh-auth":
                if data["ssh-privatekey"].text.isEmpty {
                    errors.append(.required(path["data"].entry("ssh-privatekey")))
                }
            case "kubernetes.io/tls": need("tls.crt", "tls.key")
            default: break
            }
        },
        "core.v1.EndpointSubset": { subset, path, errors in
            if subset["addresses"].items.isEmpty, subset["notReadyAddresses"].items.isEmpty {
                errors.append(.required(path, "must specify `addresses` or `notReadyAddresses`"))
            }
            for (index, port) in subset["ports"].items.enumerated() where subset["ports"].items.count > 1 {
                errors.require(port, "name", path["ports"][index])
            }
        },
        "core.v1.EndpointAddress": { address, path, errors in
            errors.check(.dns1123Label, address["hostname"], path["hostname"])
            checkHostAddress(address["ip"], path["ip"], &errors)
        },
        "core.v1.NamespaceSpec": { spec, path, errors in
            for finalizer in spec["finalizers"].items {
                let name = finalizer.text
                errors.check(.qualifiedName, .string(name), path["finalizers"])
                if !name.contains("/"), !["kubernetes", "orphan", "foregroundDeletion"].contains(name) {
                    errors.append(
                        .invalid(
                            path["finalizers"], finalizer,
                            "name is neither a standard finalizer name nor is it fully qualified"))
                }
            }
        },
        "core.v1.ReplicationControllerSpec": { spec, path, errors in
            if spec["selector"].members.isEmpty { errors.append(.required(path["selector"])) }
            guard spec.given("template") else {
                errors.append(.required(path["template"]))
                return
            }
            let labels = spec["template"]["metadata"]["labels"]
            if spec["selector"].members.contains(where: { labels[$0.key] != $0.value }) {
                errors.append(
                    .invalid(
                        path["template"]["metadata"]["labels"], labels, "`selector` does not match template `labels`"))
            }
            checkAlwaysRunning(spec["template"], path["template"], &errors)
        },
    ]

    /// An address that a host on the network can have. What is none is found twice, as upstream does.
    static func checkHostAddress(_ address: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        errors.check(.ip, .string(address.text), path)
        if let parsed = IPAddress(address.text) {
            if let problem = parsed.specialUse { errors.append(.invalid(path, address, problem)) }
        } else {
            errors.append(.invalid(path, address, "must be a valid IP address"))
        }
    }

    private static func checkJSON(_ data: JSONValue, _ key: String, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let text = data[key].string else {
            errors.append(.required(path.entry(key)))
            return
        }
        if (try? JSONValue(parsing: Base64Text.decode(text) ?? [])) == nil {
            errors.append(.invalid(path.entry(key), "<secret contents redacted>", "must be JSON"))
        }
    }
}
