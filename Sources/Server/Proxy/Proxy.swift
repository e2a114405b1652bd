internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1

/// `/proxy` of Pods, Services and nodes: requests are passed on, and links in the answers lead back through the proxy.
extension APIServer {
    func serveProxy(_ resource: ServedResource, _ target: ResourcePath, _ request: HTTPRequest) throws(StatusError)
        -> Reply
    {
        let (prefix, path) = Self.split(request.path, isNamespaced: resource.definition.isNamespaced)
        if path.isEmpty, request.method == .GET || request.method == .HEAD {
            // Relative links of the page would lead elsewhere.
            let location = prefix + "/" + (request.query.map { "?" + $0 } ?? "")
            return .now(HTTPResponse(status: .movedPermanently, headers: HTTPHeaders([("location", location)])))
        }
        if resource.definition.name == "nodes", request.method == .GET, let node = connected(target.name ?? "") {
            return .later {
                await Self.answer { () async throws(StatusError) in
                    let answer = try await node.answer(path: path)
                    return HTTPResponse(
                        headers: HTTPHeaders([("content-type", answer.contentType)]), body: .bytes(answer.body))
                }
            }
        }
        let origin = try ProxyTarget(
            resource.definition.name, namespace: target.namespace, name: target.name ?? "", in: self
        ).origin
        let uri = (path.isEmpty ? "/" : path) + (request.query.map { "?" + $0 } ?? "")
        return Self.pass(request, to: origin, uri, links: ProxyLinks(prefix: prefix, origin: origin))
    }

    /// The path up to `proxy`, and what follows it: percent-encoded as it came, empty or with its slash.
    private static func split(_ path: String, isNamespaced: Bool) -> (prefix: String, rest: String) {
        var end = path.startIndex
        for _ in 0..<(isNamespaced ? 7 : 5) {
            while end < path.endIndex, path[end] == "/" { end = path.index(after: end) }
            while end < path.endIndex, path[end] != "/" { end = path.index(after: end) }
        }
        return (String(path[..<end]), String(path[end...]))
    }

    /// The request as the other server gets it: without what was said to this one alone.
    static func forwarded(_ request: HTTPRequest, _ uri: String, to origin: HTTPOrigin) -> HTTPRequestHead {
        var headers = request.headers
        // Upstream keeps no credentials either: a Pod must not learn who its users are.
        for name in HTTPOrigin.hopByHop + ["authorization", "host", "expect", "content-length"] {
            headers.remove(name: name)
        }
        for (name, _) in request.headers where name.lowercased().hasPrefix("impersonate-") {
            headers.remove(name: name)
        }
        headers.add(name: "Host", value: origin.authority)
        if request.body.readableBytes > 0 || request.headers.contains(name: "content-length") {
            headers.add(name: "Content-Length", value: "\(request.body.readableBytes)")
        }
        if !request.connection.remoteAddress.isEmpty {
            let before = request.headers["x-forwarded-for"].map { $0 + ", " }.joined()
            headers.replaceOrAdd(name: "X-Forwarded-For", value: before + request.connection.remoteAddress)
        }
        headers.add(name: "X-Forwarded-Uri", value: request.path)
        return HTTPRequestHead(
            version: .http1_1, method: request.method, uri: uri, headers: headers)
    }
}
