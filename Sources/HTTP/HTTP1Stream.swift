internal import NIOCore

/// A streamed body on HTTP/1.1: a chunk for each flush.
extension HTTP1Connection: StreamSink {
    /// Eight digits and a line break, filled in when the chunk's size is known.
    private static let chunkHead = 10

    func streamWrite(_ bytes: UnsafeRawBufferPointer) {
        guard case .streaming(let stream) = exchange, !bytes.isEmpty else { return }
        if chunk == nil {
            var fresh = stream.allocator.buffer(capacity: max(chunkCapacity, bytes.count + Self.chunkHead + 2))
            if isChunked { fresh.writeStaticString("00000000\r\n") }
            chunk = fresh
        }
        chunk?.writeBytes(bytes)
        if let count = chunk?.readableBytes, count >= BodyCursor.pieceSize { streamFlush() }
    }

    func streamFlush() {
        guard case .streaming = exchange else { return }
        guard let buffer = takeChunk() else {
            context?.flush()
            return
        }
        if let context { context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil) }
    }

    func streamFinish() {
        guard case .streaming = exchange, let context else { return }
        var buffer = takeChunk() ?? context.channel.allocator.buffer(capacity: 8)
        if isChunked { buffer.writeStaticString("0\r\n\r\n") }
        exchange = .working
        finish(writing: buffer)
    }

    func streamAbort() {
        guard case .streaming = exchange else { return }
        context?.close(promise: nil)
    }

    private func takeChunk() -> ByteBuffer? {
        guard var buffer = chunk else { return nil }
        chunk = nil
        chunkCapacity = min(BodyCursor.pieceSize, max(1024, buffer.readableBytes))
        guard isChunked else { return buffer }
        var size = buffer.readableBytes - Self.chunkHead
        for index in stride(from: buffer.readerIndex + 7, through: buffer.readerIndex, by: -1) {
            let digit = UInt8(size & 15)
            buffer.setInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10, at: index)
            size >>= 4
        }
        buffer.writeStaticString("\r\n")
        return buffer
    }
}
