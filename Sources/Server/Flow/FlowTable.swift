internal import API
internal import JSON
internal import Store
internal import Synchronization

/// Which requests belong to which priority level: what the FlowSchemas and PriorityLevelConfigurations of the store say.
/// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
final class FlowTable: Sendable {
    /// How many seats all levels have together, as upstream's 400 requests in flight and 200 that change something.
    static let seats = 600
    /// A list takes a seat for each so many objects, and at most `maximumWidth`.
    static let objectsPerSeat = 100
    static let maximumWidth = 25

    /// Where a request runs.
    struct Place: Sendable {
        let schema: String
        let level: String
        /// Nil: at once.
        let flow: Flow?
        let distinguisher: Int

        var headers: [(String, String)] {
            schema.isEmpty
                ? [] : [("x-kubernetes-pf-flowschema-uid", schema), ("x-kubernetes-pf-prioritylevel-uid", level)]
        }
    }

    private struct Schema {
        let uid: String
        let precedence: Int
        let name: String
        let level: String
        let distinguisher: String
        let rules: [Rule]
    }

    private struct Rule {
        let users: [String]
        let groups: [String]
        let rules: [(rule: PolicyRule, isClusterWide: Bool, namespaces: [String])]

        init(_ rule: JSONRef) {
            var (users, groups): ([String], [String]) = ([], [])
            for subject in rule["subjects"].elements {
                let account = subject["serviceAccount"]
                if let name = subject["user"]["name"].string { users.append(name) }
                if let name = subject["group"]["name"].string { groups.append(name) }
                guard let name = account["name"].string, let namespace = account["namespace"].string else { continue }
                if name == "*" {
                    groups.append("system:serviceaccounts:" + namespace)
                } else {
                    users.append("system:serviceaccount:\(namespace):\(name)")
                }
            }
            (self.users, self.groups) = (users, groups)
            rules = ["resourceRules", "nonResourceRules"].flatMap { kind in
                rule[kind].elements.map {
                    (PolicyRule($0), $0["clusterScope"].bool == true, $0["namespaces"].elements.compactMap(\.string))
                }
            }
        }

        func matches(_ caller: Caller, _ request: RequestAttributes) -> Bool {
            guard
                users.contains(where: { $0 == caller.user || $0 == "*" })
                    || groups.contains(where: { $0 == "*" || caller.groups.contains($0) })
            else { return false }
            return rules.contains { rule, isClusterWide, namespaces in
                guard rule.allows(request) else { return false }
                guard request.isResource else { return true }
                return request.namespace.isEmpty
                    ? isClusterWide : namespaces.contains { $0 == "*" || $0 == request.namespace }
            }
        }
    }

    private struct State {
        var version = Int64(-1)
        var schemas: [Schema] = []
        var flows: [String: (uid: String, flow: Flow?)] = [:]
    }
    private let state = Mutex(State())
    private let store: Store
    private let watchers: [Watcher]
    /// Counts what was written to either resource.
    private let writes: Counter
    /// For what no schema is for.
    private let rest = Flow(.init(seats: 20, queues: 1, queueLength: 200))

    private static let resources = ["flowschemas", "prioritylevelconfigurations"].map {
        $0 + ".flowcontrol.apiserver.k8s.io"
    }

    private final class Counter: Sendable {
        let value = Atomic<Int64>(0)
    }

    init(_ store: Store) throws(StoreError) {
        let writes = Counter()
        (self.store, self.writes) = (store, writes)
        var watchers: [Watcher] = []
        for name in Self.resources {
            let revision = try store.list(name).revision
            watchers.append(
                try store.watch(name, from: revision) { writes.value.wrappingAdd(1, ordering: .relaxed) })
        }
        self.watchers = watchers
    }

    func place(_ caller: Caller, _ request: RequestAttributes) -> Place {
        state.withLock { state in
            let version = writes.value.load(ordering: .relaxed)
            if state.version != version {
                state.version = version
                read(&state)
            }
            guard let schema = state.schemas.first(where: { $0.rules.contains { $0.matches(caller, request) } }),
                let level = state.flows[schema.level]
            else { return Place(schema: "", level: "", flow: rest, distinguisher: 0) }
            var hasher = Hasher()
            hasher.combine(schema.name)
            if schema.distinguisher == "ByUser" { hasher.combine(caller.user) }
            if schema.distinguisher == "ByNamespace" { hasher.combine(request.namespace) }
            return Place(
                schema: schema.uid, level: level.uid, flow: level.flow, distinguisher: hasher.finalize())
        }
    }

    /// Rare: someone changed the configuration.
    private func read(_ state: inout State) {
        for watcher in watchers {
            var events: [StoreEvent] = []
            repeat {
                events.removeAll(keepingCapacity: true)
                _ = watcher.drain(into: &events)
            } while !events.isEmpty
        }
        func objects(_ resource: String) -> [JSONRef] {
            ((try? store.list(resource))?.objects ?? []).compactMap { (try? JSONDocument($0.bytes))?.root }
        }
        func shares(_ level: JSONRef) -> Int {
            level["spec"]["limited"]["nominalConcurrencyShares"].int
                ?? level["spec"]["exempt"]["nominalConcurrencyShares"].int ?? 0
        }
        let levels = objects(Self.resources[1])
        let sum = max(1, levels.map(shares).reduce(0, +))
        var flows: [String: (uid: String, flow: Flow?)] = [:]
        for level in levels {
            let metadata = level["metadata"]
            let (name, uid) = (metadata["name"].string ?? "", metadata["uid"].string ?? "")
            guard level["spec"]["type"].equals("Limited") else {
                flows[name] = (uid, nil)
                continue
            }
            let queuing = level["spec"]["limited"]["limitResponse"]["queuing"]
            let limits = Flow.Limits(
                seats: max(1, (Self.seats * shares(level) + sum - 1) / sum), queues: queuing["queues"].int ?? 0,
                handSize: min(queuing["handSize"].int ?? 1, 15), queueLength: queuing["queueLengthLimit"].int ?? 0)
            let flow = state.flows[name]?.flow ?? Flow(limits)
            if flow.limits != limits { flow.limits = limits }
            flows[name] = (uid, flow)
        }
        state.flows = flows
        state.schemas = objects(Self.resources[0]).map { schema in
            let (metadata, spec) = (schema["metadata"], schema["spec"])
            return Schema(
                uid: metadata["uid"].string ?? "", precedence: spec["matchingPrecedence"].int ?? 1000,
                name: metadata["name"].string ?? "", level: spec["priorityLevelConfiguration"]["name"].string ?? "",
                distinguisher: spec["distinguisherMethod"]["type"].string ?? "",
                rules: spec["rules"].elements.map(Rule.init))
        }.filter { flows[$0.level] != nil }.sorted { ($0.precedence, $0.name) < ($1.precedence, $1.name) }
    }
}
