internal import COpenSSL
internal import Glibc

/// An X.509 certificate (RFC 5280).
public struct Certificate: Sendable {
    let reference: X509Reference

    /// The first certificate of a PEM text.
    public init(pem: String) throws(TLSError) {
        guard let first = try X509Reference.all(inPEM: pem).first else {
            throw TLSError("there is no certificate in the PEM text")
        }
        reference = first
    }

    init(_ reference: X509Reference) {
        self.reference = reference
    }

    public var pem: String { reference.pem }
    public var der: [UInt8] { reference.der }
    public var commonName: String { reference.subject(NID_commonName).last ?? "" }
    public var organizations: [String] { reference.subject(NID_organizationName) }
    public var dnsNames: [String] { reference.alternativeNames.dns }
    /// As text, in the canonical form.
    public var ipAddresses: [String] { reference.alternativeNames.addresses }
    /// Seconds since 1970.
    public var notBefore: Int64 { reference.notBefore }
    /// Seconds since 1970.
    public var notAfter: Int64 { reference.notAfter }

    /// Whether `authority` signed this, by name and signature.
    public func isIssued(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return X509_check_issued(authority.reference.native, reference.native) == X509_V_OK
            && X509_verify(reference.native, X509_get0_pubkey(authority.reference.native)) == 1
    }

    /// Whether to issue anew: less than a third of its life is left at `time` (seconds since 1970), `authority` did not
    /// issue it, or it lacks one of these names.
    public func needsRenewal(
        at time: Int64 = Certificate.now(), authority: Certificate, dnsNames: [String] = [], ipAddresses: [String] = []
    ) -> Bool {
        if time < notBefore || (notAfter - time) * 3 < notAfter - notBefore { return true }
        guard isIssued(by: authority) else { return true }
        let names = reference.alternativeNames
        let addresses = Set(names.addresses.compactMap { IPAddress.parse($0) })
        return !dnsNames.allSatisfy(names.dns.contains)
            || !ipAddresses.allSatisfy { IPAddress.parse($0).map(addresses.contains) ?? false }
    }

    /// Seconds since 1970.
    public static func now() -> Int64 {
        Int64(time(nil))
    }
}
