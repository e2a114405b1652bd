internal import NIOCore

/// Walks over a body that is in memory and cuts it into pieces of bounded size.
struct BodyCursor {
    static let pieceSize = 64 * 1024

    private var slices: [[UInt8]]
    private var index = 0
    private var offset = 0
    private(set) var remaining: Int

    init(_ slices: [[UInt8]], count: Int) {
        self.slices = slices
        remaining = count
    }

    /// Moves up to `limit` bytes into `buffer`.
    mutating func read(into buffer: inout ByteBuffer, limit: Int = BodyCursor.pieceSize) {
        var room = limit
        while room > 0, index < slices.count {
            let slice = slices[index]
            let count = min(room, slice.count - offset)
            slice.withUnsafeBytes { bytes in
                _ = buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
            }
            room -= count
            remaining -= count
            offset += count
            if offset == slice.count {
                index += 1
                offset = 0
            }
        }
    }
}
