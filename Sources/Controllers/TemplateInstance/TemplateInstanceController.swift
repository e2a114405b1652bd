internal import API
internal import Client
internal import JSON

/// Brings a Template to life: makes its objects with the rights of whoever asked for the instance, waits for those that ask to
/// be waited for, and takes them all away with the instance.
/// https://docs.openshift.com/container-platform/latest/rest_api/template_apis/templateinstance-template-openshift-io-v1.html
struct TemplateInstanceController: ClusterController, Reconciler {
    static let finalizer = "template.openshift.io/finalizer"
    static let waitForReady = "template.alpha.openshift.io/wait-for-ready"
    /// Seconds between two looks at objects that are not ready yet.
    static let patience = 2.0

    private let client: any ObjectClient
    private let time: any TimeSource
    private let parties: ClusterParties
    private let instances: Reflector<Object>
    private let queue: WorkQueue<String>

    init(_ environment: Environment) {
        (client, time, parties) = (environment.client, environment.time, environment.parties)
        let queue = environment.queue()
        self.queue = queue
        instances = Reflector(client, .templateInstances, time: time)
        instances.onChange { queue.add($0.key) }
    }

    func run() async { await Controller("template-instance", queue, workers: 2, self).run(following: [instances]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let instance = instances[key] else { return .done }
        if instance.isBeingDeleted { return try await takeDown(instance) }
        if instance.condition("InstantiateFailure")["status"].equals("True")
            || instance.condition("Ready")["status"].equals("True")
        {
            return .done
        }
        do {
            var made = try await found(instance) ?? []
            if made.isEmpty { made = try await make(instance) }
            guard let problem = try await unready(made, requester(of: instance)) else {
                try await tell(instance, Condition("Ready", true, reason: "Created"))
                return .done
            }
            if let failure = problem.failure { throw Template.Failure(description: failure) }
            try await tell(
                instance, Condition("Ready", false, reason: "Waiting", message: "waiting for \(problem.name)"))
            return .requeue(after: Self.patience)
        } catch let error as StatusError where error.code >= 500 || error.code == 429 {
            throw error
        } catch {
            try await tell(
                instance,
                Condition(
                    "Ready", false, reason: "Failed", message: "See InstantiateFailure condition for error message"))
            try await tell(instance, Condition("InstantiateFailure", true, reason: "Failed", message: "\(error)"))
            return .done
        }
    }

    /// The API as whoever asked for the instance sees it: all that is done to its objects is done with their rights.
    private func requester(of instance: Object) -> any ObjectClient {
        let requester = instance["spec"]["requester"]
        return parties.client(
            requester["username"].string ?? "", requester["groups"].elements.compactMap(\.string))
    }

    // MARK: Making

    private typealias Made = (resource: ResourceName, object: Object)

    /// What the instance made, when that is all. What is left of an attempt that was cut off goes: values that were made up are
    /// known to nobody any more, so its objects and new ones would not belong together.
    private func found(_ instance: Object) async throws -> [Made]? {
        let current = try await client.get(.templateInstances, namespace: instance.namespace, name: instance.name)
        let references = current["status"]["objects"].elements.map { $0["ref"] }
        if references.isEmpty { return nil }
        guard references.count == instance["spec"]["template"]["objects"].count else {
            _ = try await remove(current, "Background")
            try await client.modify(
                .templateInstances, namespace: instance.namespace, name: instance.name, subresource: "status"
            ) { object in
                object["status"].remove("objects")
                return true
            }
            return nil
        }
        let user = requester(of: instance)
        var made: [Made] = []
        for reference in references {
            guard
                let (resource, _) = parties.resource(
                    reference["apiVersion"].string ?? "v1", reference["kind"].string ?? "")
            else { continue }
            do throws(StatusError) {
                made.append(
                    (
                        resource,
                        try await user.get(
                            resource, namespace: reference["namespace"].string, name: reference["name"].string ?? "")
                    ))
            } catch { if error.code != 404 { throw error } }
        }
        return made
    }

    private func make(_ instance: Object) async throws -> [Made] {
        let user = requester(of: instance)
        var template = instance["spec"]["template"].value
        template["kind"] = "Template"
        template["apiVersion"] = .string(Template.apiVersion)
        var values: [String: String] = [:]
        if let name = instance["spec"]["secret"]["name"].string {
            let secret = try await user.get(.secrets, namespace: instance.namespace, name: name)
            for (key, value) in secret["data"].members {
                values[key] = String(decoding: Base64Text.decode(value.string ?? "") ?? [], as: UTF8.self)
            }
        }
        var random = SystemRandomNumberGenerator()
        let (objects, _, _) = try Template(template).process(values: values, using: &random)
        var places: [(ResourceName, String?, JSONValue)] = []
        for (index, object) in objects.enumerated() {
            let (version, kind) = (object["apiVersion"].string ?? "v1", object["kind"].string ?? "")
            guard let (resource, isNamespaced) = parties.resource(version, kind) else {
                throw Template.Failure(
                    description: "objects[\(index)]: this cluster has no kind \(kind) in \(version)")
            }
            let own = object["metadata"]["namespace"].string
            places.append((resource, isNamespaced ? own ?? instance.namespace : nil, object))
        }
        var made: [Made] = []
        for (resource, namespace, object) in places {
            var object = object
            if let namespace { object["metadata"]["namespace"] = .string(namespace) }
            object["metadata"]["annotations"][Self.owner] = .string(instance.uid)
            do throws(StatusError) {
                made.append((resource, try await user.create(resource, namespace: namespace, object)))
            } catch {
                // Made in an attempt that was cut off before it was written down.
                guard error.reason == "AlreadyExists", let name = object["metadata"]["name"].string,
                    case let there = try await user.get(resource, namespace: namespace, name: name),
                    there.annotation(Self.owner) == instance.uid
                else { throw error }
                try await user.delete(resource, namespace: namespace, name: name, DeleteOptions(uid: there.uid))
                made.append((resource, try await user.create(resource, namespace: namespace, object)))
            }
            // Written down at once: what is made must be found when the instance goes.
            try await note(instance, made)
        }
        return made
    }

    /// Says which instance an object belongs to.
    private static let owner = "template.openshift.io/template-instance-owner"

    private static func references(_ made: [Made]) -> JSONValue {
        .array(
            made.map { resource, object in
                var reference: JSONValue = [
                    "kind": object["kind"].value, "apiVersion": object["apiVersion"].value,
                    "name": .string(object.name), "uid": .string(object.uid),
                ]
                if !object.namespace.isEmpty { reference["namespace"] = .string(object.namespace) }
                return ["ref": reference]
            })
    }

    private func note(_ instance: Object, _ made: [Made]) async throws(StatusError) {
        let references = Self.references(made)
        try await client.modify(
            .templateInstances, namespace: instance.namespace, name: instance.name, subresource: "status"
        ) { object in
            guard (object["status"]["objects"].array?.count ?? 0) < made.count else { return false }
            object["status"]["objects"] = references
            return true
        }
    }

    private func tell(_ instance: Object, _ condition: Condition) async throws(StatusError) {
        try await client.modify(
            .templateInstances, namespace: instance.namespace, name: instance.name, subresource: "status"
        ) { [now = time.now] object in
            guard object["metadata"]["uid"].string == instance.uid else { return false }
            return object.setCondition(condition, now: now)
        }
    }

    // MARK: Waiting

    /// The first object that asks to be waited for and is not ready.
    private func unready(_ made: [Made], _ user: any ObjectClient) async throws -> (name: String, failure: String?)? {
        for (resource, object) in made where object.annotation(Self.waitForReady) == "true" {
            let now = try await user.get(resource, namespace: object.namespace, name: object.name)
            let (spec, status) = (now["spec"], now["status"])
            let name = "\(resource.plural)/\(object.name)"
            let isCurrent = (status["observedGeneration"].int ?? 0) >= now.generation
            let wanted = spec["replicas"].int ?? 1
            let isReady: Bool
            switch resource {
            case .deployments:
                let progress = now.condition("Progressing")
                if progress["reason"].equals("ProgressDeadlineExceeded") {
                    return (name, "readiness failed on \(now["kind"].string ?? "") \(now.namespace)/\(now.name)")
                }
                isReady =
                    isCurrent && (status["updatedReplicas"].int ?? 0) >= wanted
                    && (status["availableReplicas"].int ?? 0) >= wanted
            case .statefulSets, .replicationControllers, .replicaSets:
                isReady = isCurrent && (status["readyReplicas"].int ?? 0) >= wanted
            case .jobs:
                if now.condition("Failed")["status"].equals("True") {
                    return (name, "readiness failed on Job \(now.namespace)/\(now.name)")
                }
                isReady = now.condition("Complete")["status"].equals("True")
            default: isReady = true
            }
            if !isReady { return (name, nil) }
        }
        return nil
    }

    // MARK: The end

    private func takeDown(_ instance: Object) async throws -> ReconcileResult {
        guard instance.finalizers.contains(Self.finalizer) else { return .done }
        if try await remove(instance, "Foreground") { return .requeue(after: 1) }
        try await client.modify(.templateInstances, namespace: instance.namespace, name: instance.name) { object in
            guard object["metadata"]["uid"].string == instance.uid,
                let index = object["metadata"]["finalizers"].array?.firstIndex(of: .string(Self.finalizer))
            else { return false }
            object["metadata"]["finalizers"].array?.remove(at: index)
            return true
        }
        return .done
    }

    /// Deletes what the instance made, as far as its requester may still do that. Returns whether something is still on its way
    /// out.
    private func remove(_ instance: Object, _ policy: String) async throws(StatusError) -> Bool {
        let user = requester(of: instance)
        var isLeft = false
        for entry in instance["status"]["objects"].elements {
            let reference = entry["ref"]
            guard let name = reference["name"].string, let uid = reference["uid"].string,
                let (resource, _) = parties.resource(
                    reference["apiVersion"].string ?? "v1", reference["kind"].string ?? "")
            else { continue }
            do throws(StatusError) {
                let rest = try await user.delete(
                    resource, namespace: reference["namespace"].string, name: name,
                    DeleteOptions(propagationPolicy: policy, uid: uid))
                if rest?.isBeingDeleted == true { isLeft = true }
            } catch { if ![403, 404, 409].contains(error.code) { throw error } }
        }
        return isLeft
    }
}
