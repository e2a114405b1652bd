public import NIOCore
public import NIOHTTP1

/// How a request is answered.
public enum Reply: Sendable {
    /// At once, on the event loop: the cheap way, for whatever needs no waiting.
    case now(HTTPResponse)
    /// By a task, which is cancelled if the client goes away.
    case later(@Sendable () async -> HTTPResponse)
    /// As a task will say, which is cancelled if the client goes away.
    case eventually(@Sendable () async -> Reply)
    /// By an upgrade to WebSocket. Of `protocols`, in the server's order of preference, the first that the client offers
    /// is chosen; the function is called on the event loop when the connection is open. A request that is no proper
    /// WebSocket handshake is refused.
    case webSocket(protocols: [String], @Sendable (WebSocketConnection) -> Void)
    /// By the bytes that the function writes, the head of the answer included: the request asks to upgrade to what HTTP
    /// need not understand. The connection ends with the function. Requests on HTTP/2 are refused.
    case takeOver(RawExchange)
}

/// What answers requests.
public protocol Responder: Sendable {
    /// Called on the connection's event loop: must not block.
    func respond(to request: HTTPRequest, on eventLoop: any EventLoop) -> Reply

    /// How a refusal by the connection itself is worded: 400, 408, 413, 431.
    func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse
}

/// What a connection may use up. Times are for one client that is slow or silent, not for the work of the server.
public struct HTTPLimits: Sendable {
    /// Bytes of request line and headers: 431 beyond.
    public var headerBytes = 64 * 1024
    /// Bytes of a request body: 413 beyond.
    public var bodyBytes = 3 * 1024 * 1024
    /// Bytes of a WebSocket message, its fragments together: close code 1009 beyond.
    public var webSocketMessageBytes = 4 * 1024 * 1024
    /// Open at once; further ones are closed before the TLS handshake.
    public var connections = 10_000
    /// Open at once from one IP address.
    public var connectionsPerAddress = 5_000
    /// Requests at once on one HTTP/2 connection.
    public var maxConcurrentStreams = 250
    public var handshakeTimeout = TimeAmount.seconds(10)
    /// From the first byte of a request to the end of its headers.
    public var headerTimeout = TimeAmount.seconds(10)
    /// From the headers to the end of the body: 408 beyond.
    public var bodyTimeout = TimeAmount.seconds(60)
    /// Without a request.
    public var idleTimeout = TimeAmount.seconds(180)
    /// During which a client reads nothing of an answer that waits for it. Streams are not meant.
    public var stallTimeout = TimeAmount.seconds(60)

    public init() {}
}
