internal import Glibc
internal import NIOCore
internal import Synchronization

/// The name servers of a resolv.conf(5), read again when the file has changed.
final class Resolvers: Sendable {
    private struct State {
        var modified: (Int, Int)?
        var servers: [SocketAddress] = []
    }
    private let state = Mutex(State())
    private let path: String
    private let own: String

    /// - Parameter own: an address that would lead back here.
    init(_ path: String, except own: String) { (self.path, self.own) = (path, own) }

    var servers: [SocketAddress] {
        var info = stat()
        guard stat(path, &info) == 0 else { return state.withLock { $0.servers } }
        let modified = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
        return state.withLock { state in
            if let known = state.modified, known == modified { return state.servers }
            state.modified = modified
            state.servers = Self.parse(read()).filter { $0.ipAddress != own || $0.port != 53 }
            return state.servers
        }
    }

    static func parse(_ text: String) -> [SocketAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0] == "nameserver" else { return nil }
            return try? SocketAddress(ipAddress: String(words[1]), port: 53)
        }
    }

    private func read() -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
