internal import NIOCore
internal import NIOHTTP1

/// Heads of HTTP/1.1 responses.
enum HTTP1Writer {
    enum Framing {
        /// The status allows no body, or the length is not to be told.
        case none
        case length(Int)
        case chunked
    }

    static func writeHead(
        _ response: HTTPResponse, framing: Framing, close: Bool, into buffer: inout ByteBuffer
    ) {
        if response.status == .ok {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeStaticString("HTTP/1.1 ")
            writeDecimal(Int(response.status.code), into: &buffer)
            buffer.writeStaticString(" ")
            writeField(response.status.reasonPhrase, into: &buffer)
            buffer.writeStaticString("\r\n")
        }
        for (name, value) in response.headers where !isOwnedByConnection(name) {
            writeField(name, into: &buffer)
            buffer.writeStaticString(": ")
            writeField(value, into: &buffer)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .none: break
        case .length(let count):
            buffer.writeStaticString("Content-Length: ")
            writeDecimal(count, into: &buffer)
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        buffer.writeStaticString(close ? "Connection: close\r\n\r\n" : "\r\n")
    }

    /// Whether the connection alone decides about this field, whatever the responder says.
    static func isOwnedByConnection(_ name: String) -> Bool {
        switch name.utf8.count {
        case 7: equals(name, "upgrade")
        case 10: equals(name, "connection") || equals(name, "keep-alive")
        case 14: equals(name, "content-length")
        case 17: equals(name, "transfer-encoding")
        default: false
        }
    }

    /// Names compared without regard to ASCII case; `lower` in lower case.
    static func equals(_ name: String, _ lower: StaticString) -> Bool {
        guard name.utf8.count == lower.utf8CodeUnitCount else { return false }
        var at = lower.utf8Start
        for byte in name.utf8 {
            if byte | 0x20 != at.pointee, byte != at.pointee { return false }
            at += 1
        }
        return true
    }

    /// A value with a line break in it would begin a header of its own: such bytes become spaces.
    private static func writeField(_ text: String, into buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        let count = buffer.writeString(text)
        buffer.withUnsafeMutableReadableBytes { bytes in
            let first = bytes.count - count
            for index in first..<bytes.count where bytes[index] < 0x20 && bytes[index] != 0x09 {
                bytes[index] = 0x20
            }
        }
        assert(buffer.writerIndex == start + count)
    }

    static func writeDecimal(_ number: Int, into buffer: inout ByteBuffer) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { space in
            var at = space.count
            var rest = number
            repeat {
                at -= 1
                space[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = buffer.writeBytes(UnsafeRawBufferPointer(rebasing: space[at...]))
        }
    }
}
