internal import API
internal import Client
internal import JSON

/// Fills Secrets of type `kubernetes.io/service-account-token`, and deletes them with their ServiceAccount.
///
/// The token is bound to the Secret: it is worth nothing once that is deleted.
/// https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
struct ServiceAccountTokenController: ClusterController, Reconciler {
    static let type = "kubernetes.io/service-account-token"
    private static let nameKey = "kubernetes.io/service-account.name"
    private static let uidKey = "kubernetes.io/service-account.uid"
    /// Seconds; the most that a token may ask for. It has no other end than its Secret's.
    private static let lifetime = 1 << 32

    private let client: any ObjectClient
    private let authority: String
    private let secrets: Reflector<Object>
    private let accounts: Reflector<String>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, authority) = (environment.client, environment.authority)
        let queue = environment.queue()
        self.queue = queue
        let secrets = Reflector(
            client, .secrets, ListOptions(fieldSelector: FieldSelector("type", equals: Self.type)),
            time: environment.time)
        self.secrets = secrets
        accounts = Reflector(client, .serviceAccounts, time: environment.time) { $0.uid }
        secrets.onChange { queue.add($0.key) }
        accounts.onChange { [weak secrets] change in
            guard let secrets, secrets.count > 0, change.old != change.new else { return }
            let (namespace, name) = splitKey(change.key)
            for (key, secret) in secrets.snapshot
            where secret.namespace == namespace && secret.annotation(Self.nameKey) == name { queue.add(key) }
        }
    }

    func run() async { await Controller("serviceaccount-token", queue, self).run(following: [secrets, accounts]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let secret = secrets[key], !secret.isBeingDeleted, let name = secret.annotation(Self.nameKey) else {
            return .done
        }
        do throws(StatusError) {
            guard let uid = try await account(name, secret) else {
                try await client.delete(
                    .secrets, namespace: secret.namespace, name: secret.name, DeleteOptions(uid: secret.uid))
                return .done
            }
            let data = secret["data"]
            let ca = Base64Text.encode(Array(authority.utf8))
            let namespace = Base64Text.encode(Array(secret.namespace.utf8))
            let hasToken = !(data["token"].string ?? "").isEmpty
            if hasToken, data["ca.crt"].equals(ca), data["namespace"].equals(namespace),
                secret.annotation(Self.uidKey) == uid
            {
                return .done
            }
            let token = hasToken ? nil : try await makeToken(name, secret)
            try await client.modify(.secrets, namespace: secret.namespace, name: secret.name) { object in
                guard object["metadata"]["uid"].string == secret.uid else { return false }
                object["metadata"]["annotations"][Self.uidKey] = .string(uid)
                object["data"]["ca.crt"] = .string(ca)
                object["data"]["namespace"] = .string(namespace)
                if let token { object["data"]["token"] = .string(Base64Text.encode(Array(token.utf8))) }
                return true
            }
        } catch { if error.code != 404 { throw error } }
        return .done
    }

    /// The account's uid; nil when it is gone, or another of its name than the Secret was made for.
    private func account(_ name: String, _ secret: Object) async throws(StatusError) -> String? {
        let wanted = secret.annotation(Self.uidKey) ?? ""
        do throws(StatusError) {
            let uid = try await client.get(.serviceAccounts, namespace: secret.namespace, name: name).uid
            return wanted.isEmpty || wanted == uid ? uid : nil
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }

    private func makeToken(_ account: String, _ secret: Object) async throws(StatusError) -> String {
        let request: JSONValue = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": [
                "expirationSeconds": .int(Self.lifetime),
                "boundObjectRef": [
                    "apiVersion": "v1", "kind": "Secret", "name": .string(secret.name), "uid": .string(secret.uid),
                ],
            ],
        ]
        let answer = try await client.create(
            .serviceAccounts, namespace: secret.namespace, name: account, subresource: "token", request)
        guard let token = answer["status"]["token"].string else {
            throw .internalError("the server made no token for \(secret.namespace)/\(account)")
        }
        return token
    }
}
