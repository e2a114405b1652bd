internal import API
internal import Client
internal import JSON

/// The Endpoints of a Service with a selector.
struct EndpointsObject {
    /// How many addresses it may hold; more are left out, and an annotation says so.
    static let capacity = 1000
    static let overCapacity = "endpoints.kubernetes.io/over-capacity"
    static let lastChange = "endpoints.kubernetes.io/last-change-trigger-time"

    private let service: Object
    private let subsets: JSONValue
    private let labels: JSONValue
    private let isTruncated: Bool
    private let trigger: String

    init(_ service: Object, _ pods: [EndpointPod]) {
        self.service = service
        let publishesAll = service["spec"]["publishNotReadyAddresses"].bool == true
        let usesIPv6 = service["spec"]["ipFamilies"][0].equals("IPv6")
        let isHeadless = service["spec"]["clusterIP"].equals("None")
        var groups: [[EndpointPort]: (ready: [JSONValue], notReady: [JSONValue])] = [:]
        let candidates = pods.filter { publishesAll || !$0.isTerminating }
        // Those that are ready are the last to be left out.
        let ordered = candidates.filter(\.isReady) + candidates.filter { !$0.isReady }
        for pod in ordered.prefix(Self.capacity) {
            guard let ip = pod.addresses.first(where: { $0.contains(":") == usesIPv6 }) else { continue }
            var address: JSONValue = ["ip": .string(ip), "targetRef": pod.reference]
            if !pod.nodeName.isEmpty { address["nodeName"] = .string(pod.nodeName) }
            if !pod.hostname.isEmpty, pod.subdomain == service.name { address["hostname"] = .string(pod.hostname) }
            let ports = pod.ports(of: service).sorted()
            if ports.isEmpty, !(isHeadless && service["spec"]["ports"].count == 0) { continue }
            if publishesAll || pod.isReady {
                groups[ports, default: ([], [])].ready.append(address)
            } else {
                groups[ports, default: ([], [])].notReady.append(address)
            }
        }
        isTruncated = candidates.count > Self.capacity
        trigger = triggerTime(service, pods)
        subsets = .array(
            groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ports, addresses in
                var subset: JSONValue = [:]
                func sorted(_ addresses: [JSONValue]) -> JSONValue {
                    .array(addresses.sorted { ($0["ip"].string ?? "") < ($1["ip"].string ?? "") })
                }
                if !addresses.ready.isEmpty { subset["addresses"] = sorted(addresses.ready) }
                if !addresses.notReady.isEmpty { subset["notReadyAddresses"] = sorted(addresses.notReady) }
                if !ports.isEmpty { subset["ports"] = .array(ports.map { $0.value(emptyName: false) }) }
                return subset
            })
        var labels = service.metadata["labels"].value
        labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller"
        if isHeadless { labels["service.kubernetes.io/headless"] = "" }
        self.labels = labels
    }

    func new() -> JSONValue {
        var object: JSONValue = [
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": ["name": .string(service.name), "namespace": .string(service.namespace)],
        ]
        apply(to: &object)
        return object
    }

    /// Returns whether the object had to be changed.
    @discardableResult
    func apply(to object: inout JSONValue) -> Bool {
        let current = object["subsets"].isNull ? [] : object["subsets"]
        let mark = object["metadata"]["annotations"][Self.overCapacity].string
        if object.has("subsets") || subsets.isEmptyContainer, current == subsets,
            object["metadata"]["labels"] == labels, (mark != nil) == isTruncated
        {
            return false
        }
        object["subsets"] = subsets
        object["metadata"]["labels"] = labels
        if isTruncated {
            object["metadata"]["annotations"][Self.overCapacity] = "truncated"
        } else if mark != nil {
            object["metadata"]["annotations"].remove(Self.overCapacity)
        }
        if !trigger.isEmpty { object["metadata"]["annotations"][Self.lastChange] = .string(trigger) }
        return true
    }
}
