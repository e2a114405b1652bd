import Glibc

/// The few things done with files here, with plain system calls.
enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// In bytes.
    static func length(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return readToEnd(file)
    }

    static func readToEnd(_ file: Int32) -> [UInt8] {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return content }
            content.append(contentsOf: piece[..<count])
        }
    }

    static func readText(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Replaces the file in one step: readers see the old content or the new.
    static func write(_ content: [UInt8], to path: String, mode: mode_t = 0o644) throws {
        let temporary = "\(path).\(getpid()).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure("cannot write \(path)") }
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("cannot write \(path)")
                close(file)
                unlink(temporary)
                throw error
            }
            written += count
        }
        close(file)
        guard rename(temporary, path) == 0 else { throw failure("cannot write \(path)") }
    }

    /// Writes to a file that is there already, such as those below /proc/sys.
    static func set(_ path: String, to value: String) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return Glibc.write(file, value, value.utf8.count) == value.utf8.count
    }

    static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    /// Makes a directory and those above it.
    static func makeDirectory(_ path: String, mode: mode_t = 0o755) throws {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            guard mkdir(part, mode) == 0 || errno == EEXIST || errno == EISDIR else {
                throw failure("cannot make the directory \(part)")
            }
        }
    }

    /// The numbers of this process's open files, and perhaps of some just closed.
    static var openFiles: [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var files: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let file = Int32(name) { files.append(file) }
        }
        return files
    }

    static func failure(_ what: String) -> RuntimeError {
        RuntimeError(.internal, "\(what): \(String(cString: strerror(errno)))")
    }

    /// The first of the directories of PATH and of the usual ones that has the program.
    static func program(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return (path.split(separator: ":").map(String.init) + usual).lazy.map { "\($0)/\(name)" }.first(
            where: isExecutable)
    }
}
