internal import API
public import Client
internal import JSON
internal import NIOPosix
internal import Synchronization

/// Makes Services reachable from this node and its pods: keeps the kernel's rules as Services and EndpointSlices are. The
/// rules stay when it ends, and the next run takes them over without a gap.
/// https://kubernetes.io/docs/reference/networking/virtual-ips/
public final class ServiceProxy: Sendable {
    private struct State {
        var changed: Set<String> = []
        var zone: String?
    }
    private let state = Mutex(State())
    private let configuration: ProxyConfiguration
    private let families: [Family]
    private let cache: ServiceCache
    private let node: Reflector<String>
    private let health: HealthChecks
    private let synced = Latch()
    private let log: NetworkLog
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    public init(
        _ configuration: ProxyConfiguration, client: any ObjectClient, cache: ServiceCache,
        log: @escaping NetworkLog
    ) {
        (self.configuration, self.cache, self.log) = (configuration, cache, log)
        families = Family.allCases.filter { configuration.podCIDR($0) != nil }
        health = HealthChecks(log: log)
        (wake, wakeUp) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let name = FieldSelector("metadata.name", equals: configuration.nodeName)
        node = Reflector(client, .nodes, ListOptions(fieldSelector: name)) {
            $0.label("topology.kubernetes.io/zone") ?? ""
        }
        cache.onChange { [weak self] key in self?.changed([key]) }
        node.onChange { [weak self] change in
            guard let self, change.new != change.old else { return }
            state.withLock { $0.zone = change.new.flatMap { $0.isEmpty ? nil : $0 } }
            changed(self.cache.keys)
        }
    }

    private func changed(_ keys: [String]) {
        state.withLock { $0.changed.formUnion(keys) }
        wakeUp.yield()
    }

    /// Returns when the kernel has the rules of all Services that there were at the start.
    public func waitForSync() async { await synced.wait() }

    /// Works until the task is cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.node.run() }
            group.addTask {
                await self.cache.waitForSync()
                if Task.isCancelled { return }
                await self.follow()
            }
        }
        await health.stop()
    }

    private func follow() async {
        let nftables: NFTables
        do {
            nftables = try await blocking { try NFTables() }
        } catch {
            return log("\(error)")
        }
        var backoff = Backoff(initial: 1, maximum: 60)
        while !Task.isCancelled {
            do {
                var rulesets = families.map { Ruleset($0, configuration) }
                state.withLock { $0.changed = [] }
                var datagrams: [ServiceRules.Datagrams: Set<EndpointChoice.Target>] = [:]
                for key in cache.keys { datagrams.merge(await update(key, &rulesets).stale) { $1 } }
                try await replaceEverything(rulesets, nftables)
                await forget(datagrams)
                backoff.reset()
                synced.open()
                for await _ in wake {
                    try await apply(&rulesets, nftables)
                }
            } catch is CancellationError {
                return
            } catch {
                // Something else changed the table: start again from the whole.
                log("Services: \(error)")
                try? await SystemTime().sleep(seconds: backoff.next())
            }
        }
    }

    private func apply(_ rulesets: inout [Ruleset], _ nftables: NFTables) async throws {
        let keys = state.withLock { state in
            defer { state.changed = [] }
            return state.changed
        }
        var commands = families.map { _ in [String]() }
        var datagrams: [ServiceRules.Datagrams: Set<EndpointChoice.Target>] = [:]
        for key in keys {
            let update = await update(key, &rulesets)
            for index in commands.indices { commands[index] += update.commands[index] }
            datagrams.merge(update.stale) { $1 }
        }
        let table = configuration.table
        for (family, batch) in zip(families, commands) where !batch.isEmpty {
            try await blocking {
                if let direct = NetfilterBatch(batch, family, table: table), try direct.commit() { return }
                try nftables.run(batch)
            }
        }
        await forget(datagrams)
    }

    /// The commands of each family that bring the rules of a Service up to date, and where its datagrams may go after that.
    private func update(
        _ key: String, _ rulesets: inout [Ruleset]
    ) async -> (commands: [[String]], stale: [ServiceRules.Datagrams: Set<EndpointChoice.Target>]) {
        let (service, slices, zone) = (cache[key], cache.slices(of: key), state.withLock { $0.zone })
        var commands: [[String]] = []
        var stale: [ServiceRules.Datagrams: Set<EndpointChoice.Target>] = [:]
        var local = 0
        for index in rulesets.indices {
            let old = rulesets[index].services[key]
            commands.append(rulesets[index].update(key, service, slices, zone: zone))
            let rules = rulesets[index].services[key]
            local = max(local, rules?.localEndpoints ?? 0)
            guard old?.datagrams != rules?.datagrams else { continue }
            for destination in old?.datagrams.keys.map({ $0 }) ?? [] {
                stale[destination, default: []] = []
            }
            stale.merge(rules?.datagrams ?? [:]) { $0.union($1) }
        }
        let port = service.map { $0.isExternalLocal ? $0.healthCheckNodePort : 0 } ?? 0
        await health.update(key, port: port, endpoints: local)
        return (commands, stale)
    }

    private func replaceEverything(_ rulesets: [Ruleset], _ nftables: NFTables) async throws {
        try await blocking { [configuration, log] in
            for problem in Forwarding.enableLoopback() { log("Services: \(problem)") }
            for ruleset in rulesets {
                let (chains, sets) = nftables.contents(ruleset.family, table: configuration.table)
                do {
                    try nftables.run(ruleset.everything(replacing: chains, sets))
                } catch {
                    // A table of another make, which cannot become this one.
                    try nftables.run(ruleset.removal + ruleset.everything(replacing: [], []))
                }
            }
        }
    }

    /// Makes the kernel forget flows of datagrams that lead elsewhere than they would now.
    private func forget(_ datagrams: [ServiceRules.Datagrams: Set<EndpointChoice.Target>]) async {
        if datagrams.isEmpty { return }
        do {
            _ = try await blocking {
                try Conntrack.delete { flow in
                    let (original, reply) = (flow.original, flow.reply)
                    let exact = ServiceRules.Datagrams(
                        address: original.destination, port: original.destinationPort)
                    let isTranslated = reply.source != original.destination
                    let any = ServiceRules.Datagrams(address: nil, port: original.destinationPort)
                    guard let targets = datagrams[exact] ?? (isTranslated ? datagrams[any] : nil) else {
                        return false
                    }
                    return !targets.contains { $0.address == reply.source && $0.port == reply.sourcePort }
                }
            }
        } catch {
            log("Services: \(error)")
        }
    }
}

/// Runs what blocks on a thread for such things.
func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await NIOThreadPool.singleton.runIfActive(body)
}
