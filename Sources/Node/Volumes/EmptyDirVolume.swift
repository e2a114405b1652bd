internal import API
internal import Glibc
internal import JSON

/// A directory that lives as long as the pod. https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
enum EmptyDirVolume: VolumeKind {
    static let field = "emptyDir"

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
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
        return MountedVolume(path: path)
    }

    /// What is to be said of a volume of the pod that holds more than it may; nil while all is well. Blocks.
    /// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
    static func excess(_ pod: Object, _ context: VolumeContext) -> String? {
        for volume in pod.spec["volumes"].elements {
            guard let limit = volume["emptyDir"]["sizeLimit"].string, let size = Quantity(limit)?.value, size > 0,
                Files.usage(of: context.directory("empty-dir", volume)) > size
            else { continue }
            return "Usage of EmptyDir volume \"\(volume["name"].string ?? "")\" exceeds the limit \"\(limit)\". "
        }
        return nil
    }

    static func isLimited(_ pod: Object) -> Bool {
        pod.spec["volumes"].elements.contains { $0["emptyDir"]["sizeLimit"].exists }
    }
}
