internal import API
internal import Glibc
internal import JSON

/// A directory that lives as long as the pod. https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
enum EmptyDirVolume: VolumeKind {
    static let field = "emptyDir"

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> String {
        let path = context.directory("empty-dir", volume)
        let inMemory = volume["emptyDir"]["medium"].equals("Memory")
        let size = volume["emptyDir"]["sizeLimit"].string.flatMap { Quantity($0)?.value }
        let group = context.fsGroup
        try await blocking {
            if !Files.isDirectory(path) || inMemory && !Mounts.isFileSystemRoot(path) {
                try Files.makeDirectories(path, mode: 0o777)
                if inMemory { try Mounts.tmpfs(at: path, mode: 0o777, size: size) }
                if let group {
                    guard chown(path, uid_t.max, group) == 0 else { throw SystemError("chown", path) }
                    guard chmod(path, 0o2777) == 0 else { throw SystemError("chmod", path) }
                }
            }
        }
        return path
    }
}
