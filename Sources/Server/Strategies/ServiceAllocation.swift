internal import API
internal import JSON
internal import Store
internal import Synchronization
internal import TLS

// Addresses and ports of Services.
extension ServiceStrategy {
    static let nodePorts = 30000...32767
    /// Given out but perhaps not yet stored: address or port to the second until which it stays taken.
    private static let reserved = Mutex<[String: Int]>([:])

    func allocate(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        var spec = object["spec"]
        defer { object["spec"] = spec }
        guard Self.hasAddress(spec) else {
            if old == nil {
                for field in ["internalTrafficPolicy", "externalTrafficPolicy"] { spec.remove(field) }
            }
            return
        }
        let name = object["metadata"]["name"].string ?? ""
        let isHeadless = spec["clusterIP"] == "None" || spec["clusterIPs"][0] == "None"
        try setFamilies(&spec, isHeadless, name, context)
        // An address that is given may not be changed; validation says so.
        let before = old?["spec"]["clusterIP"].string ?? ""
        if !before.isEmpty, spec["clusterIP"].string != before { return }
        let requested = spec["clusterIP"].string ?? spec["clusterIPs"][0].string ?? ""
        if requested != "None", requested != before || requested.isEmpty {
            guard let range = IPv4Range(context.server.configuration.serviceCIDR) else { return }
            spec["clusterIP"] = .string(try address(requested, in: range, context.server, name, context))
        } else {
            spec["clusterIP"] = .string(requested)
        }
        spec["clusterIPs"] = [spec["clusterIP"]]
        try allocatePorts(&spec, old, name, context)
        if Self.needsHealthCheck(spec) {
            let number = spec["healthCheckNodePort"].int ?? 0
            if number == 0 || number != old?["spec"]["healthCheckNodePort"].int {
                if old.map({ Self.needsHealthCheck($0["spec"]) }) ?? false { return }
                spec["healthCheckNodePort"] = .int(
                    try nodePort(number, FieldPath("spec", "healthCheckNodePort"), context.server, name, context))
            }
        }
    }

    /// Ports of one number share the port of the nodes, whatever their transport.
    private func allocatePorts(
        _ spec: inout JSONValue, _ old: JSONValue?, _ name: String, _ context: WriteContext
    ) throws(StatusError) {
        guard Self.usesNodePorts(spec) || Self.isBalanced(spec) else { return }
        var shared: [Int: Int] = [:]
        var mine = Set((old?["spec"]["ports"].array ?? []).compactMap { $0["nodePort"].int })
        let ports = spec["ports"].array ?? []
        for port in ports {
            if let number = port["nodePort"].int, number != 0 { shared[port["port"].int ?? 0] = number }
        }
        for (index, port) in ports.enumerated() {
            let wanted = port["nodePort"].int ?? 0
            let path = FieldPath("spec", "ports")[index]["nodePort"]
            if wanted == 0 {
                guard Self.usesNodePorts(spec) else { continue }
                if let number = shared[port["port"].int ?? 0] {
                    spec["ports"][index]["nodePort"] = .int(number)
                    continue
                }
            } else if mine.contains(wanted) {
                continue
            }
            let number = try nodePort(wanted, path, context.server, name, context)
            mine.insert(number)
            shared[port["port"].int ?? 0] = number
            spec["ports"][index]["nodePort"] = .int(number)
        }
    }

    /// Addresses are of IPv4 here. A headless Service that selects nothing may have endpoints of both families.
    private func setFamilies(
        _ spec: inout JSONValue, _ isHeadless: Bool, _ name: String, _ context: WriteContext
    ) throws(StatusError) {
        var families = spec["ipFamilies"].array ?? []
        if isHeadless, (spec["selector"].object ?? [:]).isEmpty {
            if families.isEmpty { families = ["IPv4"] }
            if families.count == 1, spec["ipFamilyPolicy"] != "SingleStack" {
                families.append(families[0] == "IPv4" ? "IPv6" : "IPv4")
            }
            spec["ipFamilies"] = .array(families)
            if !spec.has("ipFamilyPolicy") { spec["ipFamilyPolicy"] = "RequireDualStack" }
            return
        }
        let path = FieldPath("spec")
        if spec["ipFamilyPolicy"] == "RequireDualStack" {
            throw invalid(
                name, context,
                .invalid(
                    path["ipFamilyPolicy"], spec["ipFamilyPolicy"],
                    "this cluster is not configured for dual-stack services"))
        }
        if families.count > 1, spec["ipFamilyPolicy"].isNull || spec["ipFamilyPolicy"] == "SingleStack" {
            throw invalid(
                name, context,
                .invalid(
                    path["ipFamilyPolicy"], spec["ipFamilyPolicy"],
                    "must be RequireDualStack or PreferDualStack when multiple IP families are specified"))
        }
        if let index = families.firstIndex(of: "IPv6") {
            throw invalid(
                name, context,
                .invalid(path["ipFamilies"][index], "IPv6", "not configured on this cluster"))
        }
        if families.isEmpty { spec["ipFamilies"] = ["IPv4"] }
        if !spec.has("ipFamilyPolicy") { spec["ipFamilyPolicy"] = "SingleStack" }
    }

    func invalid(_ name: String, _ context: WriteContext, _ error: FieldError) -> StatusError {
        .invalid(kind: "Service", group: "", name, [error])
    }

    private func take(_ key: String, _ used: Set<String>, dryRun: Bool) -> Bool {
        if used.contains(key) { return false }
        let now = Time.now.secondsSince1970
        return Self.reserved.withLock { reserved in
            if let until = reserved[key], until > now { return false }
            if !dryRun {
                if reserved.count > 1000 { reserved = reserved.filter { $0.value > now } }
                reserved[key] = now + 10
            }
            return true
        }
    }

    func address(
        _ requested: String, in range: IPv4Range, _ server: APIServer, _ name: String, _ context: WriteContext
    ) throws(StatusError) -> String {
        let services = (try? server.store.list("services"))?.objects ?? []
        let used = Set(services.compactMap { $0.attributes.field("spec.clusterIP") })
        let path = FieldPath("spec", "clusterIPs")
        if !requested.isEmpty {
            guard let address = IPv4Range.parse(requested) else {
                throw invalid(
                    name, context,
                    .invalid(
                        path[0], .string(requested), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
            }
            guard range.contains(address) else {
                throw invalid(
                    name, context,
                    .invalid(
                        path, .array([.string(requested)]),
                        "failed to allocate IP \(requested): the provided network does not match the current range \(server.configuration.serviceCIDR)"
                    ))
            }
            guard take(requested, used, dryRun: context.options.isDryRun) else {
                throw invalid(
                    name, context,
                    .invalid(
                        path, .array([.string(requested)]),
                        "failed to allocate IP \(requested): provided IP is already allocated"))
            }
            return requested
        }
        // A random place, then the next that is free; the lower part of the range is left to addresses people choose (KEP-3070).
        let size = range.size - 2
        let offset = min(max(16, Int(size) / 16), 256)
        let start = Random.bytes(4).reduce(0) { $0 << 8 | Int($1) }
        for step in 0..<min(Int(size), 65536) {
            let candidate = IPv4Range.text(range.base + 1 + UInt32((offset + start + step) % Int(size)))
            if take(candidate, used, dryRun: context.options.isDryRun) { return candidate }
        }
        throw .internalError("no address is free in \(server.configuration.serviceCIDR)")
    }

    func nodePort(
        _ requested: Int, _ path: FieldPath, _ server: APIServer, _ name: String, _ context: WriteContext
    ) throws(StatusError) -> Int {
        var used: Set<String> = []
        for service in (try? server.store.list("services"))?.objects ?? [] {
            guard let document = try? JSONDocument(service.bytes) else { continue }
            for port in document.root["spec"]["ports"].elements {
                if let number = port["nodePort"].int { used.insert("port \(number)") }
            }
            if let number = document.root["spec"]["healthCheckNodePort"].int { used.insert("port \(number)") }
        }
        if requested != 0 {
            guard Self.nodePorts.contains(requested) else {
                throw invalid(
                    name, context,
                    .invalid(
                        path, .int(requested),
                        "provided port is not in the valid range. The range of valid ports is 30000-32767"))
            }
            guard take("port \(requested)", used, dryRun: context.options.isDryRun) else {
                throw invalid(name, context, .invalid(path, .int(requested), "provided port is already allocated"))
            }
            return requested
        }
        let start = Random.bytes(2).reduce(0) { $0 << 8 | Int($1) }
        for step in 0..<Self.nodePorts.count {
            let candidate = Self.nodePorts.lowerBound + (start + step) % Self.nodePorts.count
            if take("port \(candidate)", used, dryRun: context.options.isDryRun) { return candidate }
        }
        throw .internalError("no node port is free in 30000-32767")
    }
}

/// An IPv4 network in CIDR notation.
struct IPv4Range: Sendable {
    let base: UInt32
    let size: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = Self.parse(String(parts[0])), let bits = UInt32(parts[1]),
            (8...30).contains(bits)
        else {
            return nil
        }
        size = 1 << (32 - bits)
        base = address & ~(size - 1)
    }
    func contains(_ address: UInt32) -> Bool { address > base && address - base < size - 1 }

    static func parse(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }
    static func text(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { String(address >> UInt32($0) & 255) }.joined(separator: ".")
    }
}
