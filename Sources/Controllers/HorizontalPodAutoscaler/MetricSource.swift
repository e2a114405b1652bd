internal import API
internal import Client
internal import JSON

/// Reads what a metric of an autoscaler says of its Pods. Resources are measured; Pods, Object and External metrics need
/// an API (custom.metrics.k8s.io, external.metrics.k8s.io) that nobody serves here.
struct MetricSource: Sendable {
    /// As conditions and events of the autoscaler have it.
    struct Failure: Error {
        let reason: String
        let message: String
    }
    struct Found: Sendable {
        let replicas: Int
        /// As in `ValidMetricFound` and `SuccessfulRescale`.
        let name: String
        /// autoscaling/v2 MetricStatus.
        let status: JSONValue
    }
    private let client: any ObjectClient
    private let namespace: String
    private let selector: LabelSelector
    private let tolerance: (up: Double, down: Double)
    private let now: Time

    init(
        _ client: any ObjectClient, _ namespace: String, _ selector: LabelSelector, _ behavior: JSONRef, _ now: Time
    ) {
        (self.client, self.namespace, self.selector, self.now) = (client, namespace, selector, now)
        func tolerance(_ rules: JSONRef) -> Double {
            let value = rules["tolerance"]
            guard value.exists, let quantity = Quantity(value.string ?? value.description) else { return 0.1 }
            return Double(quantity.milliValue) / 1000
        }
        self.tolerance = (tolerance(behavior["scaleUp"]), tolerance(behavior["scaleDown"]))
    }

    func measure(_ metric: JSONRef, current: Int) async throws(Failure) -> Found {
        let type = metric["type"].string ?? ""
        switch type {
        case "Resource": return try await resource(metric["resource"], "resource", type, current)
        case "ContainerResource":
            return try await resource(metric["containerResource"], "containerResource", type, current)
        case "Pods": throw unserved(type, "pods metric value", metric["pods"], "custom")
        case "Object": throw unserved(type, "object metric value", metric["object"], "custom")
        case "External": throw unserved(type, "external metric", metric["external"], "external")
        default:
            throw Failure(reason: "InvalidMetricSourceType", message: "unknown metric source type \"\(type)\"")
        }
    }

    private func unserved(_ type: String, _ what: String, _ source: JSONRef, _ api: String) -> Failure {
        let name = source["metric"]["name"].string ?? ""
        return Failure(
            reason: "FailedGet\(type)Metric",
            message:
                "failed to get \(what): unable to get metric \(name): unable to fetch metrics from \(api) metrics API: no \(api) metrics API (\(api).metrics.k8s.io) registered"
        )
    }

    private func resource(
        _ source: JSONRef, _ field: String, _ type: String, _ current: Int
    ) async throws(Failure) -> Found {
        let resource = source["name"].string ?? ""
        let container = source["container"].string
        let (wanted, value) = (source["target"]["averageUtilization"].int, source["target"]["averageValue"])
        let target: ReplicaCalculator.Target
        if let quantity = value.exists ? Quantity(value.string ?? value.description) : nil, quantity.milliValue > 0 {
            target = .averageValue(quantity.milliValue)
        } else if let wanted, wanted > 0 {
            target = .utilization(wanted)
        } else {
            throw Failure(
                reason: "FailedGet\(type)Metric",
                message: "invalid resource metric source: neither a utilization target nor a value target was set")
        }
        let result: ReplicaCalculator.Result
        do {
            let options = ListOptions(labelSelector: selector)
            let metrics = try await metrics(resource, options)
            let pods = try await client.list(.pods, namespace: namespace, options).items.map { Pod($0) }
            let calculator = ReplicaCalculator(
                resource: resource, container: container, target: target, tolerance: tolerance)
            result = try calculator.replicas(current: current, pods, metrics, now: now)
        } catch {
            let message = (error as? StatusError)?.message ?? "\(error)"
            let what = if case .utilization = target { "utilization" } else { "usage" }
            throw Failure(
                reason: "FailedGet\(type)Metric", message: "failed to get \(resource) \(what): \(message)")
        }
        var measured: JSONValue = ["averageValue": .string(Quantity(milli: result.average).canonical)]
        if let utilization = result.utilization { measured["averageUtilization"] = .int(utilization) }
        var status: JSONValue = ["name": .string(resource), "current": measured]
        if let container { status["container"] = .string(container) }
        var object: JSONObject = ["type": .string(type)]
        object[field] = status
        let kind = container == nil ? "resource" : "container resource"
        return Found(
            replicas: result.replicas,
            name: "\(resource) \(kind)"
                + (result.utilization == nil ? "" : " utilization (percentage of request)"),
            status: .object(object))
    }

    private func metrics(_ resource: String, _ options: ListOptions) async throws -> [Object] {
        do throws(StatusError) {
            return try await client.list(.podMetrics, namespace: namespace, options).items
        } catch {
            throw ReplicaCalculator.Problem(
                description:
                    "unable to get metrics for resource \(resource): unable to fetch metrics from resource metrics API: \(error.message)"
            )
        }
    }
}
