internal import API
internal import Client
internal import HTTP
internal import JSON
internal import Synchronization
internal import TLS

/// A node's part in a cluster on another machine: certificates that the cluster signed for it, asked for by
/// CertificateSigningRequests and kept in `DIR/pki`.
/// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
final class Membership: Sendable {
    let client: RemoteClient
    private let authority: String
    private let directory: String
    private let nodeName: String
    /// What connections to the server show.
    private let context: TLSContext
    /// What the agent's port shows.
    private let serving = Mutex<(context: TLSContext, address: String)?>(nil)

    /// How long the cluster may take to sign, in seconds.
    private static let patience = 60.0
    private static let agent = "segler-agent"

    private init(
        _ origin: HTTPOrigin, _ context: TLSContext, authority: String, directory: String, nodeName: String
    ) {
        client = RemoteClient(origin, agent: Self.agent)
        (self.context, self.authority, self.directory, self.nodeName) = (context, authority, directory, nodeName)
    }

    static func join(
        server: String, caFile: String, tokenFile: String?, directory: String, nodeName: String
    ) async throws -> Membership {
        let (host, port) = try ServerAddress.parse(server, "--server")
        do {
            guard let authority = try SecureFile.readText(caFile) else {
                throw Failure("\(caFile) is not there: copy pki/ca.crt from the server's data directory", exitCode: 2)
            }
            let root = try Certificate(pem: authority)
            try SecureFile.makeDirectory(directory)
            let files = CertificateFiles(path: directory + "/agent")
            var pair = try files.read(root)
            if pair == nil {
                guard let tokenFile, let text = try SecureFile.readText(tokenFile),
                    let token = text.split(whereSeparator: \.isWhitespace).first
                else {
                    throw Failure(
                        "this node is not a member yet: give a token that may join nodes with --token-file (the server's "
                            + "`segler token create` makes one)", exitCode: 2)
                }
                let tls = try TLSContext.client(authority: authority, serverName: host)
                let client = RemoteClient(
                    HTTPOrigin(host: host, port: port, tls: tls), token: String(token), agent: agent)
                pair = try await own(nodeName, files, client)
            }
            let tls = try TLSContext.client(
                authority: authority, certificate: pair?.certificate, key: pair?.key, serverName: host)
            return Membership(
                HTTPOrigin(host: host, port: port, tls: tls), tls, authority: authority, directory: directory,
                nodeName: nodeName)
        } catch let error as TLSError {
            throw Failure("\(error)")
        } catch let error as StatusError {
            throw Failure("the cluster at \(server) does not take this node: \(error)")
        }
    }

    /// A new certificate for the node's identity.
    private static func own(
        _ nodeName: String, _ files: CertificateFiles, _ client: RemoteClient
    ) async throws -> CertificateFiles.Pair {
        let key = try PrivateKey()
        let request = try CertificateRequest.make(
            commonName: "system:node:" + nodeName, organizations: ["system:nodes"], key: key)
        let pair = (
            try await sign(request, "kubernetes.io/kube-apiserver-client-kubelet", "client auth", client), key.pem
        )
        try files.write(pair)
        return pair
    }

    /// What the agent's port shows: asked for under the node's own identity.
    func servingContext(address: String) async throws -> TLSContext {
        do {
            let pair = try await servingPair(address)
            let context = try TLSContext.server(
                certificateChain: pair.certificate, key: pair.key, clientAuthority: authority,
                alpn: ["h2", "http/1.1"])
            serving.withLock { $0 = (context, address) }
            return context
        } catch let error as TLSError {
            throw Failure("\(error)")
        } catch let error as StatusError {
            throw Failure("the cluster does not sign the certificate of this node's port: \(error)")
        }
    }

    private func servingPair(_ address: String) async throws -> CertificateFiles.Pair {
        let files = CertificateFiles(path: directory + "/kubelet")
        let root = try Certificate(pem: authority)
        if let pair = try files.read(root, names: [nodeName], addresses: [address]) { return pair }
        let key = try PrivateKey()
        let request = try CertificateRequest.make(
            commonName: "system:node:" + nodeName, organizations: ["system:nodes"], dnsNames: [nodeName],
            ipAddresses: [address], key: key)
        let pair = (try await Self.sign(request, "kubernetes.io/kubelet-serving", "server auth", client), key.pem)
        try files.write(pair)
        return pair
    }

    /// Renews what has to be renewed, while the node runs.
    func renew() async {
        do {
            let files = CertificateFiles(path: directory + "/agent")
            if try files.read(try Certificate(pem: authority)) == nil {
                let pair = try await Self.own(nodeName, files, client)
                try context.replaceCertificate(certificateChain: pair.certificate, key: pair.key)
            }
            if let (context, address) = serving.withLock({ $0 }) {
                let pair = try await servingPair(address)
                try context.replaceCertificate(certificateChain: pair.certificate, key: pair.key)
            }
        } catch {
            Output.error("the certificates of this node could not be renewed: \(error)")
        }
    }

    func renewDaily() async {
        while (try? await Task.sleep(for: .seconds(86400))) != nil { await renew() }
    }

    /// Asks the cluster for a certificate and waits until it is there.
    private static func sign(
        _ request: String, _ signer: String, _ usage: String, _ client: RemoteClient
    ) async throws -> String {
        let asked = try await client.create(
            .certificateSigningRequests, namespace: nil,
            [
                "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
                "metadata": ["generateName": "node-csr-"],
                "spec": [
                    "request": .string(Base64.encode(Array(request.utf8))), "signerName": .string(signer),
                    "usages": ["digital signature", .string(usage)],
                ],
            ])
        let options = ListOptions(fieldSelector: FieldSelector("metadata.name", equals: asked.name))
        let deadline = ContinuousClock.now + .seconds(patience)
        var version = asked.resourceVersion
        while ContinuousClock.now < deadline {
            let events = try await client.watch(
                .certificateSigningRequests, namespace: nil, options, resourceVersion: version)
            let found = try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    for try await event in events {
                        guard case .modified(let request) = event else { continue }
                        if let text = request["status"]["certificate"].string, let bytes = Base64Text.decode(text) {
                            return String(decoding: bytes, as: UTF8.self)
                        }
                        for type in ["Denied", "Failed"] where request.condition(type)["status"].equals("True") {
                            throw Failure(
                                "the request for a certificate (\(request.name)) was \(type.lowercased()): "
                                    + (request.condition(type)["message"].string ?? ""))
                        }
                    }
                    return nil
                }
                group.addTask {
                    try await Task.sleep(until: deadline, clock: .continuous)
                    return nil
                }
                let first = try await group.next() ?? nil
                group.cancelAll()
                return first
            }
            if let found { return found }
            version = try await client.get(.certificateSigningRequests, namespace: nil, name: asked.name)
                .resourceVersion
        }
        throw Failure(
            "nobody approved \(asked.name) within \(Int(patience)) s: look at `kubectl get csr`, then `kubectl certificate approve`"
        )
    }
}
