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
            if let problem = IPAddress(address["ip"].text)?.specialUse {
                errors.append(.invalid(path["ip"], address["ip"], problem))
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
