internal import API
internal import Client
internal import JSON
internal import Synchronization

/// The Pods of each Job, as the watch tells them and as this controller changed them just now: a copy that is behind must
/// never make a second Pod, nor count one twice.
final class JobPods: Sendable {
    private struct State {
        /// Pods by the key of the Job that owns them.
        var owned: [String: [String: JobPod]] = [:]
        /// Keys of Pods without a controller, by namespace.
        var orphans: [String: Set<String>] = [:]
        /// Made, and not yet seen by the watch.
        var made: [String: (pod: JobPod, at: Double)] = [:]
        /// Uids of Pods whose finalizer was removed, and of whom the watch still says otherwise.
        var released: Set<String> = []
    }
    private let state = Mutex(State())
    private let pods: View<JobPod>
    /// Keys of Jobs to look at, and of Pods without a Job that still have its finalizer, behind a `!`.
    private let queue: WorkQueue<String>

    init(_ pods: View<JobPod>, _ queue: WorkQueue<String>) {
        (self.pods, self.queue) = (pods, queue)
        pods.onChange { [weak self] in self?.changed($0) }
    }

    static func jobKey(of pod: JobPod) -> String? {
        pod.owner.flatMap { $0.kind == "Job" ? pod.namespace + "/" + $0.name : nil }
    }

    private func changed(_ change: Reflector<JobPod>.Change) {
        state.withLock { state in
            if let old = change.old {
                if let job = Self.jobKey(of: old) {
                    state.owned[job]?[old.uid] = nil
                    if state.owned[job]?.isEmpty == true { state.owned[job] = nil }
                }
                if old.owner == nil { state.orphans[old.namespace]?.remove(change.key) }
                if change.new?.uid != old.uid { state.released.remove(old.uid) }
                state.made[old.uid] = nil
            }
            if let new = change.new {
                if let job = Self.jobKey(of: new) { state.owned[job, default: [:]][new.uid] = new }
                if new.owner == nil { state.orphans[new.namespace, default: []].insert(change.key) }
                if !new.isTracked { state.released.remove(new.uid) }
                state.made[new.uid] = nil
            }
        }
        for pod in [change.old, change.new] { if let job = pod.flatMap(Self.jobKey) { queue.add(job) } }
        if let pod = change.new, pod.isTracked, Self.jobKey(of: pod) == nil { queue.add("!" + change.key) }
    }

    /// Pods that say they belong to a Job of this name, whichever uid it had.
    func of(job key: String) -> [JobPod] {
        state.withLock { state in
            var pods = state.owned[key] ?? [:]
            for (uid, made) in state.made where Self.jobKey(of: made.pod) == key { pods[uid] = made.pod }
            return pods.values.map { state.released.contains($0.uid) ? $0.untracked : $0 }.sorted { $0.name < $1.name }
        }
    }

    func orphans(in namespace: String) -> [JobPod] {
        state.withLock { $0.orphans[namespace] ?? [] }.compactMap { self.pods[$0] }
    }

    subscript(_ key: String) -> JobPod? { pods[key] }

    func made(_ pod: JobPod, at uptime: Double) {
        if pods[pod.key]?.uid == pod.uid { return }
        state.withLock { $0.made[pod.uid] = (pod, uptime) }
        // It may have been seen in between.
        if pods[pod.key]?.uid == pod.uid { state.withLock { $0.made[pod.uid] = nil } }
    }

    func released(_ pod: JobPod) {
        guard let known = pods[pod.key], known.uid == pod.uid, known.isTracked else { return }
        state.withLock { _ = $0.released.insert(pod.uid) }
        if pods[pod.key].map({ $0.uid != pod.uid || !$0.isTracked }) ?? true {
            state.withLock { _ = $0.released.remove(pod.uid) }
        }
    }

    /// Pods of a Job that were made so long ago that the watch should have told: they may be gone again.
    func unseen(job key: String, before uptime: Double) -> [JobPod] {
        state.withLock { $0.made.values.filter { $0.at < uptime && Self.jobKey(of: $0.pod) == key }.map(\.pod) }
    }

    func forget(_ pod: JobPod) { state.withLock { $0.made[pod.uid] = nil } }
}
