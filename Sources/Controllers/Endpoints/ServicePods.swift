internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Which Pods a Service selects, and which Services a Pod, without looking at any others: both are filed under their labels.
final class ServicePods: Sendable {
    private struct Label: Hashable {
        let namespace: String
        let key: String
        let value: String
    }
    private struct State {
        var pods: [Label: [String: EndpointPod]] = [:]
        /// Under one label of the selector.
        var services: [Label: [String: [String: String]]] = [:]
        /// Services whose deletion was seen: their Endpoints go, too.
        var deleted: Set<String> = []
    }
    private let state = Mutex(State())

    static func selector(_ service: Object) -> [String: String] {
        service["spec"]["type"].equals("ExternalName") ? [:] : EndpointPod.strings(service["spec"]["selector"])
    }

    func update(service key: String, old: Object?, new: Object?) {
        state.withLock { state in
            if let old, let label = Self.filing(old) { state.services[label]?[key] = nil }
            if let old, let label = Self.filing(old), state.services[label]?.isEmpty == true {
                state.services[label] = nil
            }
            if new == nil { state.deleted.insert(key) } else { state.deleted.remove(key) }
            if let new, let label = Self.filing(new) { state.services[label, default: [:]][key] = Self.selector(new) }
        }
    }

    func wasDeleted(_ key: String) -> Bool { state.withLock { $0.deleted.contains(key) } }
    func forgetDeletion(_ key: String) { state.withLock { _ = $0.deleted.remove(key) } }

    private static func filing(_ service: Object) -> Label? {
        selector(service).min { $0.key < $1.key }.map {
            Label(namespace: service.namespace, key: $0.key, value: $0.value)
        }
    }

    /// Returns the keys of the Services whose endpoints may change by it.
    func update(pod key: String, old: EndpointPod?, new: EndpointPod?) -> Set<String> {
        if old == new { return [] }
        return state.withLock { state in
            var services: Set<String> = []
            for pod in [old, new] {
                guard let pod else { continue }
                for (name, value) in pod.labels {
                    let label = Label(namespace: pod.namespace, key: name, value: value)
                    for (service, selector) in state.services[label] ?? [:] where Self.matches(selector, pod) {
                        services.insert(service)
                    }
                }
            }
            for (name, value) in old?.labels ?? [:] {
                let label = Label(namespace: old?.namespace ?? "", key: name, value: value)
                state.pods[label]?[key] = nil
                if state.pods[label]?.isEmpty == true { state.pods[label] = nil }
            }
            for (name, value) in new?.labels ?? [:] {
                state.pods[Label(namespace: new?.namespace ?? "", key: name, value: value), default: [:]][key] = new
            }
            return services
        }
    }

    /// The Pods of a Service, in the order of their names.
    func pods(of service: Object) -> [EndpointPod] {
        let (selector, namespace) = (Self.selector(service), service.namespace)
        let pods = state.withLock { state in
            selector.map { state.pods[Label(namespace: namespace, key: $0.key, value: $0.value)] ?? [:] }
                .min { $0.count < $1.count }
        }
        return (pods ?? [:]).values.filter { Self.matches(selector, $0) }.sorted { $0.name < $1.name }
    }

    private static func matches(_ selector: [String: String], _ pod: EndpointPod) -> Bool {
        selector.allSatisfy { pod.labels[$0.key] == $0.value }
    }
}
