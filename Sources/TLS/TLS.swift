// TLS for every listening socket and for outgoing connections, on the system's libssl, and the cluster's public key
// infrastructure on the same libcrypto.
//
// TLSContext   certificates, protocols, ciphers; shared by many connections
// TLSHandler   one connection, as a channel handler
// PKI/         the cluster's authority, certificates, the key that signs tokens
// Crypto/      random bytes, SHA-256, base64, comparison in constant time

internal import COpenSSL

/// Why something about TLS, a certificate or a key failed. `description` is one line for a person.
public struct TLSError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// The error of a libcrypto or libssl call that has just failed on this thread: `what`, then the library's reason.
    static func library(_ what: String) -> TLSError {
        var reason = ""
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            // The last entry is the outermost; the first names the cause.
            if reason.isEmpty, let text = ERR_reason_error_string(code) { reason = String(cString: text) }
        }
        return TLSError(reason.isEmpty ? what : "\(what): \(reason)")
    }
}
