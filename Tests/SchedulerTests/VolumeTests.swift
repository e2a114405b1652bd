import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Scheduler

@Suite struct VolumeTests {
    let cluster = Cluster()
    var api: MemoryAPI { cluster.api }

    private func mounting(_ claim: String, _ name: String = "web") -> JSONValue {
        pod(name, ["volumes": [["name": "data", "persistentVolumeClaim": ["claimName": .string(claim)]]]])
    }
    private func claim(_ name: String, ofClass storageClass: String = "late", volume: String? = nil) -> JSONValue {
        var claim: JSONValue = [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": ["namespace": "ns", "name": .string(name), "uid": .string("uid-" + name)],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": .string(storageClass),
                "resources": ["requests": ["storage": "1Gi"]],
            ],
            "status": ["phase": "Pending"],
        ]
        if let volume {
            claim["spec"]["volumeName"] = .string(volume)
            claim["metadata"]["annotations"][ClaimState.bindCompleted] = "yes"
        }
        return claim
    }
    private func volume(_ name: String, on node: String, size: String = "1Gi") -> JSONValue {
        var volume: JSONValue = [
            "kind": "PersistentVolume", "apiVersion": "v1", "metadata": ["name": .string(name)],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": "late", "capacity": ["storage": .string(size)],
            ],
            "status": ["phase": "Available"],
        ]
        volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"] = [
            [
                "matchExpressions": [
                    ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
                ]
            ]
        ]
        return volume
    }
    private func storageClass(_ provisioner: JSONValue = "made.by/me", _ mode: JSONValue = "WaitForFirstConsumer")
        -> JSONValue
    {
        ["metadata": ["name": "late"], "provisioner": provisioner, "volumeBindingMode": mode]
    }
    private func setUp(_ mode: JSONValue = "WaitForFirstConsumer") {
        for name in ["a", "b"] { api.put(.nodes, node(name)) }
        api.put(.storageClasses, storageClass("made.by/me", mode))
    }
    private func bindClaim(_ name: String, to volume: String) async throws {
        try await api.modify(.persistentVolumeClaims, namespace: "ns", name: name) {
            $0["spec"]["volumeName"] = .string(volume)
            $0["metadata"]["annotations"][ClaimState.bindCompleted] = "yes"
            return true
        }
    }

    @Test func aVolumeIsMadeOnTheChosenNodeBeforeThePodGoesThere() async throws {
        setUp()
        api.put(.persistentVolumeClaims, claim("data"))
        api.put(.pods, mounting("data"))
        cluster.start()
        await api.wait { $0.object(.persistentVolumeClaims, "ns/data")?.annotation(ClaimState.selectedNode) != nil }
        let chosen = try #require(api.object(.persistentVolumeClaims, "ns/data")?.annotation(ClaimState.selectedNode))
        #expect(!cluster.isBound("web"))
        api.put(.persistentVolumes, volume("made", on: chosen))
        try await bindClaim("data", to: "made")
        #expect(await cluster.nodeOf("web") == chosen)
    }

    @Test func aFreeVolumeOfANodeIsReservedAndThePodGoesThere() async throws {
        setUp()
        api.put(.persistentVolumes, volume("large", on: "b", size: "5Gi"))
        api.put(.persistentVolumes, volume("right", on: "b"))
        api.put(.storageClasses, storageClass("kubernetes.io/no-provisioner"))
        api.put(.persistentVolumeClaims, claim("data"))
        api.put(.pods, mounting("data"))
        cluster.start()
        await api.wait { $0.object(.persistentVolumes, "right")?["spec"]["claimRef"]["uid"].string == "uid-data" }
        try await bindClaim("data", to: "right")
        #expect(await cluster.nodeOf("web") == "b")
    }

    @Test func whenProvisioningIsGivenUpThePodIsTriedAgain() async throws {
        setUp()
        api.put(.persistentVolumeClaims, claim("data"))
        api.put(.pods, mounting("data"))
        cluster.start()
        await api.wait { $0.object(.persistentVolumeClaims, "ns/data")?.annotation(ClaimState.selectedNode) != nil }
        try await api.modify(.persistentVolumeClaims, namespace: "ns", name: "data") {
            $0["metadata"]["annotations"].remove(ClaimState.selectedNode) != nil
        }
        await cluster.time.waitForSleeper(until: 1)
        cluster.time.advance(seconds: 1)
        await api.wait { $0.object(.persistentVolumeClaims, "ns/data")?.annotation(ClaimState.selectedNode) != nil }
    }

    @Test func aPodFollowsItsBoundVolume() async {
        setUp()
        api.put(.persistentVolumes, volume("there", on: "b"))
        api.put(.persistentVolumeClaims, claim("data", volume: "there"))
        api.put(.pods, mounting("data"))
        #expect(await cluster.nodeOf("web") == "b")
    }

    @Test func aVolumeOutOfReachIsNamed() async {
        setUp()
        api.put(.persistentVolumes, volume("there", on: "elsewhere"))
        api.put(.persistentVolumeClaims, claim("data", volume: "there"))
        api.put(.pods, mounting("data"))
        #expect(
            await cluster.refusalOf("web")
                == "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
    }

    @Test func aMissingClaimIsNamedAndItsArrivalHelps() async {
        setUp()
        api.put(.pods, mounting("data"))
        #expect(
            await cluster.refusalOf("web")
                == "0/2 nodes are available: persistentvolumeclaim \"data\" not found. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
        cluster.time.advance(seconds: 20)
        api.put(.persistentVolumes, volume("there", on: "a"))
        api.put(.persistentVolumeClaims, claim("data", volume: "there"))
        #expect(await cluster.nodeOf("web") == "a")
    }

    @Test func aClaimThatIsBoundAtOnceIsWaitedFor() async {
        setUp("Immediate")
        api.put(.persistentVolumeClaims, claim("data"))
        api.put(.pods, mounting("data"))
        #expect(await cluster.refusalOf("web").contains("pod has unbound immediate PersistentVolumeClaims."))
    }

    @Test func aClaimForOnePodIsGivenToOne() async throws {
        setUp()
        api.put(.persistentVolumes, volume("there", on: "a"))
        var single = claim("data", volume: "there")
        single["spec"]["accessModes"] = ["ReadWriteOncePod"]
        api.put(.persistentVolumeClaims, single)
        api.put(.pods, mounting("data", "first"))
        #expect(await cluster.nodeOf("first") == "a")
        api.put(.pods, mounting("data", "second"))
        #expect(
            await cluster.refusalOf("second").contains(
                "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"))
        cluster.time.advance(seconds: 20)
        try await api.delete(.pods, namespace: "ns", name: "first", .init(gracePeriodSeconds: 0))
        #expect(await cluster.nodeOf("second") == "a")
    }
}
