internal import COpenSSL

/// A certificate signing request (PKCS #10, RFC 2986) whose own signature was found good.
///
/// Sendable: it is not changed after it was parsed.
public final class CertificateRequest: @unchecked Sendable {
    let native: OpaquePointer
    public let commonName: String
    public let organizations: [String]
    public let dnsNames: [String]
    /// As text, in the canonical form.
    public let ipAddresses: [String]

    public convenience init(pem: String) throws(TLSError) {
        let bio = try MemoryBIO(pem)
        guard let native = PEM_read_bio_X509_REQ(bio.native, nil, refusePassphrase, nil) else {
            throw .library("there is no certificate request in the PEM text")
        }
        try self.init(owning: native)
    }

    private init(owning native: OpaquePointer) throws(TLSError) {
        self.native = native
        let subject = X509_REQ_get_subject_name(native)
        commonName = entries(of: subject, NID_commonName).last ?? ""
        organizations = entries(of: subject, NID_organizationName)
        (dnsNames, ipAddresses) = readAlternativeNames(pki_request_names(native))
        guard X509_REQ_verify(native, X509_REQ_get0_pubkey(native)) == 1 else {
            throw .library("the certificate request is not signed with its own key")
        }
    }

    deinit { X509_REQ_free(native) }
}
