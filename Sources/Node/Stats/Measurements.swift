internal import Synchronization

/// What the agent counts while it works.
final class Measurements: Sendable {
    private struct ProbeKey: Hashable {
        let kind: String, result: String, container: String, pod: String, namespace: String, uid: String
    }
    private struct State {
        var probes: [ProbeKey: Int] = [:]
        var podStart = Histogram()
        var evictions: [String: Int] = [:]
    }
    private let state = Mutex(State())

    func probed(_ kind: String, _ result: String, container: String, pod: String, namespace: String, uid: String) {
        let key = ProbeKey(kind: kind, result: result, container: container, pod: pod, namespace: namespace, uid: uid)
        state.withLock { $0.probes[key, default: 0] += 1 }
    }
    func forgetProbes(ofPod uid: String) { state.withLock { $0.probes = $0.probes.filter { $0.key.uid != uid } } }
    func podStarted(after seconds: Double) { state.withLock { $0.podStart.observe(seconds) } }
    func evicted(for signal: String) { state.withLock { $0.evictions[signal, default: 0] += 1 } }

    var podStart: Histogram { state.withLock { $0.podStart } }
    var evictions: [String: Int] { state.withLock { $0.evictions } }

    /// /metrics/probes.
    var probes: MetricsText {
        let counts = state.withLock { $0.probes }
        var text = MetricsText()
        text.add(
            "prober_probe_total", .counter,
            "Cumulative number of a liveness, readiness or startup probe for a container by result.",
            counts.map { key, count in
                (
                    [
                        ("probe_type", key.kind), ("result", key.result), ("container", key.container),
                        ("pod", key.pod), ("namespace", key.namespace), ("pod_uid", key.uid),
                    ], Double(count)
                )
            })
        return text
    }
}
