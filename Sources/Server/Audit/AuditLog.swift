internal import Dispatch
internal import Glibc
internal import Synchronization

/// The file that gets one line for each request, when the operator wants one. Lines are written by a thread of its own; a full
/// file is renamed to FILE.1, and those before it move on.
/// https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
public final class AuditLog: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }
    private let path: String
    private let maximumSize: Int
    private let backups: Int
    private let queue = DispatchQueue(label: "audit")
    private struct State {
        var pending: [UInt8] = []
        var lost = 0
        var isScheduled = false
    }
    private let state = Mutex(State())
    private let file: Mutex<(descriptor: Int32, size: Int)>

    /// So many bytes may wait for the disk; what comes then is counted, not kept.
    private static let limit = 16 << 20

    /// - Parameters:
    ///   - maximumSize: bytes after which another file is begun.
    ///   - backups: how many full files are kept.
    public init(path: String, maximumSize: Int, backups: Int) throws(Failure) {
        (self.path, self.maximumSize, self.backups) = (path, maximumSize, backups)
        let descriptor = try Self.open(path)
        let size = Int(lseek(descriptor, 0, SEEK_END))
        file = Mutex((descriptor, size))
    }

    deinit { file.withLock { _ = Glibc.close($0.descriptor) } }

    private static func open(_ path: String) throws(Failure) -> Int32 {
        let descriptor = Glibc.open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(description: "the audit log \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    func add(_ line: [UInt8]) {
        let schedules = state.withLock { state in
            if state.pending.count + line.count > Self.limit {
                state.lost += 1
                return false
            }
            state.pending += line
            state.pending.append(UInt8(ascii: "\n"))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedules { queue.async { self.flush() } }
    }

    /// Returns when all that was added is in the file.
    public func close() { queue.sync { flush() } }

    private func flush() {
        let (bytes, lost) = state.withLock { state in
            defer { state = State() }
            return (state.pending, state.lost)
        }
        if lost > 0 { write(Array("{\"lost\":\(lost)}\n".utf8)) }
        if !bytes.isEmpty { write(bytes) }
    }

    private func write(_ bytes: [UInt8]) {
        file.withLock { file in
            if file.size > 0, file.size + bytes.count > maximumSize { rotate(&file) }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                // A full disk must not stop the API; the gap is in the next line that fits.
                guard count > 0 else { return state.withLock { $0.lost += rest.count { $0 == UInt8(ascii: "\n") } } }
                rest = rest.dropFirst(count)
                file.size += count
            }
        }
    }

    private func rotate(_ file: inout (descriptor: Int32, size: Int)) {
        if backups == 0 {
            unlink(path)
        } else {
            for number in stride(from: backups - 1, through: 1, by: -1) {
                rename("\(path).\(number)", "\(path).\(number + 1)")
            }
            rename(path, "\(path).1")
        }
        guard let new = try? Self.open(path) else { return }
        Glibc.close(file.descriptor)
        file = (new, 0)
    }
}
