import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct EndpointsTests {
    let cluster: Cluster
    var api: MemoryAPI { cluster.api }

    static let webPorts: JSONValue = [
        ["name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"],
        ["name": "admin", "port": 81, "protocol": "TCP", "targetPort": 9000],
    ]

    init() {
        cluster = Cluster(EndpointsController.self) { api in
            api.put(
                .nodes,
                [
                    "kind": "Node",
                    "metadata": ["name": "a", "labels": ["topology.kubernetes.io/zone": "z"]],
                ])
        }
    }

    private func service(_ name: String = "web", _ changes: (inout JSONValue) -> Void = { _ in }) {
        var service: JSONValue = [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name), "namespace": "ns", "labels": ["team": "x"]],
            "spec": ["selector": ["app": "web"], "ports": Self.webPorts, "clusterIP": "10.96.0.5"],
        ]
        changes(&service)
        api.put(.services, service)
    }

    private func pod(_ name: String, ip: String, ready: Bool = true, app: String = "web", port: Int = 8080) {
        api.put(
            .pods,
            [
                "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": "ns", "labels": ["app": .string(app)]],
                "spec": [
                    "nodeName": "a", "hostname": .string(name), "subdomain": "web",
                    "containers": [["ports": [["name": "web", "containerPort": .int(port), "protocol": "TCP"]]]],
                ],
                "status": [
                    "phase": "Running", "podIP": .string(ip), "podIPs": [["ip": .string(ip)]],
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                ],
            ])
    }

    private static func addresses(_ api: MemoryAPI, _ service: String = "web") -> [String] {
        api.objects(.endpointSlices).filter { $0.label("kubernetes.io/service-name") == service }
            .flatMap { $0["endpoints"].elements.compactMap { $0["addresses"][0].string } }.sorted()
    }

    @Test func slicesAndEndpointsHoldTheSelectedPods() async throws {
        service()
        pod("one", ip: "10.0.0.1")
        pod("two", ip: "10.0.0.2", ready: false)
        pod("other", ip: "10.0.0.3", app: "db")
        await api.wait { Self.addresses($0) == ["10.0.0.1", "10.0.0.2"] }
        let slice = try #require(api.objects(.endpointSlices).first { $0["endpoints"].count == 2 })
        #expect(slice.label("endpointslice.kubernetes.io/managed-by") == "endpointslice-controller.k8s.io")
        #expect(slice.label("team") == "x")
        #expect(slice.ownerReferences.first?.kind == "Service")
        let one = slice["endpoints"].elements.first { $0["addresses"][0].equals("10.0.0.1") }
        #expect(one?["conditions"].value == ["ready": true, "serving": true, "terminating": false])
        #expect(one?["hostname"].string == "one" && one?["zone"].string == "z" && one?["nodeName"].string == "a")
        #expect(Set(slice["ports"].elements.compactMap { $0["port"].int }) == [8080, 9000])
        await api.wait { $0.object(.endpoints, "ns/web")?["subsets"][0]["notReadyAddresses"].count == 1 }
        let subset = try #require(api.object(.endpoints, "ns/web"))["subsets"][0]
        #expect(subset["addresses"].elements.compactMap { $0["ip"].string } == ["10.0.0.1"])
        #expect(api.object(.endpoints, "ns/web")?.label("endpoints.kubernetes.io/managed-by") == "endpoint-controller")
    }

    @Test func podsAboutToEndStayInSlicesAndLeaveTheEndpoints() async throws {
        service()
        pod("one", ip: "10.0.0.1")
        await api.wait { $0.object(.endpoints, "ns/web")?["subsets"][0]["addresses"].count == 1 }
        try await api.delete(.pods, namespace: "ns", name: "one", .init())
        await api.wait { api in
            api.objects(.endpointSlices).contains {
                $0["endpoints"][0]["conditions"].value == ["ready": false, "serving": true, "terminating": true]
            } && api.object(.endpoints, "ns/web")?["subsets"].count == 0
        }
    }

    @Test func podsWithOtherPortsHaveASliceOfTheirOwn() async {
        service()
        pod("one", ip: "10.0.0.1")
        pod("two", ip: "10.0.0.2", port: 8081)
        await api.wait { api in
            Self.addresses(api) == ["10.0.0.1", "10.0.0.2"]
                && api.objects(.endpointSlices).filter { $0["endpoints"].count == 1 }.count == 2
                && api.object(.endpoints, "ns/web")?["subsets"].count == 2
        }
    }

    @Test func aSliceHoldsAtMostAHundredAndNewEndpointsFillWhatIsThere() async {
        service()
        for number in 1...150 { pod("p\(number)", ip: "10.0.\(number / 100).\(number % 100)") }
        await api.wait { Self.addresses($0).count == 150 }
        #expect(api.objects(.endpointSlices).allSatisfy { $0["endpoints"].count <= 100 })
        let count = api.objects(.endpointSlices).count
        pod("last", ip: "10.0.9.9")
        await api.wait { Self.addresses($0).contains("10.0.9.9") }
        #expect(api.objects(.endpointSlices).count == count)
    }

    @Test func handWrittenEndpointsAreMirroredUntilTheyGo() async throws {
        service("db") { $0["spec"].remove("selector") }
        api.put(
            .endpoints,
            [
                "apiVersion": "v1", "kind": "Endpoints", "metadata": ["name": "db", "namespace": "ns"],
                "subsets": [["addresses": [["ip": "192.0.2.1"]], "ports": [["port": 5432, "protocol": "TCP"]]]],
            ])
        await api.wait { Self.addresses($0, "db") == ["192.0.2.1"] }
        let slice = try #require(api.objects(.endpointSlices).first)
        #expect(
            slice.label("endpointslice.kubernetes.io/managed-by") == "endpointslicemirroring-controller.k8s.io")
        #expect(slice.ownerReferences.first?.kind == "Endpoints")
        try await api.delete(.endpoints, namespace: "ns", name: "db", .init())
        await api.wait { $0.objects(.endpointSlices).isEmpty }
    }

    @Test func headlessServicesMayPublishPodsThatAreNotReady() async {
        service { service in
            service["spec"]["clusterIP"] = "None"
            service["spec"]["publishNotReadyAddresses"] = true
            service["spec"]["trafficDistribution"] = "PreferClose"
        }
        pod("one", ip: "10.0.0.1", ready: false)
        await api.wait { api in
            api.objects(.endpointSlices).contains {
                $0["endpoints"][0]["conditions"].value == ["ready": true, "serving": false, "terminating": false]
                    && $0.label("service.kubernetes.io/headless") == ""
                    && $0["endpoints"][0]["hints"]["forZones"][0]["name"].equals("z")
            } && api.object(.endpoints, "ns/web")?["subsets"][0]["addresses"].count == 1
        }
    }

    @Test func aServiceWithoutPodsHasAnEmptySliceAndItsEndpointsGoWithIt() async throws {
        service()
        await api.wait { $0.objects(.endpointSlices).count == 1 && $0.object(.endpoints, "ns/web") != nil }
        try await api.delete(.services, namespace: "ns", name: "web", .init())
        await api.waitForEnd(.endpoints, "ns/web")
    }
}
