internal import API
internal import Client
internal import JSON

/// CertificateSigningRequests: approves those of nodes for themselves, signs what is approved, removes what is old.
/// https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
struct CertificateController: ClusterController, Reconciler {
    /// Seconds after which requests go: with an answer, and without.
    static let answeredLifetime = 3600.0
    static let pendingLifetime = 24.0 * 3600
    /// How long certificates are good unless the request asks for less, in seconds, and the least.
    static let lifetime = 365 * 86400
    static let minimumLifetime = 600

    private let client: any ObjectClient
    private let time: any TimeSource
    private let signer: CertificateSigner?
    private let requests: Reflector<Object>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, time, signer) = (environment.client, environment.time, environment.signer)
        let queue = environment.queue()
        self.queue = queue
        requests = Reflector(client, .certificateSigningRequests, time: time)
        requests.onChange { queue.add($0.key) }
    }

    func run() async { await Controller("certificates", queue, self).run(following: [requests]) }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        guard let request = requests[name] else { return .done }
        do throws(StatusError) {
            if let rest = Self.rest(of: request, now: time.now), rest <= 0 {
                try await client.delete(
                    .certificateSigningRequests, namespace: nil, name: name, DeleteOptions(uid: request.uid))
                return .done
            }
            if let signer, let known = KnownSigner(rawValue: request["spec"]["signerName"].string ?? "") {
                let usages = Set(request["spec"]["usages"].elements.compactMap(\.string))
                let isAnswered = ["Approved", "Denied", "Failed"].contains { request.condition($0).exists }
                if !isAnswered, known == .nodeClient {
                    try await approve(request, signer, usages)
                } else if !isAnswered, known == .nodeServer {
                    try await approveServing(request, signer, usages)
                } else if request.condition("Approved")["status"].equals("True"), !request.condition("Failed").exists,
                    (request["status"]["certificate"].string ?? "").isEmpty
                {
                    try await sign(request, signer, known, usages)
                }
            }
        } catch { if error.code != 404, error.reason != "Conflict" { throw error } }
        return Self.rest(of: request, now: time.now).map { .requeue(after: max(1, $0)) } ?? .done
    }

    /// Seconds until the request goes.
    private static func rest(of request: Object, now: Time) -> Double? {
        for type in ["Approved", "Denied", "Failed"] {
            let condition = request.condition(type)
            // What is approved and not signed still waits, for whoever signs it.
            if type == "Approved", (request["status"]["certificate"].string ?? "").isEmpty { continue }
            if let at = (condition["lastUpdateTime"].string ?? condition["lastTransitionTime"].string).flatMap({
                Time($0)
            }) {
                return answeredLifetime - (now - at)
            }
        }
        let created = request.metadata["creationTimestamp"].string.flatMap { Time($0) }
        return created.map { pendingLifetime - (now - $0) }
    }

    private static func pem(_ request: Object) -> String {
        String(decoding: Base64Text.decode(request["spec"]["request"].string ?? "") ?? [], as: UTF8.self)
    }

    // MARK: Approving

    /// A node may renew its own certificate, and a bootstrap identity get the first one, where the authorizer says so.
    private func approve(_ request: Object, _ signer: CertificateSigner, _ usages: Set<String>)
        async throws(StatusError)
    {
        guard let asked = try? signer.read(Self.pem(request)),
            KnownSigner.nodeClient.problem(asked, usages: usages) == nil
        else { return }
        let isSelf = asked.commonName == request["spec"]["username"].string
        let attempts: [(subresource: String, word: String)] =
            (isSelf ? [("selfnodeclient", "self kubelet client certificate")] : []) + [
                ("nodeclient", "kubelet client certificate")
            ]
        for (subresource, word) in attempts where try await allows(request, subresource) {
            return try await approve(request, "Auto approving \(word) after SubjectAccessReview.")
        }
    }

    /// A node may have a certificate for its own name, and for addresses that are nobody else's: whoever has a node's identity
    /// must not be taken for another node, for the API server or for a Service.
    private func approveServing(_ request: Object, _ signer: CertificateSigner, _ usages: Set<String>)
        async throws(StatusError)
    {
        guard let asked = try? signer.read(Self.pem(request)),
            KnownSigner.nodeServer.problem(asked, usages: usages) == nil,
            asked.commonName == request["spec"]["username"].string,
            request["spec"]["groups"].elements.contains(where: { $0.equals("system:nodes") })
        else { return }
        let name = String(asked.commonName.dropFirst("system:node:".count))
        guard Self.isOwn(asked, name, others: try await addresses(exceptOf: name)) else { return }
        try await approve(request, "Auto approving the serving certificate of a node for its own name and addresses.")
    }

    /// Whether a request asks for nothing but a node's own name and addresses.
    static func isOwn(_ asked: CertificateSigner.Request, _ node: String, others: Set<String>) -> Bool {
        // Names by which the API server is found.
        let isServer = node == "kubernetes" || node.hasPrefix("kubernetes.") || node == "localhost"
        return asked.dnsNames.allSatisfy { $0 == node && !isServer }
            && asked.ipAddresses.allSatisfy { !others.contains($0) && !$0.hasPrefix("127.") && $0 != "::1" }
    }

    /// Of the other nodes, the API server and the Services.
    private func addresses(exceptOf name: String) async throws(StatusError) -> Set<String> {
        var found: Set<String> = []
        for node in try await client.list(.nodes, namespace: nil, ListOptions()).items where node.name != name {
            found.formUnion(node["status"]["addresses"].elements.compactMap { $0["address"].string })
        }
        for service in try await client.list(.services, namespace: nil, ListOptions()).items {
            found.formUnion(service["spec"]["clusterIPs"].elements.compactMap(\.string))
        }
        let named = FieldSelector("metadata.name", equals: "kubernetes")
        for server in try await client.list(.endpoints, namespace: "default", ListOptions(fieldSelector: named)).items {
            for subset in server["subsets"].elements {
                found.formUnion(subset["addresses"].elements.compactMap { $0["ip"].string })
            }
        }
        return found
    }

    private func approve(_ request: Object, _ message: String) async throws(StatusError) {
        try await client.modify(
            .certificateSigningRequests, namespace: nil, name: request.name, subresource: "approval"
        ) { [now = time.now] object in
            guard object["metadata"]["uid"].string == request.uid else { return false }
            return object.setCondition(
                Condition("Approved", true, reason: "AutoApproved", message: message), now: now)
        }
    }

    private func allows(_ request: Object, _ subresource: String) async throws(StatusError) -> Bool {
        let spec = request["spec"]
        var review: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": [
                "user": spec["username"].value,
                "resourceAttributes": [
                    "group": "certificates.k8s.io", "resource": "certificatesigningrequests", "verb": "create",
                    "subresource": .string(subresource), "version": "*",
                ],
            ],
        ]
        for field in ["uid", "groups", "extra"] where !spec[field].isNull { review["spec"][field] = spec[field].value }
        return try await client.create(.subjectAccessReviews, namespace: nil, review)["status"]["allowed"].bool == true
    }

    // MARK: Signing

    private func sign(
        _ request: Object, _ signer: CertificateSigner, _ known: KnownSigner, _ usages: Set<String>
    ) async throws(StatusError) {
        let pem = Self.pem(request)
        let certificate: Result<String, Refusal>
        do {
            let asked = try signer.read(pem)
            if let problem = known.problem(asked, usages: usages) {
                certificate = .failure(Refusal(text: problem))
            } else {
                let lifetime = request["spec"]["expirationSeconds"].int.map {
                    max(Self.minimumLifetime, min($0, Self.lifetime))
                }
                certificate = .success(try signer.sign(pem, usages.sorted(), lifetime ?? Self.lifetime))
            }
        } catch {
            certificate = .failure(Refusal(text: "\(error)"))
        }
        try await client.modify(
            .certificateSigningRequests, namespace: nil, name: request.name, subresource: "status"
        ) { [now = time.now] object in
            guard object["metadata"]["uid"].string == request.uid else { return false }
            switch certificate {
            case .success(let text): object["status"]["certificate"] = .string(Base64Text.encode(Array(text.utf8)))
            case .failure(let refusal):
                object.setCondition(
                    Condition("Failed", true, reason: "SignerValidationFailure", message: refusal.text), now: now)
            }
            return true
        }
    }

    private struct Refusal: Error { let text: String }
}
