internal import API
internal import JSON
internal import Store
internal import Synchronization
internal import TLS

/// Services get an address of the cluster's range, and ports of the nodes where their type wants them.
struct ServiceStrategy: Strategy {
    var returnsDeletedObject: Bool { true }
    static let nodePorts = 30000...32767
    /// Given out but perhaps not yet stored: address or port to the second until which it stays taken.
    private static let reserved = Mutex<[String: Int]>([:])

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        object["status"] = ["loadBalancer": [:]]
        try allocate(&object, old: nil, context)
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        guard context.subresource == nil else { return }
        let spec = object["spec"]
        if spec["type"] != "ExternalName", old["spec"]["type"] != "ExternalName" {
            // Updates that leave out what was allocated keep it.
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where !spec.has(field) && old["spec"].has(field) {
                object["spec"][field] = old["spec"][field]
            }
            for (index, port) in (object["spec"]["ports"].array ?? []).enumerated()
            where !port.has("nodePort") && usesNodePorts(object) {
                let before = (old["spec"]["ports"].array ?? []).first {
                    $0["port"] == port["port"] && $0["protocol"] == port["protocol"]
                }
                if let nodePort = before?["nodePort"], !nodePort.isNull {
                    object["spec"]["ports"][index]["nodePort"] = nodePort
                }
            }
        }
        try allocate(&object, old: old, context)
    }

    func validate(_ object: JSONValue, old: JSONValue?, _ context: WriteContext, _ errors: inout [FieldError]) {
        let spec = object["spec"]
        if let old, spec["type"] != "ExternalName", old["spec"]["type"] != "ExternalName", old["spec"].has("clusterIP"),
            spec["clusterIP"] != old["spec"]["clusterIP"]
        {
            errors.append(
                .invalid(FieldPath("spec", "clusterIPs")[0], .array([spec["clusterIP"]]), "may not change once set"))
        }
    }

    private func usesNodePorts(_ service: JSONValue) -> Bool {
        switch service["spec"]["type"].string {
        case "NodePort": true
        case "LoadBalancer": service["spec"]["allocateLoadBalancerNodePorts"] != false
        default: false
        }
    }

    private func allocate(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        if object["spec"]["type"] == "ExternalName" {
            for field in [
                "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy",
                "externalTrafficPolicy",
            ] {
                object["spec"].remove(field)
            }
            return
        }
        if !object["spec"].has("ipFamilies") { object["spec"]["ipFamilies"] = ["IPv4"] }
        if !object["spec"].has("ipFamilyPolicy") { object["spec"]["ipFamilyPolicy"] = "SingleStack" }
        // An address that is given may not be changed; validation says so.
        if let before = old?["spec"]["clusterIP"].string, !before.isEmpty, object["spec"]["clusterIP"].string != before
        {
            return
        }
        let server = context.server
        let requested = object["spec"]["clusterIP"].string ?? object["spec"]["clusterIPs"][0].string ?? ""
        let name = object["metadata"]["name"].string ?? ""
        if requested != "None", requested != old?["spec"]["clusterIP"].string ?? "" || requested.isEmpty {
            guard let range = IPv4Range(server.configuration.serviceCIDR) else { return }
            object["spec"]["clusterIP"] = .string(try address(requested, in: range, server, name, context))
        } else if !requested.isEmpty {
            object["spec"]["clusterIP"] = .string(requested)
        }
        object["spec"]["clusterIPs"] = [object["spec"]["clusterIP"]]
        guard usesNodePorts(object) else {
            if old == nil { return }
            for index in (object["spec"]["ports"].array ?? []).indices {
                object["spec"]["ports"][index].remove("nodePort")
            }
            return
        }
        for (index, port) in (object["spec"]["ports"].array ?? []).enumerated() {
            let number = port["nodePort"].int ?? 0
            let before = (old?["spec"]["ports"].array ?? []).contains { $0["nodePort"].int == number }
            if number != 0, before { continue }
            object["spec"]["ports"][index]["nodePort"] = .int(try nodePort(number, index, server, name, context))
        }
    }

    private func invalid(_ name: String, _ context: WriteContext, _ error: FieldError) -> StatusError {
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

    private func address(
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

    private func nodePort(
        _ requested: Int, _ index: Int, _ server: APIServer, _ name: String, _ context: WriteContext
    ) throws(StatusError) -> Int {
        var used: Set<String> = []
        for service in (try? server.store.list("services"))?.objects ?? [] {
            guard let document = try? JSONDocument(service.bytes) else { continue }
            for port in document.root["spec"]["ports"].elements {
                if let number = port["nodePort"].int { used.insert("port \(number)") }
            }
        }
        let path = FieldPath("spec", "ports")[index]["nodePort"]
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
