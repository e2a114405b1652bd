internal import API
internal import Client
internal import JSON

/// Says of each FlowSchema whether the priority level that it names is there (condition Dangling).
/// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
struct FlowSchemaController: ClusterController, Reconciler {
    private let client: any ObjectClient
    private let time: any TimeSource
    private let schemas: Reflector<Object>
    private let levels: Reflector<Bool>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, time) = (environment.client, environment.time)
        let (queue, schemas) = (
            environment.queue(), Reflector(environment.client, .flowSchemas, time: environment.time)
        )
        (self.queue, self.schemas) = (queue, schemas)
        levels = Reflector(client, .priorityLevelConfigurations, time: time) { _ in true }
        schemas.onChange { queue.add($0.key) }
        levels.onChange { change in
            guard change.old == nil || change.new == nil else { return }
            for (key, schema) in schemas.snapshot where Self.level(of: schema) == change.key { queue.add(key) }
        }
    }

    func run() async { await Controller("flow-schema", queue, self).run(following: [schemas, levels]) }

    private static func level(of schema: Object) -> String {
        schema["spec"]["priorityLevelConfiguration"]["name"].string ?? ""
    }

    func reconcile(_ name: String) async throws -> ReconcileResult {
        guard let schema = schemas[name] else { return .done }
        let level = Self.level(of: schema)
        let isThere = levels[level] != nil
        let condition = Condition(
            "Dangling", !isThere, reason: isThere ? "Found" : "NotFound",
            message: "The PriorityLevelConfiguration \"\(level)\" that this FlowSchema names "
                + (isThere ? "exists" : "does not exist: requests are not matched against this schema"))
        if schema.condition("Dangling")["status"].equals(isThere ? "False" : "True") { return .done }
        try await client.updateStatus(.flowSchemas, schema, schemas) { $0.setCondition(condition, now: time.now) }
        return .done
    }
}
