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

    /// Asks for a certificate for this name, signed with the key.
    /// - Returns: PEM.
    public static func make(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], ipAddresses: [String] = [],
        key: PrivateKey
    ) throws(TLSError) -> String {
        guard let request = X509_REQ_new(), let name = X509_NAME_new() else { throw .library("out of memory") }
        defer {
            X509_REQ_free(request)
            X509_NAME_free(name)
        }
        for (nid, text) in organizations.map({ (NID_organizationName, $0) }) + [(NID_commonName, commonName)] {
            let bytes = Array(text.utf8)
            guard X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING, bytes, Int32(bytes.count), -1, 0) == 1 else {
                throw .library("\(text) cannot be in a certificate request")
            }
        }
        X509_REQ_set_subject_name(request, name)
        X509_REQ_set_pubkey(request, key.native)
        let names = dnsNames.map { "DNS:" + $0 } + ipAddresses.map { "IP:" + $0 }
        if !names.isEmpty {
            guard pki_request_add_names(request, names.joined(separator: ",")) == 1 else {
                throw .library("names for a certificate request are not valid: \(names)")
            }
        }
        guard X509_REQ_sign(request, key.native, EVP_sha256()) > 0 else {
            throw .library("the certificate request cannot be signed")
        }
        return MemoryBIO.text { PEM_write_bio_X509_REQ($0, request) }
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
