internal import Glibc
internal import JSON

/// A file or directory of the node. https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
enum HostPathVolume: VolumeKind {
    static let field = "hostPath"

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let path = volume["hostPath"]["path"].string ?? ""
        let type = volume["hostPath"]["type"].string ?? ""
        try await blocking {
            switch type {
            case "DirectoryOrCreate": try Files.makeDirectories(path)
            case "FileOrCreate": if !Files.exists(path) { try Files.write(path, [], mode: 0o644) }
            // What is mounted must be there: upstream's runtimes make a directory too.
            case "": if !Files.exists(path) { try Files.makeDirectories(path) }
            default: break
            }
            try check(path, type)
        }
        return MountedVolume(path: path)
    }

    private static func check(_ path: String, _ type: String) throws {
        let kinds: [String: (kind: mode_t, words: String)] = [
            "Directory": (S_IFDIR, "directory"), "DirectoryOrCreate": (S_IFDIR, "directory"), "File": (S_IFREG, "file"),
            "FileOrCreate": (S_IFREG, "file"), "Socket": (S_IFSOCK, "socket"),
            "CharDevice": (S_IFCHR, "character device"),
            "BlockDevice": (S_IFBLK, "block device"),
        ]
        guard let expected = kinds[type] else { return }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == expected.kind else {
            throw VolumeError("hostPath type check failed: \(path) is not a \(expected.words)")
        }
    }
}
