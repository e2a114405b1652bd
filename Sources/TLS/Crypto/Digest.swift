internal import COpenSSL

/// The digest of FIPS 180-4 that names certificates, keys and tokens.
public enum SHA256 {
    /// The 32 byte digest of `bytes`.
    public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        digest(bytes, EVP_sha256(), 32)
    }
}

/// Only for the WebSocket handshake, which prescribes it (RFC 6455, section 4.2.2). Not fit for security.
public enum SHA1 {
    /// The 20 byte digest of `bytes`.
    public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        digest(bytes, EVP_sha1(), 20)
    }
}

private func digest(_ bytes: some Sequence<UInt8>, _ algorithm: OpaquePointer?, _ size: Int) -> [UInt8] {
    func hash(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size) { output, initialized in
            let ok = EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, algorithm, nil)
            precondition(ok == 1, "libcrypto cannot hash")
            initialized = size
        }
    }
    return bytes.withContiguousStorageIfAvailable(hash) ?? Array(bytes).withUnsafeBufferPointer(hash)
}

/// Whether `a` equals `b`, in a time that depends on their lengths alone: for tokens and other secrets.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
