internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOHTTP1
internal import Store
internal import Synchronization
internal import TLS

/// Who makes a request.
struct Caller: Sendable, Equatable {
    var user: String
    var groups: [String]
    var uid = ""
    /// More about the credential, for those who review it.
    var extra: [String: [String]] = [:]

    /// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens
    static func serviceAccount(_ namespace: String, _ name: String) -> Caller {
        Caller(
            user: "system:serviceaccount:\(namespace):\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
    }

    static let anonymous = Caller(user: "system:anonymous", groups: ["system:unauthenticated"])
    var isMaster: Bool { groups.contains("system:masters") }
}

/// Client certificates (common name, organizations) and bearer tokens: the admin's, those of ServiceAccounts, and those by which nodes join.
/// https://kubernetes.io/docs/reference/access-authn-authz/authentication/
final class Authenticator: Sendable {
    private let adminToken: [UInt8]
    private let tokens: ServiceAccountTokens
    private let bootstrapTokens: BootstrapTokens

    init(_ configuration: ServerConfiguration, store: Store) {
        adminToken = SHA256.hash(configuration.adminToken.utf8)
        tokens = ServiceAccountTokens(key: configuration.signingKey, issuer: configuration.issuer, store: store)
        bootstrapTokens = BootstrapTokens(store: store)
    }

    func authenticate(_ request: HTTPRequest) throws(StatusError) -> Caller {
        if let header = request.headers.first(name: "authorization") {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .unauthorized }
            return try authenticate(token: String(parts[1]))
        }
        if let certificate = request.connection.peerCertificate, !certificate.commonName.isEmpty {
            return Caller(user: certificate.commonName, groups: certificate.organizations + ["system:authenticated"])
        }
        return .anonymous
    }

    func authenticate(token: String) throws(StatusError) -> Caller {
        if constantTimeEqual(SHA256.hash(token.utf8), adminToken) {
            return Caller(user: "admin", groups: ["system:masters", "system:authenticated"])
        }
        guard let caller = tokens.verify(token)?.caller ?? bootstrapTokens.verify(token) else { throw .unauthorized }
        return caller
    }

    /// Whose token it is, and for which of these audiences; without any the API server's own counts.
    func review(token: String, audiences: [String], issuer: String) throws(StatusError) -> (Caller, [String]) {
        if audiences.isEmpty || audiences.contains(issuer), let caller = try? authenticate(token: token) {
            return (caller, [issuer])
        }
        guard !audiences.isEmpty, let found = tokens.verify(token, audiences: audiences) else { throw .unauthorized }
        return found
    }

    /// A token for a ServiceAccount, bound to an object where one is named.
    func issue(_ claims: ServiceAccountTokens.Claims) throws(StatusError) -> String { try tokens.issue(claims) }
}

extension APIServer {
    /// For fuzzers: whose token it is.
    package func user(ofToken token: String) -> String? { (try? authenticator.authenticate(token: token))?.user }
}
