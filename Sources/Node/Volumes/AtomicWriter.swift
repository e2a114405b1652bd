internal import Glibc

/// Writes the files of a volume so that a reader sees all of the old ones or all of the new ones: they are in a directory
/// with a time in its name, `..data` is a symbolic link to it, and the visible names are links through `..data`. The one
/// link changes in a single rename.
enum AtomicWriter {
    static func write(
        _ payload: Payload, to directory: String, inMemory: Bool, _ context: VolumeContext
    ) async throws -> MountedVolume {
        let group = context.fsGroup
        return try await blocking {
            try Files.makeDirectories(directory, mode: 0o777)
            if inMemory {
                // Secrets stay off the disk, where mounting is allowed.
                do { try Mounts.tmpfs(at: directory, mode: 0o777) } catch let error as SystemError
                    where error.errno == EPERM
                {}
            }
            try write(payload, to: directory, group: group)
            return MountedVolume(path: directory)
        }
    }

    static func write(_ payload: Payload, to directory: String, group: UInt32?) throws {
        for path in payload.files.keys where !isSafe(path) { throw VolumeError("invalid path: \(path)") }
        let link = directory + "/..data"
        let current = Files.readLink(link)
        if let current, isWritten(payload, in: directory + "/" + current) {
            try removeStale(in: directory, payload, current: current)
            return
        }
        let name = stamp(avoiding: directory)
        for (path, file) in payload.files.sorted(by: { $0.key < $1.key }) {
            let full = "\(directory)/\(name)/\(path)"
            try Files.makeDirectories(full.parentPath)
            let mode = group == nil ? file.mode : file.mode | 0o440
            try Files.write(full, file.bytes, mode: mode)
            if file.owner != nil || group != nil {
                guard chown(full, file.owner ?? uid_t.max, group ?? gid_t.max) == 0 else {
                    throw SystemError("chown", full)
                }
            }
        }
        if payload.files.isEmpty { try Files.makeDirectories("\(directory)/\(name)") }
        let temporary = directory + "/..data_tmp"
        unlink(temporary)
        guard symlink(name, temporary) == 0 else { throw SystemError("symlink", temporary) }
        guard rename(temporary, link) == 0 else { throw SystemError("rename", temporary) }
        for top in Set(payload.files.keys.map(\.firstComponent)) {
            let visible = "\(directory)/\(top)"
            if symlink("..data/" + top, visible) != 0, errno != EEXIST { throw SystemError("symlink", visible) }
        }
        try removeStale(in: directory, payload, current: name)
    }

    /// Takes away links to files that are no more, and older directories, also those of a write that was broken off.
    private static func removeStale(in directory: String, _ payload: Payload, current: String) throws {
        let visible = Set(payload.files.keys.map(\.firstComponent))
        for name in Files.names(in: directory) where name != current && name != "..data" && !visible.contains(name) {
            try Files.removeTree("\(directory)/\(name)")
        }
    }

    private static func isWritten(_ payload: Payload, in directory: String) -> Bool {
        guard Files.isDirectory(directory) else { return false }
        return paths(in: directory) == Set(payload.files.keys)
            && payload.files.allSatisfy { path, file in
                let full = "\(directory)/\(path)"
                return Files.exists("\(directory)/../\(path.firstComponent)") && Files.read(full) == file.bytes
            }
    }

    private static func paths(in directory: String) -> Set<String> {
        var found: Set<String> = []
        for name in Files.names(in: directory) {
            if Files.isDirectory("\(directory)/\(name)") {
                for path in paths(in: "\(directory)/\(name)") { found.insert("\(name)/\(path)") }
            } else {
                found.insert(name)
            }
        }
        return found
    }

    /// A relative path that stays in the volume and does not hide the writer's own names.
    static func isSafe(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.isEmpty && !path.hasPrefix("..") && parts.allSatisfy { !$0.isEmpty && $0 != ".." && $0 != "." }
    }

    /// `..2006_01_02_15_04_05.NANOSECONDS`, which no other directory has.
    private static func stamp(avoiding directory: String) -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "..%Y_%m_%d_%H_%M_%S", &parts)
        let prefix = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var number = time.tv_nsec
        while Files.exists("\(directory)/\(prefix).\(number)") { number += 1 }
        return "\(prefix).\(number)"
    }
}

extension String {
    fileprivate var firstComponent: String { String(prefix { $0 != "/" }) }
    var parentPath: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "" }
}

extension Files {
    static func readLink(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
