internal import API
internal import Client
internal import JSON

/// Deletes bootstrap tokens that have expired.
/// https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
struct TokenCleaner: ClusterController {
    private let expiry: Expiry

    init(_ environment: Environment) {
        let tokens = ListOptions(fieldSelector: FieldSelector("type", equals: "bootstrap.kubernetes.io/token"))
        expiry = Expiry("token-cleaner", environment, .secrets, namespace: "kube-system", tokens) { secret in
            guard let text = secret["data"]["expiration"].string, let bytes = Base64Text.decode(text) else {
                return nil
            }
            // What is no time at all ends at once: such a token lets nobody in either.
            let end = Time(String(decoding: bytes, as: UTF8.self)) ?? Time(secondsSince1970: 0)
            return Expiring(uid: secret.uid, end: end)
        }
    }

    func run() async { await expiry.run() }
}
