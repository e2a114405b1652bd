import Glibc

enum UnixSocket {
    /// The process that listens at a path (unix(7), SO_PEERCRED); nil when nothing does.
    static func listener(at path: String) -> pid_t? {
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard path.utf8.count < target.count else { return false }
            target.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { return nil }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard connected else { return nil }
        var credentials: [pid_t] = [0, 0, 0]  // struct ucred: pid, uid, gid
        var length = socklen_t(MemoryLayout<pid_t>.size * 3)
        guard getsockopt(file, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials[0] > 0
        else { return nil }
        return credentials[0]
    }
}
