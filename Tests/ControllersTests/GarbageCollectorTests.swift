import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct GarbageCollectorTests {
    private func object(
        _ kind: String, _ name: String, uid: String, owners: [JSONValue] = [], namespace: String = "ns"
    ) -> JSONValue {
        [
            "apiVersion": kind == "ReplicaSet" ? "apps/v1" : "v1", "kind": .string(kind),
            "metadata": [
                "namespace": .string(namespace), "name": .string(name), "uid": .string(uid),
                "ownerReferences": .array(owners),
            ],
        ]
    }

    private func replicaSet(_ name: String, _ uid: String) -> JSONValue { object("ReplicaSet", name, uid: uid) }

    private func owner(_ name: String, _ uid: String, blocks: Bool = false) -> JSONValue {
        OwnerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: name, uid: uid, blocksOwnerDeletion: blocks)
            .value
    }

    private func start(_ setUp: (MemoryAPI) -> Void) -> Cluster { Cluster(GarbageCollector.self, setUp) }

    @Test func dependentsFollowTheirOwner() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("web", "u1"))
            api.put(.pods, object("Pod", "web-1", uid: "p1", owners: [owner("web", "u1")]))
            api.put(.pods, object("Pod", "other", uid: "p2"))
        }
        let api = cluster.api
        await api.waitForWatch(.pods)
        try await api.delete(.replicaSets, namespace: "ns", name: "web", .init())
        await api.waitForEnd(.pods, "ns/web-1")
        #expect(api.object(.pods, "ns/other") != nil)
    }

    @Test func anObjectWhoseOwnerWasReplacedOrNeverWasIsDeleted() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("web", "new"))
            api.put(.pods, object("Pod", "stale", uid: "p1", owners: [owner("web", "old")]))
            api.put(.pods, object("Pod", "current", uid: "p2", owners: [owner("web", "new")]))
            api.put(.pods, object("Pod", "elsewhere", uid: "p3", owners: [owner("web", "new")], namespace: "b"))
        }
        let api = cluster.api
        await api.waitForEnd(.pods, "ns/stale")
        await api.waitForEnd(.pods, "b/elsewhere")
        // Its user hears why.
        await api.wait { $0.objects(.events).contains { $0["reason"].equals("OwnerRefInvalidNamespace") } }
        #expect(api.object(.pods, "ns/current") != nil)
    }

    @Test func anOwnerOfAnUnknownKindKeepsItsDependents() async throws {
        let cluster = start { api in
            var reference = owner("x", "u9")
            reference["apiVersion"] = "example.com/v1"
            api.put(.pods, object("Pod", "kept", uid: "p1", owners: [reference]))
            api.put(.pods, object("Pod", "stale", uid: "p2", owners: [owner("gone", "u8")]))
        }
        let api = cluster.api
        await api.waitForEnd(.pods, "ns/stale")
        #expect(api.object(.pods, "ns/kept") != nil)
    }

    @Test func anObjectWithAnotherOwnerLeftOnlyLosesTheReference() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("a", "u1"))
            api.put(.replicaSets, replicaSet("b", "u2"))
            api.put(.pods, object("Pod", "p", uid: "p1", owners: [owner("a", "u1"), owner("b", "u2")]))
        }
        let api = cluster.api
        await api.waitForWatch(.pods)
        try await api.delete(.replicaSets, namespace: "ns", name: "a", .init())
        await api.wait { $0.object(.pods, "ns/p")?.ownerReferences.map(\.uid) == ["u2"] }
        try await api.delete(.replicaSets, namespace: "ns", name: "b", .init())
        await api.waitForEnd(.pods, "ns/p")
    }

    @Test func foregroundDeletionTakesBlockingDependentsFirst() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("web", "u1"))
            var pod = object("Pod", "slow", uid: "p1", owners: [owner("web", "u1", blocks: true)])
            pod["spec"]["nodeName"] = "n"
            api.put(.pods, pod)
        }
        let api = cluster.api
        await api.waitForWatch(.pods)
        try await api.delete(.replicaSets, namespace: "ns", name: "web", .init(propagationPolicy: "Foreground"))
        await api.wait { $0.object(.pods, "ns/slow")?.isBeingDeleted == true }
        #expect(api.object(.replicaSets, "ns/web")?.isBeingDeleted == true)
        try await api.delete(.pods, namespace: "ns", name: "slow", .init(gracePeriodSeconds: 0))
        await api.waitForEnd(.replicaSets, "ns/web")
    }

    @Test func foregroundDeletionGoesDownThroughTheGenerations() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("top", "u1"))
            var middle = replicaSet("middle", "u2")
            middle["metadata"]["ownerReferences"] = [owner("top", "u1", blocks: true)]
            api.put(.replicaSets, middle)
            api.put(.configMaps, object("ConfigMap", "leaf", uid: "c1", owners: [owner("middle", "u2", blocks: true)]))
        }
        let api = cluster.api
        await api.waitForWatch(.configMaps)
        await api.waitForWatch(.replicaSets)
        try await api.delete(.replicaSets, namespace: "ns", name: "top", .init(propagationPolicy: "Foreground"))
        await api.waitForEnd(.replicaSets, "ns/top")
        let ends = api.calls.filter { $0.hasPrefix("delete") }
        #expect(ends == ["delete replicasets ns/top", "delete replicasets ns/middle", "delete configmaps ns/leaf"])
        #expect(api.objects(.replicaSets).isEmpty && api.objects(.configMaps).isEmpty)
    }

    @Test func orphanedDependentsStay() async throws {
        let cluster = start { api in
            api.put(.replicaSets, replicaSet("web", "u1"))
            api.put(.pods, object("Pod", "p", uid: "p1", owners: [owner("web", "u1")]))
        }
        let api = cluster.api
        await api.waitForWatch(.pods)
        try await api.delete(.replicaSets, namespace: "ns", name: "web", .init(propagationPolicy: "Orphan"))
        await api.waitForEnd(.replicaSets, "ns/web")
        #expect(api.object(.pods, "ns/p")?.ownerReferences.isEmpty == true)
    }

    @Test func everyControllerRunsTogether() async throws {
        let api = MemoryAPI()
        api.namespace("ns")
        let run = Task {
            await runControllers(client: { _ in api }, authority: "PEM", resources: { Cluster.resources })
        }
        await api.waitForObject(.serviceAccounts, "ns/default")
        await api.waitForObject(.configMaps, "ns/kube-root-ca.crt")
        try await api.delete(.namespaces, namespace: nil, name: "ns", .init())
        await api.waitForEnd(.namespaces, "ns")
        run.cancel()
        await run.value
    }
}
