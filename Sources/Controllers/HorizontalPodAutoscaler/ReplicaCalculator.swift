internal import API
internal import Client
internal import JSON

/// How many replicas it takes until Pods use of a resource what they should.
/// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
struct ReplicaCalculator: Sendable {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }
    enum Target: Sendable {
        /// Per cent of what the Pods ask for.
        case utilization(Int)
        /// Thousandths of the resource's unit, a Pod.
        case averageValue(Int)
    }
    struct Result: Sendable, Equatable {
        var replicas: Int
        /// Per cent; nil where values are the target.
        var utilization: Int?
        /// Thousandths, a Pod.
        var average: Int
    }

    /// `cpu`, `memory`.
    let resource: String
    /// Only this container of the Pods counts.
    let container: String?
    let target: Target
    /// How far the use may be off without anything being done.
    var tolerance = (up: 0.1, down: 0.1)

    /// CPU of Pods that start is not taken seriously for so long (--horizontal-pod-autoscaler-cpu-initialization-period).
    private static let initialization = 300.0
    /// A Pod unready since its start has never been ready (--horizontal-pod-autoscaler-initial-readiness-delay).
    private static let readinessDelay = 30.0

    private typealias Measurement = (value: Int, at: Time?, window: Double)

    /// `metrics` are PodMetrics (metrics.k8s.io) of the Pods.
    func replicas(current: Int, _ pods: [Pod], _ metrics: [Object], now: Time) throws(Problem) -> Result {
        let measured = try values(metrics)
        if measured.isEmpty {
            throw Problem(
                description:
                    "unable to get metrics for resource \(resource): no metrics returned from resource metrics API")
        }
        if pods.isEmpty { throw Problem(description: "no pods returned by selector while calculating replica count") }
        var (values, ready, unready, missing): ([String: Int], Int, Set<String>, Set<String>) = ([:], 0, [], [])
        for pod in pods where !pod.isBeingDeleted && !pod.isFailed {
            if pod.phase == "Pending" {
                unready.insert(pod.name)
            } else if let measurement = measured[pod.name] {
                if resource == "cpu", isStarting(pod, measurement, now) {
                    unready.insert(pod.name)
                } else {
                    values[pod.name] = measurement.value
                    ready += 1
                }
            } else {
                missing.insert(pod.name)
            }
        }
        var requests: [String: Int] = [:]
        if case .utilization = target { for pod in pods { requests[pod.name] = try request(of: pod) } }
        if values.isEmpty { throw Problem(description: "did not receive metrics for any ready pods") }

        let (ratio, utilization) = try ratio(values, requests)
        let average = values.values.reduce(0, +) / values.count
        func result(_ replicas: Int) -> Result {
            Result(replicas: replicas, utilization: utilization, average: average)
        }
        let countsUnready = !unready.isEmpty && ratio > 1
        if missing.isEmpty, !countsUnready {
            return result(isTolerable(ratio) ? current : Self.up(ratio * Double(ready)))
        }
        // Nobody knows what these use: as much as speaks against a change.
        for name in missing where ratio != 1 { values[name] = ratio < 1 ? full(name, requests) : 0 }
        if countsUnready { for name in unready { values[name] = 0 } }
        let (corrected, _) = try self.ratio(values, requests)
        if isTolerable(corrected) || ratio < 1 && corrected > 1 || ratio > 1 && corrected < 1 { return result(current) }
        let replicas = Self.up(corrected * Double(values.count))
        let turnsRound = corrected < 1 && replicas > current || corrected > 1 && replicas < current
        return result(turnsRound ? current : replicas)
    }

    /// Rounded up; more than any bound allows is as good as the most.
    private static func up(_ replicas: Double) -> Int { Int(min(replicas.rounded(.up), 2_147_483_647)) }

    private func isTolerable(_ ratio: Double) -> Bool { 1 - tolerance.down <= ratio && ratio <= 1 + tolerance.up }

    /// What a Pod that was not measured is taken to use at most.
    private func full(_ name: String, _ requests: [String: Int]) -> Int {
        switch target {
        case .utilization(let target): (requests[name] ?? 0) * max(100, target) / 100
        case .averageValue(let target): target
        }
    }

    private func ratio(_ values: [String: Int], _ requests: [String: Int]) throws(Problem) -> (Double, Int?) {
        let total = values.values.reduce(0, +)
        switch target {
        case .averageValue(let target): return (Double(total / values.count) / Double(target), nil)
        case .utilization(let target):
            let asked = values.keys.reduce(0) { $0 + (requests[$1] ?? 0) }
            if asked == 0 { throw Problem(description: "no metrics returned matched known pods") }
            let utilization = total * 100 / asked
            return (Double(utilization) / Double(target), utilization)
        }
    }

    private func isStarting(_ pod: Pod, _ measurement: Measurement, _ now: Time) -> Bool {
        let condition = pod.object.condition("Ready")
        guard condition.exists, let started = pod.object["status"]["startTime"].string.flatMap({ Time($0) }),
            let changed = condition["lastTransitionTime"].string.flatMap({ Time($0) })
        else { return true }
        if now - started < Self.initialization {
            // What was used before it was ready is not of its work.
            return !pod.isReady || (measurement.at.map { $0 - changed < measurement.window } ?? false)
        }
        return !pod.isReady && changed - started < Self.readinessDelay
    }

    private func values(_ metrics: [Object]) throws(Problem) -> [String: Measurement] {
        var result: [String: Measurement] = [:]
        for metric in metrics {
            var containers = Array(metric["containers"].elements)
            if let container {
                containers = containers.filter { $0["name"].equals(container) }
                if containers.isEmpty {
                    throw Problem(
                        description:
                            "unable to get metrics for resource \(resource): container \(container) not present in metrics for pod \(metric.key)"
                    )
                }
            }
            let used = containers.map { $0["usage"][resource].string.flatMap { Quantity($0) }?.milliValue }
            let known = used.compactMap(\.self)
            guard !known.isEmpty, known.count == used.count else { continue }
            result[metric.name] = (
                known.reduce(0, +), metric["timestamp"].string.flatMap { Time($0) },
                metric["window"].string.flatMap { Double($0.dropLast()) } ?? 0
            )
        }
        return result
    }

    /// Sidecars are among the containers that run.
    private func request(of pod: Pod) throws(Problem) -> Int {
        let spec = pod.object["spec"]
        if container == nil, let whole = Self.quantity(spec["resources"]["requests"][resource]) { return whole }
        var sum = 0
        var isFound = false
        let sidecars = spec["initContainers"].elements.filter { $0["restartPolicy"].equals("Always") }
        for each in spec["containers"].elements + sidecars {
            let name = each["name"].string ?? ""
            if let container, container != name { continue }
            isFound = true
            guard let request = Self.quantity(each["resources"]["requests"][resource]) else {
                throw Problem(
                    description: "missing request for \(resource) in container \(name) of Pod \(pod.name)")
            }
            sum += request
        }
        if !isFound {
            throw Problem(description: "container \(container ?? "") was not found in Pod \(pod.name)")
        }
        return sum
    }

    private static func quantity(_ value: JSONRef) -> Int? {
        guard value.exists else { return nil }
        return Quantity(value.string ?? value.description)?.milliValue
    }
}
