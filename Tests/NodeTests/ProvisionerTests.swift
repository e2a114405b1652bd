import API
import Client
import ClientTesting
import Glibc
import JSON
import Synchronization
import Testing

@testable import Node

@Suite struct ProvisionerTests {
    /// A provisioner at work in a directory of its own.
    final class Site: Sendable {
        let api = MemoryAPI()
        let directory: String
        private let run: Task<Void, Never>

        init(isNew: Bool = true) throws {
            var template = Array("/tmp/segler-provisioner-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp", "/tmp") }
            let base = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            directory = base + "/volumes"
            if !isNew { try Files.makeDirectories(directory) }
            let provisioner = LocalPathProvisioner(
                api, nodeName: "a", directory: directory
            ) { _ in }
            run = Task { await provisioner.run() }
        }

        deinit {
            run.cancel()
            try? Files.removeTree(String(directory.dropLast("/volumes".count)))
        }

        func claim(_ name: String, on node: String, _ spec: JSONValue = [:]) {
            var claim: JSONValue = [
                "metadata": [
                    "namespace": "ns", "name": .string(name), "uid": .string("uid-" + name),
                    "annotations": [
                        ClaimState.provisioner: .string(LocalPathProvisioner.name),
                        ClaimState.selectedNode: .string(node),
                    ],
                ],
                "spec": [
                    "storageClassName": "local-path", "accessModes": ["ReadWriteOnce"],
                    "resources": ["requests": ["storage": "1Gi"]],
                ],
            ]
            for (field, value) in spec.object ?? [:] { claim["spec"][field] = value }
            api.put(.persistentVolumeClaims, claim)
        }
    }

    @Test func aClaimForThisNodeGetsADirectoryThatGoesWithIt() async throws {
        let site = try Site()
        await site.api.wait { $0.object(.storageClasses, "local-path") != nil }
        site.claim("elsewhere", on: "b")
        site.claim("data", on: "a")
        await site.api.wait { $0.object(.persistentVolumes, "pvc-uid-data") != nil }
        let volume = try #require(site.api.object(.persistentVolumes, "pvc-uid-data"))
        let path = site.directory + "/pvc-uid-data"
        #expect(volume["spec"]["local"]["path"].string == path)
        #expect(volume["spec"]["claimRef"]["uid"].string == "uid-data")
        #expect(volume["spec"]["persistentVolumeReclaimPolicy"].string == "Delete")
        let term = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
        #expect(term["values"][0].string == "a")
        #expect(Files.isDirectory(path))
        try Files.makeDirectories(path + "/inside")
        try Files.write(path + "/inside/file", Array("data".utf8))

        try await site.api.modify(.persistentVolumes, namespace: nil, name: "pvc-uid-data", subresource: "status") {
            $0["status"]["phase"] = "Released"
            return true
        }
        await site.api.wait { $0.object(.persistentVolumes, "pvc-uid-data") == nil }
        #expect(!Files.exists(path))
        #expect(site.api.object(.persistentVolumes, "pvc-uid-elsewhere") == nil)
    }

    @Test func aVolumeThatPointsOutsideIsNotTouched() async throws {
        let site = try Site()
        await site.api.wait { $0.object(.storageClasses, "local-path") != nil }
        let outside = String(site.directory.dropLast("/volumes".count)) + "/precious"
        try Files.makeDirectories(outside)
        for (name, path) in [("forged", outside), ("..", site.directory + "/..")] {
            site.api.put(
                .persistentVolumes,
                [
                    "metadata": [
                        "name": .string(name),
                        "annotations": [
                            ClaimState.provisionedBy: .string(LocalPathProvisioner.name), "segler/node": "a",
                        ],
                    ],
                    "spec": ["local": ["path": .string(path)], "persistentVolumeReclaimPolicy": "Delete"],
                    "status": ["phase": "Released"],
                ])
        }
        // What comes later is done: these were seen, and left alone.
        site.claim("last", on: "a")
        await site.api.wait { $0.object(.persistentVolumes, "pvc-uid-last") != nil }
        #expect(Files.isDirectory(outside))
        #expect(site.api.object(.persistentVolumes, "forged") != nil)
    }

    @Test func aBlockVolumeIsRefusedAndAnotherNodeMayBeChosen() async throws {
        let site = try Site()
        site.claim("raw", on: "a", ["volumeMode": "Block"])
        await site.api.wait {
            $0.object(.persistentVolumeClaims, "ns/raw")?.annotation(ClaimState.selectedNode) == nil
        }
        await site.api.wait { $0.objects(.events).contains { $0["reason"].string == "ProvisioningFailed" } }
    }

    @Test func aClassThatAnAdminDeletedDoesNotComeBack() async throws {
        let site = try Site(isNew: false)
        site.api.put(
            .storageClasses, ["metadata": ["name": "mine"], "provisioner": .string(LocalPathProvisioner.name)])
        site.claim("data", on: "a", ["storageClassName": "mine"])
        await site.api.wait { $0.object(.persistentVolumes, "pvc-uid-data") != nil }
        #expect(site.api.object(.storageClasses, "local-path") == nil)
    }
}
