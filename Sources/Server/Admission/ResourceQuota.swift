internal import API
internal import JSON
internal import Store

/// Nothing is written that its namespace's ResourceQuotas have no room for. The quotas are charged before the write, each by
/// compare and swap: two writers that both see the last free place cannot both take it.
/// https://kubernetes.io/docs/concepts/policy/resource-quotas/
struct QuotaCharge {
    private struct Part {
        let key: String
        let amounts: [String: Quantity]
    }
    private var parts: [Part] = []

    /// Charges what `object` uses more than `old`; only asks when this is a dry run.
    static func take(_ object: JSONValue, old: JSONValue?, _ context: WriteContext) async throws(StatusError)
        -> QuotaCharge
    {
        var charge = QuotaCharge()
        let server = context.server
        guard let namespace = context.namespace, context.subresource == nil || context.subresource == "resize",
            server.store.count("resourcequotas") > 0
        else { return charge }
        let resource = context.resource.storeName
        if old != nil, !["pods", "services", "persistentvolumeclaims"].contains(resource) { return charge }
        let quotas = (try? server.store.list("resourcequotas", prefix: namespace + "/"))?.objects ?? []
        if quotas.isEmpty { return charge }
        guard let new = try? JSONDocument(object.encoded()).root else { return charge }
        let item = QuotaItem(new, resource: resource)
        let before = old.flatMap { try? JSONDocument($0.encoded()).root }.map { QuotaItem($0, resource: resource) }
        for stored in quotas {
            guard let quota = try? Object(parsing: stored.bytes), item.matches(quota: quota["spec"]) else { continue }
            let names = Set(quota["spec"]["hard"].members.map(\.key))
            if resource == "pods", let missing = QuotaItem.missing(in: new, of: names) {
                await charge.giveBack(server)
                throw refusal(new, context, "failed quota: \(quota.name): \(missing)")
            }
            var amounts = item.usage.filter { names.contains($0.key) }
            if let before, before.matches(quota: quota["spec"]) {
                for (name, amount) in before.usage { amounts[name] = amounts[name].map { $0 - amount } }
            }
            amounts = amounts.filter { $0.value > .zero }
            if amounts.isEmpty { continue }
            do throws(StatusError) {
                try await add(amounts, to: stored.key, new, context)
            } catch {
                await charge.giveBack(server)
                throw error
            }
            if !context.options.isDryRun { charge.parts.append(Part(key: stored.key, amounts: amounts)) }
        }
        return charge
    }

    /// The write did not come about.
    func giveBack(_ server: APIServer) async {
        for part in parts {
            try? await Self.edit(part.key, server) { (quota) throws(StatusError) in
                for (name, amount) in part.amounts {
                    guard let used = quota["status"]["used"][name].string.flatMap(Quantity.init) else { continue }
                    let rest = used - amount
                    quota["status"]["used"][name] = .string((rest.isNegative ? .zero : rest).canonical)
                }
            }
        }
    }

    private static func add(
        _ amounts: [String: Quantity], to key: String, _ object: JSONRef, _ context: WriteContext
    ) async throws(StatusError) {
        try await edit(key, context.server, isDryRun: context.options.isDryRun) { (quota) throws(StatusError) in
            let name = quota["metadata"]["name"].string ?? ""
            var (hard, used): ([String: Quantity], [String: Quantity]) = ([:], [:])
            for resource in amounts.keys {
                hard[resource] = quota["status"]["hard"][resource].string.flatMap(Quantity.init)
                used[resource] = quota["status"]["used"][resource].string.flatMap(Quantity.init)
            }
            let unknown = amounts.keys.filter { hard[$0] == nil || used[$0] == nil }.sorted()
            if !unknown.isEmpty {
                throw refusal(
                    object, context,
                    "status unknown for quota: \(name), resources: \(unknown.joined(separator: ","))")
            }
            let sums = amounts.merging(used) { $1 + $0 }
            let exceeded = amounts.keys.filter { sums[$0] ?? .zero > hard[$0] ?? .zero }.sorted()
            if !exceeded.isEmpty {
                func text(_ list: [String: Quantity]) -> String {
                    exceeded.map { "\($0)=\((list[$0] ?? .zero).canonical)" }.joined(separator: ",")
                }
                throw refusal(
                    object, context,
                    "exceeded quota: \(name), requested: \(text(amounts)), used: \(text(used)), limited: \(text(hard))")
            }
            for (resource, sum) in sums { quota["status"]["used"][resource] = .string(sum.canonical) }
        }
    }

    private static func refusal(_ object: JSONRef, _ context: WriteContext, _ detail: String) -> StatusError {
        .forbidden(context.resource.definition, object["metadata"]["name"].string ?? "", detail)
    }

    /// Changes a stored quota; again when somebody else did meanwhile. A quota that is gone limits nothing.
    private static func edit(
        _ key: String, _ server: APIServer, isDryRun: Bool = false,
        _ change: (inout JSONValue) throws(StatusError) -> Void
    ) async throws(StatusError) {
        guard let resource = server.registry.find(groupResource: "resourcequotas") else { return }
        while let stored = server.store.get("resourcequotas", key), let document = try? JSONDocument(stored.bytes) {
            var quota = document.root.value
            try change(&quota)
            if isDryRun { return }
            quota["metadata"].remove("resourceVersion")
            let encoded = try ObjectEncoder.encode(quota) { server.registry.attributes(resource, $0) }
            do {
                _ = try await server.store.write(
                    Write(
                        resource: "resourcequotas", key: key, expected: .revision(stored.revision),
                        change: .put(encoded)))
                return
            } catch .conflict {
                continue
            } catch {
                throw APIServer.status(of: error, resource, key)
            }
        }
    }
}
