internal import API
internal import JSON
internal import Store
internal import Synchronization
internal import TLS

/// The webhooks of the cluster, read again when their configurations change, and asked about what they want to know.
/// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
final class Webhooks: Sendable {
    private static let group = ".admissionregistration.k8s.io"
    private static let mutating = "mutatingwebhookconfigurations" + group
    private static let validating = "validatingwebhookconfigurations" + group

    private struct State {
        var mutating: [Webhook] = []
        var validating: [Webhook] = []
    }
    private let store: Store
    private let state = Mutex(State())
    private let isStale: StaleFlag
    private let watchers: [Watcher]

    init(_ store: Store) throws(StoreError) {
        let isStale = StaleFlag()
        var watchers: [Watcher] = []
        for resource in [Self.mutating, Self.validating] {
            watchers.append(try store.watch(resource, from: store.revision) { isStale.raise() })
        }
        (self.store, self.isStale, self.watchers) = (store, isStale, watchers)
    }

    private func current(_ list: KeyPath<State, [Webhook]>) -> [Webhook] {
        state.withLock { state in
            if isStale.lower() {
                var ignored: [StoreEvent] = []
                for watcher in watchers { _ = watcher.drain(into: &ignored) }
                state = State(mutating: read(Self.mutating), validating: read(Self.validating))
            }
            return state[keyPath: list]
        }
    }

    /// In the order of the configurations' names.
    private func read(_ resource: String) -> [Webhook] {
        ((try? store.list(resource))?.objects ?? []).flatMap { stored in
            ((try? JSONDocument(stored.bytes))?.root ?? .missing)["webhooks"].elements.map(Webhook.init)
        }
    }

    /// Webhooks are not asked about what says which webhooks are asked: a broken one could not be removed any more.
    private static func isExempt(_ resource: ServedResource) -> Bool { resource.storeName.hasSuffix(group) }

    var isEmpty: Bool { current(\.mutating).isEmpty && current(\.validating).isEmpty }

    // MARK: Changing

    /// Lets webhooks change the object of an attempt, one after the other; those that want to hear of later changes once more.
    /// - Returns: warnings for the client.
    func mutate(_ attempt: inout Attempt) async throws(StatusError) -> [String] {
        let webhooks = current(\.mutating)
        if webhooks.isEmpty || Self.isExempt(attempt.resource) { return [] }
        var warnings: [String] = []
        /// How many changes there were when a webhook was last asked.
        var seen: [Int: Int] = [:]
        var changes = 0
        for (index, webhook) in webhooks.enumerated() {
            guard try await ask(webhook, &attempt, &changes, &warnings) else { continue }
            seen[index] = changes
        }
        for (index, webhook) in webhooks.enumerated() where webhook.isAskedAgain {
            guard let before = seen[index], before < changes else { continue }
            _ = try await ask(webhook, &attempt, &changes, &warnings)
        }
        return warnings
    }

    /// False when the webhook does not want to know.
    private func ask(
        _ webhook: Webhook, _ attempt: inout Attempt, _ changes: inout Int, _ warnings: inout [String]
    ) async throws(StatusError) -> Bool {
        guard let form = webhook.form(of: attempt) else { return false }
        guard let answer = try await answer(webhook, attempt, form) else { return true }
        warnings += answer.warnings
        guard let patch = answer.patch, !attempt.object.isNull, attempt.operation != .connect else { return true }
        let changed: JSONValue
        do throws(StatusError) { changed = try apply(patch, to: attempt.object, form, attempt.server) } catch {
            try Self.fail(webhook, "failed to apply its patch: \(error.message)")
            return true
        }
        if changed != attempt.object {
            attempt.object = changed
            changes += 1
        }
        return true
    }

    /// The object with the patch applied to the form that the webhook has seen. Who it is stays.
    private func apply(_ patch: JSONPatch, to object: JSONValue, _ form: ServedResource, _ server: APIServer)
        throws(StatusError) -> JSONValue
    {
        var value = form.servedForm(object)
        try patch.apply(to: &value)
        value["apiVersion"] = .string(form.definition.apiVersion)
        value["kind"] = .string(form.kind)
        var options = WriteOptions()
        options.fieldValidation = .ignore
        var changed = try server.decode(.value(value), as: form, options).object
        for field in ["name", "generateName", "namespace", "uid", "creationTimestamp", "generation", "managedFields"] {
            if object["metadata"].has(field) {
                changed["metadata"][field] = object["metadata"][field]
            } else {
                changed["metadata"].remove(field)
            }
        }
        return changed
    }

    // MARK: Refusing

    /// Asks all webhooks at once that want to know.
    /// - Returns: warnings for the client.
    func validate(_ attempt: Attempt) async throws(StatusError) -> [String] {
        let webhooks = current(\.validating)
        if webhooks.isEmpty || Self.isExempt(attempt.resource) { return [] }
        let asked = webhooks.compactMap { webhook in webhook.form(of: attempt).map { (webhook, $0) } }
        if asked.isEmpty { return [] }
        let answers = await withTaskGroup { group in
            for (index, (webhook, form)) in asked.enumerated() {
                group.addTask { () -> (Int, Result<WebhookAnswer?, StatusError>) in
                    do throws(StatusError) {
                        return (index, .success(try await self.answer(webhook, attempt, form)))
                    } catch { return (index, .failure(error)) }
                }
            }
            var answers: [Int: Result<WebhookAnswer?, StatusError>] = [:]
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
        var warnings: [String] = []
        for index in asked.indices { warnings += try answers[index]?.get()?.warnings ?? [] }
        return warnings
    }

    /// Nil when the webhook fails and that is no matter.
    private func answer(_ webhook: Webhook, _ attempt: Attempt, _ form: ServedResource) async throws(StatusError)
        -> WebhookAnswer?
    {
        if webhook.hasConditions {
            try Self.fail(webhook, "this server does not evaluate matchConditions (CEL)")
            return nil
        }
        let uid = Random.uuid()
        let review = attempt.review(uid, as: form, version: webhook.version)
        let answer: WebhookAnswer
        do throws(WebhookFailure) { answer = try await webhook.ask(review, uid: uid, attempt.server) } catch {
            try Self.fail(webhook, error.message)
            return nil
        }
        if answer.isAllowed { return answer }
        throw Self.refusal(webhook, answer.status)
    }

    private static func fail(_ webhook: Webhook, _ problem: String) throws(StatusError) {
        if webhook.isIgnoredWhenItFails { return }
        throw .internalError("Internal error occurred: failed calling webhook \"\(webhook.name)\": \(problem)")
    }

    private static func refusal(_ webhook: Webhook, _ status: JSONValue) -> StatusError {
        let (message, reason) = (status["message"].string ?? "", status["reason"].string ?? "")
        let why = message.isEmpty ? reason : message
        let code = status["code"].int ?? 0
        return StatusError(
            code: code >= 400 ? code : 403, reason: reason.isEmpty && code < 400 ? "Forbidden" : reason,
            message: "admission webhook \"\(webhook.name)\" denied the request"
                + (why.isEmpty ? " without explanation" : ": " + why))
    }
}

extension APIServer {
    /// Asks the webhooks that may change an object; whatever they made of it goes through the other steps again.
    /// - Returns: warnings for the client.
    func mutate(
        _ object: inout JSONValue, old: JSONValue?, _ context: WriteContext
    ) async throws(StatusError) -> [String] {
        if webhooks.isEmpty { return [] }
        var attempt = Attempt(object, old: old, context)
        let warnings = try await webhooks.mutate(&attempt)
        if attempt.object == object { return warnings }
        object = attempt.object
        for step in admission { try step.admit(&object, old: old, context) }
        return warnings
    }

    /// Asks the webhooks that may refuse a write.
    func check(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) async throws(StatusError) -> [String] {
        webhooks.isEmpty ? [] : try await webhooks.validate(Attempt(object, old: old, context))
    }

    /// Asks all webhooks about something that writes no object of its own: a deletion, or a connection.
    func check(_ attempt: Attempt) async throws(StatusError) -> [String] {
        if webhooks.isEmpty { return [] }
        var attempt = attempt
        let warnings = try await webhooks.mutate(&attempt)
        return warnings + (try await webhooks.validate(attempt))
    }
}

extension Attempt {
    /// A write of an object.
    fileprivate init(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) {
        let (head, tail) = context.options.apiVersion.splitOnce("/")
        let requested = context.server.registry.find(
            group: tail.isEmpty ? "" : head, version: tail.isEmpty ? head : tail,
            name: context.resource.definition.name[...])
        let kind = old == nil ? "CreateOptions" : context.options.isPatch ? "PatchOptions" : "UpdateOptions"
        var options: JSONValue = ["kind": .string(kind), "apiVersion": "meta.k8s.io/v1"]
        if context.options.isDryRun { options["dryRun"] = ["All"] }
        if !context.options.fieldManager.isEmpty { options["fieldManager"] = .string(context.options.fieldManager) }
        self.init(
            old == nil ? .create : .update, requested ?? context.resource, namespace: context.namespace,
            name: object["metadata"]["name"].string ?? "",
            subresource: context.options.managedSubresource ?? context.subresource, context.caller, options: options,
            isDryRun: context.options.isDryRun, object: object, old: old ?? .null, context.server)
    }
}
