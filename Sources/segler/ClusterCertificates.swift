internal import Controllers
internal import Glibc
internal import Server
internal import Synchronization
internal import TLS

/// The keys of a cluster in `DIR/pki`: its authority, what the API server shows, and the identities of the admin and the node.
/// Made at the first start, renewed when less than a third of their life is left.
final class ClusterCertificates: Sendable {
    let authorityPEM: String
    let adminToken: String
    let signingKey: SigningKey
    let context: TLSContext
    private let directory: String
    private let authority: Authority
    private let names: [String]
    private let addresses: [String]
    private let nodeName: String
    /// Each makes a certificate anew when it is needed, and puts it to use.
    private let renewals = Mutex<[@Sendable () throws -> Void]>([])

    /// - Parameter serviceAddress: by which Pods reach the server.
    init(directory dataDirectory: String, listen: ListenAddress, serviceAddress: String, nodeName: String) throws {
        directory = dataDirectory + "/pki"
        self.nodeName = nodeName
        do {
            authority = try Authority.load(directory: directory)
            authorityPEM = authority.certificate.pem
            signingKey = try SigningKey.load(path: directory + "/service-accounts.key")
            adminToken = try Self.token(dataDirectory + "/admin.token")
            names = [
                "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local", nodeName,
            ]
            var found = ["127.0.0.1", serviceAddress]
            for address in Host.addresses() + (["0.0.0.0", "::"].contains(listen.host) ? [] : [listen.host])
            where !found.contains(address) { found.append(address) }
            self.addresses = found
            let (names, addresses) = (self.names, self.addresses)
            let (authority, directory) = (self.authority, self.directory)
            let read = { @Sendable () throws(TLSError) in
                try Self.pair("\(directory)/apiserver", authority, names: names, addresses: addresses) {
                    () throws(TLSError) in
                    try authority.issueServer(commonName: "kube-apiserver", dnsNames: names, ipAddresses: addresses)
                }
            }
            let (certificate, key) = try read()
            context = try TLSContext.server(
                certificateChain: certificate, key: key, clientAuthority: authorityPEM, alpn: ["h2", "http/1.1"])
            renewLater { [context] in
                let (certificate, key) = try read()
                try context.replaceCertificate(certificateChain: certificate, key: key)
            }
        } catch let error as TLSError {
            throw Failure("\(error)")
        }
    }

    private func renewLater(_ renew: @escaping @Sendable () throws -> Void) { renewals.withLock { $0.append(renew) } }

    /// Renews what has to be renewed, while the server runs.
    func renew() {
        for renew in renewals.withLock({ $0 }) {
            do { try renew() } catch { Output.error("a certificate could not be renewed: \(error)") }
        }
    }

    func renewDaily() async {
        while (try? await Task.sleep(for: .seconds(86400))) != nil { renew() }
    }

    private static func token(_ path: String) throws(TLSError) -> String {
        if let text = try SecureFile.readText(path) {
            let token = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            if token.utf8.count >= 32 { return token }
        }
        let token = Random.hex(32)
        try SecureFile.write(token + "\n", to: path, mode: 0o600)
        return token
    }

    /// The certificate and key at this path, made anew when they are of no more use.
    private static func pair(
        _ path: String, _ authority: Authority, names: [String] = [], addresses: [String] = [],
        _ issue: () throws(TLSError) -> (certificatePEM: String, keyPEM: String)
    ) throws(TLSError) -> (certificate: String, key: String) {
        let files = CertificateFiles(path: path)
        if let pair = try files.read(authority.certificate, names: names, addresses: addresses) { return pair }
        let (certificate, key) = try issue()
        try files.write((certificate, key))
        return (certificate, key)
    }

    /// Signs what CertificateSigningRequests ask for.
    var signer: CertificateSigner {
        let authority = authority
        return CertificateSigner(
            read: { pem in
                let request = try CertificateRequest(pem: pem)
                return CertificateSigner.Request(
                    commonName: request.commonName, organizations: request.organizations, dnsNames: request.dnsNames,
                    ipAddresses: request.ipAddresses)
            },
            sign: { pem, usages, lifetime in
                try authority.sign(CertificateRequest(pem: pem), usages: usages, lifetime: Int64(lifetime))
            })
    }

    /// What the node's agent shows on its port: the cluster's authority vouches for its name and address.
    func kubelet(address: String) throws -> TLSContext {
        do {
            let (authority, nodeName, directory) = (authority, nodeName, directory)
            let addresses = address == "127.0.0.1" ? [address] : [address, "127.0.0.1"]
            let read = { @Sendable () throws(TLSError) in
                try Self.pair("\(directory)/kubelet", authority, names: [nodeName], addresses: addresses) {
                    () throws(TLSError) in
                    try authority.issueServer(
                        commonName: "system:node:" + nodeName, organizations: ["system:nodes"], dnsNames: [nodeName],
                        ipAddresses: addresses)
                }
            }
            let (certificate, key) = try read()
            let context = try TLSContext.server(
                certificateChain: certificate, key: key, clientAuthority: authorityPEM, alpn: ["h2", "http/1.1"])
            renewLater {
                let (certificate, key) = try read()
                try context.replaceCertificate(certificateChain: certificate, key: key)
            }
            return context
        } catch let error as TLSError {
            throw Failure("\(error)")
        }
    }

    /// The API server's identity for the agents of other machines.
    func kubeletAccess() throws -> KubeletAccess {
        do {
            let (authority, directory) = (authority, directory)
            let read = { @Sendable () throws(TLSError) in
                try Self.pair("\(directory)/apiserver-kubelet-client", authority) { () throws(TLSError) in
                    try authority.issueClient(commonName: "kube-apiserver-kubelet-client")
                }
            }
            let (certificate, key) = try read()
            let access = KubeletAccess(authority: authorityPEM, certificate: certificate, key: key)
            renewLater {
                let (certificate, key) = try read()
                access.replace(certificate: certificate, key: key)
            }
            return access
        } catch let error as TLSError {
            throw Failure("\(error)")
        }
    }

    /// The admin's kubeconfig, now and whenever its certificate is renewed.
    func keepKubeconfig(at path: String, server: String) throws {
        try writeKubeconfig(to: path, server: server)
        renewLater { [weak self] in try self?.writeKubeconfig(to: path, server: server) }
    }

    /// The admin's way in: a client certificate in the group system:masters. Written when it differs from what is there.
    private func writeKubeconfig(to path: String, server: String) throws {
        do {
            let authority = authority
            let (certificate, key) = try Self.pair("\(directory)/admin", authority) { () throws(TLSError) in
                try authority.issueClient(commonName: "kubernetes-admin", organizations: ["system:masters"])
            }
            let text = """
                apiVersion: v1
                kind: Config
                clusters:
                - name: segler
                  cluster:
                    server: \(server)
                    certificate-authority-data: \(Base64.encode(Array(authorityPEM.utf8)))
                contexts:
                - name: segler
                  context: {cluster: segler, user: admin}
                current-context: segler
                users:
                - name: admin
                  user:
                    client-certificate-data: \(Base64.encode(Array(certificate.utf8)))
                    client-key-data: \(Base64.encode(Array(key.utf8)))

                """
            if try SecureFile.readText(path) != text { try SecureFile.write(text, to: path, mode: 0o600) }
        } catch let error as TLSError {
            throw Failure("\(error)")
        }
    }
}

enum Host {
    /// This machine's IPv4 addresses, without loopback and without those of pod networks.
    static func addresses() -> [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [String] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            let name = String(cString: entry.pointee.ifa_name)
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
                entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                !["cni", "segler", "veth", "docker", "br-"].contains(where: name.hasPrefix)
            else { continue }
            var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                var inner = v4.pointee.sin_addr
                _ = inet_ntop(AF_INET, &inner, &text, socklen_t(INET_ADDRSTRLEN))
            }
            found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return found
    }

    /// The address that others reach this machine by: the one the default route goes out from, else the first.
    static func primaryAddress() -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(53).bigEndian
        inet_pton(AF_INET, "192.0.2.1", &target.sin_addr)
        // Connecting a datagram socket sends nothing; it only chooses the route.
        let connected = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if connected == 0 {
            var own = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let named = withUnsafeMutablePointer(to: &own) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
            }
            var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
            if named == 0, inet_ntop(AF_INET, &own.sin_addr, &text, socklen_t(INET_ADDRSTRLEN)) != nil {
                return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }
        return addresses().first ?? "127.0.0.1"
    }
}
