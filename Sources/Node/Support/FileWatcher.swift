// Dispatch sources may be used from any thread; the Linux header does not say so.
@preconcurrency internal import Dispatch
internal import Glibc
internal import Synchronization

/// Tells of changes in directories by inotify(7): one descriptor and one queue for the whole agent.
final class FileWatcher: Sendable {
    typealias Handler = @Sendable (_ mask: UInt32, _ name: String) -> Void

    private struct Watched {
        let path: String
        var handlers: [Int: (mask: UInt32, handler: Handler)] = [:]
    }
    private struct State {
        var watches: [Int32: Watched] = [:]
        var nextID = 0
    }
    private let state = Mutex(State())
    private let descriptor: Int32
    private let source: any DispatchSourceRead

    /// Written to, made, closed after writing, renamed.
    static let modified = UInt32(IN_MODIFY)
    static let created = UInt32(IN_CREATE)
    static let closed = UInt32(IN_CLOSE_WRITE)
    static let moved = UInt32(IN_MOVED_TO)
    /// Deleted, or renamed to somewhere else.
    static let removed = UInt32(IN_DELETE | IN_MOVED_FROM)

    init() throws {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("inotify_init", "") }
        self.descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "inotify"))
        source.setEventHandler { [weak self] in self?.read() }
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    deinit { source.cancel() }

    /// Ends when it is let go.
    final class Watch: Sendable {
        private let end: @Sendable () -> Void
        init(_ end: @escaping @Sendable () -> Void) { self.end = end }
        deinit { end() }
    }

    /// Calls the handler for the masked events of the directory's entries. nil: there is no such directory.
    func watch(_ directory: String, _ mask: UInt32, _ handler: @escaping Handler) -> Watch? {
        state.withLock { state in
            let wd = inotify_add_watch(descriptor, directory, mask | UInt32(IN_MASK_ADD))
            guard wd >= 0 else { return nil }
            state.nextID += 1
            let id = state.nextID
            state.watches[wd, default: Watched(path: directory)].handlers[id] = (mask, handler)
            return Watch { [weak self] in self?.remove(wd, id) }
        }
    }

    private func remove(_ wd: Int32, _ id: Int) {
        state.withLock { state in
            guard var watched = state.watches[wd], watched.handlers.removeValue(forKey: id) != nil else { return }
            if watched.handlers.isEmpty {
                state.watches[wd] = nil
                inotify_rm_watch(descriptor, wd)
            } else {
                state.watches[wd] = watched
                // Nobody waits for what only the one that left had asked for.
                _ = inotify_add_watch(descriptor, watched.path, watched.handlers.values.reduce(0) { $0 | $1.mask })
            }
        }
    }

    private func read() {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var at = 0
                let header = MemoryLayout<inotify_event>.size
                while at + header <= count {
                    let event = buffer.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
                    let bytes = buffer[(at + header)..<min(count, at + header + Int(event.len))]
                    tell(event, String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
                    at += header + Int(event.len)
                }
            }
        }
    }

    private func tell(_ event: inotify_event, _ name: String) {
        let handlers = state.withLock { state -> [Handler] in
            if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                return state.watches.values.flatMap { $0.handlers.values.map(\.handler) }
            }
            let handlers =
                state.watches[event.wd]?.handlers.values.filter { $0.mask & event.mask != 0 }.map(\.handler) ?? []
            // The directory was removed: the kernel has taken the watch away.
            if event.mask & UInt32(IN_IGNORED) != 0 { state.watches[event.wd] = nil }
            return handlers
        }
        for handler in handlers { handler(event.mask, name) }
    }
}
