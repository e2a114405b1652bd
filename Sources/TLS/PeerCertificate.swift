internal import COpenSSL

/// The certificate that the other side of a connection proved to have the key of.
public struct PeerCertificate: Sendable, Hashable {
    /// The subject's common name: a user's name in Kubernetes.
    public let commonName: String
    /// The subject's organizations, in order: a user's groups in Kubernetes.
    public let organizations: [String]
    /// Seconds since 1970.
    public let notAfter: Int64
    /// The certificate itself.
    public let der: [UInt8]

    init(_ certificate: X509Reference) {
        commonName = certificate.subject(NID_commonName).last ?? ""
        organizations = certificate.subject(NID_organizationName)
        notAfter = certificate.notAfter
        der = certificate.der
    }
}
