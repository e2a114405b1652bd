internal import COpenSSL

/// A private key that certificates are made for.
///
/// Sendable: an EVP_PKEY is not changed after it was made or parsed, and libcrypto guards what it caches inside.
public final class PrivateKey: @unchecked Sendable {
    let native: OpaquePointer

    /// A new key on the curve P-256.
    public init() throws(TLSError) {
        guard let native = pki_generate_p256() else { throw .library("cannot make a key") }
        self.native = native
    }

    /// Any kind of key that libcrypto reads, without a passphrase.
    public init(pem: String) throws(TLSError) {
        let bio = try MemoryBIO(pem)
        guard let native = PEM_read_bio_PrivateKey(bio.native, nil, refusePassphrase, nil) else {
            throw .library("there is no readable private key in the PEM text")
        }
        self.native = native
    }

    deinit { EVP_PKEY_free(native) }

    /// PKCS #8.
    public var pem: String {
        MemoryBIO.text { PEM_write_bio_PKCS8PrivateKey($0, native, nil, nil, 0, nil, nil) }
    }
}
