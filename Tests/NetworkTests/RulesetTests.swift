import API
import JSON
import Testing

@testable import Network

func object(_ value: JSONValue) throws -> Object { try Object(parsing: value.encoded()) }

func makeService(_ spec: JSONValue, name: String = "web", status: JSONValue = [:]) throws
    -> Service
{
    Service(
        try object([
            "metadata": ["name": .string(name), "namespace": "ns"], "spec": spec, "status": status,
        ]))
}

/// Endpoints as (address, ready, serving, terminating, node).
func makeSlice(
    _ endpoints: [(String, Bool, Bool, Bool, String)], service: String = "web"
) throws -> Slice {
    let values = endpoints.map { address, ready, serving, terminating, node -> JSONValue in
        [
            "addresses": [.string(address)], "nodeName": .string(node),
            "conditions": [
                "ready": .bool(ready), "serving": .bool(serving), "terminating": .bool(terminating),
            ],
        ]
    }
    let slice: JSONValue = [
        "metadata": [
            "name": "s", "namespace": "ns", "labels": ["kubernetes.io/service-name": .string(service)],
        ],
        "addressType": "IPv4", "endpoints": .array(values),
        "ports": [["name": "", "port": 8080, "protocol": "TCP"]],
    ]
    return try #require(Slice(try object(slice)))
}

let proxyConfiguration = ProxyConfiguration(
    nodeName: "here", table: "t", bridge: "b", podCIDRs: ["10.42.0.0/24"],
    serviceCIDRs: ["10.96.0.0/12"])

func rules(_ service: Service, _ slices: [Slice]) -> ServiceRules {
    var blocks = EndpointBlocks()
    return ServiceRules(service, slices, .ipv4, proxyConfiguration, zone: nil, &blocks)
}

@Suite struct RulesetTests {
    let ready = [("10.42.0.2", true, true, false, "here"), ("10.42.1.2", true, true, false, "there")]
    let port: JSONValue = [["port": 80, "protocol": "TCP"]]

    private func element(_ map: String, _ key: String) -> ServiceRules.Element {
        .init(map: map, key: key)
    }

    @Test func anAddressLeadsToAChainThatPicksAnEndpoint() throws {
        let service = try makeService(["clusterIP": "10.96.0.5", "ports": port])
        let rules = rules(service, [try makeSlice(ready)])
        #expect(rules.elements[element("services", "10.96.0.5 . tcp . 80")] == "goto svc/ns/web/tcp/80")
        #expect(
            rules.chains["svc/ns/web/tcp/80"]?.last
                == "meta l4proto tcp dnat ip to numgen random mod 2 offset 0 map @endpoints-tcp")
        #expect(rules.elements[element("endpoints-tcp", "0")] == "10.42.0.2 . 8080")
        #expect(rules.elements[element("endpoints-tcp", "1")] == "10.42.1.2 . 8080")
        // Only a pod of this node can reach itself.
        #expect(
            rules.elements.keys.filter { $0.map == "hairpin" }.map(\.key) == ["10.42.0.2 . 10.42.0.2"])
    }

    @Test func withoutEndpointsConnectionsAreRefused() throws {
        let service = try makeService(
            ["clusterIP": "10.96.0.5", "type": "NodePort", "ports": [["port": 80, "nodePort": 30080]]])
        let rules = rules(service, [try makeSlice([("10.42.0.2", false, false, false, "here")])])
        #expect(rules.chains.isEmpty)
        #expect(
            rules.elements == [
                element("refused", "10.96.0.5 . tcp . 80"): "goto rejected",
                element("refusedports", "tcp . 30080"): "goto rejected",
            ])
    }

    @Test func endpointsThatEndServeOnlyWhileNoneIsReady() throws {
        let ending = ("10.42.0.9", false, true, true, "here")
        let servicePort = try makeService(["ports": port]).ports[0]
        func choice(_ endpoints: [(String, Bool, Bool, Bool, String)]) throws -> [String] {
            EndpointChoice(
                servicePort, [try makeSlice(endpoints)], family: .ipv4, node: "here", zone: nil
            ).all
                .map(\.address)
        }
        #expect(try choice(ready + [ending]) == ["10.42.0.2", "10.42.1.2"])
        #expect(try choice([ending, ("10.42.0.8", false, false, true, "here")]) == ["10.42.0.9"])
    }

    @Test func localPoliciesStayOnTheNodeAndDropWhereNothingIsThere() throws {
        let spec: JSONValue = [
            "clusterIP": "10.96.0.5", "type": "LoadBalancer", "internalTrafficPolicy": "Local",
            "externalTrafficPolicy": "Local", "ports": [["port": 80, "nodePort": 30080]],
            "loadBalancerSourceRanges": ["192.0.2.0/24"],
        ]
        let service = try makeService(
            spec, status: ["loadBalancer": ["ingress": [["ip": "198.51.100.1"]]]])
        let here = rules(service, [try makeSlice(ready)])
        #expect(here.elements[element("services", "10.96.0.5 . tcp . 80")] == "goto int/ns/web/tcp/80")
        #expect(here.chains["int/ns/web/tcp/80"] == ["meta l4proto tcp dnat to 10.42.0.2:8080"])
        #expect(here.chains["ext/ns/web/tcp/80"]?.last == "meta l4proto tcp dnat to 10.42.0.2:8080")
        #expect(here.elements[element("nodeports", "tcp . 30080")] == "goto ext/ns/web/tcp/80")
        #expect(
            here.elements[element("services", "198.51.100.1 . tcp . 80")] == "goto lb/ns/web/tcp/80")
        #expect(
            here.chains["lb/ns/web/tcp/80"] == [
                "ip saddr { 192.0.2.0/24 } goto ext/ns/web/tcp/80", "drop",
            ])
        #expect(here.localEndpoints == 1)

        let away = rules(service, [try makeSlice([ready[1]])])
        #expect(away.elements[element("refused", "10.96.0.5 . tcp . 80")] == "drop")
        #expect(away.chains["ext/ns/web/tcp/80"]?.last == "drop")
        #expect(away.localEndpoints == 0)
    }

    @Test func clientsWithAffinityAreRememberedByEndpoint() throws {
        let service = try makeService([
            "clusterIP": "10.96.0.5", "ports": port, "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": ["clientIP": ["timeoutSeconds": 60]],
        ])
        let rules = rules(service, [try makeSlice(ready)])
        #expect(rules.sets == ["aff/ns/web/tcp/80/10-42-0-2/8080", "aff/ns/web/tcp/80/10-42-1-2/8080"])
        #expect(
            rules.chains["ep/ns/web/tcp/80/10-42-0-2/8080"]?.first
                == "update @aff/ns/web/tcp/80/10-42-0-2/8080 { ip saddr timeout 60s }")
    }

    @Test func anotherEndpointChangesAnElementAndAnotherNumberOfThemOneChain() throws {
        var ruleset = Ruleset(.ipv4, proxyConfiguration)
        let service = try makeService(["clusterIP": "10.96.0.5", "ports": port])
        func update(_ endpoints: [(String, Bool, Bool, Bool, String)]) throws -> [String] {
            ruleset.update("ns/web", service, [try makeSlice(endpoints)], zone: nil)
        }
        _ = try update(ready)
        let other = ("10.42.1.3", true, true, false, "there")
        #expect(
            try update([ready[0], other]) == [
                "delete element ip t endpoints-tcp { 1 }",
                "add element ip t endpoints-tcp { 1 : 10.42.1.3 . 8080 }",
            ])
        #expect(
            try update([ready[0], ready[1], other]) == [
                "flush chain ip t svc/ns/web/tcp/80",
                "add rule ip t svc/ns/web/tcp/80 ip saddr != 10.42.0.0/24 fib saddr type != local meta mark set meta mark or 0x4000",
                "add rule ip t svc/ns/web/tcp/80 meta l4proto tcp dnat ip to numgen random mod 3 offset 0 map @endpoints-tcp",
                "delete element ip t endpoints-tcp { 1 }",
                "add element ip t endpoints-tcp { 1 : 10.42.1.2 . 8080 }",
                "add element ip t endpoints-tcp { 2 : 10.42.1.3 . 8080 }",
            ])
        #expect(try update([ready[0], ready[1], other]).isEmpty)
        let removal = ruleset.update("ns/web", nil, [], zone: nil)
        #expect(removal.contains("delete element ip t services { 10.96.0.5 . tcp . 80 }"))
        #expect(removal.last == "delete chain ip t svc/ns/web/tcp/80")
    }

    @Test func endpointsGetNumbersInARowThatNobodyElseHas() {
        var blocks = EndpointBlocks()
        let wanted = [("a", 2), ("b", 5), ("a", 4), ("a", 5), ("c", 1)]
        // The last one gets what the first has left.
        #expect(wanted.map { blocks.base(of: $0.0, count: $0.1) } == [0, 4, 0, 12, 0])
        blocks.release("b")
        let next = blocks.base(of: "d", count: 8)
        #expect(next == 4)
    }

    @Test func anAddressOfTwoServicesPassesToTheSecondWhenTheFirstGoes() throws {
        var ruleset = Ruleset(.ipv4, proxyConfiguration)
        for (name, address) in [("a", "10.96.0.1"), ("b", "10.96.0.2")] {
            let service = try makeService(
                ["clusterIP": .string(address), "ports": port, "externalIPs": ["192.0.2.1"]], name: name)
            _ = ruleset.update("ns/" + name, service, [try makeSlice(ready, service: name)], zone: nil)
        }
        let commands = ruleset.update("ns/a", nil, [], zone: nil)
        #expect(commands.contains("delete element ip t services { 192.0.2.1 . tcp . 80 }"))
        #expect(
            commands.contains("add element ip t services { 192.0.2.1 . tcp . 80 : goto svc/ns/b/tcp/80 }")
        )
    }

    @Test func headlessServicesHaveNoRules() throws {
        let service = try makeService(["clusterIP": "None", "ports": port])
        #expect(rules(service, [try makeSlice(ready)]).elements.isEmpty)
    }
}
