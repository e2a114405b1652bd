internal import API
internal import Client
internal import JSON
internal import Synchronization

/// Deletes Pods from nodes whose NoExecute taints they do not tolerate, at once or when their time is up.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
final class TaintEviction: ClusterController, Reconciler {
    struct Taint: Sendable, Equatable {
        let key: String, value: String
        let added: Time?
    }

    struct Toleration: Sendable {
        let key: String, value: String
        let exists: Bool
        let seconds: Int?

        /// Nil when it is about another effect.
        init?(_ toleration: JSONRef) {
            let effect = toleration["effect"].string ?? ""
            guard effect.isEmpty || effect == "NoExecute" else { return nil }
            (key, value) = (toleration["key"].string ?? "", toleration["value"].string ?? "")
            exists = toleration["operator"].equals("Exists")
            seconds = toleration["tolerationSeconds"].int
        }

        func tolerates(_ taint: Taint) -> Bool {
            exists ? key.isEmpty || key == taint.key : key == taint.key && value == taint.value
        }
    }

    struct Pod: Sendable {
        let uid: String
        let node: String
        let created: Time?
        let tolerations: [Toleration]

        /// Nil for Pods that no node runs, or that end anyway.
        init?(_ pod: Object) {
            guard let node = pod["spec"]["nodeName"].string, !node.isEmpty, !pod.isBeingDeleted else { return nil }
            (uid, self.node) = (pod.uid, node)
            created = pod.metadata["creationTimestamp"].string.flatMap { Time($0) }
            tolerations = pod["spec"]["tolerations"].elements.compactMap(Toleration.init)
        }

        /// When it has to go; nil when it may stay.
        func end(under taints: [Taint], now: Time) -> Time? {
            var end: Time?
            for taint in taints {
                let fitting = tolerations.filter { $0.tolerates(taint) }
                if fitting.isEmpty { return now }
                guard let seconds = fitting.compactMap(\.seconds).min() else { continue }
                let begin = max(taint.added ?? now, created ?? now)
                let own = begin.adding(seconds: Double(max(0, seconds)))
                end = min(end ?? own, own)
            }
            return end
        }
    }

    private let client: any ObjectClient
    private let time: any TimeSource
    private let nodes: Reflector<[Taint]>
    private let pods: View<Pod>
    private let queue: WorkQueue<String>
    private let recorder: Recorder
    private let byNode = Mutex<[String: Set<String>]>([:])
    /// Pods that have an end, so that users hear when they have none any more.
    private let marked = Mutex<Set<String>>([])

    init(_ environment: Environment) {
        (client, time, queue) = (environment.client, environment.time, environment.queue())
        recorder = Recorder(client, component: "taint-eviction-controller", time: time)
        nodes = Reflector(client, .nodes, time: time) { node in
            node["spec"]["taints"].elements.filter { $0["effect"].equals("NoExecute") }.map {
                Taint(
                    key: $0["key"].string ?? "", value: $0["value"].string ?? "",
                    added: $0["timeAdded"].string.flatMap { Time($0) })
            }
        }
        pods = View(environment.shared.pods) { Pod($0) }
        nodes.onChange { [weak self] change in
            guard let self, change.old ?? [] != change.new ?? [] else { return }
            for key in byNode.withLock({ $0[change.key] ?? [] }) { queue.add(key) }
        }
        pods.onChange { [weak self] in self?.podChanged($0) }
    }

    func run() async { await Controller("taint-eviction", queue, workers: 2, self).run(following: [nodes, pods]) }

    private func podChanged(_ change: Reflector<Pod>.Change) {
        byNode.withLock { known in
            if let old = change.old {
                known[old.node]?.remove(change.key)
                if known[old.node]?.isEmpty == true { known[old.node] = nil }
            }
            if let new = change.new { known[new.node, default: []].insert(change.key) }
        }
        guard let pod = change.new else { return marked.withLock { _ = $0.remove(change.key) } }
        if change.old?.uid != pod.uid || nodes[pod.node]?.isEmpty == false { queue.add(change.key) }
    }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let pod = pods[key] else { return .done }
        let (namespace, name) = splitKey(key)
        let reference = ObjectReference(kind: "Pod", namespace: namespace ?? "", name: name, uid: pod.uid)
        let now = time.now
        guard let taints = nodes[pod.node], !taints.isEmpty, let end = pod.end(under: taints, now: now) else {
            if marked.withLock({ $0.remove(key) }) != nil {
                recorder.event(reference, reason: "TaintManagerEviction", "Cancelling deletion of Pod \(key)")
            }
            return .done
        }
        if end > now {
            marked.withLock { _ = $0.insert(key) }
            return .requeue(after: end - now)
        }
        recorder.event(reference, reason: "TaintManagerEviction", "Marking for deletion Pod \(key)")
        do throws(StatusError) {
            try await client.modify(.pods, namespace: namespace, name: name, subresource: "status") { object in
                guard object["metadata"]["uid"].string == pod.uid else { return false }
                return object.setCondition(
                    Condition(
                        "DisruptionTarget", true, reason: "DeletionByTaintManager",
                        message: "Taint manager: deleting due to NoExecute taint"), now: now)
            }
            try await client.delete(.pods, namespace: namespace, name: name, DeleteOptions(uid: pod.uid))
        } catch { if error.code != 404, error.reason != "Conflict" { throw error } }
        return .done
    }
}
