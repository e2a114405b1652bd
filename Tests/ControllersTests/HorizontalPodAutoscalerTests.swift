import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct HorizontalPodAutoscalerTests {
    let cluster = Cluster(HorizontalPodAutoscaling.self)
    var api: MemoryAPI { cluster.api }
    static let hpa = ResourceName.horizontalPodAutoscalers

    private func deployment(_ replicas: Int) {
        api.put(
            .deployments,
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["namespace": "ns", "name": "web"],
                "spec": ["replicas": .int(replicas), "selector": ["matchLabels": ["app": "web"]]],
            ])
    }

    private func pod(_ name: String, cpu: String?) {
        let labels: JSONValue = ["app": "web"]
        let since = cluster.time.now.adding(seconds: -3600).description
        api.put(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["namespace": "ns", "name": .string(name), "labels": labels],
                "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": "100m"]]]]],
                "status": [
                    "phase": "Running", "startTime": .string(since),
                    "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": .string(since)]],
                ],
            ])
        guard let cpu else { return }
        api.put(
            .podMetrics,
            [
                "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
                "metadata": ["namespace": "ns", "name": .string(name), "labels": labels],
                "timestamp": .string(cluster.time.now.description), "window": "15s",
                "containers": [["name": "c", "usage": ["cpu": .string(cpu)]]],
            ])
    }

    private static let cpu: JSONValue = [
        "type": "Resource",
        "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 50]],
    ]

    private func autoscaler(min: Int = 1, max: Int = 10, _ metrics: [JSONValue] = [cpu]) {
        api.put(
            Self.hpa,
            [
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": ["namespace": "ns", "name": "web"],
                "spec": [
                    "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web"],
                    "minReplicas": .int(min), "maxReplicas": .int(max), "metrics": .array(metrics),
                ],
            ])
    }

    private func waitForReplicas(_ count: Int) async {
        await api.wait { $0.object(.deployments, "ns/web")?["spec"]["replicas"].int == count }
    }

    private func waitForCondition(_ type: String, _ status: String, _ reason: String) async {
        await api.wait { api in
            guard let object = api.object(Self.hpa, "ns/web") else { return false }
            let condition = object.condition(type)
            return condition["status"].equals(status) && condition["reason"].equals(reason)
        }
    }

    private func waitForEvent(_ reason: String, _ message: String) async {
        await api.wait { api in
            api.objects(.events).contains { $0["reason"].equals(reason) && $0["message"].equals(message) }
        }
    }

    @Test func busyPodsBecomeMore() async throws {
        deployment(2)
        for name in ["a", "b"] { pod(name, cpu: "75m") }
        autoscaler()
        await waitForReplicas(3)
        await waitForCondition("AbleToScale", "True", "SucceededRescale")
        await waitForCondition("ScalingActive", "True", "ValidMetricFound")
        await waitForCondition("ScalingLimited", "False", "DesiredWithinRange")
        await waitForEvent(
            "SuccessfulRescale", "New size: 3; reason: cpu resource utilization (percentage of request) above target")
        let status = try #require(api.object(Self.hpa, "ns/web"))["status"]
        #expect(status["currentReplicas"].int == 2)
        #expect(status["desiredReplicas"].int == 3)
        #expect(status["lastScaleTime"].exists)
        let current = try #require(status["currentMetrics"].elements.first { _ in true })["resource"]["current"]
        #expect(current["averageUtilization"].int == 75)
        #expect(current["averageValue"].string == "75m")
    }

    @Test func idlePodsBecomeFewerAfterFiveMinutes() async {
        deployment(4)
        for name in ["a", "b", "c", "d"] { pod(name, cpu: "10m") }
        autoscaler()
        await waitForCondition("AbleToScale", "True", "ScaleDownStabilized")
        #expect(api.object(.deployments, "ns/web")?["spec"]["replicas"].int == 4)
        await cluster.time.waitForSleeper(until: HorizontalPodAutoscaling.period)
        cluster.time.advance(seconds: 301)
        await waitForReplicas(1)
        await waitForEvent("SuccessfulRescale", "New size: 1; reason: All metrics below target")
    }

    @Test func theBoundsHoldWithoutAnyMetric() async {
        deployment(1)
        autoscaler(min: 3)
        await waitForReplicas(3)
        await waitForEvent(
            "SuccessfulRescale", "New size: 3; reason: Current number of replicas below Spec.MinReplicas")
    }

    @Test func nothingIsScaledWhileNothingIsMeasured() async {
        deployment(2)
        pod("a", cpu: nil)
        autoscaler()
        await waitForCondition("ScalingActive", "False", "FailedGetResourceMetric")
        await waitForEvent(
            "FailedGetResourceMetric",
            "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API"
        )
        #expect(api.object(.deployments, "ns/web")?["spec"]["replicas"].int == 2)
    }

    @Test func aScaleOfNoughtDisablesIt() async {
        deployment(0)
        autoscaler()
        await waitForCondition("ScalingActive", "False", "ScalingDisabled")
    }

    @Test func aTargetThatIsNotThereIsTold() async {
        autoscaler()
        await waitForCondition("AbleToScale", "False", "FailedGetScale")
    }

    @Test func anUnservedMetricForbidsToShrinkAndAllowsToGrow() async {
        deployment(2)
        for name in ["a", "b"] { pod(name, cpu: "75m") }
        let queue: JSONValue = [
            "type": "External",
            "external": ["metric": ["name": "queue"], "target": ["type": "Value", "value": "3"]],
        ]
        autoscaler([queue])
        await waitForCondition("ScalingActive", "False", "FailedGetExternalMetric")
        autoscaler([queue, Self.cpu])
        await waitForReplicas(3)
    }
}
