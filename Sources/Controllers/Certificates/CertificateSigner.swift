/// The cluster's authority, as the certificate controllers use it.
public struct CertificateSigner: Sendable {
    /// What a request (PKCS #10) asks to be named.
    public struct Request: Sendable {
        public let commonName: String
        public let organizations: [String]
        public let dnsNames: [String]
        public let ipAddresses: [String]

        public init(commonName: String, organizations: [String], dnsNames: [String], ipAddresses: [String]) {
            (self.commonName, self.organizations) = (commonName, organizations)
            (self.dnsNames, self.ipAddresses) = (dnsNames, ipAddresses)
        }
    }
    /// Reads a request, as PEM.
    public let read: @Sendable (_ pem: String) throws -> Request
    /// Signs it for these usages and so many seconds; the certificate as PEM.
    public let sign: @Sendable (_ pem: String, _ usages: [String], _ lifetime: Int) throws -> String

    public init(
        read: @escaping @Sendable (String) throws -> Request,
        sign: @escaping @Sendable (String, [String], Int) throws -> String
    ) {
        (self.read, self.sign) = (read, sign)
    }
}

/// The signers of the cluster, and what each signs.
/// https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
enum KnownSigner: String {
    case client = "kubernetes.io/kube-apiserver-client"
    case nodeClient = "kubernetes.io/kube-apiserver-client-kubelet"
    case nodeServer = "kubernetes.io/kubelet-serving"
    case legacy = "kubernetes.io/legacy-unknown"

    private static let nodeUsages: Set = ["key encipherment", "digital signature"]

    /// Why the request is not signed; nil when it is.
    func problem(_ request: CertificateSigner.Request, usages: Set<String>) -> String? {
        let hasNames = !request.dnsNames.isEmpty || !request.ipAddresses.isEmpty
        switch self {
        case .legacy: return nil
        case .client:
            return usages.contains("client auth") && usages.isSubset(of: Self.nodeUsages.union(["client auth"]))
                ? nil : "usages did not match client auth, with digital signature and key encipherment allowed"
        case .nodeClient:
            if hasNames { return "DNS or IP subjectAltNames are not allowed" }
            return nodeProblem(request, usages, "client auth")
        case .nodeServer:
            if !hasNames { return "DNS or IP subjectAltName is required" }
            return nodeProblem(request, usages, "server auth")
        }
    }

    private func nodeProblem(_ request: CertificateSigner.Request, _ usages: Set<String>, _ purpose: String) -> String?
    {
        if request.organizations != ["system:nodes"] { return "subject organization is not system:nodes" }
        if !request.commonName.hasPrefix("system:node:") {
            return "subject common name does not begin with system:node:"
        }
        guard usages.contains(purpose), usages.contains("digital signature"),
            usages.isSubset(of: Self.nodeUsages.union([purpose]))
        else { return "usages did not match \(purpose), digital signature and, if wanted, key encipherment" }
        return nil
    }
}
