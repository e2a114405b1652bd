internal import Glibc
internal import NIOPosix

/// Runs work that blocks (files, mounts) on a thread made for that.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(work)
}

/// A failed system call: what was tried, on what, and why it failed.
struct SystemError: Error, CustomStringConvertible {
    let operation: String
    let path: String
    let errno: Int32

    init(_ operation: String, _ path: String, errno: Int32 = Glibc.errno) {
        (self.operation, self.path, self.errno) = (operation, path, errno)
    }

    var description: String { "\(operation) \(path): \(Self.text(errno))" }

    /// What the number means, e.g. `No such file or directory`.
    static func text(_ errno: Int32) -> String { String(cString: strerror(errno)) }
}

/// Small file operations. All of them block.
enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The file's bytes, at most `limit` of them; nil when it cannot be read.
    static func read(_ path: String, limit: Int = 16 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let wanted = min(limit - bytes.count, 64 << 10)
            var failed = false
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                var got = Glibc.read(descriptor, buffer.baseAddress, wanted)
                while got < 0, errno == EINTR { got = Glibc.read(descriptor, buffer.baseAddress, wanted) }
                failed = got < 0
                count = max(0, got)
            }
            if failed { return nil }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Without the white space around it.
    static func line(_ path: String) -> String? { text(path)?.trimmed }

    static func write(_ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o644) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        defer { close(descriptor) }
        // The umask does not count.
        guard fchmod(descriptor, mode) == 0 else { throw SystemError("chmod", path) }
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            guard count > 0 else { throw SystemError("write", path) }
            written += count
        }
    }

    /// Makes the directory and those above it. One that is there stays as it is.
    static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws {
        if mkdir(path, mode) == 0 {
            guard chmod(path, mode) == 0 else { throw SystemError("chmod", path) }
            return
        }
        switch errno {
        case EEXIST where isDirectory(path): return
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { throw SystemError("mkdir", path) }
            try makeDirectories(String(path[..<slash]))
            guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("mkdir", path) }
            _ = chmod(path, mode)
        default: throw SystemError("mkdir", path)
        }
    }

    /// The names in a directory, sorted; none when it cannot be read.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        return entries(of: stream).sorted()
    }

    private static func entries(of stream: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file or a directory with all that is in it. It follows no symbolic link and enters no other file
    /// system, so that a mount that could not be taken away keeps its content. Nothing there is success.
    static func removeTree(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw SystemError("stat", path)
        }
        try remove(path, at: AT_FDCWD, path, device: info.st_dev)
    }

    private static func remove(_ name: String, at parent: Int32, _ path: String, device: dev_t) throws {
        var info = stat()
        guard fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw SystemError("stat", path)
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            guard unlinkat(parent, name, 0) == 0 || errno == ENOENT else { throw SystemError("unlink", path) }
            return
        }
        guard info.st_dev == device else { throw SystemError("remove", path, errno: EBUSY) }
        let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw SystemError("open", path)
        }
        defer { closedir(stream) }
        for entry in entries(of: stream) { try remove(entry, at: descriptor, path + "/" + entry, device: device) }
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw SystemError("rmdir", path) }
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
