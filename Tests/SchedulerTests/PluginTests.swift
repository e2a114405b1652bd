import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Scheduler

@Suite struct PluginTests {
    let cluster = Cluster()
    var api: MemoryAPI { cluster.api }

    private func parse(_ value: JSONValue) throws -> Object { try Object(parsing: value.encoded()) }

    /// What a cluster of this one node says to the pod: nil when it takes it.
    private func refusal(_ pod: JSONValue, _ node: JSONValue, holding others: [JSONValue] = []) throws -> String? {
        var cache = Cache()
        _ = cache.set(Node(try parse(node)))
        for var other in others {
            other["spec"]["nodeName"] = node["metadata"]["name"]
            _ = cache.change(from: nil, to: PodInfo(try parse(other)))
        }
        let info = PodInfo(try parse(pod))
        var algorithm = Algorithm()
        do {
            _ = try algorithm.place(info, try #require(info.demand), &cache)
            return nil
        } catch let error as Unschedulable {
            return error.reasons.keys.sorted().joined(separator: "; ")
        }
    }

    @Test func taintsRepelPodsThatDoNotTolerateThem() throws {
        let tainted = node("a", ["taints": [["key": "gpu", "value": "yes", "effect": "NoSchedule"]]])
        func tolerating(_ toleration: JSONValue) -> JSONValue { pod("p", ["tolerations": [toleration]]) }
        #expect(try refusal(pod("p"), tainted) == "node(s) had untolerated taint(s)")
        #expect(try refusal(tolerating(["key": "gpu", "operator": "Exists"]), tainted) == nil)
        #expect(try refusal(tolerating(["operator": "Exists"]), tainted) == nil)
        #expect(try refusal(tolerating(["key": "gpu", "value": "yes", "effect": "NoSchedule"]), tainted) == nil)
        #expect(try refusal(tolerating(["key": "gpu", "value": "no"]), tainted) != nil)
        #expect(try refusal(tolerating(["key": "gpu", "operator": "Exists", "effect": "NoExecute"]), tainted) != nil)
        #expect(try refusal(pod("p"), node("a", ["taints": [["key": "k", "effect": "PreferNoSchedule"]]])) == nil)
    }

    @Test func nodeSelectorsAndAffinityMustMatch() throws {
        var labelled = node("a")
        labelled["metadata"]["labels"] = ["disk": "ssd", "cores": "8"]
        let mismatch = "node(s) didn't match Pod's node affinity/selector"
        #expect(try refusal(pod("p", ["nodeSelector": ["disk": "ssd"]]), labelled) == nil)
        #expect(try refusal(pod("p", ["nodeSelector": ["disk": "hdd"]]), labelled) == mismatch)
        func requiring(_ terms: JSONValue...) -> JSONValue {
            pod(
                "p",
                [
                    "affinity": [
                        "nodeAffinity": [
                            "requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": .array(terms)]
                        ]
                    ]
                ])
        }
        func expression(_ key: String, _ comparison: String, _ values: String...) -> JSONValue {
            [
                "matchExpressions": [
                    [
                        "key": .string(key), "operator": .string(comparison),
                        "values": .array(values.map { .string($0) }),
                    ]
                ]
            ]
        }
        #expect(try refusal(requiring(expression("cores", "Gt", "4")), labelled) == nil)
        #expect(try refusal(requiring(expression("cores", "Gt", "8")), labelled) == mismatch)
        #expect(try refusal(requiring(expression("disk", "NotIn", "ssd")), labelled) == mismatch)
        #expect(try refusal(requiring(expression("zone", "Exists"), expression("disk", "In", "ssd")), labelled) == nil)
        #expect(try refusal(requiring([:]), labelled) == mismatch)
        let byName: JSONValue = ["matchFields": [["key": "metadata.name", "operator": "In", "values": ["a"]]]]
        #expect(try refusal(requiring(byName), labelled) == nil)
        #expect(try refusal(requiring(byName), node("b")) == mismatch)
    }

    @Test func aPortOfTheNodeIsGivenOnce() throws {
        func listening(_ port: JSONValue) -> JSONValue {
            pod("p", ["containers": [["name": "c", "ports": [port]]]])
        }
        let taken = listening(["containerPort": 80, "hostPort": 8080, "protocol": "TCP"])
        let conflict = "node(s) didn't have free ports for the requested pod ports"
        #expect(try refusal(taken, node("a"), holding: [taken]) == conflict)
        #expect(
            try refusal(
                listening(["containerPort": 80, "hostPort": 8080, "protocol": "UDP"]), node("a"), holding: [taken])
                == nil)
        #expect(try refusal(listening(["containerPort": 80]), node("a"), holding: [taken]) == nil)
        let here = listening(["containerPort": 80, "hostPort": 8080, "hostIP": "10.0.0.1"])
        let there = listening(["containerPort": 80, "hostPort": 8080, "hostIP": "10.0.0.2"])
        #expect(try refusal(here, node("a"), holding: [taken]) == conflict)
        #expect(try refusal(here, node("a"), holding: [there]) == nil)
    }

    @Test func initContainersSidecarsAndOverheadCount() throws {
        func container(_ cpu: String, _ policy: String? = nil) -> JSONValue {
            var container: JSONValue = ["name": "c", "resources": ["requests": ["cpu": .string(cpu)]]]
            if let policy { container["restartPolicy"] = .string(policy) }
            return container
        }
        func cpu(_ spec: JSONValue) throws -> Int { Resources(podSpec: try parse(spec).root).milliCPU }
        #expect(try cpu(["containers": [container("1"), container("500m")]]) == 1500)
        #expect(try cpu(["containers": [container("1")], "initContainers": [container("3"), container("2")]]) == 3000)
        #expect(
            try cpu([
                "containers": [container("1")], "initContainers": [container("1", "Always"), container("3")],
            ]) == 4000)
        #expect(try cpu(["containers": [container("1")], "initContainers": [container("1", "Always")]]) == 2000)
        #expect(try cpu(["containers": [container("1")], "overhead": ["cpu": "250m"]]) == 1250)
        #expect(try cpu(["containers": [container("1")], "resources": ["requests": ["cpu": "2"]]]) == 2000)
    }

    @Test func severalShortagesOfANodeAreAllNamed() throws {
        var hungry = pod("p", cpu: "100", memory: "1Ti")
        hungry["spec"]["containers"][0]["resources"]["requests"]["example.com/gpu"] = "1"
        #expect(
            try refusal(hungry, node("a", pods: "0"))
                == "Insufficient cpu; Insufficient example.com/gpu; Insufficient memory; Too many pods")
    }

    @Test func theEmptierNodeIsPreferred() async {
        api.put(.nodes, node("a"))
        api.put(.nodes, node("b"))
        var old = pod("old", cpu: "2", memory: "4Gi")
        old["spec"]["nodeName"] = "a"
        api.put(.pods, old)
        api.put(.pods, pod("new", cpu: "100m", memory: "100Mi"))
        #expect(await cluster.nodeOf("new") == "b")
    }

    @Test func aPreferredAffinityOutweighsAFullerNode() async {
        var labelled = node("a")
        labelled["metadata"]["labels"]["disk"] = "ssd"
        api.put(.nodes, labelled)
        api.put(.nodes, node("b"))
        var old = pod("old", cpu: "1", memory: "2Gi")
        old["spec"]["nodeName"] = "a"
        api.put(.pods, old)
        api.put(
            .pods,
            pod(
                "new",
                [
                    "affinity": [
                        "nodeAffinity": [
                            "preferredDuringSchedulingIgnoredDuringExecution": [
                                [
                                    "weight": 10,
                                    "preference": ["matchExpressions": [["key": "disk", "operator": "Exists"]]],
                                ]
                            ]
                        ]
                    ]
                ]))
        #expect(await cluster.nodeOf("new") == "a")
    }

    @Test func aNodeWithAPreferNoScheduleTaintIsTheLastChoice() async {
        api.put(.nodes, node("a", ["taints": [["key": "k", "effect": "PreferNoSchedule"]]]))
        api.put(.nodes, node("b"))
        var old = pod("old", cpu: "3", memory: "6Gi")
        old["spec"]["nodeName"] = "b"
        api.put(.pods, old)
        api.put(.pods, pod("new", cpu: "100m"))
        #expect(await cluster.nodeOf("new") == "b")
    }
}
