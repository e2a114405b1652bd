import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLS
import Testing

/// Requests and answers, on both versions of HTTP.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct MessageTests {
    let test: TestServer

    init() async throws { test = try await TestServer() }

    static let versions = ["--http1.1", "--http2"]

    @Test(arguments: versions)
    func methodTargetAndBodyReachTheResponder(version: String) async throws {
        let get = try await Curl.run([version, "-w", "%{http_version} %{http_code}", test.url("/a%20b/c?x=1&y=%3F")])
        #expect(get.output == "GET /a%20b/c?x=1&y=%3F []\n\(version == "--http2" ? "2" : "1.1") 200")
        let post = try await Curl.run([version, "-X", "PATCH", "-d", "some body", test.url("/p")])
        #expect(post.output == "PATCH /p [some body]\n")
        let chunked = try await Curl.run([
            version, "-H", "Transfer-Encoding: chunked", "-d", "in chunks", test.url("/p"),
        ])
        #expect(chunked.output == "POST /p [in chunks]\n")
    }

    @Test(arguments: versions)
    func pathAndQueryAreSplitAndHostIsKnown(version: String) async throws {
        test.responder["/q"] = { request, _ in
            let text =
                "\(request.path) \(request.query ?? "-") \(request.headers.first(name: "Host") ?? "-")"
                + " \(request.connection.remoteAddress) \(request.connection.isHTTP2)"
            return .now(HTTPResponse(body: .bytes(Array(text.utf8))))
        }
        let said = try await Curl.run([version, test.url("/q?a=b?c")])
        #expect(said.output == "/q a=b?c 127.0.0.1:\(test.server.port) 127.0.0.1 \(version == "--http2")")
    }

    @Test(arguments: versions)
    func headHasTheLengthButNoBody(version: String) async throws {
        let said = try await Curl.run([version, "--head", test.url("/abc")])
        #expect(said.output.lowercased().contains("content-length: 13\r\n"))
        #expect(said.output.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: versions)
    func statusWithoutBodyHasNoLength(version: String) async throws {
        test.responder["/none"] = { _, _ in .now(HTTPResponse(status: .noContent)) }
        test.responder["/same"] = { _, _ in .now(HTTPResponse(status: .notModified, headers: ["ETag": "\"x\""])) }
        test.responder["/empty"] = { _, _ in .now(HTTPResponse(status: .notFound)) }
        for path in ["/none", "/same"] {
            let said = try await Curl.run([version, "-i", test.url(path)])
            #expect(!said.output.lowercased().contains("content-length"))
        }
        #expect(
            try await Curl.run([version, "-i", test.url("/empty")]).output.lowercased().contains("content-length: 0"))
    }

    @Test(arguments: versions)
    func connectionIsKept(version: String) async throws {
        let urls = (0..<5).map { test.url("/\($0)") }
        let said = try await Curl.run([version, "-w", "%{num_connects},"] + urls)
        #expect(said.output.filter { $0 != "\n" }.hasSuffix("GET /4 []0,"))
        #expect(said.output.contains("GET /0 []\n1,"))
    }

    @Test(arguments: versions)
    func largeBodiesArriveWhole(version: String) async throws {
        let slices = (0..<5000).map { index in [UInt8](repeating: UInt8(index & 127), count: 1400 + index % 7) }
        let whole = slices.flatMap { $0 }
        test.responder["/list"] = { _, _ in .now(HTTPResponse(body: .slices(slices))) }
        test.responder["/bytes"] = { _, _ in .now(HTTPResponse(body: .bytes(whole))) }
        for path in ["/list", "/bytes"] {
            #expect(try await Curl.run([version, test.url(path)]).output.utf8.elementsEqual(whole))
        }
    }

    @Test(arguments: versions)
    func largeUploadsArriveWhole(version: String) async throws {
        let path = "/tmp/segler-upload-" + Random.hex(6)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SecureFile.write([UInt8](repeating: 0x61, count: 3 * 1024 * 1024), to: path, mode: 0o600)
        test.responder["/count"] = { request, _ in
            .now(HTTPResponse(body: .bytes(Array("\(request.body.readableBytes)".utf8))))
        }
        let urls = (0..<3).flatMap { _ in ["--data-binary", "@" + path, test.url("/count"), "--next", version, "-sk"] }
        let said = try await Curl.run([version] + urls + [test.url("/end")])
        #expect(said.output == "314572831457283145728GET /end []\n")
    }

    @Test(arguments: versions)
    func answerMayComeLater(version: String) async throws {
        test.responder["/later"] = { request, _ in
            .later {
                await Task.yield()
                return HTTPResponse(status: .created, body: .bytes(Array("later".utf8)))
            }
        }
        #expect(try await Curl.run([version, "-w", " %{http_code}", test.url("/later")]).output == "later 201")
    }

    @Test(arguments: versions)
    func clientCertificateIsKnown(version: String) async throws {
        let (certificate, key) = try test.authority.issueClient(commonName: "jane", organizations: ["devs"])
        let base = "/tmp/segler-client-" + Random.hex(6)
        defer { for end in [".crt", ".key"] { try? FileManager.default.removeItem(atPath: base + end) } }
        try SecureFile.write(certificate, to: base + ".crt", mode: 0o600)
        try SecureFile.write(key, to: base + ".key", mode: 0o600)
        test.responder["/who"] = { request, _ in
            let peer = request.connection.peerCertificate
            return .now(
                HTTPResponse(body: .bytes(Array("\(peer?.commonName ?? "-") \(peer?.organizations ?? [])".utf8))))
        }
        let said = try await Curl.run([version, "--cert", base + ".crt", "--key", base + ".key", test.url("/who")])
        #expect(said.output == "jane [\"devs\"]")
        #expect(try await Curl.run([version, test.url("/who")]).output == "- []")
    }

    @Test(arguments: versions)
    func lineBreakInAHeaderStartsNoNewHeader(version: String) async throws {
        test.responder["/split"] = { _, _ in
            .now(HTTPResponse(headers: ["Warning": "a\r\nSet-Cookie: evil=1"], body: .none))
        }
        let said = try await Curl.run([version, "-i", test.url("/split")])
        #expect(said.output.lowercased().contains("warning: a  set-cookie: evil=1\r\n"))
    }

    @Test func manyRequestsAtOnceOnOneHTTP2Connection() async throws {
        let said = try await Curl.run(["--http2", "--parallel", "--parallel-max", "100", test.url("/[1-300]")])
        #expect(said.output.split(separator: "\n").count == 300)
    }

    @Test func cookiesSplitByHTTP2AreOneAgain() async throws {
        test.responder["/cookie"] = { request, _ in
            .now(HTTPResponse(body: .bytes(Array(request.headers["cookie"].joined(separator: "|").utf8))))
        }
        let said = try await Curl.run(["--http2", "-H", "Cookie: a=1", "-H", "Cookie: b=2", test.url("/cookie")])
        #expect(said.output == "a=1; b=2")
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let gate = Gate()
        test.responder["/slow"] = { _, _ in
            .later {
                await gate.wait()
                return HTTPResponse(body: .bytes(Array("slow\n".utf8)))
            }
        }
        let client = try await test.connect()
        try await client.send(
            "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                + "GET /c HTTP/1.1\r\nHost: x\r\n\r\n")
        gate.open()
        let said = await client.receive(until: "GET /c []\n")
        let bodies = said.replacing("\r\n", with: "|").split(separator: "\n").map { $0.split(separator: "|").last }
        #expect(bodies == ["slow", "POST /b [hi]", "GET /c []"])
    }

    @Test func thousandsOfPipelinedRequestsAreAnswered() async throws {
        let gate = Gate()
        test.responder["/slow"] = { _, _ in
            .later {
                await gate.wait()
                return HTTPResponse()
            }
        }
        let client = try await test.connect()
        let flood = String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 10_000)
        async let sent: Void = client.send("GET /slow HTTP/1.1\r\n\r\n" + flood + "GET /end HTTP/1.1\r\n\r\n")
        gate.open()
        let said = await client.receive(until: "GET /end []\n")
        try await sent
        #expect(
            said.split(separator: "\r\n").filter { $0 == "HTTP/1.1 200 OK" || $0.hasSuffix("200 OK") }.count == 10_002)
    }

    @Test func expectingClientIsToldToContinue() async throws {
        let client = try await test.connect()
        try await client.send("PUT /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        #expect(await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try await client.send("body")
        #expect(await client.receive(until: "]\n").contains("PUT /e [body]"))
    }

    @Test func oldClientGetsItsAnswerAndTheEnd() async throws {
        let client = try await test.connect()
        try await client.send("GET /old HTTP/1.0\r\n\r\n")
        let said = await client.receiveAll()
        #expect(said.contains("Connection: close\r\n"))
        #expect(said.hasSuffix("GET /old []\n"))
    }

    @Test func closeIsHonoured() async throws {
        let client = try await test.connect()
        try await client.send("GET /bye HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(await client.receiveAll().hasSuffix("GET /bye []\n"))
    }

    @Test func unknownUpgradeIsIgnoredAndAnswered() async throws {
        let client = try await test.connect()
        try await client.send("GET /u HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        #expect(await client.receiveAll().hasSuffix("GET /u []\n"))
    }

    @Test func vanishedClientCancelsTheWork() async throws {
        let (started, cancelled) = (Gate(), Gate())
        test.responder["/work"] = { _, _ in
            .later {
                await withTaskCancellationHandler {
                    started.open()
                    await cancelled.wait()
                } onCancel: {
                    cancelled.open()
                }
                return HTTPResponse()
            }
        }
        let client = try await test.connect()
        try await client.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n")
        await started.wait()
        await client.close()
        await cancelled.wait()
    }
}
