import NIOCore

/// The frames of SPDY/3.1 (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/) that a client of CRI
/// streaming servers meets.
enum SPDYFrame {
    case synReply(stream: UInt32, fin: Bool)
    case reset(stream: UInt32)
    case ping(UInt32)
    case goAway
    case data(stream: UInt32, ByteBuffer, fin: Bool)
    /// Nothing to be done about: SETTINGS, HEADERS, WINDOW_UPDATE. The servers (moby/spdystream) neither heed nor send
    /// window updates, so neither do we: waiting for one would stall after 64 KiB. TCP slows down whom it must.
    case other

    /// Takes a whole frame off the buffer; nil when it is not all there.
    static func read(from buffer: inout ByteBuffer) -> SPDYFrame? {
        guard let (word, flagsAndLength) = buffer.peekMultipleIntegers(as: (UInt32, UInt32).self) else { return nil }
        let length = Int(flagsAndLength & 0xFF_FFFF)
        let fin = flagsAndLength >> 24 & 1 == 1
        guard buffer.readableBytes >= 8 + length else { return nil }
        buffer.moveReaderIndex(forwardBy: 8)
        guard var payload = buffer.readSlice(length: length) else { return nil }
        guard word >> 31 == 1 else { return .data(stream: word, payload, fin: fin) }
        let first = payload.readInteger(as: UInt32.self) ?? 0
        switch word & 0xFFFF {
        case 2: return .synReply(stream: first & 0x7FFF_FFFF, fin: fin)
        case 3: return .reset(stream: first & 0x7FFF_FFFF)
        case 6: return .ping(first)
        case 7: return .goAway
        default: return .other
        }
    }

    static func data(stream: UInt32, _ bytes: ByteBuffer, fin: Bool = false) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(8 + bytes.readableBytes)
        frame.writeMultipleIntegers(stream, UInt32(fin ? 1 : 0) << 24 | UInt32(bytes.readableBytes))
        frame.writeImmutableBuffer(bytes)
        return frame
    }

    static func ping(_ id: UInt32) -> ByteBuffer { control(type: 6) { $0.writeInteger(id) } }

    /// - Parameter first: whether this is the session's first frame with headers: all header blocks of one direction are
    ///   one zlib stream, so its beginning precedes the first of them.
    static func synStream(_ stream: UInt32, headers: [(String, String)], first: Bool) -> ByteBuffer {
        var block = ByteBuffer()
        block.writeInteger(UInt32(headers.count))
        for (name, value) in headers {
            block.writeInteger(UInt32(name.utf8.count))
            block.writeString(name)
            block.writeInteger(UInt32(value.utf8.count))
            block.writeString(value)
        }
        return control(type: 1) { frame in
            frame.writeMultipleIntegers(stream, 0 as UInt32, 0 as UInt16)
            if first {
                // RFC 1950: deflate with a 32 KiB window, a preset dictionary follows (FDICT), and the Adler-32 of the
                // dictionary of SPDY/3.
                frame.writeMultipleIntegers(0x7820 as UInt16, 0xE3C6_A7C2 as UInt32)
            }
            // RFC 1951: a stored block, not the last; then an empty one, which is how zlib marks the end of a flush.
            for length in [UInt16(block.readableBytes), 0] {
                frame.writeInteger(0 as UInt8)
                frame.writeMultipleIntegers(length, ~length, endianness: .little)
                frame.writeBuffer(&block)
            }
        }
    }

    private static func control(type: UInt16, _ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var payload = ByteBuffer()
        write(&payload)
        var frame = ByteBuffer()
        frame.writeMultipleIntegers(0x8003 as UInt16, type, UInt32(payload.readableBytes))
        frame.writeBuffer(&payload)
        return frame
    }
}
