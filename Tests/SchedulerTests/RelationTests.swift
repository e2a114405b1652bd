import API
import JSON
import Testing

@testable import Scheduler

/// Rules that look at other pods.
@Suite struct RelationTests {
    private let zone: JSONValue = "topology.kubernetes.io/zone"
    private let host: JSONValue = "kubernetes.io/hostname"
    private let required = "requiredDuringSchedulingIgnoredDuringExecution"
    private let preferred = "preferredDuringSchedulingIgnoredDuringExecution"

    /// Nodes a and b in zone 1, c in zone 2.
    private var nodes: [JSONValue] {
        [("a", "1"), ("b", "1"), ("c", "2")].map { name, zone in
            node(name).labelled(["topology.kubernetes.io/zone": .string(zone)])
        }
    }
    private func near(_ terms: JSONValue...) -> JSONValue { ["affinity": ["podAffinity": [required: .array(terms)]]] }
    private func apart(_ terms: JSONValue...) -> JSONValue {
        ["affinity": ["podAntiAffinity": [required: .array(terms)]]]
    }

    @Test func podsThatMustBeTogetherShareAZone() throws {
        let db = pod("db").labelled(["app": "db"]).on("c")
        var placement = try Placement(nodes: nodes, pods: [db])
        #expect(try placement.place(pod("web", near(term(("app", "db"), zone)))) == "c")
        #expect(
            try placement.place(pod("web", near(term(("app", "other"), zone))))
                == "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.")
        // Others in another namespace are not meant, unless it is said.
        let there = term(("app", "db"), zone, ["namespaces": ["other"]])
        #expect(try placement.place(pod("web", near(there))).contains("3 node(s) didn't match pod affinity rules"))
    }

    @Test func namespacesAreFoundByTheirLabels() throws {
        var db = pod("db").labelled(["app": "db"]).on("c")
        db["metadata"]["namespace"] = "data"
        var placement = try Placement(nodes: nodes, pods: [db])
        let there = term(("app", "db"), zone, ["namespaceSelector": ["matchLabels": ["kind": "data"]]])
        #expect(try placement.place(pod("web", near(there))).hasPrefix("0/3"))
        placement.cache.set(namespace: "data", ["kind": "data"])
        #expect(try placement.place(pod("web", near(there))) == "c")
    }

    @Test func theFirstOfAGroupMayGoAnywhere() throws {
        var placement = try Placement(nodes: nodes)
        let first = pod("web", near(term(("app", "web"), zone))).labelled(["app": "web"])
        #expect(["a", "b", "c"].contains(try placement.place(first)))
    }

    @Test func podsThatMustBeApartAreAndThoseThatAreThereSayTheSame() throws {
        let shy = pod("shy", apart(term(("app", "web"), zone))).labelled(["app": "shy"]).on("a")
        var placement = try Placement(nodes: nodes, pods: [shy, pod("web").labelled(["app": "web"]).on("c")])
        #expect(
            try placement.place(pod("new", apart(term(("app", "web"), zone), term(("app", "shy"), zone))))
                == "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.")
        // The one that is there does not want it near.
        #expect(try placement.place(pod("web2").labelled(["app": "web"])) == "c")
        let here = pod("web3", ["nodeSelector": ["topology.kubernetes.io/zone": "1"]]).labelled(["app": "web"])
        #expect(
            try placement.place(here)
                == "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't satisfy existing pods anti-affinity rules."
        )
    }

    @Test func countsFollowPodsThatComeAndGo() throws {
        var placement = try Placement(nodes: nodes)
        let web = pod("new", apart(term(("app", "web"), host))).labelled(["app": "web"])
        let infos = try ["a", "b"].map { name in
            PodInfo(try Object(parsing: pod("on-" + name).labelled(["app": "web"]).on(name).encoded()))
        }
        for info in infos { _ = placement.cache.change(from: nil, to: info) }
        #expect(try placement.place(web) == "c")
        let last = PodInfo(try Object(parsing: pod("on-c").labelled(["app": "web"]).on("c").encoded()))
        _ = placement.cache.change(from: nil, to: last)
        #expect(try placement.place(web).hasPrefix("0/3"))
        _ = placement.cache.change(from: infos[1], to: nil)
        #expect(try placement.place(web) == "b")
    }

    @Test func matchLabelKeysStandForThePodsOwnValues() throws {
        let old = pod("old").labelled(["app": "web", "version": "1"]).on("a")
        var placement = try Placement(nodes: [node("a")], pods: [old])
        let rule = apart(term(("app", "web"), host, ["matchLabelKeys": ["version"]]))
        #expect(try placement.place(pod("new", rule).labelled(["app": "web", "version": "2"])) == "a")
        #expect(try placement.place(pod("new", rule).labelled(["app": "web", "version": "1"])).hasPrefix("0/1"))
        let others = apart(term(("app", "web"), host, ["mismatchLabelKeys": ["version"]]))
        #expect(try placement.place(pod("new", others).labelled(["app": "web", "version": "2"])).hasPrefix("0/1"))
        #expect(try placement.place(pod("new", others).labelled(["app": "web", "version": "1"])) == "a")
    }

    @Test func preferencesAttractAndRepel() throws {
        let db = pod("db").labelled(["app": "db"]).on("c")
        var placement = try Placement(nodes: nodes, pods: [db])
        func wish(_ kind: String) -> JSONValue {
            ["affinity": [kind: [preferred: [["weight": 100, "podAffinityTerm": term(("app", "db"), zone)]]]]]
        }
        #expect(try placement.place(pod("web", wish("podAffinity"))) == "c")
        #expect(try ["a", "b"].contains(placement.place(pod("web", wish("podAntiAffinity")))))
        // The wish of a pod that is there counts as well.
        let clingy = pod("clingy", wish("podAffinity")).on("b")
        placement = try Placement(nodes: nodes, pods: [clingy])
        #expect(try ["a", "b"].contains(placement.place(pod("db2").labelled(["app": "db"]))))
    }

    private func spread(_ key: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
        var constraint: JSONValue = [
            "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": ["matchLabels": ["app": "web"]],
        ]
        for (field, value) in more.object ?? [:] { constraint[field] = value }
        return ["topologySpreadConstraints": [constraint]]
    }

    @Test func podsAreSpreadOverZones() throws {
        let web = { name, node in pod(name).labelled(["app": "web"]).on(node) }
        var placement = try Placement(nodes: nodes, pods: [web("1", "a")])
        #expect(try placement.place(pod("new", spread(zone)).labelled(["app": "web"])) == "c")
        placement = try Placement(nodes: nodes, pods: [web("1", "c")])
        #expect(try ["a", "b"].contains(placement.place(pod("new", spread(zone)).labelled(["app": "web"]))))
        #expect(
            try placement.place(pod("new", spread("rack")).labelled(["app": "web"]))
                == "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints (missing required label)."
        )
    }

    @Test func placesWithoutRoomCountUnlessTheyAreNotMeant() throws {
        let tainted = node("c", ["taints": [["key": "k", "effect": "NoSchedule"]]])
            .labelled(["topology.kubernetes.io/zone": "2"])
        let there = pod("1").labelled(["app": "web"]).on("a")
        var placement = try Placement(nodes: [nodes[0], tainted], pods: [there])
        #expect(
            try placement.place(pod("new", spread(zone)).labelled(["app": "web"]))
                == "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) had untolerated taint(s)."
        )
        let honoring = spread(zone, ["nodeTaintsPolicy": "Honor"])
        #expect(try placement.place(pod("new", honoring).labelled(["app": "web"])) == "a")
    }

    @Test func aLeastNumberOfPlacesIsWaitedFor() throws {
        let there = pod("1").labelled(["app": "web"]).on("a")
        var placement = try Placement(nodes: [nodes[0]], pods: [there])
        #expect(try placement.place(pod("new", spread(zone)).labelled(["app": "web"])) == "a")
        let demanding = spread(zone, ["minDomains": 2])
        #expect(try placement.place(pod("new", demanding).labelled(["app": "web"])).hasPrefix("0/1"))
    }

    @Test func podsOfAServiceSpreadByDefault() throws {
        let web = { name, node in pod(name, cpu: "100m").labelled(["app": "web"]).on(node) }
        let busy = pod("busy", cpu: "1", memory: "2Gi").on("c")
        var placement = try Placement(nodes: nodes, pods: [web("1", "a"), web("2", "b"), web("3", "a"), busy])
        placement.cache.workloads.services["ns"] = [
            "web": LabelSelector(matchLabels: try Object(parsing: Array(#"{"app": "web"}"#.utf8)).root)
        ]
        #expect(try placement.place(pod("new", cpu: "100m").labelled(["app": "web"])) == "c")
    }

    @Test func imagesThatAreThereCount() throws {
        var stocked = node("b")
        stocked["status"]["images"] = [["names": ["registry.local/big:latest"], "sizeBytes": 2_000_000_000]]
        var placement = try Placement(nodes: [node("a"), stocked])
        var big = pod("big", cpu: "100m", memory: "100Mi")
        big["spec"]["containers"][0]["image"] = "registry.local/big"
        for _ in 0..<8 { #expect(try placement.place(big) == "b") }
    }
}
