internal import API
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import TLS

/// Why no usable answer came.
struct WebhookFailure: Error {
    let message: String
}

/// What a webhook says.
struct WebhookAnswer {
    var isAllowed: Bool
    var status: JSONValue
    var patch: JSONPatch?
    var warnings: [String]
}

extension Webhook {
    /// Bytes; what a webhook says about an object is not longer than objects may be.
    private static let limit = 4 << 20

    /// Asks, and waits for the answer as long as the configuration allows.
    func ask(_ review: JSONValue, uid: String, _ server: APIServer) async throws(WebhookFailure) -> WebhookAnswer {
        let target = try target(server)
        let path = target.path + "?timeout=\(timeout)s"
        let body = review.encoded()
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
        head.headers.add(name: "Host", value: target.authority)
        head.headers.add(name: "User-Agent", value: "kube-apiserver-admission")
        head.headers.add(name: "Accept", value: "application/json, */*")
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(body.count))
        let answer: (head: HTTPResponseHead, body: [UInt8])
        do {
            let (question, timeout) = (head, timeout)
            answer = try await withThrowingTaskGroup { group in
                group.addTask { try await target.origin.fetch(question, ByteBuffer(bytes: body), limit: Self.limit) }
                group.addTask {
                    try await Task.sleep(for: .seconds(timeout))
                    throw WebhookFailure(message: "context deadline exceeded")
                }
                defer { group.cancelAll() }
                guard let first = try await group.next() else { throw CancellationError() }
                return first
            }
        } catch {
            let reason = (error as? WebhookFailure)?.message ?? "\(error)"
            throw WebhookFailure(
                message: "failed to call webhook: Post \"https://\(target.authority)\(path)\": \(reason)")
        }
        guard (200..<300).contains(answer.head.status.code) else {
            let text = String(decoding: answer.body.prefix(200), as: UTF8.self)
            throw WebhookFailure(
                message: "failed to call webhook: the server answered \(answer.head.status.code): \(text)")
        }
        return try read(answer.body, uid)
    }

    private func read(_ bytes: [UInt8], _ uid: String) throws(WebhookFailure) -> WebhookAnswer {
        func invalid(_ problem: String) -> WebhookFailure {
            WebhookFailure(message: "received invalid webhook response: \(problem)")
        }
        guard let root = try? JSONDocument(bytes).root else { throw invalid("it is not JSON") }
        let expected = "admission.k8s.io/" + version
        guard root["kind"].equals("AdmissionReview"), root["apiVersion"].equals(expected) || version == "v1beta1" else {
            throw invalid(
                "expected webhook response of admission.k8s.io/\(version), Kind=AdmissionReview, got "
                    + "\(root["apiVersion"].string ?? ""), Kind=\(root["kind"].string ?? "")")
        }
        let response = root["response"]
        guard response.exists else { throw invalid("webhook response was absent") }
        if version == "v1", !response["uid"].equals(uid) {
            throw invalid(
                "expected response.uid=\"\(uid)\", got \"\(response["uid"].string ?? "")\"")
        }
        var answer = WebhookAnswer(
            isAllowed: response["allowed"].bool ?? false, status: response["status"].value, patch: nil,
            warnings: response["warnings"].elements.compactMap(\.string))
        guard let text = response["patch"].string, !text.isEmpty else { return answer }
        if version == "v1", !response["patchType"].equals("JSONPatch") {
            throw invalid("webhook returned response.patch but not response.patchType=JSONPatch")
        }
        guard let patch = Base64.decode(text), let value = try? JSONValue(parsing: patch) else {
            throw invalid("the patch is not JSON in base64")
        }
        do throws(StatusError) { answer.patch = try JSONPatch(value) } catch { throw invalid(error.message) }
        return answer
    }

    private struct Target {
        let origin: HTTPOrigin
        /// As the `Host` header has it.
        let authority: String
        let path: String
    }

    private func target(_ server: APIServer) throws(WebhookFailure) -> Target {
        switch place {
        case .url(let text):
            let rest = text.dropFirst("https://".count)
            let authority = String(rest.prefix { $0 != "/" })
            guard let (host, port) = HTTPOrigin.parse(authority: authority, defaultPort: 443) else {
                throw WebhookFailure(message: "failed to call webhook: \(text) is not the URL of a server")
            }
            let path = rest.dropFirst(authority.count)
            let origin = HTTPOrigin(host: host, port: port, tls: try context(host))
            return Target(origin: origin, authority: authority, path: path.isEmpty ? "/" : String(path))
        case .service(let namespace, let name, let path, let port):
            let host = "\(name).\(namespace).svc"
            let address: ProxyTarget
            do throws(StatusError) {
                address = try ProxyTarget("services", namespace: namespace, name: "\(name):\(port)", in: server)
            } catch {
                throw WebhookFailure(
                    message: "failed to call webhook: Post \"https://\(host):\(port)\(path)\": \(error.message)")
            }
            var origin = address.origin
            origin.tls = try context(host)
            return Target(
                origin: origin, authority: "\(host):\(port)", path: path.hasPrefix("/") ? path : "/" + path)
        }
    }

    private func context(_ name: String) throws(WebhookFailure) -> TLSContext {
        do throws(TLSError) { return try TLSContext.client(authority: authority, serverName: name) } catch {
            throw WebhookFailure(message: "failed to call webhook: \(error)")
        }
    }
}
