import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct NamespaceFurnitureTests {
    @Test func everyNamespaceHasADefaultServiceAccountAgainAfterItsDeletion() async throws {
        let cluster = Cluster(ServiceAccountController.self) { $0.namespace("old") }
        let api = cluster.api
        await api.waitForObject(.serviceAccounts, "old/default")
        api.namespace("new")
        await api.waitForObject(.serviceAccounts, "new/default")
        let first = api.object(.serviceAccounts, "new/default")?.uid
        try await api.delete(.serviceAccounts, namespace: "new", name: "default", .init())
        await api.wait { api in
            api.object(.serviceAccounts, "new/default").map { $0.uid != first } ?? false
        }
    }

    @Test func aTerminatingNamespaceGetsNothing() async throws {
        let cluster = Cluster(ServiceAccountController.self) { api in
            api.put(
                .namespaces,
                [
                    "kind": "Namespace",
                    "metadata": ["name": "ending", "deletionTimestamp": "2030-01-01T00:00:00Z"],
                    "status": ["phase": "Terminating"],
                ])
        }
        let api = cluster.api
        api.namespace("last")
        await api.waitForObject(.serviceAccounts, "last/default")
        #expect(api.object(.serviceAccounts, "ending/default") == nil)
    }

    @Test func theAuthorityIsPublishedAndPutBackWhenChangedOrDeleted() async throws {
        let cluster = Cluster(RootCAPublisher.self) { $0.namespace("ns") }
        let api = cluster.api
        await api.waitForObject(.configMaps, "ns/kube-root-ca.crt")
        await api.waitForObject(.configMaps, "ns/openshift-service-ca.crt")
        #expect(api.object(.configMaps, "ns/kube-root-ca.crt")?["data"].value == ["ca.crt": "PEM"])
        #expect(api.object(.configMaps, "ns/openshift-service-ca.crt")?["data"].value == ["service-ca.crt": "PEM"])

        try await api.modify(.configMaps, namespace: "ns", name: "kube-root-ca.crt") {
            $0["data"]["ca.crt"] = "forged"
            return true
        }
        await api.wait { $0.object(.configMaps, "ns/kube-root-ca.crt")?["data"]["ca.crt"].string == "PEM" }
        try await api.delete(.configMaps, namespace: "ns", name: "openshift-service-ca.crt", .init())
        await api.waitForObject(.configMaps, "ns/openshift-service-ca.crt")
    }
}
