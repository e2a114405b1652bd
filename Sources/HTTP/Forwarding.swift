public import NIOCore
public import NIOHTTP1

/// Passing requests on to another server.
extension HTTPOrigin {
    /// Sends a request and gives the answer as soon as its head is there; the body follows as fast as it is read.
    /// - Parameter rewriting: asked with the answer's headers; what it gives is applied to the whole body, which is read
    ///   for that up to 4 MiB.
    /// - Throws: why the server cannot be reached, or that its answer is not HTTP.
    public func send(
        _ head: HTTPRequestHead, _ body: ByteBuffer,
        rewriting: @escaping @Sendable (HTTPHeaders) -> (@Sendable ([UInt8]) -> [UInt8])? = { _ in nil }
    ) async throws -> HTTPResponse {
        let connection = try await connectForRequest()
        let answer = Answer()
        let exchange = Task {
            do {
                try await Self.converse(connection, head, body) { found, parts in
                    try await Self.receive(found, &parts, answer, isHead: head.method == .HEAD, rewriting) {
                        connection.channel.close(promise: nil)
                    }
                }
            } catch {
                answer.fail(error)
            }
        }
        return try await withTaskCancellationHandler {
            try await answer.response(exchange)
        } onCancel: {
            exchange.cancel()
        }
    }

    /// Sends a request and reads the answer whole.
    /// - Parameter limit: bytes of the body; more is an error.
    public func fetch(
        _ head: HTTPRequestHead, _ body: ByteBuffer, limit: Int = 64 << 20
    ) async throws -> (HTTPResponseHead, [UInt8]) {
        try await exchange(head, body) { head, parts in
            var whole: [UInt8] = []
            while let part = try await parts.next() {
                if case .end = part { break }
                guard case .body(let bytes) = part else { continue }
                whole += bytes.readableBytesView
                if whole.count > limit { throw HTTPOriginError(description: "an answer of more than \(limit) bytes") }
            }
            return (head, whole)
        }
    }

    public typealias Parts = NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

    /// Sends a request and lets `read` take the answer as it comes. The connection ends with it.
    public func exchange<Result: Sendable>(
        _ head: HTTPRequestHead, _ body: ByteBuffer,
        _ read: @Sendable (HTTPResponseHead, inout Parts) async throws -> Result
    ) async throws -> Result {
        try await Self.converse(try await connectForRequest(), head, body, read)
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private func connectForRequest() async throws -> Connection {
        try await connect { channel in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            return try Connection(wrappingChannelSynchronously: channel)
        }
    }

    /// Sends the request and calls `read` with the head of the answer, and what comes behind it.
    private static func converse<Result: Sendable>(
        _ connection: Connection, _ head: HTTPRequestHead, _ body: ByteBuffer,
        _ read: @Sendable (HTTPResponseHead, inout Parts) async throws -> Result
    ) async throws -> Result {
        try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(.head(head))
            if body.readableBytes > 0 { try await outbound.write(.body(.byteBuffer(body))) }
            try await outbound.write(.end(nil))
            var parts = inbound.makeAsyncIterator()
            while let part = try await parts.next() {
                // What comes before the final answer (100, 103) is between the two of us.
                if case .head(let found) = part, found.status.code >= 200 { return try await read(found, &parts) }
            }
            throw HTTPOriginError(description: "the connection ended before an answer came")
        }
    }

    private static func receive(
        _ head: HTTPResponseHead, _ parts: inout Parts, _ answer: Answer, isHead: Bool,
        _ rewriting: @Sendable (HTTPHeaders) -> (@Sendable ([UInt8]) -> [UInt8])?,
        hangUp: @escaping @Sendable () -> Void
    ) async throws {
        let isBodiless = isHead || head.status.code == 204 || head.status.code == 304
        if !isBodiless, let rewrite = rewriting(head.headers) {
            var whole: [UInt8] = []
            while let part = try await parts.next() {
                guard case .body(let bytes) = part else { continue }
                whole += bytes.readableBytesView
                if whole.count > 4 << 20 { throw HTTPOriginError(description: "a page of more than 4 MiB") }
            }
            return answer.succeed(head, .bytes(rewrite(whole)))
        }
        guard let stream = await answer.succeed(head, hasBody: !isBodiless) else { return }
        let gate = WritableGate(stream)
        stream.onClose(hangUp)
        do {
            while let part = try await parts.next() {
                if case .body(let bytes) = part {
                    stream.write(bytes)
                    stream.flush()
                    await gate.wait()
                    try Task.checkCancellation()
                }
                if case .end = part { return stream.finish() }
            }
        } catch {}
        stream.abort()
    }
}

struct HTTPOriginError: Error, CustomStringConvertible {
    let description: String
}

/// The answer on its way from the task that receives it to the one that asked.
private final class Answer: Sendable {
    private let (heads, head) = AsyncThrowingStream<HTTPResponse, any Error>.makeStream()
    private let (bodies, body) = AsyncStream<ResponseStream>.makeStream()

    func fail(_ error: any Error) { head.finish(throwing: error) }

    func response(_ exchange: Task<Void, Never>) async throws -> HTTPResponse {
        for try await response in heads {
            return response
        }
        exchange.cancel()
        throw CancellationError()
    }

    func succeed(_ answer: HTTPResponseHead, _ body: HTTPBody) {
        var headers = answer.headers
        // The connection frames the body anew.
        for name in HTTPOrigin.hopByHop + ["content-length"] { headers.remove(name: name) }
        head.yield(HTTPResponse(status: answer.status, headers: headers, body: body))
        head.finish()
    }

    /// Where the body is to be written; nil where there is none, or nobody wants it.
    func succeed(_ answer: HTTPResponseHead, hasBody: Bool) async -> ResponseStream? {
        if !hasBody {
            succeed(answer, .none)
            return nil
        }
        respondStreaming(answer)
        for await stream in bodies { return stream }
        return nil
    }

    private func respondStreaming(_ answer: HTTPResponseHead) {
        let body = body
        // A response that nobody sends takes the promise of a stream with it.
        let end = AtEnd { body.finish() }
        succeed(
            answer,
            .stream { stream in
                end.keep()
                body.yield(stream)
            })
    }
}

private final class AtEnd: Sendable {
    private let end: @Sendable () -> Void
    init(_ end: @escaping @Sendable () -> Void) { self.end = end }
    func keep() {}
    deinit { end() }
}

extension HTTPOrigin {
    /// Headers that are of one connection only (RFC 9110, section 7.6.1).
    public static let hopByHop = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
}
