internal import API
internal import Client
internal import Glibc
internal import HTTP
internal import JSON
internal import TLS

/// What a kubeconfig says of a cluster and who one is there.
/// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
struct Kubeconfig {
    let client: RemoteClient
    let namespace: String

    /// - Parameters:
    ///   - path: as given on the command line; else $KUBECONFIG, ~/.kube/config, and that of a server on this machine.
    ///   - agent: the program's name for the server.
    static func load(_ path: String? = nil, context name: String? = nil, agent: String) throws -> Kubeconfig {
        let path = try path ?? usual()
        do {
            guard let text = try SecureFile.readText(path) else { throw Failure("\(path) is not there", exitCode: 2) }
            return try Kubeconfig(try YAML.value(Array(text.utf8)), directory: directory(of: path), name, agent)
        } catch let error as TLSError {
            throw Failure("\(path): \(error)", exitCode: 2)
        } catch let error as StatusError {
            throw Failure("\(path): \(error.message)", exitCode: 2)
        }
    }

    private static func usual() throws -> String {
        var places = (getenv("KUBECONFIG").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init)
        if places.isEmpty {
            if let home = getenv("HOME") { places.append(String(cString: home) + "/.kube/config") }
            places.append("/var/lib/segler/admin.kubeconfig")
        }
        guard let path = places.first(where: { access($0, R_OK) == 0 }) else {
            throw Failure("no kubeconfig at \(places.joined(separator: " or ")): set KUBECONFIG", exitCode: 2)
        }
        return path
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private init(_ config: JSONValue, directory: String, _ name: String?, _ agent: String) throws {
        func named(_ list: String, _ kind: String, _ name: String?) throws -> JSONValue {
            guard let found = config[list].array?.first(where: { $0["name"].string == name }) else {
                throw Failure("the kubeconfig has no \(kind) \"\(name ?? "")\"", exitCode: 2)
            }
            return found[kind]
        }
        /// A field with the content in base64, or one with the name of a file.
        func content(_ object: JSONValue, _ field: String) throws -> String? {
            if let data = object[field + "-data"].string {
                guard let bytes = Base64.decode(data) else { throw Failure("\(field)-data is not base64", exitCode: 2) }
                return String(decoding: bytes, as: UTF8.self)
            }
            guard let file = object[field].string else { return nil }
            return try SecureFile.readText(file.hasPrefix("/") ? file : directory + "/" + file)
        }
        let context = try named("contexts", "context", name ?? config["current-context"].string)
        let cluster = try named("clusters", "cluster", context["cluster"].string)
        let user = try named("users", "user", context["user"].string)
        for unsupported in ["exec", "auth-provider", "username"] where user.has(unsupported) {
            throw Failure("the kubeconfig's user signs in by \(unsupported), which segler cannot", exitCode: 2)
        }
        let (host, port) = try ServerAddress.parse(cluster["server"].string ?? "", "server")
        let isTrusted = cluster["insecure-skip-tls-verify"].bool == true
        let tls = try TLSContext.client(
            authority: content(cluster, "certificate-authority"), certificate: content(user, "client-certificate"),
            key: content(user, "client-key"),
            serverName: isTrusted ? nil : cluster["tls-server-name"].string ?? host)
        var token = user["token"].string
        if token == nil, let file = user["tokenFile"].string {
            token = try SecureFile.readText(file)?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        client = RemoteClient(HTTPOrigin(host: host, port: port, tls: tls), token: token, agent: agent)
        namespace = context["namespace"].string ?? "default"
    }
}

/// Where an API server is: `https://HOST:PORT`.
enum ServerAddress {
    /// - Parameter name: of the option or field that says it, for who gave a wrong one.
    static func parse(_ server: String, _ name: String) throws -> (host: String, port: Int) {
        guard server.hasPrefix("https://"),
            let place = HTTPOrigin.parse(
                authority: server.dropFirst("https://".count).prefix { $0 != "/" }, defaultPort: 6443)
        else {
            throw Failure(
                "\(name) \(server) is not https://HOST:PORT, such as https://192.0.2.10:6443", exitCode: 2)
        }
        return place
    }
}
