internal import API
internal import HTTP
internal import JSON
internal import NIOHTTP1
internal import Store
internal import TLS

/// What is served: the lists of groups, versions and resources that clients read before anything else
/// (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api).
struct Discovery {
    let resources: [ServedResource]

    /// Groups in order of declaration, each with its versions, newest first as declared.
    private var groups: [(name: String, versions: [String])] {
        var groups: [(name: String, versions: [String])] = []
        for resource in resources {
            let definition = resource.definition
            if let index = groups.firstIndex(where: { $0.name == definition.group }) {
                if !groups[index].versions.contains(definition.version) {
                    groups[index].versions.append(definition.version)
                }
            } else {
                groups.append((definition.group, [definition.version]))
            }
        }
        return groups.map { ($0.name, $0.versions.sorted(by: Self.isNewer)) }
    }

    /// v2 before v1 before v1beta1 (KEP-2334's order of versions).
    static func isNewer(_ a: String, _ b: String) -> Bool {
        func rank(_ version: String) -> (Int, Int, Int) {
            let digits = version.dropFirst().prefix { $0.isNumber }
            let rest = version.dropFirst(1 + digits.count)
            let stage = rest.isEmpty ? 2 : rest.hasPrefix("beta") ? 1 : 0
            return (stage, Int(digits) ?? 0, Int(rest.drop { !$0.isNumber }) ?? 0)
        }
        return rank(a) > rank(b)
    }

    func versions(address: String) -> JSONValue {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(address)]],
        ]
    }

    func groupList() -> JSONValue {
        [
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": .array(groups.filter { !$0.name.isEmpty }.map { group($0, nested: true) }),
        ]
    }

    func group(named name: String) -> JSONValue? {
        groups.first { $0.name == name }.map { group($0, nested: false) }
    }

    private func group(_ group: (name: String, versions: [String]), nested: Bool) -> JSONValue {
        func version(_ version: String) -> JSONValue {
            ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
        }
        var value: JSONValue = nested ? [:] : ["kind": "APIGroup", "apiVersion": "v1"]
        value["name"] = .string(group.name)
        value["versions"] = .array(group.versions.map(version))
        value["preferredVersion"] = version(group.versions.first ?? "")
        return value
    }

    func resourceList(group: Substring, version: Substring) -> JSONValue? {
        let served = resources.filter { $0.definition.group == group && $0.definition.version == version }
        guard let first = served.first else { return nil }
        var list: [JSONValue] = []
        for resource in served.sorted(by: { $0.definition.name < $1.definition.name }) {
            let definition = resource.definition
            var entry: JSONValue = [
                "name": .string(definition.name), "singularName": .string(definition.singular),
                "namespaced": .bool(definition.isNamespaced), "kind": .string(definition.kind),
                "verbs": Self.verbs(definition),
            ]
            if !definition.shortNames.isEmpty { entry["shortNames"] = Self.list(definition.shortNames) }
            if !definition.categories.isEmpty { entry["categories"] = Self.list(definition.categories) }
            if definition.verbs.contains("list"), definition.verbs.contains("create") {
                entry["storageVersionHash"] = .string(Self.hash(definition))
            }
            list.append(entry)
            for sub in definition.subresources {
                var entry: JSONValue = [
                    "name": .string("\(definition.name)/\(sub.name)"), "singularName": "",
                    "namespaced": .bool(definition.isNamespaced),
                ]
                if sub.group != definition.group || sub.version != definition.version {
                    if !sub.group.isEmpty { entry["group"] = .string(sub.group) }
                    entry["version"] = .string(sub.version)
                }
                entry["kind"] = .string(sub.kind)
                entry["verbs"] = Self.list(sub.verbs.sorted())
                list.append(entry)
            }
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(first.definition.apiVersion),
            "resources": .array(list),
        ]
    }

    /// apidiscovery.k8s.io/v2: everything in one answer (KEP-3352).
    func aggregated(core: Bool) -> JSONValue {
        let items = groups.filter { $0.name.isEmpty == core }.map { group -> JSONValue in
            let versions = group.versions.map { version -> JSONValue in
                let served = resources.filter { $0.definition.group == group.name && $0.definition.version == version }
                return [
                    "version": .string(version), "freshness": "Current",
                    "resources": .array(served.sorted { $0.definition.name < $1.definition.name }.map(Self.aggregated)),
                ]
            }
            var metadata: JSONValue = ["creationTimestamp": nil]
            if !group.name.isEmpty { metadata["name"] = .string(group.name) }
            return ["metadata": metadata, "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
    }

    private static func aggregated(_ resource: ServedResource) -> JSONValue {
        let definition = resource.definition
        var entry: JSONValue = [
            "resource": .string(definition.name),
            "responseKind": [
                "group": .string(definition.group), "version": .string(definition.version),
                "kind": .string(definition.kind),
            ],
            "scope": definition.isNamespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(definition.singular),
            "verbs": verbs(definition),
        ]
        if !definition.shortNames.isEmpty { entry["shortNames"] = list(definition.shortNames) }
        if !definition.categories.isEmpty { entry["categories"] = list(definition.categories) }
        if !definition.subresources.isEmpty {
            entry["subresources"] = .array(
                definition.subresources.map { sub in
                    [
                        "subresource": .string(sub.name),
                        "responseKind": [
                            "group": .string(sub.group), "version": .string(sub.version), "kind": .string(sub.kind),
                        ],
                        "verbs": list(sub.verbs.sorted()),
                    ]
                })
        }
        return entry
    }

    private static func verbs(_ definition: ResourceDefinition) -> JSONValue {
        // The order that upstream has for custom resources.
        list(
            definition.isCustom
                ? ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
                : definition.verbs.sorted())
    }

    private static func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// Upstream hashes group, version and kind of what is stored; clients only compare it.
    private static func hash(_ definition: ResourceDefinition) -> String {
        Base64.encode(SHA256.hash("\(definition.group)/\(definition.version)/\(definition.kind)".utf8).prefix(8))
    }
}

extension APIServer {
    /// Everything that is not a resource.
    func routePlain(_ request: HTTPRequest, _ segments: [Substring]) throws(StatusError) -> Reply {
        guard request.method == .GET || request.method == .HEAD else {
            if segments.first == "api" || segments.first == "apis" { throw .methodNotAllowed }
            return .now(Self.text(.notFound, "404 page not found\n"))
        }
        let query = Query(request.query)
        switch segments.first {
        case "healthz"?, "livez"?, "readyz"?: return .now(health(segments, query))
        case "version"? where segments.count == 1: return .now(Self.json(Self.version.encoded()))
        case "api"? where segments.count <= 2, "apis"? where segments.count <= 3:
            return .now(try discover(request, segments))
        case "openapi"?: return .now(try openAPI(request, segments))
        case ".well-known"? where request.path.hasPrefix("/.well-known/openid-configuration"):
            return .now(Self.json(openIDConfiguration.encoded()))
        case "openid"? where request.path == "/openid/v1/jwks": return .now(try keySet(request))
        case "metrics"? where segments.count == 1: return .now(Self.text(.ok, metrics()))
        case "console"?: return .now(console(segments))
        case nil: return .now(Self.json(paths.encoded()))
        default: return .now(Self.text(.notFound, "404 page not found\n"))
        }
    }

    private func discover(_ request: HTTPRequest, _ segments: [Substring]) throws(StatusError) -> HTTPResponse {
        let discovery = Discovery(resources: registry.all)
        let wantsAggregated =
            MediaType.alternatives(request.headers.first(name: "accept") ?? "").first.map {
                $0.parameters["as"] == "APIGroupDiscoveryList" && $0.parameters["v"] == "v2"
                    && $0.parameters["g"] == "apidiscovery.k8s.io"
            } ?? false
        if segments.count == 1, wantsAggregated {
            let document = discovery.aggregated(core: segments[0] == "api").encoded()
            let tag = "\"" + Base64.encodeURL(SHA256.hash(document).prefix(12)) + "\""
            var response = Self.json(document)
            response.headers.replaceOrAdd(
                name: "content-type", value: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
            response.headers.add(name: "etag", value: tag)
            response.headers.add(name: "vary", value: "Accept")
            if request.headers.first(name: "if-none-match") == tag {
                return HTTPResponse(status: .notModified, headers: response.headers)
            }
            return response
        }
        let value: JSONValue?
        switch (segments[0], segments.count) {
        case ("api", 1): value = discovery.versions(address: request.headers.first(name: "host") ?? "")
        case ("api", _): value = discovery.resourceList(group: "", version: segments[1])
        case (_, 1): value = discovery.groupList()
        case (_, 2): value = discovery.group(named: String(segments[1]))
        default: value = discovery.resourceList(group: segments[1], version: segments[2])
        }
        guard let value else { return Self.text(.notFound, "404 page not found\n") }
        return Self.json(value.encoded())
    }

    static let version: JSONValue = {
        let parts = ServerConfiguration.kubernetesVersion.dropFirst().split(separator: ".")
        return [
            "major": .string(String(parts[0])), "minor": .string(String(parts[1])),
            "gitVersion": .string(ServerConfiguration.kubernetesVersion + "+segler"), "gitCommit": "",
            "gitTreeState": "clean",
            "buildDate": "1970-01-01T00:00:00Z", "goVersion": "swift", "compiler": "swiftc",
            "platform": .string(platform),
        ]
    }()

    #if arch(arm64)
        static let platform = "linux/arm64"
    #else
        static let platform = "linux/amd64"
    #endif

    private func health(_ segments: [Substring], _ query: Query) -> HTTPResponse {
        let checks: [(String, Bool)] =
            [("ping", true), ("store", store.revision >= 0)] + (segments[0] == "readyz" ? [("started", isReady)] : [])
        if segments.count > 1 {
            guard let check = checks.first(where: { $0.0 == segments[1] }) else {
                return Self.text(.notFound, "404 page not found\n")
            }
            return check.1
                ? Self.text(.ok, "ok") : Self.text(.internalServerError, "internal server error: \(check.0) failed\n")
        }
        let failed = checks.filter { !$0.1 }
        if failed.isEmpty, query["verbose"] == nil { return Self.text(.ok, "ok") }
        let lines = checks.map { "[\($0.1 ? "+" : "-")]\($0.0) \($0.1 ? "ok" : "failed")\n" }.joined()
        return failed.isEmpty
            ? Self.text(.ok, lines + "\(segments[0]) check passed\n")
            : Self.text(.internalServerError, lines + "\(segments[0]) check failed\n")
    }

    private var openIDConfiguration: JSONValue {
        [
            "issuer": .string(configuration.issuer), "jwks_uri": .string(configuration.issuer + "/openid/v1/jwks"),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        ]
    }

    /// RFC 7517; only as application/jwk-set+json.
    private func keySet(_ request: HTTPRequest) throws(StatusError) -> HTTPResponse {
        let accept = request.headers.first(name: "accept") ?? "*/*"
        guard
            MediaType.alternatives(accept).contains(where: {
                ["application/jwk-set+json", "*/*", "application/*"].contains($0.base)
            })
        else {
            throw .notAcceptable("application/jwk-set+json")
        }
        let key = configuration.signingKey.jwk
        let value: JSONValue = [
            "keys": [
                [
                    "use": .string(key.use), "kty": .string(key.kty), "kid": .string(key.kid), "crv": .string(key.crv),
                    "alg": .string(key.alg), "x": .string(key.x), "y": .string(key.y),
                ]
            ]
        ]
        var response = Self.json(value.encoded())
        response.headers.replaceOrAdd(name: "content-type", value: "application/jwk-set+json")
        return response
    }

    private var paths: JSONValue {
        let groups = Set(
            registry.all.map { $0.definition.group.isEmpty ? "/api/v1" : "/apis/" + $0.definition.apiVersion }
        ).sorted()
        let fixed = [
            "/.well-known/openid-configuration", "/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2",
            "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version",
        ]
        return ["paths": .array((fixed + groups).sorted().map { .string($0) })]
    }
}
