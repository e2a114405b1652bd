import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import TLS
import Testing

/// Bodies that are written as they come, and the end of a server.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct StreamTests {
    let test: TestServer

    init() async throws { test = try await TestServer() }

    static let versions = ["--http1.1", "--http2"]

    /// Registers `path`; the stream is handed out when a client has asked for it.
    private func stream(_ path: String) -> AsyncStream<ResponseStream> {
        let (streams, feed) = AsyncStream<ResponseStream>.makeStream()
        test.responder[path] = { _, _ in
            .now(HTTPResponse(headers: ["Content-Type": "application/json"], body: .stream { feed.yield($0) }))
        }
        return streams
    }

    private func first(_ streams: AsyncStream<ResponseStream>) async throws -> ResponseStream {
        for await stream in streams { return stream }
        throw CancellationError()
    }

    @Test(arguments: versions)
    func streamArrivesWhole(version: String) async throws {
        test.responder["/stream"] = { _, _ in
            .now(
                HTTPResponse(
                    body: .stream { stream in
                        for index in 0..<1000 {
                            stream.write(Array("line \(index)\n".utf8))
                            if index % 10 == 0 { stream.flush() }
                        }
                        stream.write(ByteBuffer(repeating: 0x7a, count: 300_000))
                        stream.finish()
                    }))
        }
        let expected = (0..<1000).map { "line \($0)\n" }.joined() + String(repeating: "z", count: 300_000)
        #expect(try await Curl.run([version, test.url("/stream")]).output == expected)
        let reused = try await Curl.run([version, "-w", "%{num_connects}", test.url("/stream"), test.url("/after")])
        #expect(reused.output.hasSuffix("GET /after []\n0"))
        #expect(
            try await Curl.run([version, "--head", "-w", "%{http_code}", test.url("/stream")]).output.hasSuffix("200"))
    }

    @Test func eachFlushIsSeenAtOnce() async throws {
        let streams = stream("/watch")
        let client = try await test.connect()
        try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await client.receive(until: "\r\n\r\n").contains("Transfer-Encoding: chunked"))
        let stream = try await first(streams)
        for index in 0..<5 {
            stream.write(Array("event \(index)".utf8))
            stream.write(Array("!\n".utf8))
            stream.flush()
            #expect(await client.receive(until: "\n\r\n") == "00000009\r\nevent \(index)!\n\r\n")
        }
        stream.finish()
        #expect(await client.receive(until: "0\r\n\r\n") == "0\r\n\r\n")
        try await client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await client.receive(until: "]\n").contains("GET /next []"))
    }

    @Test func oldClientGetsAStreamWithoutChunks() async throws {
        let streams = stream("/watch")
        let client = try await test.connect()
        try await client.send("GET /watch HTTP/1.0\r\n\r\n")
        let stream = try await first(streams)
        stream.write(Array("plain".utf8))
        stream.finish()
        let said = await client.receiveAll()
        #expect(!said.contains("chunked"))
        #expect(said.hasSuffix("\r\n\r\nplain"))
    }

    @Test func vanishedClientEndsTheStream() async throws {
        let streams = stream("/watch")
        let client = try await test.connect()
        try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
        let stream = try await first(streams)
        let closed = Gate()
        stream.onClose { closed.open() }
        await client.close()
        await closed.wait()
        #expect(!stream.isWritable)
        let again = Gate()
        stream.onClose { again.open() }
        await again.wait()
        stream.write(Array("into the void".utf8))
        stream.finish()
    }

    @Test func abortedStreamIsSeenAsIncomplete() async throws {
        test.responder["/cut"] = { _, _ in
            .now(
                HTTPResponse(
                    body: .stream { stream in
                        stream.write(Array("half".utf8))
                        stream.flush()
                        stream.abort()
                    }))
        }
        for version in Self.versions { #expect(try await Curl.run([version, test.url("/cut")]).status != 0) }
    }

    @Test func slowReaderHoldsTheWriterBack() async throws {
        let total = 32 * 1024 * 1024
        let piece = [UInt8](repeating: 0x61, count: 16 * 1024)
        let written = Counter()
        let (blocked, done) = (Gate(), Gate())
        test.responder["/flow"] = { _, _ in
            .now(
                HTTPResponse(
                    body: .stream { stream in
                        let pump: @Sendable () -> Void = {
                            while stream.isWritable, written.value < total {
                                stream.write(piece)
                                stream.flush()
                                written.add(piece.count)
                            }
                            if written.value >= total {
                                stream.finish()
                                done.open()
                            } else {
                                blocked.open()
                            }
                        }
                        stream.onWritable(pump)
                        pump()
                    }))
        }
        let client = try await test.connect(reading: false)
        try await client.send("GET /flow HTTP/1.1\r\nHost: x\r\n\r\n")
        await blocked.wait()
        // What two sockets hold, and no more.
        #expect(written.value < 16 * 1024 * 1024)
        #expect(try await Curl.run([test.url("/other")]).output == "GET /other []\n")
        try await client.resumeReading()
        await done.wait()
        #expect(await client.receive(until: "0\r\n\r\n").utf8.count > total)
    }

    @Test func slowHTTP2ReaderHoldsTheWriterBack() async throws {
        let written = Counter()
        let blocked = Gate()
        let piece = [UInt8](repeating: 0x61, count: 16 * 1024)
        let total = 64 * 1024 * 1024
        test.responder["/flow"] = { _, _ in
            .now(
                HTTPResponse(
                    body: .stream { stream in
                        let pump: @Sendable () -> Void = {
                            while stream.isWritable, written.value < total {
                                stream.write(piece)
                                stream.flush()
                                written.add(piece.count)
                            }
                            if written.value >= total { stream.finish() } else { blocked.open() }
                        }
                        stream.onWritable(pump)
                        pump()
                    }))
        }
        // 4 MB/s, slower than anything here.
        let reader = Task.detached { [test] in
            try await Curl.run([
                "--http2", "--limit-rate", "4M", "--max-time", "2", "-o", "/dev/null", test.url("/flow"),
            ])
        }
        await blocked.wait()
        #expect(written.value < total)
        _ = try await reader.value
        #expect(written.value < total)
    }

    @Test(arguments: [true, false])
    func shutdownFinishesTheRunningRequest(isHTTP2: Bool) async throws {
        let (started, gate) = (Gate(), Gate())
        test.responder["/work"] = { _, _ in
            .later {
                started.open()
                await gate.wait()
                return HTTPResponse(body: .bytes(Array("finished".utf8)))
            }
        }
        let client = Task.detached { [test] in
            try await Curl.run([isHTTP2 ? "--http2" : "--http1.1", "-w", " %{http_code}", test.url("/work")])
        }
        await started.wait()
        async let stopped: Void = test.server.shutdown(grace: .seconds(20))
        // The listener is gone first: a new connection is refused while the old request still runs.
        while try await Curl.run([test.url("/new")]).status == 0 {}
        gate.open()
        #expect(try await client.value.output == "finished 200")
        await stopped
        #expect(test.server.connectionCount == 0)
    }

    @Test(arguments: versions)
    func shutdownEndsStreamsCleanly(version: String) async throws {
        let streams = stream("/watch")
        let client = Task.detached { [test] in try await Curl.run([version, test.url("/watch")]) }
        let stream = try await first(streams)
        stream.write(Array("last words".utf8))
        stream.flush()
        await test.server.shutdown(grace: .seconds(20))
        let said = try await client.value
        #expect(said.status == 0)
        #expect(said.output == "last words")
    }

    @Test func shutdownClosesIdleConnectionsAtOnce() async throws {
        let client = try await test.connect()
        try await client.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = await client.receive(until: "]\n")
        let begin = ContinuousClock.now
        await test.server.shutdown(grace: .seconds(30))
        #expect(ContinuousClock.now - begin < .seconds(10))
        #expect(await client.receiveAll().isEmpty)
    }

    @Test func shutdownDoesNotWaitBeyondItsGrace() async throws {
        let (started, gate) = (Gate(), Gate())
        test.responder["/stuck"] = { _, _ in
            .later {
                started.open()
                await gate.wait()
                return HTTPResponse()
            }
        }
        let client = try await test.connect()
        try await client.send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
        await started.wait()
        await test.server.shutdown(grace: .milliseconds(100))
        #expect(test.server.connectionCount == 0)
        gate.open()
    }
}
