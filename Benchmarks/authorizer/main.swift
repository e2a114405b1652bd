// Measures what a decision of the authorizer costs with 1,000 roles and as many bindings. Run it in a release build:
//     bench-authorizer [-o json]

import API
import Client
import Glibc
import JSON
import Server
import Store
import TLS

let roles = 1000
let goal = 5.0

func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Microseconds of CPU for each call.
func measure(_ count: Int = 200_000, _ body: (Int) -> Void) -> Double {
    let start = cpuSeconds()
    for number in 0..<count { body(number) }
    return (cpuSeconds() - start) / Double(count) * 1e6
}

let kinds = try BuiltInKinds()
var template = Array("/tmp/bench-authorizer-XXXXXX".utf8CString)
mkdtemp(&template)
let directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
let store = try Store(
    backend: SQLiteBackend(path: directory + "/store.db"), attributes: APIServer.attributes(of: kinds))
let configuration = ServerConfiguration(adminToken: "none", signingKey: try SigningKey(), authority: "")
let server = try APIServer(configuration, store: store, kinds: kinds)
await server.reconcileDefaultRoles()
let admin = LocalClient(server, user: "bench", groups: ["system:masters"])
let group = "rbac.authorization.k8s.io"
let apiVersion: JSONValue = "rbac.authorization.k8s.io/v1"
for number in 0..<roles {
    // Each user has ten bindings, and all have one by their group.
    let name: JSONValue = .string("role-\(number)")
    _ = try await admin.create(
        ResourceName("clusterroles", group: group), namespace: nil,
        [
            "apiVersion": apiVersion, "kind": "ClusterRole", "metadata": ["name": name],
            "rules": [
                ["apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]],
                ["apiGroups": ["apps"], "resources": [.string("kind\(number)")], "verbs": ["get", "list", "watch"]],
            ],
        ])
    let user =
        number == 0
        ? ["kind": "Group", "name": "everybody"]
        : ["kind": "User", "name": .string("user-\(number / 10)")] as JSONValue
    _ = try await admin.create(
        ResourceName("clusterrolebindings", group: group), namespace: nil,
        [
            "apiVersion": apiVersion, "kind": "ClusterRoleBinding", "metadata": ["name": name], "subjects": [user],
            "roleRef": ["apiGroup": .string(group), "kind": "ClusterRole", "name": name],
        ])
}

let groups = ["everybody", "system:authenticated"]
func decide(_ verb: String, _ resource: String, expected: Bool) -> Double {
    measure { number in
        let user = "user-\(number % (roles / 10))"
        let allowed = server.allows(user: user, groups: groups, verb: verb, group: "apps", resource: resource)
        precondition(allowed == expected)
    }
}
let results: [(String, Double)] = [
    (
        "allowed",
        measure { number in
            let last = number % (roles / 10) * 10 + 9
            precondition(
                server.allows(
                    user: "user-\(last / 10)", groups: groups, verb: "list", group: "apps", resource: "kind\(last)"))
        }
    ),
    ("refused", decide("delete", "deployments", expected: false)),
]
if CommandLine.arguments.contains("json") {
    let values = results.map { "\"\($0.0)_us\": \(($0.1 * 100).rounded() / 100)" }.joined(separator: ", ")
    print("{\"roles\": \(roles), \"goal_us\": \(goal), \(values)}")
} else {
    print(
        "a decision of the authorizer, with \(roles) roles and bindings besides the default ones (goal: \(goal) us of CPU):"
    )
    for (name, us) in results { print("  \(name): \((us * 100).rounded() / 100) us") }
}
await store.close()
for file in ["store.db", "store.db-wal", "store.db-shm"] { unlink(directory + "/" + file) }
rmdir(directory)
exit(results.allSatisfy { $0.1 <= goal } ? 0 : 1)
