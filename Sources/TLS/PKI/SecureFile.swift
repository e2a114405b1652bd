internal import Glibc

/// Files with keys in them: whole or absent, and never readable by others for a moment.
public enum SecureFile {
    /// Replaces `path` by way of a temporary file beside it, which is synced before it takes the name.
    public static func write(_ text: String, to path: String, mode: UInt32) throws(TLSError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(TLSError) {
        let temporary = "\(path).\(Random.hex(6)).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failure("create", temporary) }
        do throws(TLSError) {
            defer { close(file) }
            // The umask may have taken bits away.
            guard fchmod(file, mode) == 0 else { throw failure("set the mode of", temporary) }
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw failure("write", temporary)
                }
                written += count
            }
            guard fsync(file) == 0 else { throw failure("sync", temporary) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = failure("replace", path)
            unlink(temporary)
            throw error
        }
        try syncDirectory(of: path)
    }

    /// nil if there is no such file.
    public static func readText(_ path: String) throws(TLSError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("read", path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// Makes the directory, and those above it, with mode 0700 where they are missing.
    public static func makeDirectory(_ path: String) throws(TLSError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw failure("create", path)
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("create", path) }
    }

    /// The rename itself survives a power cut only once the directory is synced.
    private static func syncDirectory(of path: String) throws(TLSError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure("open", directory) }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw failure("sync", directory) }
    }

    private static func failure(_ verb: String, _ path: String) -> TLSError {
        TLSError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
