import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import TLS
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct WebSocketTests {
    let test: TestServer

    init() async throws {
        var limits = HTTPLimits()
        limits.webSocketMessageBytes = 200_000
        test = try await TestServer(limits: limits)
        test.responder["/echo"] = { _, _ in
            .webSocket(protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"]) { socket in
                Task {
                    for await message in socket.incoming {
                        switch message {
                        case .text("stop"): socket.close(code: 1000, reason: "as asked")
                        case .text("which"): try await socket.send(text: socket.chosenProtocol ?? "none")
                        case .text(let text): try await socket.send(text: text)
                        case .binary(let bytes): try await socket.send(binary: bytes)
                        }
                    }
                }
            }
        }
    }

    /// A client past its handshake.
    private func open(_ path: String = "/echo", _ headers: String = "", then: [UInt8] = []) async throws -> RawClient {
        let client = try await test.connect()
        try await client.send(Array(handshake(path, headers).utf8) + then)
        return client
    }

    /// The key and its answer are RFC 6455's example.
    private func handshake(_ path: String, _ headers: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(headers)\r\n"
    }

    private func frame(_ opcode: UInt8, _ payload: [UInt8], last: Bool = true, masked: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = [(last ? 0x80 : 0) | opcode]
        let mask: UInt8 = masked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(mask | UInt8(payload.count))
        case ..<65536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard masked else { return bytes + payload }
        let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    private func text(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }

    @Test func handshakeIsAnsweredAsTheStandardSays() async throws {
        let client = try await open()
        let said = await client.receive(until: "\r\n\r\n")
        #expect(said.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(said.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
        #expect(!said.contains("Sec-WebSocket-Protocol"))
    }

    @Test func messagesAreEchoed() async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        try await client.send(text("hello"))
        #expect(await client.receive(count: 7) == [0x81, 5] + Array("hello".utf8))
        let long = [UInt8](repeating: 7, count: 70_000)
        try await client.send(frame(2, long))
        #expect(await client.receive(count: 70_010) == [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70] + long)
    }

    @Test func messagesSentWithTheHandshakeAreNotLost() async throws {
        let client = try await open(then: text("early") + text("bird"))
        #expect(await client.receive(until: "bird").hasSuffix("\u{5}early\u{FFFD}\u{4}bird"))
    }

    @Test func fragmentsAreJoinedAroundAPing() async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        try await client.send(
            frame(1, Array("one ".utf8), last: false) + frame(9, [1, 2, 3]) + frame(0, Array("two ".utf8), last: false)
                + frame(0, Array("three".utf8)))
        #expect(await client.receive(count: 20) == [0x8a, 3, 1, 2, 3, 0x81, 13] + Array("one two three".utf8))
    }

    @Test func serverPrefersItsFirstProtocol() async throws {
        let client = try await open(
            "/echo", "Sec-WebSocket-Protocol: v4.channel.k8s.io, v5.channel.k8s.io\r\n", then: text("which"))
        let said = await client.receive(until: "\u{11}v5.channel.k8s.io")
        #expect(said.contains("Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"))
    }

    @Test(arguments: [
        "Sec-WebSocket-Protocol: unknown\r\n", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Key: x\r\n",
    ])
    func improperHandshakeIsRefused(headers: String) async throws {
        let client = try await open("/echo", headers)
        #expect(await client.receiveAll().hasPrefix("HTTP/1.1 400 "))
    }

    @Test func ordinaryRequestIsRefused() async throws {
        for version in ["--http1.1", "--http2"] {
            let said = try await Curl.run([version, "-w", "%{http_code}", test.url("/echo")])
            #expect(said.output.hasSuffix("400"))
        }
    }

    @Test func serverSaysGoodbye() async throws {
        let client = try await open(then: text("stop"))
        _ = await client.receive(until: "as asked")
        try await client.send(frame(8, [3, 232]))
        #expect(await client.receiveAll().isEmpty)
    }

    @Test func goodbyeIsAnswered() async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        try await client.send(frame(8, [3, 232] + Array("bye".utf8)))
        #expect(await client.receive(count: .max) == [0x88, 2, 3, 232])
    }

    @Test(arguments: [1002, 1007, 1009])
    func brokenClientIsToldWhy(code: Int) async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        switch code {
        case 1002: try await client.send(frame(1, [0x61], masked: false))
        case 1007: try await client.send(frame(1, [0xff, 0xfe]))
        default: try await client.send(frame(2, [UInt8](repeating: 0, count: 200_001)))
        }
        let said = await client.receive(count: 4)
        #expect(said[0] == 0x88)
        #expect(Int(said[2]) << 8 | Int(said[3]) == code)
    }

    @Test func fragmentsBeyondTheLimitAreRefused() async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        let half = [UInt8](repeating: 0, count: 150_000)
        try await client.send(frame(2, half, last: false) + frame(0, half))
        #expect(await client.receive(count: 4)[2...3] == [3, 241])
    }

    @Test func slowReceiverOnTheServerHoldsTheClientBack() async throws {
        let gate = Gate()
        let total = 64 * 1024 * 1024
        let seen = Gate()
        test.responder["/slow"] = { _, _ in
            .webSocket(protocols: []) { socket in
                Task {
                    await gate.wait()
                    var count = 0
                    for await case .binary(let bytes) in socket.incoming {
                        count += bytes.count
                        if count == total { seen.open() }
                    }
                }
            }
        }
        let client = try await open("/slow")
        _ = await client.receive(until: "\r\n\r\n")
        let message = frame(2, [UInt8](repeating: 1, count: 64 * 1024))
        let sent = Counter()
        for _ in 0..<(total / (64 * 1024)) {
            client.channel.writeAndFlush(ByteBuffer(bytes: message)).whenSuccess { sent.add(1) }
        }
        // It stops before all is sent: the writes that went through stay the same while the server reads nothing.
        var before = -1
        while sent.value != before {
            before = sent.value
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(before * 64 * 1024 < total / 2)
        gate.open()
        await seen.wait()
    }

    @Test func slowClientHoldsTheServerBack() async throws {
        let sent = Counter()
        let finished = Gate()
        test.responder["/flood"] = { _, _ in
            .webSocket(protocols: []) { socket in
                Task {
                    let message = [UInt8](repeating: 1, count: 64 * 1024)
                    for _ in 0..<1000 {
                        try await socket.send(binary: message)
                        sent.add(1)
                    }
                    finished.open()
                }
            }
        }
        let client = try await test.connect(reading: false)
        try await client.send(handshake("/flood", ""))
        var before = -1
        while sent.value != before || before == 0 {
            before = sent.value
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(before < 500)
        try await client.resumeReading()
        await finished.wait()
    }

    @Test func vanishedClientEndsTheMessages() async throws {
        let (open, ended, failed) = (Gate(), Gate(), Gate())
        test.responder["/gone"] = { _, _ in
            .webSocket(protocols: []) { socket in
                socket.onClose { ended.open() }
                open.open()
                Task {
                    for await _ in socket.incoming {}
                    await #expect(throws: WebSocketClosed.self) { try await socket.send(text: "x") }
                    failed.open()
                }
            }
        }
        let client = try await self.open("/gone")
        await open.wait()
        await client.close()
        await ended.wait()
        await failed.wait()
    }

    @Test func shutdownSaysGoodbye() async throws {
        let client = try await open()
        _ = await client.receive(until: "\r\n\r\n")
        async let stopped: Void = test.server.shutdown()
        let said = await client.receive(count: 4)
        #expect([said[0], said[2], said[3]] == [0x88, 3, 233])
        try await client.send(frame(8, [3, 233]))
        await stopped
        #expect(test.server.connectionCount == 0)
    }
}
