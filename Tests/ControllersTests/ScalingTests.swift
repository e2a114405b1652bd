import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

/// How far an autoscaler may go at once, by its behavior and what it did before.
@Suite struct ScalingHistoryTests {
    private func behavior(_ text: String) throws -> JSONRef { try JSONDocument(Array(text.utf8)).root }
    private let free =
        #"{"scaleUp":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Percent","value":900,"periodSeconds":15}]},"scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Percent","value":100,"periodSeconds":15}]}}"#

    @Test func withoutBehaviorItDoublesOrGoesToFour() {
        var history = ScalingHistory()
        #expect(history.limit(50, current: 1, bounds: 1...100, .missing, now: 0).replicas == 4)
        let verdict = history.limit(50, current: 10, bounds: 1...100, .missing, now: 15)
        #expect(verdict.replicas == 20 && verdict.limit.reason == "ScaleUpLimit" && verdict.limit.isLimited)
        let bound = history.limit(50, current: 10, bounds: 1...15, .missing, now: 30)
        #expect(bound.replicas == 15 && bound.limit.reason == "TooManyReplicas")
    }

    @Test func itShrinksToTheMostThatWasRecommendedInFiveMinutes() {
        var history = ScalingHistory()
        history.begin(with: 8, now: 0)
        let early = history.limit(2, current: 8, bounds: 1...10, .missing, now: 100)
        #expect(early.replicas == 8 && early.ability.reason == "ScaleDownStabilized")
        _ = history.limit(5, current: 8, bounds: 1...10, .missing, now: 200)
        let later = history.limit(2, current: 8, bounds: 1...10, .missing, now: 301)
        #expect(later.replicas == 5)
        let last = history.limit(0, current: 5, bounds: 1...10, .missing, now: 900)
        #expect(
            last.replicas == 1 && last.limit.reason == "TooFewReplicas" && last.ability.reason == "ReadyForNewScale")
    }

    @Test func policiesCountWhatWasAddedInTheirPeriod() throws {
        let rules = try behavior(
            #"{"scaleUp":{"selectPolicy":"Min","policies":[{"type":"Pods","value":4,"periodSeconds":60},{"type":"Percent","value":100,"periodSeconds":60}]}}"#
        )
        var history = ScalingHistory()
        let first = history.limit(100, current: 3, bounds: 1...100, rules, now: 0)
        #expect(first.replicas == 6)
        history.record(from: 3, to: 6, now: 0)
        #expect(history.limit(100, current: 6, bounds: 1...100, rules, now: 30).replicas == 6)
        #expect(history.limit(100, current: 6, bounds: 1...100, rules, now: 61).replicas == 10)
    }

    @Test func scalingDownGoesByItsPolicies() throws {
        let rules = try behavior(
            free.replacing(
                #""scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Percent","value":100,"#,
                with:
                    #""scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Percent","value":10,"#
            ))
        var history = ScalingHistory()
        let verdict = history.limit(1, current: 80, bounds: 1...100, rules, now: 0)
        #expect(verdict.replicas == 72 && verdict.limit.reason == "ScaleDownLimit")
        history.record(from: 80, to: 72, now: 0)
        #expect(history.limit(1, current: 72, bounds: 1...100, rules, now: 10).replicas == 72)
        #expect(history.limit(1, current: 72, bounds: 1...100, rules, now: 16).replicas == 64)
    }

    @Test func aDirectionCanBeDisabled() throws {
        let rules = try behavior(
            #"{"scaleUp":{"selectPolicy":"Disabled"},"scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Disabled","policies":[]}}"#
        )
        var history = ScalingHistory()
        #expect(history.limit(9, current: 3, bounds: 1...10, rules, now: 0).replicas == 3)
        #expect(history.limit(1, current: 3, bounds: 1...10, rules, now: 1).replicas == 3)
    }

    @Test func scalingUpWaitsForTheLowestOfItsWindow() throws {
        let rules = try behavior(
            free.replacing(
                #"{"scaleUp":{"stabilizationWindowSeconds":0"#, with: #"{"scaleUp":{"stabilizationWindowSeconds":60"#))
        var history = ScalingHistory()
        history.begin(with: 2, now: 0)
        let early = history.limit(9, current: 2, bounds: 1...10, rules, now: 30)
        #expect(early.replicas == 2 && early.ability.reason == "ScaleUpStabilized")
        #expect(history.limit(8, current: 2, bounds: 1...10, rules, now: 61).replicas == 8)
    }
}

/// How many replicas the measurements of Pods ask for.
@Suite struct ReplicaCalculatorTests {
    private let now = Time(secondsSince1970: 1_800_000_000)

    private func pod(
        _ name: String, phase: String = "Running", ready: Bool = true, startedBefore age: Double = 3600,
        request: String? = "100m"
    ) throws -> Pod {
        let since = now.adding(seconds: -age).description
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": .string(name)],
            "spec": ["containers": [["name": "c", "resources": [:]]]],
            "status": [
                "phase": .string(phase), "startTime": .string(since),
                "conditions": [
                    [
                        "type": "Ready", "status": ready ? "True" : "False",
                        "lastTransitionTime": .string(since),
                    ]
                ],
            ],
        ]
        if let request {
            pod["spec"]["containers"] = [["name": "c", "resources": ["requests": ["cpu": .string(request)]]]]
        }
        return Pod(try Object(parsing: pod.encoded()))
    }

    private func metric(_ name: String, _ cpu: String, container: String = "c") throws -> Object {
        let metric: JSONValue = [
            "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
            "metadata": ["namespace": "ns", "name": .string(name)], "timestamp": .string(now.description),
            "window": "15s", "containers": [["name": .string(container), "usage": ["cpu": .string(cpu)]]],
        ]
        return try Object(parsing: metric.encoded())
    }

    private func replicas(
        _ target: ReplicaCalculator.Target = .utilization(50), container: String? = nil, current: Int, _ pods: [Pod],
        _ metrics: [Object]
    ) throws -> ReplicaCalculator.Result {
        try ReplicaCalculator(resource: "cpu", container: container, target: target)
            .replicas(current: current, pods, metrics, now: now)
    }

    @Test func usageAboveTheTargetAsksForMoreInProportion() throws {
        let pods = [try pod("a"), try pod("b")]
        let result = try replicas(current: 2, pods, [try metric("a", "90m"), try metric("b", "110m")])
        #expect(result == .init(replicas: 4, utilization: 100, average: 100))
        let values = try replicas(
            .averageValue(25), current: 2, pods, [try metric("a", "90m"), try metric("b", "110m")])
        #expect(values == .init(replicas: 8, utilization: nil, average: 100))
    }

    @Test func aSmallDifferenceIsTolerated() throws {
        let result = try replicas(current: 1, [try pod("a")], [try metric("a", "55m")])
        #expect(result.replicas == 1 && result.utilization == 55)
    }

    @Test func podsWithoutMeasurementsSpeakAgainstTheChange() throws {
        let pods = [try pod("a"), try pod("b"), try pod("c")]
        // 100 of 300 asked for is too little to need more; one more at 100 % is too much to need fewer.
        #expect(try replicas(current: 3, pods, [try metric("a", "100m")]).replicas == 3)
        #expect(try replicas(current: 3, pods, [try metric("a", "10m"), try metric("b", "10m")]).replicas == 3)
        #expect(try replicas(current: 3, pods, [try metric("a", "400m")]).replicas == 8)
    }

    @Test func podsThatStartAreNotTakenSeriously() throws {
        let pods = [try pod("a"), try pod("b", ready: false, startedBefore: 20), try pod("c", phase: "Pending")]
        // As if the two used nothing: 150 % of one third of what is asked for, which is the target.
        #expect(try replicas(current: 3, pods, [try metric("a", "150m"), try metric("b", "900m")]).replicas == 3)
    }

    @Test func whatIsMissingIsSaid() throws {
        func problem(_ pods: [Pod], _ metrics: [Object], container: String? = nil) -> String? {
            do {
                _ = try replicas(container: container, current: 1, pods, metrics)
                return nil
            } catch { return "\(error)" }
        }
        let metrics = [try metric("a", "10m")]
        #expect(
            problem([try pod("a", request: nil)], metrics) == "missing request for cpu in container c of Pod a")
        #expect(
            problem([try pod("a")], [])
                == "unable to get metrics for resource cpu: no metrics returned from resource metrics API")
        #expect(problem([try pod("a", phase: "Pending")], metrics) == "did not receive metrics for any ready pods")
        #expect(
            problem([try pod("a")], metrics, container: "x")
                == "unable to get metrics for resource cpu: container x not present in metrics for pod ns/a")
    }
}
