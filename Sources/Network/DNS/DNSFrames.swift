internal import NIOCore

/// Messages over TCP: two bytes of length before each (RFC 1035, section 4.2.2).
enum DNSFrames {
    static func handlers() -> [any ChannelHandler] {
        [ByteToMessageHandler(Decoder(), maximumBufferSize: 1 << 17), MessageToByteHandler(Encoder())]
    }

    private struct Decoder: ByteToMessageDecoder {
        typealias InboundOut = ByteBuffer

        mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
            guard let frame = buffer.readLengthPrefixedSlice(as: UInt16.self) else { return .needMoreData }
            context.fireChannelRead(wrapInboundOut(frame))
            return .continue
        }
        mutating func decodeLast(
            context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
        ) throws -> DecodingState { try decode(context: context, buffer: &buffer) }
    }

    private struct Encoder: MessageToByteEncoder {
        typealias OutboundIn = ByteBuffer

        func encode(data: ByteBuffer, out: inout ByteBuffer) throws {
            try out.writeLengthPrefixed(as: UInt16.self) { $0.writeImmutableBuffer(data) }
        }
    }
}

/// The bytes of datagrams on a connected socket.
final class DatagramContent: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias InboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
    }
}
