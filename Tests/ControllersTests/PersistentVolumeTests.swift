import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct PersistentVolumeTests {
    private let cluster = Cluster(PersistentVolumeBinder.self)
    private var api: MemoryAPI { cluster.api }

    private func claim(_ name: String, size: String = "1Gi", ofClass storageClass: String = "", _ spec: JSONValue = [:])
    {
        var claim: JSONValue = [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": ["namespace": "ns", "name": .string(name), "finalizers": ["kubernetes.io/pvc-protection"]],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": .string(storageClass),
                "resources": ["requests": ["storage": .string(size)]],
            ],
            "status": ["phase": "Pending"],
        ]
        for (field, value) in spec.object ?? [:] { claim["spec"][field] = value }
        api.put(.persistentVolumeClaims, claim)
    }
    private func volume(
        _ name: String, size: String = "1Gi", ofClass storageClass: String = "", policy: String = "Retain",
        _ spec: JSONValue = [:], labels: JSONValue = [:]
    ) {
        var volume: JSONValue = [
            "kind": "PersistentVolume", "apiVersion": "v1", "metadata": ["name": .string(name), "labels": labels],
            "spec": [
                "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": .string(storageClass),
                "capacity": ["storage": .string(size)], "persistentVolumeReclaimPolicy": .string(policy),
            ],
        ]
        for (field, value) in spec.object ?? [:] { volume["spec"][field] = value }
        api.put(.persistentVolumes, volume)
    }
    private func waitForClaim(_ name: String, _ phase: String) async {
        await api.wait { $0.object(.persistentVolumeClaims, "ns/" + name)?["status"]["phase"].string == phase }
    }
    private func waitForVolume(_ name: String, _ phase: String) async {
        await api.wait { $0.object(.persistentVolumes, name)?["status"]["phase"].string == phase }
    }
    private func volumeOf(_ claim: String) -> String? {
        api.object(.persistentVolumeClaims, "ns/" + claim)?["spec"]["volumeName"].string
    }
    private func waitForEvent(_ reason: String) async {
        await api.wait { $0.objects(.events).contains { $0["reason"].string == reason } }
    }
    private func deleteClaim(_ name: String) async throws {
        try await api.delete(.persistentVolumeClaims, namespace: "ns", name: name, .init())
        try await api.modify(.persistentVolumeClaims, namespace: "ns", name: name) {
            $0["metadata"]["finalizers"] = []
            return true
        }
    }

    @Test func aClaimGetsTheSmallestVolumeThatIsLargeEnough() async throws {
        volume("small", size: "500Mi")
        volume("large", size: "10Gi")
        volume("right", size: "2Gi")
        for name in ["small", "large", "right"] { await waitForVolume(name, "Available") }
        claim("data")
        await waitForClaim("data", "Bound")
        let bound = try #require(api.object(.persistentVolumeClaims, "ns/data"))
        #expect(bound["spec"]["volumeName"].string == "right")
        #expect(bound["status"]["capacity"]["storage"].string == "2Gi")
        #expect(bound["status"]["accessModes"].value == ["ReadWriteOnce", "ReadOnlyMany"])
        #expect(bound.annotation("pv.kubernetes.io/bind-completed") == "yes")
        #expect(bound.annotation("pv.kubernetes.io/bound-by-controller") == "yes")
        let volume = try #require(api.object(.persistentVolumes, "right"))
        #expect(volume["status"]["phase"].string == "Bound")
        #expect(volume["spec"]["claimRef"]["uid"].string == bound.uid)
        #expect(volume.annotation("pv.kubernetes.io/bound-by-controller") == "yes")
    }

    @Test func classModesAndSelectorMustMatch() async {
        volume("classy", ofClass: "fast")
        volume("block", ["volumeMode": "Block"])
        volume("readonly", ["accessModes": ["ReadOnlyMany"]])
        volume("red", labels: ["colour": "red"])
        for name in ["classy", "block", "readonly", "red"] { await waitForVolume(name, "Available") }
        claim("picky", ["selector": ["matchLabels": ["colour": "blue"]]])
        await waitForEvent("FailedBinding")
        #expect(volumeOf("picky") == nil)
        volume("blue", labels: ["colour": "blue"])
        await waitForClaim("picky", "Bound")
        #expect(volumeOf("picky") == "blue")
        claim("fast", ofClass: "fast")
        await waitForClaim("fast", "Bound")
        #expect(volumeOf("fast") == "classy")
    }

    @Test func bothSidesCanNameTheOther() async {
        volume("wanted", size: "5Gi")
        volume("reserved", ["claimRef": ["namespace": "ns", "name": "second"]])
        await waitForVolume("reserved", "Available")
        claim("first", ["volumeName": "wanted"])
        claim("second")
        await waitForClaim("first", "Bound")
        await waitForClaim("second", "Bound")
        #expect(volumeOf("first") == "wanted")
        #expect(volumeOf("second") == "reserved")
        #expect(
            api.object(.persistentVolumeClaims, "ns/first")?.annotation(ClaimState.boundByController) == nil)
        claim("third", size: "9Gi", ["volumeName": "later"])
        volume("later")
        await waitForEvent("VolumeMismatch")
        #expect(api.object(.persistentVolumeClaims, "ns/third")?["status"]["phase"].string == "Pending")
    }

    @Test func whatBecomesOfAVolumeIsItsPolicys() async throws {
        let policies = [("keep", "Retain", "Released"), ("scrub", "Recycle", "Failed"), ("drop", "Delete", "Failed")]
        for (name, policy, _) in policies {
            volume(name, ofClass: name, policy: policy)
            await waitForVolume(name, "Available")
            claim(name, ofClass: name)
            await waitForClaim(name, "Bound")
            try await deleteClaim(name)
        }
        for (name, _, phase) in policies { await waitForVolume(name, phase) }
        await waitForEvent("VolumeFailedRecycle")
        await waitForEvent("VolumeFailedDelete")
        // A new claim of the same name is not given the data of the old one.
        claim("keep", ofClass: "keep")
        await waitForEvent("ProvisioningFailed")
        #expect(volumeOf("keep") == nil)
    }

    @Test func aClaimWithoutItsVolumeIsLost() async throws {
        volume("gone")
        await waitForVolume("gone", "Available")
        claim("data")
        await waitForClaim("data", "Bound")
        try await api.delete(.persistentVolumes, namespace: nil, name: "gone", .init())
        await waitForClaim("data", "Lost")
        await waitForEvent("ClaimLost")
    }

    @Test func volumesAreAskedForWhenTheyAreNeeded() async throws {
        api.put(
            .storageClasses,
            [
                "metadata": ["name": "late"], "provisioner": "made.by/me",
                "volumeBindingMode": "WaitForFirstConsumer",
            ])
        api.put(.storageClasses, ["metadata": ["name": "now"], "provisioner": "made.by/me"])
        claim("now", ofClass: "now")
        await api.wait {
            $0.object(.persistentVolumeClaims, "ns/now")?.annotation(ClaimState.provisioner) == "made.by/me"
        }
        await waitForEvent("ExternalProvisioning")
        claim("late", ofClass: "late")
        await waitForEvent("WaitForFirstConsumer")
        #expect(api.object(.persistentVolumeClaims, "ns/late")?.annotation(ClaimState.provisioner) == nil)
        let late = try await api.modify(.persistentVolumeClaims, namespace: "ns", name: "late") {
            $0["metadata"]["annotations"][ClaimState.selectedNode] = "a"
            return true
        }
        await api.wait {
            $0.object(.persistentVolumeClaims, "ns/late")?.annotation(ClaimState.provisioner) == "made.by/me"
        }
        volume(
            "made", ofClass: "late",
            ["claimRef": ["namespace": "ns", "name": "late", "uid": .string(late.uid)]])
        await waitForClaim("late", "Bound")
    }

    @Test func claimsAndVolumesInUseStay() async throws {
        let protection = Cluster(VolumeClaimProtection.self)
        let api = protection.api
        let finalizers: JSONValue = ["kubernetes.io/pvc-protection"]
        for name in ["used", "unused"] {
            api.put(
                .persistentVolumeClaims,
                ["metadata": ["namespace": "ns", "name": .string(name), "finalizers": finalizers], "spec": [:]])
        }
        api.put(
            .pods,
            [
                "metadata": ["namespace": "ns", "name": "p"],
                "spec": [
                    "nodeName": "a",
                    "volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "used"]]],
                ],
            ])
        for name in ["used", "unused"] {
            try await api.delete(.persistentVolumeClaims, namespace: "ns", name: name, .init())
        }
        await api.waitForEnd(.persistentVolumeClaims, "ns/unused")
        #expect(api.object(.persistentVolumeClaims, "ns/used") != nil)
        try await api.delete(.pods, namespace: "ns", name: "p", .init(gracePeriodSeconds: 0))
        await api.waitForEnd(.persistentVolumeClaims, "ns/used")
    }

    @Test func aBoundVolumeStaysUntilItIsReleased() async throws {
        let protection = Cluster(VolumeProtection.self)
        let api = protection.api
        api.put(
            .persistentVolumes,
            [
                "metadata": ["name": "v", "finalizers": ["kubernetes.io/pv-protection"]], "spec": [:],
                "status": ["phase": "Bound"],
            ])
        try await api.delete(.persistentVolumes, namespace: nil, name: "v", .init())
        try await api.modify(.persistentVolumes, namespace: nil, name: "v", subresource: "status") {
            $0["status"]["message"] = "still there"
            return true
        }
        #expect(api.object(.persistentVolumes, "v")?.finalizers == ["kubernetes.io/pv-protection"])
        try await api.modify(.persistentVolumes, namespace: nil, name: "v", subresource: "status") {
            $0["status"]["phase"] = "Released"
            return true
        }
        await api.waitForEnd(.persistentVolumes, "v")
    }

    @Test func aDirectoryGrowsWithItsClaim() async throws {
        let expansion = Cluster(VolumeExpand.self)
        let api = expansion.api
        api.put(
            .storageClasses,
            [
                "metadata": ["name": "local-path"], "provisioner": "segler/local-path", "allowVolumeExpansion": true,
            ])
        api.put(
            .persistentVolumes,
            [
                "metadata": ["name": "v", "annotations": [ClaimState.provisionedBy: "segler/local-path"]],
                "spec": [
                    "capacity": ["storage": "1Gi"], "claimRef": ["namespace": "ns", "name": "data", "uid": "u"],
                ],
            ])
        api.put(
            .persistentVolumeClaims,
            [
                "metadata": [
                    "namespace": "ns", "name": "data", "uid": "u",
                    "annotations": [ClaimState.bindCompleted: "yes"],
                ],
                "spec": [
                    "volumeName": "v", "storageClassName": "local-path",
                    "resources": ["requests": ["storage": "2Gi"]],
                ],
            ])
        await api.wait { $0.object(.persistentVolumes, "v")?["spec"]["capacity"]["storage"].string == "2Gi" }
    }
}
