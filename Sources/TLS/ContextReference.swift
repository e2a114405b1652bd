internal import COpenSSL

/// A counted reference to an SSL_CTX.
///
/// Sendable: it is set up by one thread before others see it, and not changed afterwards; what libssl itself keeps in it
/// is guarded by libssl.
final class ContextReference: @unchecked Sendable {
    let native: OpaquePointer

    init(role: TLSContext.Role) throws(TLSError) {
        guard let native = SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw .library("cannot set up TLS")
        }
        self.native = native
        tls_ctx_harden(native)
        guard tls_ctx_set_min_version(native, TLS1_2_VERSION) == 1,
            SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
            SSL_CTX_set_ciphersuites(
                native, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1,
            tls_ctx_set_groups(native, "X25519:P-256:P-384") == 1
        else { throw .library("cannot set up TLS") }
        let name = Array("segler".utf8)
        SSL_CTX_set_session_id_context(native, name, UInt32(name.count))
        SSL_CTX_set_timeout(native, 2 * 3600)
        if role == .server {
            // Sessions are kept by the clients, as tickets; one is enough for a client that resumes.
            _ = tls_ctx_set_cache_mode(native, Int(SSL_SESS_CACHE_OFF))
            SSL_CTX_set_num_tickets(native, 1)
        } else {
            _ = tls_ctx_set_cache_mode(native, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        }
    }

    deinit { SSL_CTX_free(native) }

    func use(certificateChain: String, key: String) throws(TLSError) {
        let chain = try X509Reference.all(inPEM: certificateChain)
        guard let leaf = chain.first else { throw TLSError("there is no certificate in the PEM text") }
        let key = try PrivateKey(pem: key)
        guard SSL_CTX_use_certificate(native, leaf.native) == 1 else { throw .library("cannot use the certificate") }
        for issuer in chain.dropFirst() {
            guard tls_ctx_add_chain(native, issuer.native) == 1 else {
                throw .library("cannot use the certificate's chain")
            }
        }
        guard SSL_CTX_use_PrivateKey(native, key.native) == 1, SSL_CTX_check_private_key(native) == 1 else {
            throw .library("the key does not belong to the certificate")
        }
    }

    func requestClientCertificates(from authorities: String) throws(TLSError) {
        try trust(authorities)
        for authority in try X509Reference.all(inPEM: authorities) {
            guard SSL_CTX_add_client_CA(native, authority.native) == 1 else {
                throw .library("cannot use the authority for client certificates")
            }
        }
        SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nil)
    }

    func requestClientCertificates(like other: ContextReference) {
        guard SSL_CTX_get_verify_mode(other.native) != SSL_VERIFY_NONE else { return }
        SSL_CTX_set1_cert_store(native, SSL_CTX_get_cert_store(other.native))
        SSL_CTX_set_client_CA_list(native, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(other.native)))
        SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nil)
    }

    func verifyServers(against authorities: String?) throws(TLSError) {
        if let authorities {
            try trust(authorities)
        } else if SSL_CTX_set_default_verify_paths(native) != 1 {
            throw .library("cannot read the system's trusted certificates")
        }
        SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nil)
    }

    func verifyServers(like other: ContextReference) throws(TLSError) {
        SSL_CTX_set1_cert_store(native, SSL_CTX_get_cert_store(other.native))
        SSL_CTX_set_verify(native, SSL_CTX_get_verify_mode(other.native), nil)
    }

    /// Tickets that `other` gave out are good here too.
    func copyTicketKeys(from other: ContextReference) {
        let size = tls_ctx_get_ticket_keys(other.native, nil, 0)
        guard size > 0 else { return }
        var keys = [UInt8](repeating: 0, count: Int(size))
        guard tls_ctx_get_ticket_keys(other.native, &keys, Int(size)) == 1 else { return }
        _ = tls_ctx_set_ticket_keys(native, &keys, Int(size))
    }

    private func trust(_ authorities: String) throws(TLSError) {
        let certificates = try X509Reference.all(inPEM: authorities)
        guard !certificates.isEmpty else { throw TLSError("there is no authority's certificate in the PEM text") }
        let store = SSL_CTX_get_cert_store(native)
        // A certificate that is trusted by name need not be self-signed.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        for certificate in certificates {
            guard X509_STORE_add_cert(store, certificate.native) == 1 else {
                throw .library("cannot trust the authority's certificate")
            }
        }
    }
}

/// A counted reference to a session to resume.
///
/// Sendable: a session is not changed once it has been handed out.
final class SessionReference: @unchecked Sendable {
    let native: OpaquePointer

    /// Takes over the caller's reference.
    init(owning native: OpaquePointer) {
        self.native = native
    }

    deinit { SSL_SESSION_free(native) }
}
