internal import COpenSSL

/// A key of AES-256-GCM (NIST SP 800-38D): what it seals can be neither read nor changed without it. With a random nonce for each
/// message it is good for 2^32 of them.
public struct SealingKey: Sendable {
    public let id: String
    private let bytes: [UInt8]
    private static let nonceSize = 12
    private static let tagSize = 16

    public init() { (id, bytes) = (Random.hex(8), Random.bytes(32)) }

    /// The form of `text`; nil if it is not that.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let key = Base64.decode(parts[1]), key.count == 32 else { return nil }
        (id, bytes) = (String(parts[0]), key)
    }

    /// Name and key on one line: a secret.
    public var text: String { "\(id) \(Base64.encode(bytes))" }

    /// - Parameter context: what the message belongs to; it can be opened with the same alone.
    /// - Returns: nonce, encrypted message, tag.
    public func seal(_ message: [UInt8], context: [UInt8]) -> [UInt8] {
        let nonce = Random.bytes(Self.nonceSize)
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var sealed = [UInt8](repeating: 0, count: message.count + 16)
        var tag = [UInt8](repeating: 0, count: Self.tagSize)
        var (ignored, count, last): (Int32, Int32, Int32) = (0, 0, 0)
        let isSealed =
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, bytes, nonce) == 1
            && EVP_EncryptUpdate(cipher, nil, &ignored, context, Int32(context.count)) == 1
            && EVP_EncryptUpdate(cipher, &sealed, &count, message, Int32(message.count)) == 1
            && EVP_EncryptFinal_ex(cipher, &tag, &last) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagSize), &tag) == 1
        precondition(isSealed, "libcrypto cannot encrypt")
        return nonce + sealed[..<Int(count)] + tag
    }

    /// Nil when it was sealed with another key, for something else, or was changed.
    public func open(_ sealed: some Collection<UInt8>, context: [UInt8]) -> [UInt8]? {
        let all = Array(sealed)
        guard all.count >= Self.nonceSize + Self.tagSize else { return nil }
        let nonce = Array(all[..<Self.nonceSize])
        var tag = Array(all[(all.count - Self.tagSize)...])
        let body = Array(all[Self.nonceSize..<all.count - Self.tagSize])
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var message = [UInt8](repeating: 0, count: body.count + 16)
        var rest = [UInt8](repeating: 0, count: 16)
        var (ignored, count, last): (Int32, Int32, Int32) = (0, 0, 0)
        guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, bytes, nonce) == 1,
            EVP_DecryptUpdate(cipher, nil, &ignored, context, Int32(context.count)) == 1,
            EVP_DecryptUpdate(cipher, &message, &count, body, Int32(body.count)) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagSize), &tag) == 1,
            EVP_DecryptFinal_ex(cipher, &rest, &last) == 1
        else { return nil }
        return Array(message[..<Int(count)])
    }
}
