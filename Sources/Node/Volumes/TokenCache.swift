internal import API
internal import Client
internal import JSON

/// Tokens of service accounts for pods (TokenRequest, authentication.k8s.io/v1), kept until four fifths of their time
/// are over, or a day.
actor TokenCache {
    private struct Key: Hashable {
        let podUID: String
        let audience: String
        let expirationSeconds: Int
    }
    private struct Entry {
        let token: String
        let renewAt: Time
    }
    private var entries: [Key: Entry] = [:]

    func token(
        for pod: Object, audience: String, expirationSeconds: Int, _ client: any ObjectClient
    ) async throws -> String {
        let key = Key(podUID: pod.uid, audience: audience, expirationSeconds: expirationSeconds)
        if let entry = entries[key], Time.now < entry.renewAt { return entry.token }
        var request: JSONValue = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": [:],
            "spec": [
                "expirationSeconds": .int(expirationSeconds),
                "boundObjectRef": [
                    "kind": "Pod", "apiVersion": "v1", "name": .string(pod.name), "uid": .string(pod.uid),
                ],
            ],
        ]
        request["spec"]["audiences"] = audience.isEmpty ? [] : [.string(audience)]
        let account = pod.spec["serviceAccountName"].string ?? "default"
        let answer = try await client.create(
            .serviceAccounts, namespace: pod.namespace, name: account, subresource: "token", request)
        guard let token = answer["status"]["token"].string else {
            throw VolumeError("the API server gave no token for service account \(pod.namespace)/\(account)")
        }
        let now = Time.now
        let end = answer["status"]["expirationTimestamp"].string.flatMap { Time($0) }
        let life = end.map { $0 - now } ?? Double(expirationSeconds)
        entries[key] = Entry(token: token, renewAt: now.adding(seconds: min(life * 0.8, 86400)))
        return token
    }

    func forget(podUID: String) { entries = entries.filter { $0.key.podUID != podUID } }
}
