internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2
internal import TLS

/// Waits for the end of the TLS handshake, then puts the handlers of the protocol agreed on in its place.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let server: ServerContext
    private let id: UInt64
    private let remoteAddress: String

    init(server: ServerContext, id: UInt64, remoteAddress: String) {
        self.server = server
        self.id = id
        self.remoteAddress = remoteAddress
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let handshake = event as? TLSHandshakeCompleted else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        let info = ConnectionInfo(
            remoteAddress: remoteAddress, peerCertificate: handshake.peerCertificate,
            isHTTP2: handshake.alpn == "h2")
        do {
            let connection: any DrainableConnection
            let pipeline = context.pipeline.syncOperations
            if info.isHTTP2 {
                let http2 = HTTP2Connection(server: server, info: info, id: id)
                try pipeline.addHandlers([HTTP2Connection.codec(server.limits), http2])
                connection = http2
            } else {
                var decoding = NIOHTTPDecoderLimitConfiguration()
                // Twice the limit, so that what is over it can still be read and refused politely.
                decoding.maxHeaderFieldSize = server.limits.headerBytes
                decoding.maxHeaderListSize = 2 * server.limits.headerBytes
                let decoder = ByteToMessageHandler(
                    HTTPRequestDecoder(
                        leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop,
                        limitConfiguration: decoding))
                let http1 = HTTP1Connection(server: server, info: info, id: id, decoder: decoder)
                try pipeline.addHandlers([decoder, http1])
                connection = http1
            }
            pipeline.removeHandler(context: context, promise: nil)
            let handle = ConnectionTable.Handle(connection, eventLoop: context.eventLoop)
            if server.connections.attach(id, handle) { connection.drain() }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server.connections.remove(id)
        context.fireChannelInactive()
    }

    /// A failed handshake; the TLS handler closes the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !(error is TLSError) { context.close(promise: nil) }
    }
}
