internal import API
internal import Client

/// What the cluster's domain says: Kubernetes' DNS specification 1.1
/// (https://github.com/kubernetes/dns/blob/master/docs/specification.md), with answers as CoreDNS gives them.
struct Zone: Sendable {
    enum Result: Equatable {
        case answer(DNSAnswer)
        /// Another name stands for it, which may be anybody's.
        case alias(String)
        /// Not a name of the cluster.
        case elsewhere
    }
    static let ttl: UInt32 = 5

    let domain: [String]
    let cache: ServiceCache
    /// Ranges whose addresses nobody else names.
    let ranges: [AddressRange]

    init(domain: String, cache: ServiceCache, ranges: [String]) {
        self.domain = domain.lowercased().split(separator: ".").map(String.init)
        self.cache = cache
        self.ranges = ranges.compactMap { AddressRange($0) }
    }

    private var domainName: String { domain.joined(separator: ".") }

    func lookup(_ labels: [String], _ type: UInt16) -> Result {
        if labels.count >= domain.count, labels.suffix(domain.count).elementsEqual(domain) {
            return own(Array(labels.dropLast(domain.count)), type)
        }
        if type == DNS.Kind.ptr || labels.last == "arpa", let address = Self.reversed(labels) {
            let names = pointers(to: address)
            if !names.isEmpty {
                return type == DNS.Kind.ptr ? records(names.map { .ptr($0) }) : none()
            }
            if ranges.contains(where: { $0.contains(address.bytes) }) { return missing() }
        }
        return .elsewhere
    }

    // MARK: Answers

    private func records(_ contents: [DNSRecord.Content], additional: [DNSRecord] = []) -> Result {
        if contents.isEmpty { return none() }
        return .answer(
            DNSAnswer(answers: contents.map { DNSRecord(ttl: Self.ttl, content: $0) }, additional: additional))
    }
    /// The name exists, without records of this type.
    private func none() -> Result { .answer(DNSAnswer(authorities: [authority])) }
    private func missing() -> Result { .answer(DNSAnswer(code: .nameError, authorities: [authority])) }
    private var authority: DNSRecord {
        DNSRecord(owner: domainName, ttl: Self.ttl, content: soa)
    }
    private var soa: DNSRecord.Content {
        .soa(
            server: "ns.dns." + domainName, mailbox: "hostmaster." + domainName,
            serial: UInt32(truncatingIfNeeded: Time.now.secondsSince1970), minimum: Self.ttl)
    }

    private func addresses(_ texts: some Sequence<String>, _ type: UInt16) -> Result {
        records(Self.contents(texts, type))
    }
    private static func contents(_ texts: some Sequence<String>, _ type: UInt16) -> [DNSRecord.Content] {
        texts.compactMap { IPAddress($0) }.filter { address in
            switch type {
            case DNS.Kind.a: address.isIPv4
            case DNS.Kind.aaaa: !address.isIPv4
            default: type == DNS.Kind.any
            }
        }.map { .address($0.bytes) }
    }

    // MARK: The cluster's domain

    /// - Parameter labels: without the domain.
    private func own(_ labels: [String], _ type: UInt16) -> Result {
        guard let kind = labels.last else {
            switch type {
            case DNS.Kind.soa: return records([soa])
            case DNS.Kind.ns: return records([.ns("ns.dns." + domainName)])
            default: return none()
            }
        }
        let rest = Array(labels.dropLast())
        switch kind {
        case "dns-version" where rest.isEmpty: return type == DNS.Kind.txt ? records([.txt("1.1.0")]) : none()
        case "dns" where rest == ["ns"]: return addresses(cache["kube-system/kube-dns"]?.clusterIPs ?? [], type)
        case "svc", "pod":
            guard let namespace = rest.last else { return none() }
            guard rest.count > 1 else { return cache.hasNamespace(namespace) ? none() : missing() }
            return kind == "svc" ? service(namespace, Array(rest.dropLast()), type) : pod(Array(rest.dropLast()), type)
        default: return missing()
        }
    }

    /// `1-2-3-4.NAMESPACE.pod`: whether such a Pod is there is not looked up.
    private func pod(_ labels: [String], _ type: UInt16) -> Result {
        guard labels.count == 1 else { return missing() }
        let dashed = labels[0]
        let isIPv4 = dashed.count { $0 == "-" } == 3 && !dashed.contains("--")
        let text = String(dashed.map { $0 == "-" ? (isIPv4 ? "." : ":") : $0 })
        return IPAddress(text) == nil ? missing() : addresses([text], type)
    }

    /// - Parameter labels: what stands before the namespace.
    private func service(_ namespace: String, _ labels: [String], _ type: UInt16) -> Result {
        guard let name = labels.last, let service = cache[namespace + "/" + name] else { return missing() }
        let base = "\(name).\(namespace).svc.\(domainName)"
        switch labels.count {
        case 1:
            if service.type == "ExternalName" { return .alias(service.externalName) }
            if type == DNS.Kind.srv { return locations(service, base) { _, _ in true } }
            if service.isHeadless {
                let endpoints = endpoints(service)
                // Without any, the name is unknown, as with CoreDNS.
                return endpoints.isEmpty ? missing() : addresses(unique(endpoints.map(\.address)), type)
            }
            return addresses(service.clusterIPs, type)
        case 2 where !labels[0].hasPrefix("_"):
            let found = endpoints(service).filter { ($0.hostname ?? endpointName($0.address)) == labels[0] }
            guard service.isHeadless, !found.isEmpty else { return missing() }
            return addresses(unique(found.map(\.address)), type)
        case 2:
            let isThere = service.ports.contains { "_" + $0.transport.rawValue == labels[0] }
            return isThere ? none() : missing()
        case 3 where labels[0].hasPrefix("_") && labels[1].hasPrefix("_"):
            let (port, transport) = (labels[0].dropFirst(), Transport(String(labels[1].dropFirst())))
            guard service.ports.contains(where: { $0.name == port && $0.transport == transport }) else {
                return missing()
            }
            return type == DNS.Kind.srv
                ? locations(service, base) { $0 == port && $1 == transport } : none()
        default: return missing()
        }
    }

    private func endpoints(_ service: Service) -> [Slice.Endpoint] {
        cache.slices(of: service.key).flatMap(\.endpoints).filter { $0.isReady || service.publishesNotReady }
    }

    private func unique(_ texts: [String]) -> [String] { Array(Set(texts)).shuffled() }

    /// SRV records, with the addresses of their targets.
    private func locations(
        _ service: Service, _ base: String, where isWanted: (String, Transport) -> Bool
    ) -> Result {
        var targets: [(port: Int, target: String, address: String)] = []
        if service.isHeadless {
            for slice in cache.slices(of: service.key) {
                for port in slice.ports where isWanted(port.name, port.transport) {
                    for endpoint in slice.endpoints where endpoint.isReady || service.publishesNotReady {
                        let host = endpoint.hostname ?? endpointName(endpoint.address)
                        targets.append((port.number, host + "." + base, endpoint.address))
                    }
                }
            }
            if targets.isEmpty { return missing() }
        } else {
            for port in service.ports where isWanted(port.name, port.transport) {
                targets += service.clusterIPs.prefix(1).map { (port.number, base, $0) }
            }
        }
        let weight = UInt16(max(1, 100 / max(1, targets.count)))
        var known: Set<String> = []
        let additional = targets.filter { known.insert($0.target + $0.address).inserted }.flatMap { target in
            Self.contents([target.address], DNS.Kind.any).map {
                DNSRecord(owner: target.target, ttl: Self.ttl, content: $0)
            }
        }
        return records(
            targets.map {
                .srv(
                    priority: 0, weight: weight, port: UInt16(truncatingIfNeeded: $0.port), target: $0.target)
            }, additional: additional)
    }

    // MARK: From addresses to names

    private func pointers(to address: IPAddress) -> [String] {
        let text = addressText(address.bytes)
        let services = cache.services(at: text).sorted().map { key in name(key, "") }
        if !services.isEmpty { return services }
        return cache.endpoints(at: text).filter { cache[$0.service]?.isHeadless == true }
            .map { name($0.service, $0.hostname + ".") }.sorted()
    }

    private func name(_ key: String, _ prefix: String) -> String {
        let (namespace, name) = splitKey(key)
        return "\(prefix)\(name).\(namespace ?? "").svc.\(domainName)"
    }

    /// The address of `4.3.2.1.in-addr.arpa`, or of 32 digits and `ip6.arpa`.
    private static func reversed(_ labels: [String]) -> IPAddress? {
        let digits = labels.dropLast(2).reversed()
        switch labels.suffix(2) {
        case ["in-addr", "arpa"] where digits.count == 4: return IPAddress(digits.joined(separator: "."))
        case ["ip6", "arpa"] where digits.count == 32:
            guard digits.allSatisfy({ $0.utf8.count == 1 }) else { return nil }
            var text = ""
            for (index, digit) in digits.enumerated() { text += (index > 0 && index % 4 == 0 ? ":" : "") + digit }
            return IPAddress(text)
        default: return nil
        }
    }
}

/// A block of addresses, to be compared quickly.
struct AddressRange: Sendable {
    private let bytes: [UInt8]
    private let length: Int

    init?(_ text: String) {
        if let block = IPBlock(text) {
            (bytes, length) = (block.address.bytes, block.length)
        } else if let address = IPAddress(text) {
            (bytes, length) = (address.bytes, address.bytes.count * 8)
        } else {
            return nil
        }
    }

    func contains(_ address: some Collection<UInt8>) -> Bool {
        guard address.count == bytes.count else { return false }
        var left = length
        for (mine, other) in zip(bytes, address) {
            if left <= 0 { return true }
            let mask: UInt8 = left >= 8 ? 255 : ~(255 >> UInt8(left))
            if (mine ^ other) & mask != 0 { return false }
            left -= 8
        }
        return true
    }
}
