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
        /// What the token is worth nothing without: a Pod, a Secret or a Node.
        var bound: Bound?
        /// Where the Pod runs.
        var node: (name: String, uid: String)?
        var audiences: [String]
        /// Seconds from now.
        var lifetime: Int
    }

    struct Bound: Sendable {
        /// `pods`, `secrets` or `nodes`.
        let resource: String
        let name: String
        let uid: String

        /// Its name among the claims.
        var claim: String { String(resource.dropLast()) }
    }

    private struct Verified {
        let caller: Caller
        let expiry: Int
        let audiences: [String]
        /// Resource, key and UID of every object that must still be there.
        let needs: [(resource: String, key: String, uid: String)]
    }

    private let key: SigningKey
    private let issuer: String
    private let store: Store
    /// Signatures that were found good, by the token's digest: verifying costs some 100 us.
    private let cache = Mutex<[[UInt8]: Verified]>([:])
    private static let cacheLimit = 10_000
    private static let extra = "authentication.kubernetes.io/"

    init(key: SigningKey, issuer: String, store: Store) { (self.key, self.issuer, self.store) = (key, issuer, store) }

    func issue(_ claims: Claims) throws(StatusError) -> String {
        let now = Time.now.secondsSince1970
        var kubernetes: JSONValue = [
            "namespace": .string(claims.namespace),
            "serviceaccount": ["name": .string(claims.serviceAccount), "uid": .string(claims.serviceAccountUID)],
        ]
        if let bound = claims.bound {
            kubernetes[bound.claim] = ["name": .string(bound.name), "uid": .string(bound.uid)]
        }
        if let node = claims.node {
            kubernetes["node"] = ["name": .string(node.name)]
            if !node.uid.isEmpty { kubernetes["node"]["uid"] = .string(node.uid) }
        }
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

    /// Nil when the token is not one of ours, has expired, is meant for others (nil audiences: for the API server), or what it is
    /// bound to is gone. Gives the audiences that it is for, of those asked for.
    func verify(_ token: String, audiences: [String]? = nil) -> (caller: Caller, audiences: [String])? {
        let digest = SHA256.hash(token.utf8)
        guard let verified = cache.withLock({ $0[digest] }) ?? check(token) else { return nil }
        guard verified.expiry > Time.now.secondsSince1970,
            verified.needs.allSatisfy({ has($0.resource, $0.key, $0.uid) })
        else {
            cache.withLock { $0[digest] = nil }
            return nil
        }
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll() }
            cache[digest] = verified
        }
        let matching = (audiences ?? [issuer]).filter { verified.audiences.contains($0) }
        return matching.isEmpty ? nil : (verified.caller, matching)
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
            let expiry = claims["exp"].int, (claims["nbf"].int ?? 0) <= Time.now.secondsSince1970
        else { return nil }
        let kubernetes = claims["kubernetes.io"]
        guard let namespace = kubernetes["namespace"].string, let account = kubernetes["serviceaccount"]["name"].string,
            let uid = kubernetes["serviceaccount"]["uid"].string
        else { return nil }
        var needs = [(resource: "serviceaccounts", key: "\(namespace)/\(account)", uid: uid)]
        var extra: [String: [String]] = [:]
        if let id = claims["jti"].string { extra[Self.extra + "credential-id"] = ["JTI=" + id] }
        for resource in ["pods", "secrets", "nodes"] {
            let name = String(resource.dropLast())
            let object = kubernetes[name]
            guard object.exists, let objectName = object["name"].string else { continue }
            let objectUID = object["uid"].string ?? ""
            // The node of a Pod is told of, but only the Pod itself must still be there.
            if resource != "nodes" || !kubernetes["pod"].exists {
                needs.append((resource, resource == "nodes" ? objectName : "\(namespace)/\(objectName)", objectUID))
            }
            if resource == "secrets" { continue }
            extra[Self.extra + name + "-name"] = [objectName]
            if !objectUID.isEmpty { extra[Self.extra + name + "-uid"] = [objectUID] }
        }
        var caller = Caller.serviceAccount(namespace, account)
        (caller.uid, caller.extra) = (uid, extra)
        return Verified(
            caller: caller, expiry: expiry, audiences: claims["aud"].elements.compactMap(\.string), needs: needs)
    }
}
