internal import CZlib
internal import HTTP
internal import NIOHTTP1

/// Large answers are sent compressed to clients that take gzip, as upstream does: on a network the time to compress is less than
/// the time to send.
enum Compression {
    /// Smaller answers are sent as they are.
    static let threshold = 128 << 10

    static func applies(to response: HTTPResponse, _ request: HTTPRequest) -> Bool {
        let size =
            switch response.body {
            case .bytes(let bytes): bytes.count
            case .slices(let slices): slices.reduce(0) { $0 + $1.count }
            case .none, .stream: 0
            }
        return size >= threshold && response.status == .ok && request.method == .GET && accepts(request.headers)
    }

    private static func accepts(_ headers: HTTPHeaders) -> Bool {
        headers["accept-encoding"].contains { header in
            header.split(separator: ",").contains { part in
                let type = MediaType(part)
                return type.base == "gzip" && type.parameters["q"] != "0"
            }
        }
    }

    static func compress(_ response: HTTPResponse) -> HTTPResponse {
        var compressed = response
        let pieces: [[UInt8]] =
            switch response.body {
            case .bytes(let bytes): [bytes]
            case .slices(let slices): slices
            case .none, .stream: []
            }
        guard let body = gzip(pieces) else { return response }
        compressed.body = .slices(body)
        compressed.headers.replaceOrAdd(name: "content-encoding", value: "gzip")
        compressed.headers.add(name: "vary", value: "Accept-Encoding")
        return compressed
    }

    /// Nil when there is no memory for it.
    private static func gzip(_ pieces: [[UInt8]]) -> [[UInt8]]? {
        var stream = z_stream()
        guard segler_gzip_begin(&stream, Z_BEST_SPEED) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let chunk = 64 << 10
        var output: [[UInt8]] = []
        for index in pieces.indices {
            var piece = pieces[index]
            let flush = index == pieces.count - 1 ? Z_FINISH : Z_NO_FLUSH
            piece.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                repeat {
                    output.append(
                        [UInt8](unsafeUninitializedCapacity: chunk) { room, count in
                            stream.next_out = room.baseAddress
                            stream.avail_out = UInt32(chunk)
                            deflate(&stream, flush)
                            count = chunk - Int(stream.avail_out)
                        })
                } while stream.avail_out == 0
            }
        }
        return output.filter { !$0.isEmpty }
    }
}
