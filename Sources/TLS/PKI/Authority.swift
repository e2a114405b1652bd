internal import COpenSSL

/// A certificate authority: its certificate and key.
public struct Authority: Sendable {
    public let certificate: Certificate
    let key: PrivateKey

    public init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// A new self-signed authority with a key on P-256.
    public static func create(commonName: String, days: Int = 3650) throws(TLSError) -> Authority {
        let key = try PrivateKey()
        var template = Template(commonName: commonName, lifetime: Int64(days) * 86400)
        template.extensions = [
            (NID_basic_constraints, "critical,CA:TRUE"),
            (NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"),
        ]
        return Authority(certificate: try template.sign(publicKey: key.native, issuer: nil, issuerKey: key), key: key)
    }

    /// The authority kept in `directory` as NAME.crt (mode 0644) and NAME.key (0600), made with a life of ten years if
    /// neither file is there. The directory is made with mode 0700.
    public static func load(
        directory: String, name: String = "ca", commonName: String = "kubernetes"
    ) throws(TLSError) -> Authority {
        let certificatePath = "\(directory)/\(name).crt"
        let keyPath = "\(directory)/\(name).key"
        try SecureFile.makeDirectory(directory)
        let certificate = try SecureFile.readText(certificatePath)
        let key = try SecureFile.readText(keyPath)
        switch (certificate, key) {
        case (let certificate?, let key?):
            let loaded = try Authority(certificate: Certificate(pem: certificate), key: PrivateKey(pem: key))
            guard X509_check_private_key(loaded.certificate.reference.native, loaded.key.native) == 1 else {
                ERR_clear_error()
                throw TLSError("\(keyPath) is not the key of \(certificatePath): restore both from one backup")
            }
            return loaded
        case (nil, _):
            // A key alone is what a stop between the two writes leaves: nothing was issued by it yet.
            let made = try create(commonName: commonName)
            try SecureFile.write(made.key.pem, to: keyPath, mode: 0o600)
            try SecureFile.write(made.certificate.pem, to: certificatePath, mode: 0o644)
            return made
        case (_?, nil):
            throw TLSError("\(certificatePath) has no key beside it: restore \(keyPath), or remove both to start anew")
        }
    }

    /// A server's certificate and its key, as PEM.
    public func issueServer(
        commonName: String, organizations: [String] = [], dnsNames: [String], ipAddresses: [String], days: Int = 365,
        alsoClient: Bool = false
    ) throws(TLSError) -> (certificatePEM: String, keyPEM: String) {
        var template = Template(
            commonName: commonName, organizations: organizations, lifetime: Int64(days) * 86400)
        template.extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, alsoClient ? "serverAuth,clientAuth" : "serverAuth"),
        ]
        try template.add(dnsNames: dnsNames, ipAddresses: ipAddresses)
        return try issue(template)
    }

    /// A client's certificate (user `commonName` in groups `organizations`) and its key, as PEM.
    public func issueClient(
        commonName: String, organizations: [String] = [], days: Int = 365
    ) throws(TLSError) -> (certificatePEM: String, keyPEM: String) {
        var template = Template(
            commonName: commonName, organizations: organizations, lifetime: Int64(days) * 86400)
        template.extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "clientAuth"),
        ]
        return try issue(template)
    }

    /// The certificate that `request` asks for, as PEM: its key, subject, DNS names and addresses.
    ///
    /// - Parameters:
    ///   - usages: names as in the CertificateSigningRequest API, e.g. `client auth`, `digital signature`.
    ///   - lifetime: seconds; never beyond the authority's own.
    public func sign(
        _ request: CertificateRequest, usages: [String], lifetime: Int64
    ) throws(TLSError) -> String {
        var template = Template(
            commonName: request.commonName, organizations: request.organizations, lifetime: lifetime)
        template.extensions = [(NID_basic_constraints, "critical,CA:FALSE")]
        let keyUsage = usages.compactMap { keyUsages[$0] }
        let extended = usages.compactMap { extendedKeyUsages[$0] }
        guard keyUsage.count + extended.count == usages.count else {
            throw TLSError("unknown usage in \(usages.joined(separator: ", "))")
        }
        if !keyUsage.isEmpty {
            template.extensions.append((NID_key_usage, "critical," + keyUsage.joined(separator: ",")))
        }
        if !extended.isEmpty { template.extensions.append((NID_ext_key_usage, extended.joined(separator: ","))) }
        try template.add(dnsNames: request.dnsNames, ipAddresses: request.ipAddresses)
        return try template.sign(
            publicKey: X509_REQ_get0_pubkey(request.native), issuer: certificate, issuerKey: key
        ).pem
    }

    private func issue(_ template: Template) throws(TLSError) -> (certificatePEM: String, keyPEM: String) {
        let own = try PrivateKey()
        let issued = try template.sign(publicKey: own.native, issuer: certificate, issuerKey: key)
        return (issued.pem, own.pem)
    }
}

private let keyUsages = [
    "digital signature": "digitalSignature", "signing": "digitalSignature", "content commitment": "nonRepudiation",
    "key encipherment": "keyEncipherment", "key agreement": "keyAgreement", "data encipherment": "dataEncipherment",
]
private let extendedKeyUsages = [
    "server auth": "serverAuth", "client auth": "clientAuth", "code signing": "codeSigning",
    "email protection": "emailProtection", "timestamping": "timeStamping", "ocsp signing": "OCSPSigning",
]

/// A certificate to be: what it says, until an authority signs it.
private struct Template {
    var commonName: String
    var organizations: [String] = []
    /// Seconds.
    var lifetime: Int64
    /// NID and value in the notation of OpenSSL's x509v3_config(5).
    var extensions: [(nid: Int32, value: String)] = []

    mutating func add(dnsNames: [String], ipAddresses: [String]) throws(TLSError) {
        var names: [String] = []
        for name in dnsNames {
            // Nothing that the notation would read as more than one name.
            guard !name.isEmpty, name.utf8.allSatisfy({ isHostCharacter($0) }) else {
                throw TLSError("\"\(name)\" is not a DNS name")
            }
            names.append("DNS:" + name)
        }
        for address in ipAddresses {
            guard IPAddress.parse(address) != nil else { throw TLSError("\"\(address)\" is not an IP address") }
            names.append("IP:" + address)
        }
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
    }

    private func isHostCharacter(_ c: UInt8) -> Bool {
        switch c {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "*"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// `issuer` nil: self-signed.
    func sign(
        publicKey: OpaquePointer?, issuer: Certificate?, issuerKey: PrivateKey
    ) throws(TLSError) -> Certificate {
        guard let native = X509_new() else { throw .library("out of memory") }
        let made = X509Reference(owning: native)
        X509_set_version(native, 2)

        var serial = Random.bytes(16)
        // Positive and of one length (RFC 5280, section 4.1.2.2).
        serial[0] = serial[0] & 0x7f | 0x40
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(native))
        BN_free(number)

        // A clock that runs a little behind accepts the certificate all the same.
        let now = Certificate.now()
        let end = min(now + lifetime, issuer?.notAfter ?? .max)
        ASN1_TIME_set(X509_getm_notBefore(native), Int(now - 300))
        ASN1_TIME_set(X509_getm_notAfter(native), Int(end))

        let subject = X509_get_subject_name(native)
        for organization in organizations { try add(NID_organizationName, organization, to: subject) }
        if !commonName.isEmpty { try add(NID_commonName, commonName, to: subject) }
        X509_set_issuer_name(native, issuer.map { X509_get_subject_name($0.reference.native) } ?? subject)
        X509_set_pubkey(native, publicKey)

        var all = extensions + [(NID_subject_key_identifier, "hash")]
        if issuer != nil { all.append((NID_authority_key_identifier, "keyid")) }
        for (nid, value) in all {
            guard let made = pki_extension(issuer?.reference.native ?? native, native, nid, value) else {
                throw .library("cannot write \(value) into a certificate")
            }
            X509_add_ext(native, made, -1)
            X509_EXTENSION_free(made)
        }
        guard X509_sign(native, issuerKey.native, EVP_sha256()) > 0 else {
            throw .library("cannot sign a certificate")
        }
        return Certificate(made)
    }

    /// The string type is given, so that OpenSSL does not hold a common name to the 64 characters of X.520: node names
    /// are longer.
    private func add(_ nid: Int32, _ value: String, to name: OpaquePointer?) throws(TLSError) {
        let utf8 = Array(value.utf8)
        guard X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING, utf8, Int32(utf8.count), -1, 0) == 1 else {
            throw .library("cannot write \(value) into a certificate")
        }
    }
}
