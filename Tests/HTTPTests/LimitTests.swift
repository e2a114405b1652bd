import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import TLS
import Testing

/// What a client cannot make the server do.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct LimitTests {
    static let versions = ["--http1.1", "--http2"]

    private func server(_ change: (inout HTTPLimits) -> Void) async throws -> TestServer {
        var limits = HTTPLimits()
        change(&limits)
        return try await TestServer(limits: limits)
    }

    @Test(arguments: versions, ["Content-Length", "Transfer-Encoding: chunked"])
    func longBodyIsRefused(version: String, framing: String) async throws {
        let test = try await server { $0.bodyBytes = 100_000 }
        let path = "/tmp/segler-upload-" + Random.hex(6)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SecureFile.write([UInt8](repeating: 0x61, count: 2_000_000), to: path, mode: 0o600)
        let header = framing.contains(":") ? ["-H", framing] : ["-H", "X: y"]
        let said = try await Curl.run(
            [version, "-w", "%{http_code}", "--data-binary", "@" + path] + header + [test.url("/")])
        #expect(said.output == "refused: the request's body is too long\n413")
        #expect(try await Curl.run([version, "-d", "x", test.url("/")]).output == "POST / [x]\n")
    }

    @Test(arguments: versions)
    func longHeadersAreRefused(version: String) async throws {
        let test = try await server { $0.headerBytes = 8 * 1024 }
        let said = try await Curl.run(
            [version, "-w", "%{http_code}", "-H", "X-Long: " + String(repeating: "x", count: 9000), test.url("/")])
        #expect(said.output == "refused: the request's headers are too long\n431")
        let many = (0..<140).flatMap { ["-H", "X-\($0): " + String(repeating: "y", count: 50)] }
        #expect(try await Curl.run([version, "-w", "%{http_code}"] + many + [test.url("/")]).output.hasSuffix("431"))
    }

    @Test func endlessHeaderLineIsRefused() async throws {
        let test = try await server { $0.headerBytes = 8 * 1024 }
        let client = try await test.connect()
        try? await client.send("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 200_000))
        #expect(await client.receiveAll().hasPrefix("HTTP/1.1 431 "))
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    ])
    func brokenRequestIsRefused(text: String) async throws {
        let test = try await server { _ in }
        let client = try await test.connect()
        try await client.send(text)
        let said = await client.receiveAll()
        #expect(said.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(said.contains("Connection: close"))
        #expect(said.hasSuffix("refused: the request is not valid HTTP/1.1\n"))
    }

    @Test func slowHeadersAreCutOff() async throws {
        let test = try await server { $0.headerTimeout = .milliseconds(200) }
        let client = try await test.connect()
        let begin = ContinuousClock.now
        try await client.send("GET / HTTP/1.1\r\nHost:")
        #expect(await client.receiveAll().isEmpty)
        #expect(ContinuousClock.now - begin < .seconds(20))
    }

    @Test func tricklingHeadersAreCutOffToo() async throws {
        let test = try await server { $0.headerTimeout = .milliseconds(300) }
        let client = try await test.connect()
        let trickle = Task {
            try await client.send("GET / HTTP/1.1\r\nX: ")
            while true {
                try await client.send("x")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        #expect(await client.receiveAll().isEmpty)
        trickle.cancel()
    }

    @Test func slowBodyIsRefused() async throws {
        let test = try await server { $0.bodyTimeout = .milliseconds(200) }
        let client = try await test.connect()
        try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        #expect(await client.receiveAll().hasPrefix("HTTP/1.1 408 "))
    }

    @Test func idleConnectionIsClosed() async throws {
        let test = try await server { $0.idleTimeout = .seconds(1) }
        let client = try await test.connect()
        try await client.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await client.receiveAll().hasSuffix("GET /x []\n"))
    }

    @Test func clientThatNeverReadsItsAnswerIsCutOff() async throws {
        let test = try await server { $0.stallTimeout = .milliseconds(300) }
        let big = [UInt8](repeating: 0x61, count: 64 * 1024 * 1024)
        test.responder["/big"] = { _, _ in .now(HTTPResponse(body: .bytes(big))) }
        let client = try await test.connect(reading: false)
        try await client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        // The server has let go of the connection before the client reads a byte.
        while test.server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
        try await client.resumeReading()
        #expect(await client.receiveAll().utf8.count < big.count)
    }

    @Test func silentTLSClientIsCutOff() async throws {
        let test = try await server { $0.handshakeTimeout = .milliseconds(200) }
        let closed = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: test.server.port).get()
        try await closed.closeFuture.get()
    }

    @Test func othersAreAnsweredBesideManyIdleConnections() async throws {
        let test = try await server { _ in }
        var idle: [RawClient] = []
        for _ in 0..<500 { idle.append(try await test.connect()) }
        let said = try await Curl.run(["-w", "%{http_code}", test.url("/alive")])
        #expect(said.output == "GET /alive []\n200")
        // A few may have run into the handshake's time limit on a busy machine.
        #expect(test.server.connectionCount > 400)
        for client in idle { await client.close() }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        let test = try await server { $0.connections = 3 }
        var clients: [RawClient] = []
        for _ in 0..<3 {
            let client = try await test.connect()
            try await client.send("GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.receive(until: "]\n").contains("GET /in []"))
            clients.append(client)
        }
        #expect(try await Curl.run([test.url("/")]).status != 0)
        await clients.removeLast().close()
        while test.server.connectionCount > 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await Curl.run([test.url("/in")]).output == "GET /in []\n")
    }

    @Test func connectionsOfOneAddressAreLimited() async throws {
        let test = try await server { $0.connectionsPerAddress = 1 }
        let client = try await test.connect()
        try await client.send("GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = await client.receive(until: "]\n")
        #expect(try await Curl.run([test.url("/")]).status != 0)
        #expect(try await Curl.run(["--interface", "127.0.0.2", test.url("/in")]).output == "GET /in []\n")
    }

    @Test func portInUseIsExplainedInOneLine() async throws {
        let test = try await server { _ in }
        let error = await #expect(throws: HTTPServerError.self) {
            try await start(host: "127.0.0.1", port: test.server.port, test)
        }
        #expect(
            error?.description
                == "cannot listen on 127.0.0.1:\(test.server.port): the port is in use; stop the program that has it "
                + "(ss -ltnp shows which) or choose another port")
        await test.server.shutdown()
        try await start(host: "127.0.0.1", port: test.server.port, test).shutdown()
    }

    @Test(arguments: [("192.0.2.1", "no interface"), ("no.such.host.invalid", "IP address")])
    func badAddressIsExplainedInOneLine(host: String, hint: String) async throws {
        let test = try await server { _ in }
        let error = await #expect(throws: HTTPServerError.self) { try await start(host: host, port: 0, test) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("cannot listen on \(host):0: "))
        #expect(text.contains(hint))
        #expect(!text.contains("\n"))
    }

    @discardableResult
    private func start(host: String, port: Int, _ test: TestServer) async throws -> HTTPServer {
        let (certificate, key) = try test.authority.issueServer(commonName: "x", dnsNames: ["x"], ipAddresses: [])
        let tls = try TLSContext.server(certificateChain: certificate, key: key, alpn: [])
        return try await HTTPServer.start(
            host: host, port: port, tls: tls, responder: test.responder,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    }
}
