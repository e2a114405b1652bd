// Damages tokens, certificate requests and certificates: `swift run -c release fuzz-credentials 1000000 [seed]`. None may end
// the process, no damaged token may be anybody's, and no damaged request may ask for something else than the one it was.

import API
import Client
import Glibc
import JSON
import Server
import Store
import TLS

let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) ?? 0 }
let iterations = arguments.first.map { Int($0) } ?? 100_000
let seed = arguments.dropFirst().first ?? UInt64.random(in: 0..<1_000_000)

var damage = Damage(seed: seed)

print("fuzz-credentials: \(iterations) of each, seed \(seed)")
var template = Array("/tmp/fuzz-credentials-XXXXXX".utf8CString)
mkdtemp(&template)
let directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
let kinds = try BuiltInKinds()
let store = try Store(
    backend: SQLiteBackend(path: directory + "/store.db"), attributes: APIServer.attributes(of: kinds))
let server = try APIServer(
    ServerConfiguration(adminToken: "fuzz", signingKey: try SigningKey(), authority: ""), store: store, kinds: kinds)
try await server.createSystemNamespaces()
let admin = LocalClient(server, user: "fuzz", groups: ["system:masters"])
var tokens: [String] = []
for name in ["one", "two"] {
    _ = try await admin.create(
        .serviceAccounts, namespace: "kube-system",
        ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": .string(name)]])
    let answer = try await admin.create(
        .serviceAccounts, namespace: "kube-system", name: name, subresource: "token",
        ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["audiences": []]])
    tokens.append(answer["status"]["token"].string ?? "")
}
_ = try await admin.create(
    .secrets, namespace: "kube-system",
    [
        "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
        "metadata": ["name": "bootstrap-token-abcdef"],
        "stringData": [
            "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true",
        ],
    ])
tokens.append("abcdef.0123456789abcdef")
for token in tokens { precondition(server.user(ofToken: token) != nil, "a good token is nobody's") }

let key = try PrivateKey()
let request = try CertificateRequest.make(
    commonName: "system:node:a", organizations: ["system:nodes"], dnsNames: ["a"], ipAddresses: ["192.0.2.1"], key: key)
let authority = try Authority.create(commonName: "fuzz")
let certificate = try authority.issueServer(commonName: "a", dnsNames: ["a"], ipAddresses: ["192.0.2.1"]).certificatePEM
let (requestDER, certificateDER) = (der(request), der(certificate))

func der(_ pem: String) -> [UInt8] {
    Base64.decode(pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()) ?? []
}
var failures = 0
for number in 0..<iterations {
    let token = damage.one(of: tokens)
    let wrong =
        token.utf8.count > 30
        ? damage.token(token, damage.one(of: tokens.prefix(2)))
        : String(decoding: damage.bytes(Array(token.utf8)), as: UTF8.self)
    if !tokens.contains(wrong), let user = server.user(ofToken: wrong) {
        print("violated: token \(number) is \(user)'s: \(wrong)")
        failures += 1
    }
    if let read = try? CertificateRequest(pem: damage.pem(request, requestDER, "CERTIFICATE REQUEST")),
        read.commonName != "system:node:a" || read.organizations != ["system:nodes"] || read.dnsNames != ["a"]
            || read.ipAddresses != ["192.0.2.1"]
    {
        print("violated: request \(number) asks for \(read.commonName) \(read.organizations) \(read.dnsNames)")
        failures += 1
    }
    if let read = try? Certificate(pem: damage.pem(certificate, certificateDER, "CERTIFICATE")) {
        _ = read.needsRenewal(authority: authority.certificate, dnsNames: ["a"], ipAddresses: ["192.0.2.1"])
    }
    if failures >= 20 { break }
}
await store.close()
for file in ["store.db", "store.db-wal", "store.db-shm"] { unlink(directory + "/" + file) }
rmdir(directory)
print(failures == 0 ? "fuzz-credentials: all is well" : "fuzz-credentials: \(failures) problems")
exit(failures == 0 ? 0 : 1)
