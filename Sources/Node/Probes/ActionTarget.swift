internal import API
internal import JSON

/// What the actions of probes and hooks are aimed at.
struct ActionTarget: Sendable {
    let container: ContainerSpec
    let containerID: String
    /// Of the pod.
    let address: String

    /// The number of a port that may be named.
    func port(_ value: JSONRef, default standard: Int? = nil) throws -> Int {
        if let port = value.int { return port }
        let name = value.string ?? ""
        if name.isEmpty, let standard { return standard }
        let named = container.spec["ports"].elements.first { $0["name"].equals(name) }
        guard let port = named?["containerPort"].int ?? Int(name) else {
            throw ConfigurationError("couldn't find port: \(name)")
        }
        return port
    }

    func host(_ action: JSONRef) -> String { action["host"].string.flatMap { $0.isEmpty ? nil : $0 } ?? address }

    /// The request of an `httpGet`.
    func httpGet(_ action: JSONRef, defaultPort: Int? = nil) throws -> HTTPGet {
        var path = action["path"].string ?? "/"
        if !path.hasPrefix("/") { path = "/" + path }
        // Neither a path nor a header can say anything about the next line.
        return HTTPGet(
            isHTTPS: action["scheme"].string?.uppercased() == "HTTPS", host: host(action),
            port: try port(action["port"], default: defaultPort),
            path: path.filter { !$0.isNewline && $0 != " " },
            headers: action["httpHeaders"].elements.map {
                ($0["name"].string ?? "", ($0["value"].string ?? "").filter { !$0.isNewline })
            })
    }
}
