internal import Glibc

/// Mounts on this node. All of these block, and need CAP_SYS_ADMIN.
enum Mounts {
    /// Mounts a tmpfs at an existing directory, unless one is there already.
    /// - Parameter size: bytes; nil for the kernel's half of the memory.
    static func tmpfs(at path: String, mode: UInt32 = 0o755, size: Int? = nil) throws {
        if isFileSystemRoot(path) { return }
        let options = "mode=\(String(mode, radix: 8))" + (size.map { ",size=\($0)" } ?? "")
        let flags = UInt(MS_NOSUID | MS_NODEV)
        guard mount("tmpfs", path, "tmpfs", flags, options) == 0 else { throw SystemError("mount tmpfs at", path) }
    }

    /// Shows the file or directory `source` at `target` also.
    static func bind(_ source: String, at target: String) throws {
        guard mount(source, target, nil, UInt(MS_BIND), nil) == 0 else {
            throw SystemError("bind mount at", target)
        }
    }

    /// Lets mounts below the directory be seen by its peers, e.g. in containers (mount_namespaces(7)).
    static func share(_ path: String) throws {
        if !isMountPoint(path) { try bind(path, at: path) }
        guard mount(nil, path, nil, UInt(MS_SHARED | MS_REC), nil) == 0 else {
            throw SystemError("share mount at", path)
        }
    }

    /// Takes away everything mounted at the path or below, the deepest first.
    static func unmountAll(below path: String) throws {
        for point in points(below: path).reversed() {
            guard umount2(point, Int32(UMOUNT_NOFOLLOW)) == 0 || errno == EINVAL || errno == ENOENT else {
                throw SystemError("unmount", point)
            }
        }
    }

    static func isMountPoint(_ path: String) -> Bool { points(below: path).contains(path) }

    /// Whether a file system of its own is mounted at the directory. Unlike `isMountPoint` it does not see bind mounts
    /// within one file system, and costs nothing.
    static func isFileSystemRoot(_ path: String) -> Bool {
        var (own, parent) = (stat(), stat())
        return stat(path, &own) == 0 && stat(path + "/..", &parent) == 0 && own.st_dev != parent.st_dev
    }

    /// Mount points at the path or below, in the order in which they were mounted (proc_pid_mountinfo(5)).
    static func points(below path: String) -> [String] {
        guard let text = Files.text("/proc/self/mountinfo") else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4 else { return nil }
            let point = unescape(fields[4])
            return point == path || point.hasPrefix(path + "/") ? point : nil
        }
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    static func unescape(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
