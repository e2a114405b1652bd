internal import API
internal import Client
internal import JSON
internal import Synchronization

/// HorizontalPodAutoscaler v2: as many replicas as it takes until Pods use what they should. It looks every 15 seconds,
/// as measurements are not watched, and only while there is an autoscaler.
/// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
final class HorizontalPodAutoscaling: ClusterController, Reconciler {
    /// Seconds (--horizontal-pod-autoscaler-sync-period).
    static let period = 15.0
    static let resource = ResourceName.horizontalPodAutoscalers

    private let client: any ObjectClient
    private let scales: any ScaleClient
    private let time: any TimeSource
    private let recorder: Recorder
    private let autoscalers: Reflector<Object>
    private let queue: WorkQueue<String>
    private let histories = Mutex<[String: ScalingHistory]>([:])

    init(_ environment: Environment) {
        (client, scales, time) = (environment.client, environment.scales, environment.time)
        queue = environment.queue()
        recorder = Recorder(client, component: "horizontal-pod-autoscaler", time: time)
        autoscalers = Reflector(client, Self.resource, time: time)
        autoscalers.onChange { [weak self, queue] change in
            if change.old?.uid != change.new?.uid {
                self?.histories.withLock { $0[change.key] = nil }
            }
            // Its own writes of the status are no reason to look.
            if let new = change.new, change.old?["spec"].rawBytes != new["spec"].rawBytes { queue.add(change.key) }
        }
    }

    func run() async { await Controller("horizontal-pod-autoscaler", queue, self).run(following: [autoscalers]) }

    func reconcile(_ key: String) async throws -> ReconcileResult {
        guard let known = autoscalers[key] else { return .done }
        let object: Object
        do throws(StatusError) {
            object = try await client.get(Self.resource, namespace: known.namespace, name: known.name)
        } catch {
            if error.code == 404 { return .done }
            throw error
        }
        var status = AutoscalerStatus(object, now: time.now)
        await scale(object, &status)
        let written = status.object
        try await client.updateStatus(Self.resource, object) { $0["status"] = written["status"] }
        return .requeue(after: Self.period)
    }

    private func scale(_ object: Object, _ status: inout AutoscalerStatus) async {
        let reference = object["spec"]["scaleTargetRef"]
        let target = ScaleTarget(
            apiVersion: reference["apiVersion"].string ?? "", kind: reference["kind"].string ?? "",
            namespace: object.namespace, name: reference["name"].string ?? "")
        let scale: Object
        do throws(StatusError) {
            scale = try await scales.scale(of: target)
        } catch {
            recorder.event(object, .warning, reason: "FailedGetScale", error.message)
            return status.set(
                "AbleToScale", false, "FailedGetScale",
                "the HPA controller was unable to get the target's current scale: \(error.message)")
        }
        status.set(
            "AbleToScale", true, "SucceededGetScale",
            "the HPA controller was able to get the target's current scale")
        let current = scale["spec"]["replicas"].int ?? 0
        status.currentReplicas = current
        let least = object["spec"]["minReplicas"].int ?? 1
        let most = max(least, object["spec"]["maxReplicas"].int ?? least)
        let now = time.uptime
        histories.withLock { $0[object.key, default: ScalingHistory()].begin(with: current, now: now) }
        var (desired, reason) = (current, "")
        if current == 0, least != 0 {
            desired = 0
            status.set(
                "ScalingActive", false, "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero")
        } else if current > most {
            (desired, reason) = (most, "Current number of replicas above Spec.MaxReplicas")
        } else if current < least {
            (desired, reason) = (least, "Current number of replicas below Spec.MinReplicas")
        } else {
            guard let proposal = await proposal(object, scale, &status) else { return }
            let verdict = histories.withLock {
                $0[object.key, default: ScalingHistory()].limit(
                    proposal.replicas, current: current, bounds: least...most, object["spec"]["behavior"], now: now)
            }
            status.set("AbleToScale", true, verdict.ability.reason, verdict.ability.message)
            status.set("ScalingLimited", verdict.limit.isLimited, verdict.limit.reason, verdict.limit.message)
            desired = verdict.replicas
            reason = proposal.replicas > current ? proposal.metric + " above target" : "All metrics below target"
        }
        if desired != current {
            var wanted = scale.value
            wanted["spec"]["replicas"] = .int(desired)
            do throws(StatusError) {
                try await scales.setScale(of: target, wanted)
            } catch {
                recorder.event(
                    object, .warning, reason: "FailedRescale",
                    "New size: \(desired); reason: \(reason); error: \(error.message)")
                return status.set(
                    "AbleToScale", false, "FailedUpdateScale",
                    "the HPA controller was unable to update the target scale: \(error.message)")
            }
            status.set(
                "AbleToScale", true, "SucceededRescale",
                "the HPA controller was able to update the target scale to \(desired)")
            recorder.event(object, reason: "SuccessfulRescale", "New size: \(desired); reason: \(reason)")
            histories.withLock {
                $0[object.key, default: ScalingHistory()].record(from: current, to: desired, now: now)
            }
        }
        status.desiredReplicas(desired, isRescaled: desired != current)
    }

    /// The most that one of the metrics asks for; nil when they do not say enough.
    private func proposal(
        _ object: Object, _ scale: Object, _ status: inout AutoscalerStatus
    ) async -> (replicas: Int, metric: String)? {
        guard let text = scale["status"]["selector"].string, !text.isEmpty,
            let selector = try? LabelSelector(parsing: text)
        else {
            recorder.event(object, .warning, reason: "SelectorRequired", "selector is required")
            status.set(
                "ScalingActive", false, "InvalidSelector", "the HPA target's scale is missing a selector")
            return nil
        }
        let current = status.currentReplicas
        let source = MetricSource(client, object.namespace, selector, object["spec"]["behavior"], time.now)
        var best: (replicas: Int, metric: String)?
        var failures: [MetricSource.Failure] = []
        var measured: [JSONValue] = []
        let metrics = Array(object["spec"]["metrics"].elements)
        for metric in metrics {
            do throws(MetricSource.Failure) {
                let found = try await source.measure(metric, current: current)
                measured.append(found.status)
                if found.replicas > best?.replicas ?? -1 { best = (found.replicas, found.name) }
            } catch {
                // Their places show which of the targets has which value.
                measured.append(["type": ""])
                recorder.event(object, .warning, reason: error.reason, error.message)
                failures.append(error)
            }
        }
        // With a part of the metrics unknown there may be more Pods, not fewer.
        if let first = failures.first, (best?.replicas ?? -1) < current {
            status.set(
                "ScalingActive", false, first.reason,
                "the HPA was unable to compute the replica count: \(first.message)")
            recorder.event(
                object, .warning, reason: "FailedComputeMetricsReplicas",
                "invalid metrics (\(failures.count) invalid out of \(metrics.count)), first error is: \(first.message)")
            return nil
        }
        guard let best else { return nil }
        status.currentMetrics = measured
        status.set(
            "ScalingActive", true, "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from \(best.metric)")
        return best
    }
}

/// The status as it is put together during one look.
struct AutoscalerStatus: Sendable {
    private(set) var object: JSONValue
    private let now: Time

    init(_ autoscaler: Object, now: Time) {
        (object, self.now) = (autoscaler.value, now)
        if let generation = autoscaler.metadata["generation"].int {
            object["status"]["observedGeneration"] = .int(generation)
        }
        if object["status"]["desiredReplicas"].isNull { object["status"]["desiredReplicas"] = 0 }
    }

    var currentReplicas: Int {
        get { object["status"]["currentReplicas"].int ?? 0 }
        set { object["status"]["currentReplicas"] = .int(newValue) }
    }
    var currentMetrics: [JSONValue] {
        get { object["status"]["currentMetrics"].array ?? [] }
        set { object["status"]["currentMetrics"] = .array(newValue) }
    }

    mutating func desiredReplicas(_ count: Int, isRescaled: Bool) {
        object["status"]["desiredReplicas"] = .int(count)
        if isRescaled { object["status"]["lastScaleTime"] = .string(now.description) }
    }

    mutating func set(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
        object.setCondition(Condition(type, isTrue, reason: reason, message: message), now: now)
    }
}
