/// The rules of all Services in one family's table, and the nftables commands that lead from one state to the next.
///
/// Verdict maps lead from (address, protocol, port) to a chain for each port of a Service; the chain picks the number of an
/// endpoint, and one map leads from there to its address. Another endpoint changes an element; more or fewer of them
/// change one chain, too. https://wiki.nftables.org/wiki-nftables/index.php/Verdict_Maps_(vmaps)
struct Ruleset {
    let family: Family
    let configuration: ProxyConfiguration
    private(set) var services: [String: ServiceRules] = [:]
    /// Who wants an element, and with which verdict. The first has it: two Services may name one external address.
    private var claims: [ServiceRules.Element: [(service: String, verdict: String)]] = [:]
    private var blocks = EndpointBlocks()

    /// On connections whose source becomes the node's (the bit that kube-proxy uses, too).
    static let mark = "0x4000"
    private static let maps =
        Transport.allCases.map { "endpoints-\($0)" } + ["services", "nodeports", "refused", "refusedports"]

    init(_ family: Family, _ configuration: ProxyConfiguration) {
        (self.family, self.configuration) = (family, configuration)
    }

    private var table: String { "\(family.table) \(configuration.table)" }

    /// The commands that bring the rules of a Service up to date; `service` is nil when it is gone.
    mutating func update(_ key: String, _ service: Service?, _ slices: [Slice], zone: String?) -> [String] {
        var rules: ServiceRules?
        if let service { rules = ServiceRules(service, slices, family, configuration, zone: zone, &blocks) }
        return update(key, rules)
    }

    private mutating func update(_ service: String, _ rules: ServiceRules?) -> [String] {
        let old = services[service]
        guard old != rules else { return [] }
        services[service] = rules
        var commands: [String] = []
        let (oldChains, newChains) = (old?.chains ?? [:], rules?.chains ?? [:])
        let (oldSets, newSets) = (old?.sets ?? [], rules?.sets ?? [])
        commands += newSets.subtracting(oldSets).sorted().map(addSet)
        commands += newChains.keys.filter { oldChains[$0] == nil }.sorted().map {
            "add chain \(table) \($0)"
        }
        for (name, lines) in newChains.sorted(by: { $0.key < $1.key }) where oldChains[name] != lines {
            if oldChains[name] != nil { commands.append("flush chain \(table) \(name)") }
            commands += lines.map { "add rule \(table) \(name) \($0)" }
        }
        var (deleted, added): ([String], [String]) = ([], [])
        for element in Set(old?.elements.keys.map { $0 } ?? []).union(
            rules?.elements.keys.map { $0 } ?? []
        ).sorted() {
            let before = claims[element]?.first?.verdict
            var claim = claims[element] ?? []
            let place = claim.firstIndex { $0.service == service }
            switch (place, rules?.elements[element]) {
            case (let place?, let verdict?): claim[place].verdict = verdict
            case (let place?, nil): claim.remove(at: place)
            case (nil, let verdict?): claim.append((service, verdict))
            case (nil, nil): break
            }
            claims[element] = claim.isEmpty ? nil : claim
            let after = claim.first?.verdict
            if before == after { continue }
            if before != nil {
                deleted.append("delete element \(table) \(element.map) { \(element.key) }")
            }
            if let after {
                added.append("add element \(table) \(element.map) { \(Self.text(element, after)) }")
            }
        }
        commands += deleted + added
        let goneChains = oldChains.keys.filter { newChains[$0] == nil }.sorted()
        commands +=
            goneChains.map { "flush chain \(table) \($0)" }
            + goneChains.map { "delete chain \(table) \($0)" }
        for chain in goneChains { blocks.release(chain) }
        commands += oldSets.subtracting(newSets).sorted().map { "delete set \(table) \($0)" }
        return commands
    }

    private static func text(_ element: ServiceRules.Element, _ verdict: String) -> String {
        verdict.isEmpty ? element.key : "\(element.key) : \(verdict)"
    }

    private func addSet(_ name: String) -> String {
        "add set \(table) \(name) { type \(family.addressType); flags dynamic,timeout; }"
    }

    /// The commands that bring a table with these chains and sets to exactly this state, in one step that no packet sees
    /// the middle of. What clients stay with is kept.
    func everything(replacing chains: [String], _ sets: [String]) -> [String] {
        let base = Self.baseChains
        let wanted = services.values.reduce(into: [String: [String]]()) { all, rules in
            all.merge(rules.chains) { first, _ in first }
        }
        let wantedSets = services.values.reduce(into: Set<String>()) { $0.formUnion($1.sets) }
        var commands = ["add table \(table)"] + frame()
        commands += Self.maps.map { "flush map \(table) \($0)" } + ["flush set \(table) hairpin"]
        commands += (base + chains.filter { !base.contains($0) }).map { "flush chain \(table) \($0)" }
        commands += wantedSets.sorted().map(addSet)
        commands += wanted.keys.sorted().map { "add chain \(table) \($0)" }
        commands += baseRules()
        for (name, lines) in wanted.sorted(by: { $0.key < $1.key }) {
            commands += lines.map { "add rule \(table) \(name) \($0)" }
        }
        for map in Self.maps + ["hairpin"] {
            let elements = claims.filter { $0.key.map == map }.sorted { $0.key < $1.key }.compactMap {
                element, claim in
                claim.first.map { Self.text(element, $0.verdict) }
            }
            if !elements.isEmpty {
                commands.append("add element \(table) \(map) { \(elements.joined(separator: ", ")) }")
            }
        }
        commands += chains.filter { wanted[$0] == nil && !base.contains($0) }.map {
            "delete chain \(table) \($0)"
        }
        commands += sets.filter { $0.hasPrefix("aff/") && !wantedSets.contains($0) }.map {
            "delete set \(table) \($0)"
        }
        return commands
    }

    /// Commands after which there is no table.
    var removal: [String] { ["add table \(table)", "delete table \(table)"] }

    private static let baseChains = [
        "prerouting", "output", "postrouting", "raw", "input", "forward", "output-filter", "find",
        "refuse", "rejected",
    ]

    private func frame() -> [String] {
        let destination = "\(family.addressType) . inet_proto . inet_service : verdict"
        let ports = "inet_proto . inet_service : verdict"
        let hooks = [
            "prerouting": "type nat hook prerouting priority dstnat",
            "output": "type nat hook output priority -100",
            "postrouting": "type nat hook postrouting priority srcnat",
            "raw": "type filter hook prerouting priority raw",
            "input": "type filter hook input priority filter",
            "forward": "type filter hook forward priority filter",
            "output-filter": "type filter hook output priority filter",
        ]
        let endpoints = Transport.allCases.map {
            "add map \(table) endpoints-\($0) { typeof numgen random mod 65536 : \(family.table) daddr . \($0) dport; }"
        }
        return endpoints + [
            "add map \(table) services { type \(destination); }",
            "add map \(table) nodeports { type \(ports); }",
            "add map \(table) refused { type \(destination); }",
            "add map \(table) refusedports { type \(ports); }",
            "add set \(table) hairpin { type \(family.addressType) . \(family.addressType); }",
        ]
            + Self.baseChains.map { name in
                "add chain \(table) \(name)" + (hooks[name].map { " { \($0); policy accept; }" } ?? "")
            }
    }

    private func baseRules() -> [String] {
        let ip = family.table
        // Another cluster on this machine has rules of its own for its pods.
        let others =
            "iifname \"\(configuration.bridges)\" iifname != \"\(configuration.bridge)\" return"
        let serviceRange =
            configuration.serviceCIDR(family).map { ["\(ip) daddr \($0) goto rejected"] } ?? []
        // The kernel routes IPv6's loopback address nowhere else.
        let notLoopback = family == .ipv6 ? "ip6 daddr != ::1 " : ""
        let rules: [(String, [String])] = [
            ("prerouting", [others, "jump find"]), ("output", ["jump find"]),
            (
                "find",
                [
                    "\(ip) daddr . meta l4proto . th dport vmap @services",
                    "fib daddr type local \(notLoopback)meta l4proto . th dport vmap @nodeports",
                ]
            ),
            (
                "postrouting",
                [
                    "meta mark & \(Self.mark) != 0 meta mark set meta mark & 0xffffbfff masquerade fully-random",
                    "\(ip) saddr . \(ip) daddr @hairpin ct status dnat fib saddr type != local masquerade fully-random",
                    "\(ip) saddr \(family.loopback) oifname != \"lo\" ct status dnat masquerade fully-random",
                ]
            ),
            // With route_localnet the kernel would take packets to loopback addresses from outside (CVE-2020-8558).
            ("raw", ["iifname != \"lo\" \(ip) daddr \(family.loopback) drop"]),
            ("input", ["ct state new jump refuse"]), ("forward", ["ct state new jump refuse"]),
            ("output-filter", ["ct state new jump refuse"]),
            (
                "refuse",
                [
                    "\(ip) daddr . meta l4proto . th dport vmap @refused",
                    "fib daddr type local meta l4proto . th dport vmap @refusedports",
                ] + serviceRange
            ),
            ("rejected", ["meta l4proto tcp reject with tcp reset", "reject"]),
        ]
        return rules.flatMap { name, lines in lines.map { "add rule \(table) \(name) \($0)" } }
    }
}
