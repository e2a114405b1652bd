import Foundation
import TLS
import Testing

struct PKITests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    @Test func authorityIsMadeOnceAndKeptWithTightModes() throws {
        let path = directory.path + "/new/pki"
        let made = try Authority.load(directory: path)
        #expect(try mode(path) == 0o700)
        #expect(try mode(path + "/ca.crt") == 0o644)
        #expect(try mode(path + "/ca.key") == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["ca.crt", "ca.key"])
        let again = try Authority.load(directory: path)
        #expect(again.certificate.der == made.certificate.der)
        let tenYears: Int64 = 3650 * 86400
        #expect(abs(made.certificate.notAfter - Certificate.now() - tenYears) < 60)
    }

    @Test func missingOrForeignKeyIsReportedNotReplaced() throws {
        let path = directory.path + "/pki"
        let made = try Authority.load(directory: path)
        try FileManager.default.removeItem(atPath: path + "/ca.key")
        let missing = #expect(throws: TLSError.self) { try Authority.load(directory: path) }
        #expect(missing?.description.contains("ca.key") == true)
        try SecureFile.write(PrivateKey().pem, to: path + "/ca.key", mode: 0o600)
        let foreign = #expect(throws: TLSError.self) { try Authority.load(directory: path) }
        #expect(foreign?.description.contains("not the key of") == true)
        #expect(try SecureFile.readText(path + "/ca.crt") == made.certificate.pem)
    }

    @Test func opensslAcceptsTheChainForItsPurpose() throws {
        let authority = try Authority.create(commonName: "ca")
        let ca = try directory.file("ca.pem", authority.certificate.pem)
        let (server, _) = try authority.issueServer(
            commonName: "node", dnsNames: ["node.example", "*.wild.example"], ipAddresses: ["10.0.0.1", "fd00::1"])
        let (client, _) = try authority.issueClient(commonName: "jane", organizations: ["a", "b"])
        let serverFile = try directory.file("server.pem", server)
        let clientFile = try directory.file("client.pem", client)
        func verify(_ arguments: String...) throws -> Bool {
            try Command.run("openssl", ["verify", "-x509_strict", "-CAfile", ca] + arguments).status == 0
        }
        #expect(try verify("-purpose", "sslserver", "-verify_hostname", "node.example", serverFile))
        #expect(try verify("-purpose", "sslserver", "-verify_hostname", "a.wild.example", serverFile))
        #expect(try verify("-purpose", "sslserver", "-verify_ip", "fd00::1", serverFile))
        #expect(try verify("-purpose", "sslclient", clientFile))
        #expect(try !verify("-purpose", "sslserver", "-verify_hostname", "else.example", serverFile))
        #expect(try !verify("-purpose", "sslclient", serverFile))
        #expect(try !verify("-purpose", "sslserver", clientFile))
        let parsed = try Certificate(pem: server)
        #expect(parsed.dnsNames == ["node.example", "*.wild.example"])
        #expect(parsed.ipAddresses == ["10.0.0.1", "fd00::1"])
        #expect(try Certificate(pem: client).organizations == ["a", "b"])
    }

    @Test func longNodeNamesFit() throws {
        let name = "system:node:" + String(repeating: "n", count: 240)
        let (client, _) = try Authority.create(commonName: "ca").issueClient(commonName: name)
        #expect(try Certificate(pem: client).commonName == name)
    }

    @Test(arguments: ["a,DNS:evil.example", "", "white space", "line\nbreak"])
    func nameThatIsNoNameIsRefused(name: String) throws {
        let authority = try Authority.create(commonName: "ca")
        #expect(throws: TLSError.self) {
            try authority.issueServer(commonName: "x", dnsNames: [name], ipAddresses: [])
        }
    }

    @Test func certificateIsRenewedInTheLastThirdOrForAnotherAuthorityOrNewNames() throws {
        let authority = try Authority.create(commonName: "ca")
        let (pem, _) = try authority.issueServer(
            commonName: "x", dnsNames: ["a"], ipAddresses: ["10.0.0.1"], days: 90)
        let certificate = try Certificate(pem: pem)
        func due(_ days: Int64, _ dns: [String] = ["a"], _ addresses: [String] = ["10.0.0.1"]) -> Bool {
            certificate.needsRenewal(
                at: Certificate.now() + days * 86400, authority: authority.certificate, dnsNames: dns,
                ipAddresses: addresses)
        }
        #expect(!due(0))
        #expect(!due(59))
        #expect(due(61))
        #expect(due(0, ["a", "b"]))
        #expect(due(0, ["a"], ["10.0.0.2"]))
        let other = try Authority.create(commonName: "ca")
        #expect(certificate.needsRenewal(authority: other.certificate))
    }

    @Test func certificateNeverOutlivesItsAuthority() throws {
        let authority = try Authority.create(commonName: "ca", days: 10)
        let (pem, _) = try authority.issueClient(commonName: "x", days: 365)
        #expect(try Certificate(pem: pem).notAfter == authority.certificate.notAfter)
    }

    @Test func requestIsSignedWithItsNamesAndUsages() throws {
        let authority = try Authority.create(commonName: "ca")
        let made = try Command.run(
            "openssl",
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null",
                "-subj", "/O=system:nodes/CN=system:node:n1", "-addext", "subjectAltName=DNS:n1,IP:10.0.0.7",
            ])
        let request = try CertificateRequest(pem: made.output)
        #expect(request.commonName == "system:node:n1")
        #expect(request.organizations == ["system:nodes"])
        #expect(request.dnsNames == ["n1"])
        #expect(request.ipAddresses == ["10.0.0.7"])
        let pem = try authority.sign(
            request, usages: ["digital signature", "key encipherment", "server auth"], lifetime: 3600)
        let text = try Command.run("openssl", ["x509", "-noout", "-text"], input: pem).output
        #expect(text.contains("Digital Signature, Key Encipherment"))
        #expect(text.contains("TLS Web Server Authentication"))
        #expect(text.contains("DNS:n1, IP Address:10.0.0.7"))
        #expect(text.contains("CA:FALSE"))
        #expect(throws: TLSError.self) { try authority.sign(request, usages: ["cert sign"], lifetime: 3600) }
    }

    @Test func tamperedRequestIsRefused() throws {
        let made = try Command.run(
            "openssl", ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x"])
        let lines = made.output.split(separator: "\n").map(String.init)
        var der = try #require(Base64.decode(lines[1..<(lines.count - 1)].joined()))
        der[der.count - 5] ^= 1
        let pem = "\(lines[0])\n\(Base64.encode(der))\n\(lines[lines.count - 1])\n"
        #expect(throws: TLSError.self) { try CertificateRequest(pem: pem) }
    }

    @Test func signatureHoldsForItsBytesAndKeyAlone() throws {
        let path = directory.path + "/sa.key"
        let key = try SigningKey.load(path: path)
        #expect(try mode(path) == 0o600)
        let bytes = Array("header.payload".utf8)
        var signature = try key.sign(bytes)
        #expect(signature.count == 64)
        #expect(key.verify(bytes, signature: signature))
        #expect(try SigningKey.load(path: path).jwk == key.jwk)
        #expect(try SigningKey.load(path: path).verify(bytes, signature: signature))
        #expect(try !SigningKey().verify(bytes, signature: signature))
        #expect(!key.verify(bytes + [0], signature: signature))
        #expect(!key.verify(bytes, signature: []))
        #expect(!key.verify(bytes, signature: [UInt8](repeating: 0, count: 64)))
        signature[40] ^= 1
        #expect(!key.verify(bytes, signature: signature))
    }

    @Test func opensslVerifiesOurSignature() throws {
        let key = try SigningKey()
        let keyFile = try directory.file("key.pem", key.pem)
        let data = try directory.file("data", "some bytes")
        // DER of two integers, as openssl wants them.
        let raw = try key.sign(Array("some bytes".utf8))
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var digits = Array(bytes.drop { $0 == 0 })
            if digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
            return [2, UInt8(digits.count)] + digits
        }
        let body = integer(raw[..<32]) + integer(raw[32...])
        try SecureFile.write([0x30, UInt8(body.count)] + body, to: directory.path + "/sig", mode: 0o600)
        let said = try Command.run(
            "openssl", ["dgst", "-sha256", "-prverify", keyFile, "-signature", directory.path + "/sig", data])
        #expect(said.output.contains("Verified OK"))
    }

    @Test func webKeyHasTheCoordinatesOfThePublicKey() throws {
        let key = try SigningKey()
        let keyFile = try directory.file("key.pem", key.pem)
        let publicDER = try Command.run("sh", ["-c", "openssl pkey -in \(keyFile) -pubout -outform DER | base64 -w0"])
        let der = try #require(Base64.decode(publicDER.output))
        #expect(Base64.decodeURL(key.jwk.x) == Array(der.suffix(64).prefix(32)))
        #expect(Base64.decodeURL(key.jwk.y) == Array(der.suffix(32)))
        #expect(key.jwk.kid == Base64.encodeURL(SHA256.hash(der)))
    }

    @Test func keyOfAnotherKindDoesNotSignTokens() throws {
        let rsa = try Command.run("openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        #expect(throws: TLSError.self) { try SigningKey(pem: rsa.output) }
        let p384 = try Command.run(
            "openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"])
        #expect(throws: TLSError.self) { try SigningKey(pem: p384.output) }
    }

    @Test(arguments: ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func textThatIsNoCertificateIsRefused(text: String) {
        #expect(throws: TLSError.self) { try Certificate(pem: text) }
        #expect(throws: TLSError.self) { try PrivateKey(pem: text) }
        #expect(throws: TLSError.self) { try CertificateRequest(pem: text) }
    }

    @Test func fileIsReplacedWholeOrNotAtAll() throws {
        let path = directory.path + "/file"
        try SecureFile.write("one", to: path, mode: 0o600)
        try SecureFile.write("two", to: path, mode: 0o644)
        #expect(try SecureFile.readText(path) == "two")
        #expect(try mode(path) == 0o644)
        let failed = #expect(throws: TLSError.self) {
            try SecureFile.write("x", to: directory.path + "/none/file", mode: 0o600)
        }
        #expect(failed?.description.contains("No such file or directory") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }
}
