import Foundation
import NIOCore
import Synchronization
import TLS
import Testing

struct HandshakeTests {
    let authority: Authority
    let context: TLSContext
    let server: LineServer
    let directory: TemporaryDirectory

    init() async throws {
        authority = try Authority.create(commonName: "test authority")
        directory = try TemporaryDirectory()
        let (certificate, key) = try authority.issueServer(
            commonName: "first", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        context = try TLSContext.server(
            certificateChain: certificate, key: key, clientAuthority: authority.certificate.pem,
            alpn: ["h2", "http/1.1"])
        server = try await LineServer(context)
    }

    private func connect(_ options: String..., input: String = "") throws -> Command {
        let ca = try directory.file("ca.pem", authority.certificate.pem)
        return try Command.run(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", ca, "-verify_return_error"] + options,
            input: input)
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func modernVersionsConnect(version: String) throws {
        let said = try connect(version, "-alpn", "h2")
        #expect(said.output.contains("ALPN protocol: h2"))
        #expect(said.output.contains("Verify return code: 0 (ok)"))
        #expect(said.output.contains("Compression: NONE"))
    }

    @Test(arguments: ["-tls1", "-tls1_1"])
    func oldVersionsAreRefused(version: String) throws {
        let said = try connect(version, "-cipher", "ALL:@SECLEVEL=0")
        #expect(said.status != 0)
        #expect(said.output.contains("Cipher is (NONE)"))
    }

    @Test(arguments: ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "NULL-SHA256"])
    func ciphersWithoutForwardSecrecyOrAuthenticationAreRefused(cipher: String) throws {
        let said = try connect("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
        #expect(said.status != 0)
        #expect(said.output.contains("Cipher is (NONE)"))
    }

    @Test func serverChoosesTheProtocolItPrefers() throws {
        #expect(try connect("-alpn", "http/1.1,h2").output.contains("ALPN protocol: h2"))
        #expect(try connect().output.contains("No ALPN negotiated"))
    }

    @Test func clientThatOffersOnlyUnknownProtocolsIsRefused() throws {
        #expect(try connect("-alpn", "spdy/3").status != 0)
    }

    @Test func renegotiationIsRefused() throws {
        // R asks s_client to renegotiate.
        let said = try connect("-tls1_2", input: "R\n")
        // What s_client says of it depends on which record it reads first; a second handshake it does not report.
        let rest = said.errors[(said.errors.range(of: "RENEGOTIATING")?.upperBound ?? said.errors.startIndex)...]
        #expect(rest.contains("error:"))
        #expect(!rest.contains("verify return"))
    }

    @Test func sessionIsResumedByTicket() throws {
        let session = directory.path + "/session.pem"
        #expect(try connect("-tls1_2", "-sess_out", session).output.contains("New, TLS"))
        #expect(try connect("-tls1_2", "-sess_in", session).output.contains("Reused, TLS"))
    }

    @Test func sessionSurvivesANewCertificate() throws {
        let session = directory.path + "/session.pem"
        _ = try connect("-tls1_2", "-sess_out", session)
        let (certificate, key) = try authority.issueServer(
            commonName: "second", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        try context.replaceCertificate(certificateChain: certificate, key: key)
        #expect(try connect("-tls1_2", "-sess_in", session).output.contains("Reused, TLS"))
    }

    @Test func newConnectionsUseTheReplacedCertificateAndOldOnesLiveOn() async throws {
        let old = try await LineClient(port: server.port, client())
        #expect(try await old.line().hasPrefix("alpn="))
        #expect(try connect().output.contains("CN = first"))
        let (certificate, key) = try authority.issueServer(
            commonName: "second", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        try context.replaceCertificate(certificateChain: certificate, key: key)
        #expect(try connect().output.contains("CN = second"))
        try await old.send("still here\n")
        #expect(try await old.line() == "still here\n")
        await old.close()
    }

    @Test func clientCertificateNamesUserAndGroups() async throws {
        let (certificate, key) = try authority.issueClient(
            commonName: "jane", organizations: ["system:masters", "devs"])
        let client = try await LineClient(port: server.port, client(certificate, key))
        #expect(try await client.line() == "alpn=h2 cn=jane o=system:masters|devs resumed=false\n")
        await client.close()
    }

    @Test func resumedSessionOfTLS13StillNamesTheUser() async throws {
        let (certificate, key) = try authority.issueClient(commonName: "jane", organizations: ["devs"])
        let context = try client(certificate, key)
        let first = try await LineClient(port: server.port, context)
        _ = try await first.line()
        try await first.send("x\n")
        _ = try await first.line()
        await first.close()
        let second = try await LineClient(port: server.port, context)
        #expect(try await second.line() == "alpn=h2 cn=jane o=devs resumed=true\n")
        await second.close()
    }

    @Test func certificateIsOptional() async throws {
        let client = try await LineClient(port: server.port, client())
        #expect(try await client.line() == "alpn=h2 cn=- o=- resumed=false\n")
        await client.close()
    }

    @Test func certificateOfAnotherAuthorityIsRefused() async throws {
        let other = try Authority.create(commonName: "test authority")
        let (certificate, key) = try other.issueClient(commonName: "mallory", organizations: ["system:masters"])
        let client = try await LineClient(port: server.port, client(certificate, key))
        await #expect(throws: TLSError.self) { try await client.line() }
        #expect(try await server.failed(because: "certificate"))
    }

    @Test func expiredCertificateIsRefused() async throws {
        let (certificate, key) = try authority.issueClient(commonName: "jane", organizations: [], days: 0)
        // Valid until this second: wait for the next.
        let end = try Certificate(pem: certificate).notAfter
        while Certificate.now() <= end { try await Task.sleep(for: .milliseconds(50)) }
        let client = try await LineClient(port: server.port, client(certificate, key))
        await #expect(throws: TLSError.self) { try await client.line() }
        #expect(try await server.failed(because: "expired"))
    }

    @Test func serverCertificateIsNoClientCertificate() async throws {
        let (certificate, key) = try authority.issueServer(commonName: "x", dnsNames: ["x"], ipAddresses: [])
        let client = try await LineClient(port: server.port, client(certificate, key))
        await #expect(throws: TLSError.self) { try await client.line() }
    }

    @Test(arguments: ["other.example", "10.0.0.1"])
    func clientRefusesAServerOfAnotherName(name: String) async throws {
        let context = try TLSContext.client(authority: authority.certificate.pem, serverName: name)
        let client = try await LineClient(port: server.port, context)
        await #expect(throws: TLSError.self) { try await client.line() }
    }

    @Test func clientRefusesAServerOfAnotherAuthority() async throws {
        let other = try Authority.create(commonName: "test authority")
        let context = try TLSContext.client(authority: other.certificate.pem, serverName: "127.0.0.1")
        let client = try await LineClient(port: server.port, context)
        await #expect(throws: TLSError.self) { try await client.line() }
    }

    @Test func clientWithoutAServerNameAcceptsAnyServer() async throws {
        let client = try await LineClient(port: server.port, TLSContext.client(serverName: nil))
        #expect(try await client.line().hasPrefix("alpn=-"))
        await client.close()
    }

    @Test func serverNameChoosesTheCertificate() throws {
        let (certificate, key) = try authority.issueServer(
            commonName: "tenant", dnsNames: ["tenant.example"], ipAddresses: [])
        let tenant = try TLSContext.server(certificateChain: certificate, key: key, alpn: ["h2", "http/1.1"])
        context.chooseByServerName { $0 == "tenant.example" ? tenant : nil }
        #expect(try connect("-servername", "tenant.example", "-alpn", "h2").output.contains("CN = tenant"))
        #expect(try connect("-servername", "localhost").output.contains("CN = first"))
    }

    @Test func manyAndLargeWritesArriveInOrder() async throws {
        let client = try await LineClient(port: server.port, client())
        _ = try await client.line()
        var expected = ""
        for size in [1, 100, 16383, 16384, 16385, 70_000, 3, 200_000] {
            let part = String(repeating: "\(size % 10)", count: size)
            expected += part
            client.channel.write(ByteBuffer(string: part), promise: nil)
        }
        try await client.send("\n")
        #expect(try await client.line() == expected + "\n")
        await client.close()
    }

    private func client(_ certificate: String? = nil, _ key: String? = nil) throws -> TLSContext {
        try TLSContext.client(
            authority: authority.certificate.pem, certificate: certificate, key: key, serverName: "127.0.0.1",
            alpn: ["h2"])
    }
}
