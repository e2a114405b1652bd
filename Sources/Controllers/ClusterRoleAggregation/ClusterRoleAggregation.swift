internal import API
internal import Client
internal import JSON

/// Gives ClusterRoles with an `aggregationRule` the rules of those that it selects.
/// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
struct ClusterRoleAggregation: ClusterController, Reconciler {
    struct Role: Sendable {
        let labels: [String: String]
        let selectors: [LabelSelector]

        init(_ role: Object) {
            labels = Dictionary(role.metadata["labels"].members.map { ($0.key, $0.value.string ?? "") }) { $1 }
            selectors = role["aggregationRule"]["clusterRoleSelectors"].elements.map { LabelSelector($0) }
        }

        func selects(_ other: Role) -> Bool { selectors.contains { $0.matches { other.labels[$0] } } }
    }

    private let client: any ObjectClient
    private let roles: Reflector<Role>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        client = environment.client
        let queue = environment.queue()
        self.queue = queue
        let roles = Reflector(client, .clusterRoles, time: environment.time) { Role($0) }
        self.roles = roles
        roles.onChange { [weak roles] change in
            for (key, role) in roles?.snapshot ?? [:] where !role.selectors.isEmpty {
                if key == change.key || [change.old, change.new].contains(where: { $0.map(role.selects) ?? false }) {
                    queue.add(key)
                }
            }
        }
    }

    func run() async { await Controller("clusterrole-aggregation", queue, self).run(following: [roles]) }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        guard let role = roles[name], !role.selectors.isEmpty else { return .done }
        var rules: [JSONValue] = []
        do throws(StatusError) {
            for (other, found) in roles.snapshot.sorted(by: { $0.key < $1.key })
            where other != name && role.selects(found) {
                for rule in try await client.get(.clusterRoles, namespace: nil, name: other)["rules"].elements.map(
                    \.value)
                where !rules.contains(rule) { rules.append(rule) }
            }
            let wanted = rules
            try await client.modify(.clusterRoles, namespace: nil, name: name) { object in
                if object["rules"].array ?? [] == wanted || object["aggregationRule"].isNull { return false }
                object["rules"] = .array(wanted)
                return true
            }
        } catch { if error.code != 404 { throw error } }
        return .done
    }
}
