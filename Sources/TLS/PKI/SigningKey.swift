internal import COpenSSL

/// A key on P-256 that signs tokens as ES256 (RFC 7518, section 3.4).
public struct SigningKey: Sendable {
    private let key: PrivateKey
    public let jwk: JWK

    /// The public half as a JSON Web Key (RFC 7517), as served at /openid/v1/jwks.
    public struct JWK: Sendable, Hashable {
        public let kty = "EC"
        public let crv = "P-256"
        public let alg = "ES256"
        public let use = "sig"
        /// Base64url of the 32 byte coordinates.
        public let x: String
        public let y: String
        /// Base64url of the SHA-256 of the DER public key, as Kubernetes names its keys.
        public let kid: String
    }

    public init() throws(TLSError) {
        try self.init(PrivateKey())
    }

    public init(pem: String) throws(TLSError) {
        try self.init(PrivateKey(pem: pem))
    }

    private init(_ key: PrivateKey) throws(TLSError) {
        guard pki_is_p256(key.native) == 1 else {
            throw TLSError("the key that signs tokens must be an EC key on the curve P-256")
        }
        self.key = key
        var point = [UInt8](repeating: 0, count: 65)
        var size = 0
        let ok = EVP_PKEY_get_octet_string_param(key.native, OSSL_PKEY_PARAM_PUB_KEY, &point, point.count, &size)
        guard ok == 1, size == 65, point[0] == 4 else { throw .library("cannot read the public key") }
        jwk = JWK(
            x: Base64.encodeURL(point[1..<33]), y: Base64.encodeURL(point[33...]),
            kid: Base64.encodeURL(SHA256.hash(encoded { i2d_PUBKEY(key.native, $0) })))
    }

    /// The key kept in the PEM file `path` (mode 0600), made if there is none.
    public static func load(path: String) throws(TLSError) -> SigningKey {
        if let pem = try SecureFile.readText(path) { return try SigningKey(pem: pem) }
        let made = try SigningKey()
        try SecureFile.write(made.pem, to: path, mode: 0o600)
        return made
    }

    public var pem: String { key.pem }

    /// The signature of `bytes`: r and s, 32 bytes each.
    public func sign(_ bytes: [UInt8]) throws(TLSError) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var der = [UInt8](repeating: 0, count: 80)
        var size = der.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.native) == 1,
            EVP_DigestSign(context, &der, &size, bytes, bytes.count) == 1
        else { throw .library("cannot sign") }
        let signature = der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &cursor, size)
        }
        defer { ECDSA_SIG_free(signature) }
        var out = [UInt8](repeating: 0, count: 64)
        let ok = out.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, 32) == 32
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + 32, 32) == 32
        }
        guard ok else { throw .library("cannot sign") }
        return out
    }

    /// Whether `signature` is this key's for `bytes`.
    public func verify(_ bytes: [UInt8], signature: [UInt8]) -> Bool {
        guard signature.count == 64, let parsed = ECDSA_SIG_new() else { return false }
        defer {
            ECDSA_SIG_free(parsed)
            ERR_clear_error()
        }
        let r = BN_bin2bn(signature, 32, nil)
        let s = signature.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress.map { $0 + 32 }, 32, nil) }
        // On success the numbers belong to the signature.
        guard ECDSA_SIG_set0(parsed, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return false
        }
        let der = encoded { i2d_ECDSA_SIG(parsed, $0) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.native) == 1
            && EVP_DigestVerify(context, der, der.count, bytes, bytes.count) == 1
    }
}
