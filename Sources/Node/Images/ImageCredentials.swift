internal import API
internal import Client
internal import JSON
internal import Runtime

/// Credentials for registries in Secrets of types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg.
/// https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
enum ImageCredentials {
    /// Those of the pod's `imagePullSecrets` that fit the image. Secrets that are not there count for nothing.
    static func find(for image: String, _ pod: Object, _ client: any ObjectClient) async -> [AuthConfig] {
        var found: [AuthConfig] = []
        for reference in pod.spec["imagePullSecrets"].elements {
            guard let name = reference["name"].string,
                let secret = try? await client.get(.secrets, namespace: pod.namespace, name: name)
            else { continue }
            let contents = ReferencedData.contents(secret, .secret)
            if let bytes = contents[".dockerconfigjson"], let config = try? JSONDocument(bytes) {
                found += matching(image, config.root["auths"])
            } else if let bytes = contents[".dockercfg"], let config = try? JSONDocument(bytes) {
                found += matching(image, config.root)
            }
        }
        return found
    }

    /// The entries of `auths` whose registry, and path if they name one, the image has; the longest first.
    static func matching(_ image: String, _ auths: JSONRef) -> [AuthConfig] {
        let (registry, path) = split(image)
        var found: [(length: Int, auth: AuthConfig)] = []
        for (key, entry) in auths.members {
            var location = key[...]
            for scheme in ["https://", "http://"] where location.hasPrefix(scheme) {
                location = location.dropFirst(scheme.count)
            }
            for version in ["/v1/", "/v2/"] where location.hasSuffix(version) {
                location = location.dropLast(version.count)
            }
            let host = location.prefix { $0 != "/" }
            let prefix = location.dropFirst(host.count).drop { $0 == "/" }
            let isHub = registry == "docker.io" && (host == "index.docker.io" || host == "docker.io")
            guard isHub || matches(String(host), registry),
                prefix.isEmpty || path == prefix || path.hasPrefix(prefix + "/")
            else {
                continue
            }
            var auth = AuthConfig(
                username: entry["username"].string ?? "", password: entry["password"].string ?? "",
                identityToken: entry["identitytoken"].string ?? "", registryToken: entry["registrytoken"].string ?? "")
            if auth.username.isEmpty, let bytes = Base64Text.decode(entry["auth"].string ?? "") {
                let pair = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
                if pair.count == 2 { (auth.username, auth.password) = (String(pair[0]), String(pair[1])) }
            }
            found.append((location.count, auth))
        }
        return found.sorted { $0.length > $1.length }.map(\.auth)
    }

    /// `*` stands for one part of a host name.
    private static func matches(_ pattern: String, _ host: String) -> Bool {
        let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
        let given = host.split(separator: ".", omittingEmptySubsequences: false)
        return wanted.count == given.count && zip(wanted, given).allSatisfy { $0 == "*" || $0 == $1 }
    }

    /// The registry of an image name and what comes behind it.
    static func split(_ image: String) -> (registry: String, path: String) {
        let parts = image.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" else {
            return ("docker.io", image)
        }
        return (parts[0], parts[1])
    }
}
