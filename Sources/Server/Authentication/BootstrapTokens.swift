internal import API
internal import JSON
internal import Store
internal import TLS

/// Tokens by which machines ask for the certificates of a node: each a Secret of kube-system.
/// https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
struct BootstrapTokens: Sendable {
    private static let group = "system:bootstrappers"

    let store: Store

    /// Nil for what is no such token, or one that is unknown, expired or not meant for this.
    func verify(_ token: String) -> Caller? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 6, parts[1].utf8.count == 16,
            parts.allSatisfy({ $0.utf8.allSatisfy(Self.isTokenCharacter) }),
            let secret = store.get("secrets", "kube-system/bootstrap-token-\(parts[0])"),
            let root = try? JSONDocument(secret.bytes).root,
            root["type"].equals("bootstrap.kubernetes.io/token"), !root["metadata"]["deletionTimestamp"].exists
        else { return nil }
        func field(_ name: String) -> String? {
            root["data"][name].string.flatMap { Base64.decode($0) }.map { String(decoding: $0, as: UTF8.self) }
        }
        guard field("token-id") == String(parts[0]), let expected = field("token-secret"),
            constantTimeEqual(SHA256.hash(expected.utf8), SHA256.hash(parts[1].utf8)),
            field("usage-bootstrap-authentication") == "true"
        else { return nil }
        if let expiration = field("expiration") {
            guard let end = Time(expiration), end.secondsSince1970 > Time.now.secondsSince1970 else { return nil }
        }
        var groups = [Self.group]
        for group in (field("auth-extra-groups") ?? "").split(separator: ",").map(String.init) where group != "" {
            // Nobody gets into other groups by a Secret.
            guard Self.isBootstrapGroup(group) else { return nil }
            groups.append(group)
        }
        return Caller(user: "system:bootstrap:\(parts[0])", groups: groups + ["system:authenticated"])
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// `system:bootstrappers:` and up to 256 of `a-z0-9:-`, the last a letter or digit.
    private static func isBootstrapGroup(_ group: String) -> Bool {
        guard group.hasPrefix(Self.group + ":") else { return false }
        let name = group.utf8.dropFirst(Self.group.utf8.count + 1)
        guard (1...256).contains(name.count), let last = name.last, isTokenCharacter(last) else { return false }
        return name.allSatisfy { isTokenCharacter($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }
    }
}
