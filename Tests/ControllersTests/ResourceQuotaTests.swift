import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct ResourceQuotaTests {
    private func pod(_ name: String, _ spec: JSONValue = [:], phase: String = "Running", qos: String = "Burstable")
        -> JSONValue
    {
        var whole: JSONValue = [
            "containers": [
                ["name": "c", "resources": ["requests": ["cpu": "250m", "memory": "64Mi"], "limits": ["cpu": "1"]]]
            ]
        ]
        for (key, value) in spec.object ?? [:] { whole[key] = value }
        return [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": .string(name)], "spec": whole,
            "status": ["phase": .string(phase), "qosClass": .string(qos)],
        ]
    }

    private func quota(_ hard: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
        var spec: JSONValue = ["hard": hard]
        for (key, value) in more.object ?? [:] { spec[key] = value }
        return [
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["namespace": "ns", "name": "q"], "spec": spec,
        ]
    }

    private func wait(_ api: MemoryAPI, used: JSONValue) async {
        await api.wait { $0.object(.resourceQuotas, "ns/q")?["status"]["used"].value == used }
    }

    @Test func whatANamespaceUsesIsCountedAndFreedAgain() async throws {
        let cluster = Cluster(ResourceQuotaController.self)
        let api = cluster.api
        api.put(.pods, pod("a"))
        api.put(.pods, pod("b"))
        api.put(.pods, pod("over", phase: "Succeeded"))
        api.put(.configMaps, ["kind": "ConfigMap", "metadata": ["namespace": "ns", "name": "c"]])
        api.put(.configMaps, ["kind": "ConfigMap", "metadata": ["namespace": "elsewhere", "name": "c"]])
        api.put(
            .resourceQuotas,
            quota([
                "pods": "5", "count/pods": "9", "requests.cpu": "1", "memory": "1Gi", "limits.cpu": "4",
                "configmaps": "3", "count/replicasets.apps": "2", "requests.example.com/gpu": "1",
            ]))
        await wait(
            api,
            used: [
                "pods": "2", "count/pods": "3", "requests.cpu": "500m", "memory": "128Mi", "limits.cpu": "2",
                "configmaps": "1", "count/replicasets.apps": "0", "requests.example.com/gpu": "0",
            ])
        #expect(api.object(.resourceQuotas, "ns/q")?["status"]["hard"]["pods"].string == "5")
        await cluster.time.waitForSleeper()
        cluster.time.advance(seconds: 1)
        try await api.delete(.pods, namespace: "ns", name: "a", .init())
        await api.wait { $0.object(.resourceQuotas, "ns/q")?["status"]["used"]["pods"].string == "1" }
        #expect(api.object(.resourceQuotas, "ns/q")?["status"]["used"]["requests.cpu"].string == "250m")
    }

    @Test func aChargeIsNotCountedAwayBeforeItsObjectIsSeen() async throws {
        let cluster = Cluster(ResourceQuotaController.self)
        let api = cluster.api
        api.put(.resourceQuotas, quota(["pods": "5"]))
        await wait(api, used: ["pods": "0"])
        await cluster.time.waitForSleeper()
        cluster.time.advance(seconds: 1)
        // The server charges before it writes.
        try await api.modify(.resourceQuotas, namespace: "ns", name: "q", subresource: "status") {
            $0["status"]["used"]["pods"] = "1"
            return true
        }
        await cluster.time.waitForSleeper()
        api.put(.pods, pod("a"))
        cluster.time.advance(seconds: 1)
        for _ in 0..<200 { await Task.yield() }
        #expect(api.object(.resourceQuotas, "ns/q")?["status"]["used"]["pods"].string == "1")
    }

    @Test func scopesChooseThePodsThatCount() throws {
        func matches(_ pod: JSONValue, _ spec: JSONValue) throws -> Bool {
            try QuotaItem(Object(parsing: pod.encoded()).root, resource: "pods")
                .matches(quota: Object(parsing: spec.encoded()).root)
        }
        let short = pod("a", ["activeDeadlineSeconds": 5])
        let best = pod("b", qos: "BestEffort")
        let important = pod("c", ["priorityClassName": "high"])
        #expect(try matches(short, ["scopes": ["Terminating"]]))
        #expect(try !matches(best, ["scopes": ["Terminating"]]))
        #expect(try matches(best, ["scopes": ["NotTerminating", "BestEffort"]]))
        #expect(try !matches(short, ["scopes": ["BestEffort"]]))
        func priority(_ relation: String, _ values: JSONValue = []) -> JSONValue {
            [
                "scopeSelector": [
                    "matchExpressions": [
                        ["scopeName": "PriorityClass", "operator": .string(relation), "values": values]
                    ]
                ]
            ]
        }
        #expect(try matches(important, priority("In", ["high"])))
        #expect(try !matches(best, priority("In", ["high"])))
        #expect(try matches(best, priority("NotIn", ["high"])))
        #expect(try matches(important, priority("Exists")))
        #expect(try matches(best, priority("DoesNotExist")))
    }

    @Test func servicesAndClaimsUseWhatTheyAskFor() throws {
        func usage(_ object: JSONValue, _ resource: String) throws -> [String: String] {
            try QuotaItem(Object(parsing: object.encoded()).root, resource: resource).usage.mapValues(\.canonical)
        }
        #expect(
            try usage(["spec": ["type": "LoadBalancer", "ports": [["port": 1], ["port": 2]]]], "services")
                == ["services": "1", "count/services": "1", "services.loadbalancers": "1", "services.nodeports": "2"])
        #expect(
            try usage(
                ["spec": ["storageClassName": "fast", "resources": ["requests": ["storage": "2Gi"]]]],
                "persistentvolumeclaims") == [
                    "persistentvolumeclaims": "1", "count/persistentvolumeclaims": "1", "requests.storage": "2Gi",
                    "fast.storageclass.storage.k8s.io/requests.storage": "2Gi",
                    "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
                ])
        #expect(try usage([:], "deployments.apps") == ["count/deployments.apps": "1"])
    }

    @Test func aPodNeedsTheMostThatRunsAtOnce() throws {
        func container(_ cpu: String, always: Bool = false) -> JSONValue {
            var value: JSONValue = ["resources": ["requests": ["cpu": .string(cpu)]]]
            if always { value["restartPolicy"] = "Always" }
            return value
        }
        func total(_ spec: JSONValue) throws -> String? {
            try PodResources.total("requests", of: Object(parsing: spec.encoded()).root)["cpu"]?.canonical
        }
        #expect(
            try total(["containers": [container("1"), container("2")], "initContainers": [container("2500m")]]) == "3")
        #expect(
            try total([
                "containers": [container("1")], "initContainers": [container("2"), container("500m", always: true)],
            ]) == "2")
        #expect(
            try total([
                "containers": [container("1")], "initContainers": [container("500m", always: true), container("2")],
            ]) == "2500m")
        #expect(try total(["containers": [container("1")], "overhead": ["cpu": "100m"]]) == "1100m")
    }

    @Test func whatAContainerMustSayIsNamed() throws {
        let pod = try Object(
            parsing: pod("a", ["containers": [["name": "x"], ["name": "b", "resources": ["limits": ["cpu": "1"]]]]])
                .encoded())
        #expect(
            QuotaItem.missing(in: pod.root, of: ["limits.cpu", "requests.memory", "pods"])
                == "must specify limits.cpu for: x; requests.memory for: b,x")
        #expect(QuotaItem.missing(in: pod.root, of: ["pods"]) == nil)
    }
}
