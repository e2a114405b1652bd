public import API
public import Client
internal import JSON

/// What a kubelet answers on its own port, as far as it answers with a document.
/// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/#kubelet-authorization
extension NodeAgent {
    public func answer(path: String) async throws(StatusError) -> NodeAnswer {
        switch path {
        case "/healthz", "/healthz/ping", "/healthz/syncloop": return .text("ok")
        case "/pods": return .json(podList)
        case "/stats/summary": return .json(try await statistics().summary)
        case "/metrics/resource": return .metrics(ResourceMetricsText(try await statistics().summary).text)
        default: throw StatusError(code: 404, reason: "NotFound", message: "the node has nothing at \(path)")
        }
    }

    private var podList: JSONValue {
        [
            "kind": "PodList", "apiVersion": "v1", "metadata": [:],
            "items": .array(pods.sorted { $0.key < $1.key }.map(\.value)),
        ]
    }
}

extension NodeAnswer {
    fileprivate static func text(_ text: String) -> NodeAnswer {
        NodeAnswer(contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
    fileprivate static func json(_ value: JSONValue) -> NodeAnswer {
        NodeAnswer(contentType: "application/json", body: value.encoded())
    }
    fileprivate static func metrics(_ text: String) -> NodeAnswer {
        NodeAnswer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
    }
}
