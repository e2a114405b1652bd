internal import Glibc
internal import Runtime

/// Keeps the logs of containers from filling the disk: a log over 10 MiB is renamed and begun anew; of those renamed, the
/// newest four stay. https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation
enum LogRotation {
    static let maximumSize = 10 << 20
    static let maximumFiles = 5

    /// - Parameter log: DIR/ATTEMPT.log of a running container.
    static func rotate(
        _ log: String, containerID: String, _ driver: any RuntimeDriver, maximumSize: Int = maximumSize
    ) async throws {
        let renamed = try await blocking { try renameIfLarge(log, maximumSize) }
        guard let renamed else { return }
        do {
            try await driver.reopenContainerLog(id: containerID)
        } catch {
            // The runtime still writes to the old file: it gets its name back.
            try await blocking { if rename(renamed, log) != 0 { throw SystemError("rename", renamed) } }
            throw error
        }
    }

    private static func renameIfLarge(_ log: String, _ maximumSize: Int) throws -> String? {
        var info = stat()
        guard stat(log, &info) == 0, Int(info.st_size) > maximumSize else { return nil }
        let directory = log.parentPath
        let prefix = log.dropFirst(directory.count + 1) + "."
        let old = Files.names(in: directory).filter { $0.hasPrefix(prefix) }
        for name in old.dropLast(maximumFiles - 2) { try Files.removeTree("\(directory)/\(name)") }
        var now = time_t()
        time(&now)
        var renamed = "\(log).\(now)"
        while Files.exists(renamed) { renamed += "x" }
        guard rename(log, renamed) == 0 else { throw SystemError("rename", log) }
        return renamed
    }
}
