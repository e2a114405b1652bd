internal import Glibc

/// Work on directories that containers write to, where any name may be, or become, a symbolic link to somewhere else.
extension Files {
    /// open(2): only a handle, nothing is read. The header's macro is not imported.
    static let asPath: Int32 = 0o10000000

    /// A handle on what is at `path` below the directory `root`. Symbolic links count as what they are now if that is in
    /// the directory; after that look no name is followed any more, so that nothing can change in between.
    /// - Parameter makesDirectories: whether what is not there is made, with the permissions of the root.
    static func openInside(_ root: String, _ path: String, makesDirectories: Bool = false) throws -> Int32 {
        let parts = path.split(separator: "/").map(String.init)
        guard !path.hasPrefix("/"), !parts.contains("..") else { throw PathEscape(path: path) }
        guard let base = realPath(root) else { throw SystemError("open", root) }
        var known = parts.count
        var resolved: String?
        while resolved == nil, known > 0 {
            resolved = realPath(([base] + parts.prefix(known)).joined(separator: "/"))
            if resolved == nil { known -= 1 }
        }
        let found = resolved ?? base
        guard found == base || found.hasPrefix(base == "/" ? "/" : base + "/") else { throw PathEscape(path: path) }
        var handle = open(base, asPath | O_CLOEXEC)
        guard handle >= 0 else { throw SystemError("open", base) }
        var info = stat()
        fstat(handle, &info)
        let mode = info.st_mode & 0o7777
        for name in found.dropFirst(base.count).split(separator: "/").map(String.init) + parts.dropFirst(known) {
            let parent = handle
            defer { close(parent) }
            var next = openat(parent, name, asPath | O_NOFOLLOW | O_CLOEXEC)
            if next < 0, errno == ENOENT, makesDirectories {
                guard mkdirat(parent, name, mode) == 0 || errno == EEXIST else { throw SystemError("mkdir", name) }
                next = openat(parent, name, asPath | O_NOFOLLOW | O_CLOEXEC)
                // The umask does not count.
                if next >= 0, isDirectory(handlePath(next)) { _ = chmod(handlePath(next), mode) }
            }
            guard next >= 0 else { throw SystemError("open", path) }
            guard fstat(next, &info) == 0, info.st_mode & S_IFMT != S_IFLNK else {
                close(next)
                throw PathEscape(path: path)
            }
            handle = next
        }
        return handle
    }

    /// A path to what a handle is on.
    static func handlePath(_ handle: Int32) -> String { "/proc/self/fd/\(handle)" }

    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Bytes of disk that a tree takes, without other file systems in it.
    static func usage(of path: String) -> Int {
        var info = stat()
        guard lstat(path, &info) == 0 else { return 0 }
        return usage(path, info, device: info.st_dev)
    }

    private static func usage(_ path: String, _ info: stat, device: dev_t) -> Int {
        var total = Int(info.st_blocks) * 512
        guard info.st_mode & S_IFMT == S_IFDIR else { return total }
        for name in names(in: path) {
            var entry = stat()
            let full = path + "/" + name
            if lstat(full, &entry) == 0, entry.st_dev == device { total += usage(full, entry, device: device) }
        }
        return total
    }

    /// Gives a tree to a group, which may read and, unless it is read-only, write all of it.
    /// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#configure-volume-permission-and-ownership-change-policy-for-pods
    /// - Parameter onlyOnMismatch: whether a tree whose root is right is left as it is.
    static func setGroup(_ group: gid_t, of path: String, readOnly: Bool, onlyOnMismatch: Bool) throws {
        var info = stat()
        guard stat(path, &info) == 0 else { throw SystemError("stat", path) }
        let wanted: mode_t = (readOnly ? 0o440 : 0o660) | 0o2110
        if onlyOnMismatch, info.st_gid == group, info.st_mode & wanted == wanted { return }
        try setGroup(group, path, at: AT_FDCWD, follows: true, mask: readOnly ? 0o440 : 0o660)
    }

    private static func setGroup(
        _ group: gid_t, _ name: String, at parent: Int32, follows: Bool = false, mask: mode_t
    ) throws {
        let handle = openat(parent, name, asPath | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW))
        if handle < 0, errno == ENOENT { return }
        guard handle >= 0 else { throw SystemError("open", name) }
        defer { close(handle) }
        var info = stat()
        guard fstat(handle, &info) == 0 else { throw SystemError("stat", name) }
        if info.st_mode & S_IFMT == S_IFLNK {
            _ = fchownat(parent, name, uid_t.max, group, AT_SYMLINK_NOFOLLOW)
            return
        }
        let path = handlePath(handle)
        let isDirectory = info.st_mode & S_IFMT == S_IFDIR
        guard chown(path, uid_t.max, group) == 0 else { throw SystemError("chown", name) }
        guard chmod(path, info.st_mode & 0o7777 | mask | (isDirectory ? 0o2110 : 0)) == 0 else {
            throw SystemError("chmod", name)
        }
        if isDirectory { for entry in names(in: path) { try setGroup(group, entry, at: handle, mask: mask) } }
    }
}

/// A path that leads out of the directory it should stay in.
struct PathEscape: Error, CustomStringConvertible {
    let path: String
    var description: String { "\"\(path)\" leads out of the volume" }
}
