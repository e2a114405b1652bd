internal import HTTP
internal import NIOCore
internal import NIOHTTP1

/// Leads the links of an answer back through the proxy: those of redirects, and those in HTML.
struct ProxyLinks: Sendable {
    /// Of the proxy's own path: `/api/v1/namespaces/NAMESPACE/pods/NAME/proxy`.
    let prefix: String
    let origin: HTTPOrigin

    /// Attributes that hold links, as upstream knows them (k8s.io/apimachinery/pkg/util/proxy/transport.go).
    private static let attributes = [
        "href", "src", "action", "cite", "background", "data", "codebase", "longdesc", "usemap",
    ]

    func rewrite(_ answer: HTTPResponse) -> HTTPResponse {
        var answer = answer
        for name in ["location", "content-location"] {
            if let link = answer.headers.first(name: name) {
                answer.headers.replaceOrAdd(name: name, value: rewrite(link))
            }
        }
        return answer
    }

    /// How a body is rewritten; nil: it stays as it is.
    func rewriting(_ headers: HTTPHeaders) -> (@Sendable ([UInt8]) -> [UInt8])? {
        guard headers.first(name: "content-type")?.lowercased().hasPrefix("text/html") == true,
            !headers.contains(name: "content-encoding")
        else { return nil }
        return { Array(rewrite(html: String(decoding: $0, as: UTF8.self)).utf8) }
    }

    /// Links to the origin itself; others stay as they are.
    func rewrite(_ link: String) -> String {
        if link.hasPrefix("//") { return link }
        if link.hasPrefix("/") { return link.hasPrefix(prefix + "/") ? link : prefix + link }
        for scheme in ["http://", "https://"] where link.hasPrefix(scheme) {
            let rest = link.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard authority == origin.authority || authority == origin.host else { return link }
            let path = rest.dropFirst(authority.count)
            return prefix + (path.hasPrefix("/") ? "" : "/") + path
        }
        return link
    }

    /// A page with its links rewritten.
    func rewrite(html: String) -> String {
        var out = ""
        var rest = html[...]
        while let quote = rest.firstIndex(where: { $0 == "\"" || $0 == "'" }) {
            let before = rest[..<quote]
            let end = rest[rest.index(after: quote)...].firstIndex(of: rest[quote])
            guard let end else { break }
            out += before
            let value = rest[rest.index(after: quote)..<end]
            if Self.attributes.contains(where: { before.lowercased().hasSuffix(" \($0)=") }) {
                out += "\(rest[quote])\(rewrite(String(value)))\(rest[quote])"
                rest = rest[rest.index(after: end)...]
            } else {
                // A quote in text pairs with nothing.
                out.append(rest[quote])
                rest = rest[rest.index(after: quote)...]
            }
        }
        return out + rest
    }
}
