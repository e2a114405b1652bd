internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Keeps `status.used` of ResourceQuotas. What is created the API server charges itself, before it writes; here everything is
/// counted anew when a quota changes and when something is gone.
/// https://kubernetes.io/docs/concepts/policy/resource-quotas/
final class ResourceQuotaController: ClusterController, Reconciler {
    /// After a charge the object that was paid for needs a moment to come up in the watch, in seconds.
    static let settling = 1.0

    private struct Followed {
        let reflector: Reflector<QuotaItem>
        let run: Task<Void, Never>
    }
    private struct State {
        /// By resource with group. Only resources that a quota names are followed.
        var followed: [String: Followed] = [:]
        /// Items by resource, namespace and key.
        var items: [String: [String: [String: QuotaItem]]] = [:]
        /// When the server charged each quota last (uptime).
        var charged: [String: Double] = [:]
    }
    private let state = Mutex(State())
    private let environment: Environment
    private let client: any ObjectClient
    private let time: any TimeSource
    private let quotas: Reflector<Object>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        self.environment = environment
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        quotas = Reflector(client, .resourceQuotas, time: time)
        quotas.onChange { [weak self] in self?.quotaChanged($0) }
    }

    func run() async {
        await Controller("resourcequota", queue, workers: 2, self).run(following: [quotas])
        for followed in state.withLock({ Array($0.followed.values) }) { followed.run.cancel() }
    }

    private func quotaChanged(_ change: Reflector<Object>.Change) {
        guard let quota = change.new else { return state.withLock { $0.charged[change.key] = nil } }
        if let old = change.old, old["spec"].value == quota["spec"].value {
            if old["status"]["used"].value == quota["status"]["used"].value { return }
            state.withLock { $0.charged[change.key] = time.uptime }
            queue.add(change.key, after: Self.settling)
        } else {
            queue.add(change.key)
        }
    }

    private func itemChanged(_ resource: String, _ change: Reflector<QuotaItem>.Change) {
        guard let namespace = splitKey(change.key).namespace else { return }
        state.withLock { $0.items[resource, default: [:]][namespace, default: [:]][change.key] = change.new }
        // New ones were charged by the server.
        if let old = change.old, old.usage == change.new?.usage { return }
        if change.old == nil, quotas.hasSynced, state.withLock({ $0.followed[resource]?.reflector.hasSynced == true }) {
            return
        }
        for key in quotas.keys where splitKey(key).namespace == namespace { queue.add(key) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        let uptime = time.uptime
        if let charged = state.withLock({ $0.charged[key] }), uptime - charged < Self.settling {
            return .requeue(after: Self.settling - (uptime - charged))
        }
        guard let quota = quotas[key] else { return .done }
        let hard = quota["spec"]["hard"]
        for resource in Set(hard.members.map { QuotaItem.resource(of: $0.key) }) { await follow(resource) }

        var used: [String: Quantity] = [:]
        let names = Set(hard.members.map(\.key))
        let items = state.withLock { state in
            Set(names.map(QuotaItem.resource)).flatMap { state.items[$0]?[quota.namespace]?.values.map { $0 } ?? [] }
        }
        for item in items where item.matches(quota: quota["spec"]) {
            for (name, amount) in item.usage where names.contains(name) { used[name, default: .zero] += amount }
        }
        var status: JSONValue = ["hard": hard.value, "used": [:]]
        for (name, _) in hard.members { status["used"][name] = .string((used[name] ?? .zero).canonical) }
        if status == quota["status"].value { return .done }
        var object = quota.value
        object["status"] = status
        do throws(StatusError) {
            _ = try await client.update(
                .resourceQuotas, namespace: quota.namespace, name: quota.name, subresource: "status", object)
        } catch {
            // Charged in between; the watch brings that, and this key again.
            if error.reason == "Conflict" { return .requeue(after: Self.settling) }
            if error.code != 404 { throw error }
        }
        return .done
    }

    /// Returns when the resource's objects are known; at once when there is no such resource.
    private func follow(_ resource: String) async {
        if let known = state.withLock({ $0.followed[resource] }) { return await known.reflector.waitForSync() }
        let parts = resource.split(separator: ".", maxSplits: 1)
        guard
            let name = await environment.resources().first(where: {
                $0.plural == parts[0] && $0.group == (parts.count == 2 ? parts[1] : "")
            })
        else { return }
        let same = ["pods", "services", "persistentvolumeclaims"].contains(resource) ? nil : QuotaItem(anyOf: resource)
        let reflector = Reflector(client, name, time: time) { same ?? QuotaItem($0.root, resource: resource) }
        reflector.onChange { [weak self] in self?.itemChanged(resource, $0) }
        let run = state.withLock { state in
            if let known = state.followed[resource] { return known }
            let made = Followed(reflector: reflector, run: Task { await reflector.run() })
            state.followed[resource] = made
            return made
        }
        await run.reflector.waitForSync()
    }
}
