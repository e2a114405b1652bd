// Connections: HTTP/1.1 (RFC 9112), HTTP/2 (RFC 9113) and WebSocket (RFC 6455) over TLS, on SwiftNIO.
//
// HTTPServer      listens, counts and limits connections, shuts down without losing a running request
// Responder       what answers requests; the same for both versions of HTTP
// ResponseStream  a body that is written as it comes: watches, logs
// HTTP1, HTTP2    a handler each, straight between NIO's codec and the responder: no channel, task or promise a request
// WebSocket       messages after an upgrade

public import NIOCore
public import NIOHTTP1
public import TLS

/// What is known of the connection that requests come on.
public final class ConnectionInfo: Sendable {
    /// The other side's IP address, without its port; empty if it is already gone.
    public let remoteAddress: String
    /// What the client proved to be, if it sent a certificate; verified.
    public let peerCertificate: PeerCertificate?
    public let isHTTP2: Bool

    public init(remoteAddress: String, peerCertificate: PeerCertificate? = nil, isHTTP2: Bool = false) {
        self.remoteAddress = remoteAddress
        self.peerCertificate = peerCertificate
        self.isHTTP2 = isHTTP2
    }
}

/// A request with its whole body.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// The request target as it was sent.
    public var uri: String
    /// The part of `uri` before `?`, percent-encoded.
    public var path: String
    /// The part of `uri` after `?`, percent-encoded; nil without one.
    public var query: String?
    /// `Host` holds the authority on HTTP/2 too.
    public var headers: HTTPHeaders
    public var body: ByteBuffer
    public var connection: ConnectionInfo

    public init(
        method: HTTPMethod, uri: String, headers: HTTPHeaders = HTTPHeaders(), body: ByteBuffer = ByteBuffer(),
        connection: ConnectionInfo
    ) {
        self.method = method
        self.uri = uri
        if let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(uri[..<mark])
            query = String(uri[uri.utf8.index(after: mark)...])
        } else {
            path = uri
        }
        self.headers = headers
        self.body = body
        self.connection = connection
    }
}

/// An answer. `Content-Length` and `Transfer-Encoding` are added by the connection.
public struct HTTPResponse: Sendable {
    public var status: HTTPResponseStatus
    public var headers: HTTPHeaders
    public var body: HTTPBody

    public init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = HTTPHeaders(), body: HTTPBody = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

public enum HTTPBody: Sendable {
    case none
    case bytes([UInt8])
    /// The concatenation, written piece by piece as fast as the client reads.
    case slices([[UInt8]])
    /// Called once on the connection's event loop when the head has been written; not called for HEAD.
    case stream(@Sendable (ResponseStream) -> Void)

    /// nil for a stream.
    var count: Int? {
        switch self {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .slices(let slices): slices.reduce(0) { $0 + $1.count }
        case .stream: nil
        }
    }
}
