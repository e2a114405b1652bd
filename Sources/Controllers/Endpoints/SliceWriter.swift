internal import API
internal import Client
internal import JSON
internal import Synchronization

/// What the slices of a Service should hold, by one of the controllers that make slices.
struct DesiredSlices {
    /// Slices hold endpoints of one kind of address with the same ports.
    struct Group: Hashable {
        let addressType: String
        let ports: String
    }
    typealias Endpoint = (identity: String, value: JSONValue)

    let managedBy: String
    let prefix: String
    let labels: JSONValue
    let owner: JSONValue
    var groups: [Group: (ports: JSONValue, endpoints: [Endpoint])] = [:]
    /// Kinds of addresses that have a slice even without endpoints.
    var placeholders: [String] = []
    var trigger = ""

    static let controller = "endpointslice-controller.k8s.io"
    static let mirroring = "endpointslicemirroring-controller.k8s.io"

    init(service: Object) {
        managedBy = Self.controller
        prefix = service.name + "-"
        var labels = service.metadata["labels"].value
        labels.remove("endpoints.kubernetes.io/managed-by")
        if service["spec"]["clusterIP"].equals("None") { labels["service.kubernetes.io/headless"] = "" }
        self.labels = Self.labels(labels, service.name, managedBy)
        owner = OwnerReference(controller: service).value
    }

    init(mirroring endpoints: Object?, service: String) {
        managedBy = Self.mirroring
        prefix = service + "-"
        labels = Self.labels(endpoints?.metadata["labels"].value ?? [:], service, managedBy)
        owner = endpoints.map { OwnerReference(controller: $0).value } ?? .null
    }

    private static func labels(_ labels: JSONValue, _ service: String, _ managedBy: String) -> JSONValue {
        var labels = labels
        labels["kubernetes.io/service-name"] = .string(service)
        labels["endpointslice.kubernetes.io/managed-by"] = .string(managedBy)
        return labels
    }

    mutating func add(_ endpoint: JSONValue, family: String, ports: [JSONValue], identity: String) {
        let ports = JSONValue.array(ports)
        let group = Group(addressType: family, ports: ports.description)
        let identity = identity + "/" + (endpoint["addresses"][0].string ?? "")
        groups[group, default: (ports, [])].endpoints.append((identity, endpoint))
    }

    /// Tells proxies which clients an endpoint is for (KEP-3015, KEP-4444): only where the place of every one is known.
    mutating func addHints(trafficDistribution: String) {
        let byNode = trafficDistribution == "PreferSameNode"
        guard byNode || ["PreferClose", "PreferSameZone"].contains(trafficDistribution) else { return }
        for (group, content) in groups {
            let ready = content.endpoints.filter { $0.value["conditions"]["ready"] == true }
            guard ready.allSatisfy({ $0.value[byNode ? "nodeName" : "zone"].string != nil }) else { continue }
            groups[group]?.endpoints = content.endpoints.map { identity, value in
                guard value["conditions"]["ready"] == true else { return (identity, value) }
                var value = value
                if let zone = value["zone"].string { value["hints"]["forZones"] = [["name": .string(zone)]] }
                if byNode, let node = value["nodeName"].string {
                    value["hints"]["forNodes"] = [["name": .string(node)]]
                }
                return (identity, value)
            }
        }
    }
}

/// Brings the slices of a Service to what they should hold, with few writes: endpoints stay in their slices, new ones fill
/// the fullest that have room.
final class SliceWriter: Sendable {
    static let endpointsPerSlice = 100

    let existing: Reflector<Object>
    private let client: any ObjectClient
    private struct State {
        /// Names of the slices of each Service.
        var slices: [String: Set<String>] = [:]
        /// The newest version written for each Service, until it is seen.
        var written: [String: Int] = [:]
    }
    private let state = Mutex(State())

    /// - Parameter changed: called with the key of a Service when its slices changed.
    init(_ client: any ObjectClient, time: any TimeSource, changed: @escaping @Sendable (String) -> Void) {
        self.client = client
        existing = Reflector(client, .endpointSlices, time: time) { slice in
            let manager = slice.label("endpointslice.kubernetes.io/managed-by")
            return manager == DesiredSlices.controller || manager == DesiredSlices.mirroring ? slice : nil
        }
        existing.onChange { [weak self] change in
            guard let slice = change.new ?? change.old, let name = slice.label("kubernetes.io/service-name") else {
                return
            }
            let service = slice.namespace + "/" + name
            self?.state.withLock { state in
                if change.new == nil {
                    state.slices[service]?.remove(change.key)
                    if state.slices[service]?.isEmpty == true { state.slices[service] = nil }
                } else {
                    state.slices[service, default: []].insert(change.key)
                }
            }
            changed(service)
        }
    }

    func write(_ desired: DesiredSlices, service: String, namespace: String) async throws(StatusError) {
        // What was written before comes with a change, and then it is this Service's turn again.
        let isStale = state.withLock { state in
            guard let written = state.written[service] else { return false }
            if written > Int(existing.resourceVersion ?? "") ?? 0 { return true }
            state.written[service] = nil
            return false
        }
        if isStale { return }
        let slices = state.withLock { $0.slices[service] ?? [] }.sorted().compactMap { existing[$0] }
            .filter { $0.label("endpointslice.kubernetes.io/managed-by") == desired.managedBy && !$0.isBeingDeleted }
        var plan = SlicePlan(desired, slices, namespace)
        plan.make()
        for value in plan.creations {
            note(try await client.create(.endpointSlices, namespace: namespace, value), service)
        }
        for (name, value) in plan.updates {
            note(
                try await client.update(.endpointSlices, namespace: namespace, name: name, subresource: nil, value),
                service)
        }
        for name in plan.deletions {
            do throws(StatusError) {
                try await client.delete(.endpointSlices, namespace: namespace, name: name, .init())
            } catch { if error.code != 404 { throw error } }
        }
    }

    private func note(_ slice: Object, _ service: String) {
        guard let version = Int(slice.resourceVersion) else { return }
        state.withLock { $0.written[service] = max($0.written[service] ?? 0, version) }
    }
}

/// The writes that lead from the slices that are there to those that should be.
struct SlicePlan {
    private(set) var creations: [JSONValue] = []
    private(set) var updates: [(name: String, value: JSONValue)] = []
    private(set) var deletions: [String] = []
    private let desired: DesiredSlices
    private let namespace: String
    private var slices: [DesiredSlices.Group: [Object]]

    init(_ desired: DesiredSlices, _ existing: [Object], _ namespace: String) {
        (self.desired, self.namespace) = (desired, namespace)
        slices = Dictionary(grouping: existing) { slice in
            DesiredSlices.Group(
                addressType: slice["addressType"].string ?? "", ports: Self.ports(slice).description)
        }
    }

    /// In the order of fields in which desired ports are written.
    private static func ports(_ slice: Object) -> JSONValue {
        .array(
            slice["ports"].elements.map { port in
                EndpointPort(
                    name: port["name"].string ?? "", transport: port["protocol"].string ?? "TCP",
                    number: port["port"].int ?? 0, appProtocol: port["appProtocol"].string
                ).value(emptyName: true)
            })
    }

    mutating func make() {
        for (group, content) in desired.groups { fill(group, content.ports, content.endpoints) }
        var left = slices.filter { desired.groups[$0.key] == nil }.values.flatMap { $0 }
        for family in desired.placeholders where !desired.groups.keys.contains(where: { $0.addressType == family }) {
            if let index = left.firstIndex(where: { $0["addressType"].equals(family) && $0["ports"].count == 0 }) {
                write([], into: left.remove(at: index), .array([]))
            } else {
                creations.append(new(family, .array([]), []))
            }
        }
        deletions += left.map(\.name)
    }

    private mutating func fill(_ group: DesiredSlices.Group, _ ports: JSONValue, _ wanted: [DesiredSlices.Endpoint]) {
        var missing = Dictionary(wanted.map { ($0.identity, $0.value) }) { first, _ in first }
        var contents: [(slice: Object, endpoints: [JSONValue])] = []
        for slice in slices[group] ?? [] {
            var endpoints: [JSONValue] = []
            for endpoint in slice["endpoints"].elements {
                let identity =
                    (endpoint["targetRef"]["uid"].string ?? "") + "/" + (endpoint["addresses"][0].string ?? "")
                if let value = missing.removeValue(forKey: identity) { endpoints.append(value) }
            }
            contents.append((slice, endpoints))
        }
        contents.sort { $0.endpoints.count > $1.endpoints.count }
        var new = wanted.filter { missing[$0.identity] != nil }.map(\.value)[...]
        for index in contents.indices where !new.isEmpty {
            let room = max(0, SliceWriter.endpointsPerSlice - contents[index].endpoints.count)
            contents[index].endpoints += new.prefix(room)
            new = new.dropFirst(room)
        }
        for (slice, endpoints) in contents {
            if endpoints.isEmpty { deletions.append(slice.name) } else { write(endpoints, into: slice, ports) }
        }
        while !new.isEmpty {
            creations.append(self.new(group.addressType, ports, Array(new.prefix(SliceWriter.endpointsPerSlice))))
            new = new.dropFirst(SliceWriter.endpointsPerSlice)
        }
    }

    private mutating func write(_ endpoints: [JSONValue], into slice: Object, _ ports: JSONValue) {
        let current = slice["endpoints"].elements.map(\.value)
        guard current != endpoints || slice.metadata["labels"].value != desired.labels else { return }
        var value = slice.value
        value["endpoints"] = .array(endpoints)
        value["metadata"]["labels"] = desired.labels
        if !desired.trigger.isEmpty {
            value["metadata"]["annotations"][EndpointsObject.lastChange] = .string(desired.trigger)
        }
        updates.append((slice.name, value))
    }

    private func new(_ family: String, _ ports: JSONValue, _ endpoints: [JSONValue]) -> JSONValue {
        var value: JSONValue = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "generateName": .string(desired.prefix), "namespace": .string(namespace), "labels": desired.labels,
                "ownerReferences": [desired.owner],
            ],
            "addressType": .string(family), "endpoints": .array(endpoints), "ports": ports,
        ]
        if !desired.trigger.isEmpty {
            value["metadata"]["annotations"][EndpointsObject.lastChange] = .string(desired.trigger)
        }
        return value
    }
}
