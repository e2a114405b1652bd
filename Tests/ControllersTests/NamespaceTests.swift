import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct NamespaceTests {
    @Test func aDeletedNamespaceTakesItsContentsWithIt() async throws {
        let cluster = Cluster(NamespaceController.self) { api in
            api.namespace("going")
            api.namespace("staying")
            for namespace in ["going", "staying"] {
                api.put(
                    .configMaps, ["kind": "ConfigMap", "metadata": ["namespace": .string(namespace), "name": "c"]])
                api.put(.secrets, ["kind": "Secret", "metadata": ["namespace": .string(namespace), "name": "s"]])
            }
            api.put(.nodes, ["kind": "Node", "metadata": ["name": "n"]])
        }
        let api = cluster.api
        try await api.delete(.namespaces, namespace: nil, name: "going", .init())
        await api.waitForEnd(.namespaces, "going")
        #expect(api.objects(.configMaps).map(\.key) == ["staying/c"])
        #expect(api.objects(.secrets).map(\.key) == ["staying/s"])
        #expect(api.objects(.nodes).count == 1)
        #expect(api.object(.namespaces, "staying") != nil)
    }

    @Test func itWaitsForPodsToEndAndSaysSo() async throws {
        let cluster = Cluster(NamespaceController.self) { api in
            api.namespace("going")
            api.put(
                .pods,
                ["kind": "Pod", "metadata": ["namespace": "going", "name": "p"], "spec": ["nodeName": "n"]])
            api.put(.configMaps, ["kind": "ConfigMap", "metadata": ["namespace": "going", "name": "c"]])
        }
        let api = cluster.api
        try await api.delete(.namespaces, namespace: nil, name: "going", .init())
        await api.wait {
            $0.object(.namespaces, "going")?.condition("NamespaceContentRemaining")["status"].string == "True"
        }
        let namespace = try #require(api.object(.namespaces, "going"))
        #expect(namespace["status"]["phase"].string == "Terminating")
        #expect(
            namespace.condition("NamespaceContentRemaining")["message"].string
                == "Some resources are remaining: pods. has 1 resource instances")
        #expect(namespace.condition("NamespaceDeletionContentFailure")["status"].string == "False")
        // Pods have their time, and what they use stays until they are through.
        #expect(api.object(.pods, "going/p")?.isBeingDeleted == true)
        #expect(api.object(.configMaps, "going/c") != nil)

        await api.waitForWatch(.pods)
        try await api.delete(.pods, namespace: "going", name: "p", .init(gracePeriodSeconds: 0))
        await api.waitForEnd(.namespaces, "going")
        #expect(api.objects(.configMaps).isEmpty)
    }

    @Test func finalizersOfItsContentsHoldItBack() async throws {
        let cluster = Cluster(NamespaceController.self) { api in
            api.namespace("going")
            api.put(
                .configMaps,
                [
                    "kind": "ConfigMap",
                    "metadata": ["namespace": "going", "name": "c", "finalizers": ["example.com/x"]],
                ])
        }
        let api = cluster.api
        try await api.delete(.namespaces, namespace: nil, name: "going", .init())
        await api.wait {
            $0.object(.namespaces, "going")?.condition("NamespaceFinalizersRemaining")["status"].string == "True"
        }
        #expect(
            api.object(.namespaces, "going")?.condition("NamespaceFinalizersRemaining")["message"].string
                == "Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances")
        await api.waitForWatch(.configMaps)
        try await api.modify(.configMaps, namespace: "going", name: "c") {
            $0["metadata"].remove("finalizers")
            return true
        }
        await api.waitForEnd(.namespaces, "going")
    }

    @Test func whatCannotBeDeletedIsReportedAndTriedAgain() async throws {
        let cluster = Cluster(NamespaceController.self) { api in
            api.namespace("going")
            api.put(.secrets, ["kind": "Secret", "metadata": ["namespace": "going", "name": "s"]])
            api.refuse { verb, resource, _ in
                verb == "delete" && resource == .secrets ? .internalError("out of order") : nil
            }
        }
        let api = cluster.api
        try await api.delete(.namespaces, namespace: nil, name: "going", .init())
        await api.wait {
            $0.object(.namespaces, "going")?.condition("NamespaceDeletionContentFailure")["status"].string == "True"
        }
        #expect(
            api.object(.namespaces, "going")?.condition("NamespaceDeletionContentFailure")["message"].string
                == "Failed to delete all resource types, 1 remaining: out of order")
        api.refuseNothing()
        await cluster.time.waitForSleeper()
        cluster.time.advance(seconds: 1)
        await api.waitForEnd(.namespaces, "going")
    }
}
