internal import TLS

/// PATH.crt and PATH.key: a certificate and its key, in PEM.
struct CertificateFiles {
    typealias Pair = (certificate: String, key: String)
    let path: String

    /// Nil when they are missing, near their end, of another authority, or lack a name.
    func read(_ authority: Certificate, names: [String] = [], addresses: [String] = []) throws(TLSError) -> Pair? {
        guard let certificate = try SecureFile.readText(path + ".crt"),
            let key = try SecureFile.readText(path + ".key"),
            let parsed = try? Certificate(pem: certificate),
            !parsed.needsRenewal(authority: authority, dnsNames: names, ipAddresses: addresses)
        else { return nil }
        return (certificate, key)
    }

    func write(_ pair: Pair) throws(TLSError) {
        try SecureFile.write(pair.key, to: path + ".key", mode: 0o600)
        try SecureFile.write(pair.certificate, to: path + ".crt", mode: 0o644)
    }
}
