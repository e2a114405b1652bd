internal import API
internal import Client
internal import JSON

/// Keeps the EndpointSlices and the Endpoints of Services with a selector, and mirrors the Endpoints that people write for
/// Services without one into slices: upstream's endpointslice, endpoints and endpointslicemirroring controllers.
/// https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
final class EndpointsController: ClusterController, Reconciler {
    private let client: any ObjectClient
    private let queue: WorkQueue<String>
    private let services: Reflector<Object>
    private let pods: View<EndpointPod>
    /// The zone of each node.
    private let zones: Reflector<String>
    private let endpoints: Reflector<Object>
    private let index = ServicePods()
    private let slices: SliceWriter

    init(_ environment: Environment) {
        (client, queue) = (environment.client, environment.queue())
        let time = environment.time
        services = Reflector(client, .services, time: time)
        pods = View(environment.shared.pods) { EndpointPod($0) }
        zones = Reflector(client, .nodes, time: time) { $0.label("topology.kubernetes.io/zone") ?? "" }
        endpoints = Reflector(client, .endpoints, time: time)
        slices = SliceWriter(client, time: time) { [queue] in queue.add($0) }
        services.onChange { [index, queue] change in
            index.update(service: change.key, old: change.old, new: change.new)
            queue.add(change.key)
        }
        pods.onChange { [index, queue] change in
            for service in index.update(pod: change.key, old: change.old, new: change.new) { queue.add(service) }
        }
        endpoints.onChange { [queue] change in queue.add(change.key) }
        zones.onChange { [weak self] change in
            if change.old != nil, change.new != nil, change.old != change.new { self?.zoneChanged(change.key) }
        }
    }

    func run() async {
        await Controller("endpoints", queue, workers: 2, self).run(
            following: [services, pods, zones, endpoints, slices.existing])
    }

    /// Rare: a node was moved to another zone.
    private func zoneChanged(_ node: String) {
        for (key, service) in services.snapshot where index.pods(of: service).contains(where: { $0.nodeName == node }) {
            queue.add(key)
        }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        let (namespace, name) = splitKey(key)
        guard let namespace else { return .done }
        guard let service = services[key] else {
            if index.wasDeleted(key), endpoints[key] != nil {
                do throws(StatusError) {
                    try await client.delete(.endpoints, namespace: namespace, name: name, .init())
                } catch { if error.code != 404 { throw error } }
            }
            index.forgetDeletion(key)
            return .done
        }
        if service.isBeingDeleted { return .done }
        let hasSelector = !ServicePods.selector(service).isEmpty
        if hasSelector {
            let pods = index.pods(of: service)
            try await slices.write(desiredSlices(service, pods), service: key, namespace: namespace)
            try await writeEndpoints(EndpointsObject(service, pods), key)
        }
        let written = hasSelector ? nil : endpoints[key].flatMap { MirroredEndpoints.isMirrored($0) ? $0 : nil }
        try await slices.write(
            MirroredEndpoints.slices(of: written, service: name), service: key, namespace: namespace)
        return .done
    }

    private func desiredSlices(_ service: Object, _ pods: [EndpointPod]) -> DesiredSlices {
        let publishesAll = service["spec"]["publishNotReadyAddresses"].bool == true
        var slices = DesiredSlices(service: service)
        var families = service["spec"]["ipFamilies"].elements.compactMap(\.string)
        if families.isEmpty { families = ["IPv4"] }
        slices.placeholders = families
        for pod in pods {
            let ports = pod.ports(of: service).sorted()
            for family in families {
                guard let address = pod.addresses.first(where: { $0.contains(":") == (family == "IPv6") }) else {
                    continue
                }
                var endpoint: JSONValue = [
                    "addresses": [.string(address)],
                    "conditions": [
                        "ready": .bool(publishesAll || pod.isReady && !pod.isTerminating),
                        "serving": .bool(pod.isReady), "terminating": .bool(pod.isTerminating),
                    ],
                    "targetRef": pod.reference,
                ]
                if !pod.nodeName.isEmpty { endpoint["nodeName"] = .string(pod.nodeName) }
                if let zone = zones[pod.nodeName], !zone.isEmpty { endpoint["zone"] = .string(zone) }
                if !pod.hostname.isEmpty, pod.subdomain == service.name {
                    endpoint["hostname"] = .string(pod.hostname)
                }
                slices.add(endpoint, family: family, ports: ports.map { $0.value(emptyName: true) }, identity: pod.uid)
            }
        }
        slices.addHints(trafficDistribution: service["spec"]["trafficDistribution"].string ?? "")
        slices.trigger = triggerTime(service, pods)
        return slices
    }

    private func writeEndpoints(_ desired: EndpointsObject, _ key: String) async throws(StatusError) {
        let (namespace, name) = splitKey(key)
        guard let current = endpoints[key] else {
            _ = try await client.create(.endpoints, namespace: namespace, desired.new())
            return
        }
        var value = current.value
        if desired.apply(to: &value) {
            _ = try await client.update(.endpoints, namespace: namespace, name: name, subresource: nil, value)
        }
    }
}

/// When the newest of what made the endpoints what they are happened (upstream's EndpointsLastChangeTriggerTime).
func triggerTime(_ service: Object, _ pods: [EndpointPod]) -> String {
    max(service.metadata["creationTimestamp"].string ?? "", pods.map(\.readySince).max() ?? "")
}
