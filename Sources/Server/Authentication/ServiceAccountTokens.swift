internal import API
internal import JSON
internal import Store
internal import Synchronization
internal import TLS

/// JSON Web Tokens of ServiceAccounts (RFC 7519, ES256), with the claims upstream puts in and checks: a token is worth nothing
/// once its ServiceAccount, or the Pod it is bound to, is gone.
/// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
final class ServiceAccountTokens: Sendable {
    struct Claims: Sendable {
        var namespace: String
        var serviceAccount: String
        var serviceAccountUID: String
        var pod: (name: String, uid: String)?
        var audiences: [String]
        /// Seconds from now.
        var lifetime: Int
    }

    private struct Verified {
        let caller: Caller
        let expiry: Int
        let accountKey: String, accountUID: String
        let podKey: String, podUID: String
    }

    private let key: SigningKey
    private let issuer: String
    private let store: Store
    /// Signatures that were found good, by the token's digest: verifying costs some 100 us.
    private let cache = Mutex<[[UInt8]: Verified]>([:])
    private static let cacheLimit = 10_000

    init(key: SigningKey, issuer: String, store: Store) { (self.key, self.issuer, self.store) = (key, issuer, store) }

    func issue(_ claims: Claims) throws(StatusError) -> String {
        let now = Time.now.secondsSince1970
        var kubernetes: JSONValue = [
            "namespace": .string(claims.namespace),
            "serviceaccount": ["name": .string(claims.serviceAccount), "uid": .string(claims.serviceAccountUID)],
        ]
        if let pod = claims.pod { kubernetes["pod"] = ["name": .string(pod.name), "uid": .string(pod.uid)] }
        let payload: JSONValue = [
            "aud": .array(claims.audiences.map { .string($0) }), "exp": .int(now + claims.lifetime), "iat": .int(now),
            "nbf": .int(now), "iss": .string(issuer), "jti": .string(Random.uuid()), "kubernetes.io": kubernetes,
            "sub": .string("system:serviceaccount:\(claims.namespace):\(claims.serviceAccount)"),
        ]
        let header: JSONValue = ["alg": "ES256", "kid": .string(key.jwk.kid), "typ": "JWT"]
        let signed = Base64.encodeURL(header.encoded()) + "." + Base64.encodeURL(payload.encoded())
        do {
            return signed + "." + Base64.encodeURL(try key.sign(Array(signed.utf8)))
        } catch {
            throw .internalError("a token could not be signed: \(error)")
        }
    }

    /// Nil when the token is not one of ours, has expired, or what it is bound to is gone.
    func verify(_ token: String) -> Caller? {
        let digest = SHA256.hash(token.utf8)
        guard let verified = cache.withLock({ $0[digest] }) ?? check(token) else { return nil }
        guard verified.expiry > Time.now.secondsSince1970,
            has("serviceaccounts", verified.accountKey, verified.accountUID),
            verified.podKey.isEmpty || has("pods", verified.podKey, verified.podUID)
        else {
            cache.withLock { $0[digest] = nil }
            return nil
        }
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll() }
            cache[digest] = verified
        }
        return verified.caller
    }

    private func has(_ resource: String, _ key: String, _ uid: String) -> Bool {
        guard let object = store.get(resource, key), let document = try? JSONDocument(object.bytes) else {
            return false
        }
        return document.root["metadata"]["uid"].equals(uid)
    }

    private func check(_ token: String) -> Verified? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, token.utf8.count < 16 << 10, let header = Base64.decodeURL(parts[0]),
            let payload = Base64.decodeURL(parts[1]), let signature = Base64.decodeURL(parts[2]),
            let head = try? JSONDocument(header).root, head["alg"].equals("ES256"),
            key.verify(Array((parts[0] + "." + parts[1]).utf8), signature: signature),
            let claims = try? JSONDocument(payload).root, claims["iss"].equals(issuer),
            claims["aud"].elements.contains(where: { $0.equals(issuer) }), let expiry = claims["exp"].int
        else { return nil }
        let kubernetes = claims["kubernetes.io"]
        guard let namespace = kubernetes["namespace"].string, let account = kubernetes["serviceaccount"]["name"].string,
            let uid = kubernetes["serviceaccount"]["uid"].string
        else { return nil }
        let pod = kubernetes["pod"]
        let caller = Caller(
            user: "system:serviceaccount:\(namespace):\(account)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"], uid: uid)
        return Verified(
            caller: caller, expiry: expiry, accountKey: "\(namespace)/\(account)", accountUID: uid,
            podKey: pod.exists ? "\(namespace)/\(pod["name"].string ?? "")" : "", podUID: pod["uid"].string ?? "")
    }
}
