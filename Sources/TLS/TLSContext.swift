internal import COpenSSL
internal import Synchronization

/// What many connections share: certificate and key, trusted authorities, application protocols, session tickets.
///
/// TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only.
public final class TLSContext: Sendable {
    enum Role { case server, client }

    private struct State {
        /// For new connections; running ones hold their own reference to the one they began with.
        var native: ContextReference
        /// A client's session to resume.
        var session: SessionReference?
        var serverNames: (@Sendable (String) -> TLSContext?)?
    }

    let role: Role
    /// What a client expects the server's certificate to be for; nil leaves the certificate unverified.
    let serverName: String?
    let sendsServerName: String?
    private let applicationProtocols: ALPNList
    private let state: Mutex<State>

    private init(
        role: Role, native: ContextReference, serverName: String?, sendsServerName: String?, alpn: ALPNList
    ) {
        self.role = role
        self.serverName = serverName
        self.sendsServerName = sendsServerName
        self.applicationProtocols = alpn
        self.state = Mutex(State(native: native))
        own(native)
    }

    /// A server's context.
    ///
    /// - Parameters:
    ///   - certificateChain: PEM, the server's own certificate first.
    ///   - key: PEM.
    ///   - clientAuthority: PEM certificates. When given, clients are asked for a certificate but need not send one; one
    ///     that these did not issue, or that has expired, fails the handshake.
    ///   - alpn: application protocols (RFC 7301) in order of preference. A client that offers only others is refused.
    public static func server(
        certificateChain: String, key: String, clientAuthority: String? = nil, alpn: [String]
    ) throws(TLSError) -> TLSContext {
        let protocols = ALPNList(alpn)
        let native = try ContextReference(role: .server)
        try native.use(certificateChain: certificateChain, key: key)
        if let clientAuthority { try native.requestClientCertificates(from: clientAuthority) }
        return TLSContext(role: .server, native: native, serverName: nil, sendsServerName: nil, alpn: protocols)
    }

    /// A client's context.
    ///
    /// - Parameters:
    ///   - authority: PEM certificates the server's must be issued by; nil for the system's trusted ones.
    ///   - certificate: PEM chain of the client, with `key`, for servers that ask.
    ///   - serverName: a DNS name or IP address that the server's certificate must be for; also sent as SNI when a name.
    ///     nil accepts any server: only where a user has asked for that.
    public static func client(
        authority: String? = nil, certificate: String? = nil, key: String? = nil, serverName: String?,
        alpn: [String] = []
    ) throws(TLSError) -> TLSContext {
        let native = try ContextReference(role: .client)
        if let certificate, let key { try native.use(certificateChain: certificate, key: key) }
        if serverName != nil { try native.verifyServers(against: authority) }
        let isAddress = serverName.map { IPAddress.parse($0) != nil } ?? true
        return TLSContext(
            role: .client, native: native, serverName: serverName, sendsServerName: isAddress ? nil : serverName,
            alpn: ALPNList(alpn))
    }

    /// Handshakes from now on use this certificate; connections that stand keep theirs, and clients' sessions stay
    /// resumable unless the authority for client certificates changes.
    public func replaceCertificate(
        certificateChain: String, key: String, clientAuthority: String? = nil
    ) throws(TLSError) {
        let next = try ContextReference(role: role)
        try next.use(certificateChain: certificateChain, key: key)
        if role == .client {
            try next.verifyServers(like: state.withLock { $0.native })
        } else if let clientAuthority {
            try next.requestClientCertificates(from: clientAuthority)
        } else {
            let current = state.withLock { $0.native }
            next.requestClientCertificates(like: current)
            next.copyTicketKeys(from: current)
        }
        own(next)
        state.withLock { $0.native = next }
    }

    /// Chooses another context's certificate by the name a client asks for (SNI, RFC 6066). nil, or a name not sent,
    /// means this context's own. Called on event loops.
    public func chooseByServerName(_ choose: @escaping @Sendable (String) -> TLSContext?) {
        state.withLock { $0.serverNames = choose }
    }

    /// A new connection's SSL object, to be freed by the caller, who also keeps this context alive until then.
    func makeConnection() throws(TLSError) -> OpaquePointer {
        let (native, session) = state.withLock { ($0.native, $0.session) }
        guard let ssl = SSL_new(native.native) else { throw .library("cannot start a TLS connection") }
        guard role == .client else {
            SSL_set_accept_state(ssl)
            return ssl
        }
        SSL_set_connect_state(ssl)
        if let session { SSL_set_session(ssl, session.native) }
        if let sendsServerName { _ = tls_set_server_name(ssl, sendsServerName) }
        if let serverName {
            let parameters = SSL_get0_param(ssl)
            X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            let set =
                sendsServerName == nil
                ? X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName)
                : X509_VERIFY_PARAM_set1_host(parameters, serverName, 0)
            guard set == 1 else {
                SSL_free(ssl)
                throw .library("\(serverName) is not a server name")
            }
        }
        return ssl
    }

    /// Installs what calls back into this object. Whoever runs a handshake keeps the object alive.
    private func own(_ reference: ContextReference) {
        let context = reference.native
        let this = Unmanaged.passUnretained(self).toOpaque()
        tls_ctx_set_owner(context, this)
        switch role {
        case .server:
            if !applicationProtocols.wire.isEmpty {
                SSL_CTX_set_alpn_select_cb(context, selectProtocol, this)
            }
            tls_ctx_set_server_name_callback(context, selectServerName, this)
        case .client:
            let wire = applicationProtocols.wire
            if !wire.isEmpty { SSL_CTX_set_alpn_protos(context, wire, UInt32(wire.count)) }
            SSL_CTX_sess_set_new_cb(context, keepSession)
        }
    }

    fileprivate func select(
        offered: UnsafePointer<UInt8>?, _ length: UInt32, into out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ outLength: UnsafeMutablePointer<UInt8>?
    ) -> Int32 {
        guard let offered, let out, let outLength else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let list = UnsafeBufferPointer(start: offered, count: Int(length))
        for wanted in applicationProtocols.names {
            var at = 0
            while at < list.count {
                let size = Int(list[at])
                guard at + 1 + size <= list.count else { break }
                if list[(at + 1)..<(at + 1 + size)].elementsEqual(wanted.utf8) {
                    out.pointee = offered + at + 1
                    outLength.pointee = UInt8(size)
                    return SSL_TLSEXT_ERR_OK
                }
                at += 1 + size
            }
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    fileprivate func use(serverName: String, for ssl: OpaquePointer?) {
        guard let other = state.withLock({ $0.serverNames })?(serverName), other !== self else { return }
        SSL_set_SSL_CTX(ssl, other.state.withLock { $0.native }.native)
    }

    fileprivate func keep(_ session: SessionReference) {
        state.withLock { $0.session = session }
    }
}

/// Application protocols as they are sent: each with its length before it (RFC 7301, section 3.1).
private struct ALPNList: Sendable {
    let names: [String]
    let wire: [UInt8]

    init(_ names: [String]) {
        self.names = names.filter { (1...255).contains($0.utf8.count) }
        self.wire = self.names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }
}

private let selectProtocol:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, out, outLength, offered, length, argument in
        guard let argument else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let context = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        return context.select(offered: offered, length, into: out, outLength)
    }

private let selectServerName: tls_server_name_callback = { ssl, _, argument in
    guard let argument, let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
        return SSL_TLSEXT_ERR_NOACK
    }
    let context = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
    context.use(serverName: String(cString: name), for: ssl)
    return SSL_TLSEXT_ERR_OK
}

/// Returning 1 takes over the reference to the session.
private let keepSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
    guard let session, let owner = tls_owner(ssl) else { return 0 }
    Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue().keep(SessionReference(owning: session))
    return 1
}
