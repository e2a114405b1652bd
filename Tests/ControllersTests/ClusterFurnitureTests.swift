import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Controllers

@Suite struct ClusterRoleAggregationTests {
    private func role(_ name: String, _ verb: String, labels: JSONValue = ["to": "view"]) -> JSONValue {
        [
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": ["name": .string(name), "labels": labels], "rules": [["verbs": [.string(verb)]]],
        ]
    }

    @Test func aRoleHasTheRulesOfThoseItSelects() async throws {
        let cluster = Cluster(ClusterRoleAggregation.self)
        let api = cluster.api
        api.put(
            .clusterRoles,
            [
                "kind": "ClusterRole", "metadata": ["name": "view", "labels": ["to": "view"]],
                "aggregationRule": ["clusterRoleSelectors": [["matchLabels": ["to": "view"]]]],
            ])
        func waitForVerbs(_ verbs: [String]) async {
            await api.wait {
                $0.object(.clusterRoles, "view")?["rules"].elements.map { $0["verbs"][0].string ?? "" } ?? [] == verbs
            }
        }
        api.put(.clusterRoles, role("b", "list"))
        api.put(.clusterRoles, role("a", "get"))
        api.put(.clusterRoles, role("c", "get"))
        api.put(.clusterRoles, role("other", "delete", labels: [:]))
        await waitForVerbs(["get", "list"])
        try await api.modify(.clusterRoles, namespace: nil, name: "b") {
            $0["metadata"]["labels"] = [:]
            return true
        }
        await waitForVerbs(["get"])
    }
}

@Suite struct CertificateTests {
    private static func cluster(_ request: CertificateSigner.Request) -> Cluster {
        let make: @Sendable (Controllers.Environment) -> any ClusterController = { environment in
            var environment = environment
            environment.signer = CertificateSigner(
                read: { _ in request }, sign: { pem, usages, seconds in "\(pem) \(usages) \(seconds)" })
            return CertificateController(environment)
        }
        return Cluster(making: make) { _ in }
    }

    private func put(
        _ cluster: Cluster, _ signer: String, _ usages: JSONValue, condition: String? = "Approved", seconds: Int? = nil
    ) {
        var request: JSONValue = [
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": ["name": "r"],
            "spec": ["request": "UEVN", "signerName": .string(signer), "usages": usages, "username": "system:node:a"],
        ]
        if let seconds { request["spec"]["expirationSeconds"] = .int(seconds) }
        if let condition {
            request["status"]["conditions"] = [
                ["type": .string(condition), "status": "True", "lastUpdateTime": .string(cluster.time.now.description)]
            ]
        }
        cluster.api.put(.certificateSigningRequests, request)
    }

    private static let node = CertificateSigner.Request(
        commonName: "system:node:a", organizations: ["system:nodes"], dnsNames: [], ipAddresses: [])

    @Test func whatIsApprovedIsSignedForTheTimeAskedFor() async {
        let cluster = Self.cluster(Self.node)
        put(cluster, "kubernetes.io/kube-apiserver-client-kubelet", ["client auth", "digital signature"], seconds: 60)
        await cluster.api.wait { $0.object(.certificateSigningRequests, "r")?["status"]["certificate"].string != nil }
        let text = cluster.api.object(.certificateSigningRequests, "r")?["status"]["certificate"].string ?? ""
        #expect(
            String(decoding: Base64Text.decode(text) ?? [], as: UTF8.self)
                == "PEM [\"client auth\", \"digital signature\"] 600")
    }

    @Test(arguments: [
        ("kubernetes.io/kube-apiserver-client", ["server auth"]),
        ("kubernetes.io/kubelet-serving", ["server auth", "digital signature"]),
        ("kubernetes.io/kube-apiserver-client-kubelet", ["client auth", "digital signature", "cert sign"]),
    ])
    func whatASignerDoesNotSignFails(signer: String, usages: [String]) async {
        let cluster = Self.cluster(Self.node)
        put(cluster, signer, .array(usages.map { .string($0) }))
        await cluster.api.wait {
            $0.object(.certificateSigningRequests, "r")?.condition("Failed")["reason"].string
                == "SignerValidationFailure"
        }
        #expect(cluster.api.object(.certificateSigningRequests, "r")?["status"]["certificate"].exists == false)
    }

    @Test func aNodeGetsACertificateForWhatIsItsOwnAlone() {
        func isOwn(_ node: String, names: [String], addresses: [String]) -> Bool {
            let asked = CertificateSigner.Request(
                commonName: "system:node:" + node, organizations: ["system:nodes"], dnsNames: names,
                ipAddresses: addresses)
            return CertificateController.isOwn(asked, node, others: ["10.0.0.1", "10.96.0.1"])
        }
        #expect(isOwn("a", names: ["a"], addresses: ["10.0.0.2"]))
        #expect(!isOwn("a", names: ["b"], addresses: []))
        for address in ["10.0.0.1", "10.96.0.1", "127.0.0.1", "::1"] {
            #expect(!isOwn("a", names: ["a"], addresses: ["10.0.0.2", address]))
        }
        for name in ["kubernetes", "kubernetes.default.svc", "localhost"] {
            #expect(!isOwn(name, names: [name], addresses: []))
        }
    }

    @Test func oldRequestsGo() async {
        for (condition, lifetime) in [("Denied", 3600.0), (nil, 86400.0)] {
            let cluster = Self.cluster(Self.node)
            put(cluster, "example.com/mine", ["client auth"], condition: condition)
            await cluster.time.waitForSleeper(until: lifetime)
            cluster.time.advance(seconds: lifetime)
            await cluster.api.waitForEnd(.certificateSigningRequests, "r")
        }
    }
}

@Suite struct EphemeralVolumeTests {
    private func pod(_ api: MemoryAPI) {
        api.put(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "ns", "name": "p"],
                "spec": [
                    "volumes": [
                        [
                            "name": "scratch",
                            "ephemeral": [
                                "volumeClaimTemplate": [
                                    "metadata": ["labels": ["a": "b"]], "spec": ["accessModes": ["ReadWriteOnce"]],
                                ]
                            ],
                        ]
                    ]
                ],
            ])
    }

    @Test func aPodGetsItsClaim() async throws {
        let cluster = Cluster(EphemeralVolumeController.self)
        pod(cluster.api)
        await cluster.api.waitForObject(.persistentVolumeClaims, "ns/p-scratch")
        let claim = try #require(cluster.api.object(.persistentVolumeClaims, "ns/p-scratch"))
        #expect(claim.controllerReference?.name == "p")
        #expect(claim.label("a") == "b")
        #expect(claim["spec"]["accessModes"][0].string == "ReadWriteOnce")
    }

    @Test func aClaimOfSomebodyElseIsNotTaken() async throws {
        let cluster = Cluster(EphemeralVolumeController.self)
        cluster.api.put(
            .persistentVolumeClaims,
            ["kind": "PersistentVolumeClaim", "metadata": ["namespace": "ns", "name": "p-scratch"]])
        pod(cluster.api)
        await cluster.api.wait { api in
            api.objects(.events).contains {
                $0["message"].equals(
                    "ephemeral volume: PVC ns/p-scratch was not created for pod ns/p (pod is not owner)")
            }
        }
        #expect(cluster.api.object(.persistentVolumeClaims, "ns/p-scratch")?.controllerReference == nil)
    }
}

@Suite struct ServiceAccountTokenTests {
    @Test func aSecretOfAnAccountThatIsGoneGoesToo() async throws {
        let cluster = Cluster(ServiceAccountTokenController.self)
        let api = cluster.api
        func secret(_ name: String, _ account: String) {
            api.put(
                .secrets,
                [
                    "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                    "metadata": [
                        "namespace": "ns", "name": .string(name),
                        "annotations": [
                            "kubernetes.io/service-account.name": .string(account),
                            "kubernetes.io/service-account.uid": "sa-uid",
                        ],
                    ],
                    "data": [
                        "token": "dA==", "ca.crt": .string(Base64Text.encode(Array("PEM".utf8))),
                        "namespace": .string(Base64Text.encode(Array("ns".utf8))),
                    ],
                ])
        }
        api.put(
            .serviceAccounts,
            ["kind": "ServiceAccount", "metadata": ["namespace": "ns", "name": "a", "uid": "sa-uid"]])
        secret("kept", "a")
        secret("lost", "nobody")
        await api.waitForEnd(.secrets, "ns/lost")
        #expect(api.object(.secrets, "ns/kept") != nil)
        try await api.delete(.serviceAccounts, namespace: "ns", name: "a", .init())
        await api.waitForEnd(.secrets, "ns/kept")
    }
}
