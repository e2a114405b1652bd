internal import Glibc
internal import Synchronization

/// SIGTERM and SIGINT, turned into something a task can wait for, and SIGHUP, which makes somebody do something. A handler, not a blocked or ignored signal: those would be
/// inherited by every process that is started from here.
final class StopSignals: Sendable {
    private static let pipeEnd = Atomic<Int32>(-1)
    private let state = Mutex<(isStopped: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure("no pipe for signals: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        Self.pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(StopSignals.pipeEnd.load(ordering: .relaxed), &byte, 1)
            }
        }
        signal(SIGPIPE, SIG_IGN)
        let readEnd = ends[0]
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Reader(readEnd: readEnd, signals: self))
        let failed = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                let reader = Unmanaged<Reader>.fromOpaque(raw).takeRetainedValue()
                var byte: UInt8 = 0
                repeat {
                    while read(reader.readEnd, &byte, 1) < 0, errno == EINTR {}
                    if Int32(byte) == SIGHUP { reader.signals.hangup() }
                } while Int32(byte) == SIGHUP
                reader.signals.stop()
                return nil
            }, context.toOpaque())
        if failed != 0 {
            context.release()
            throw Failure("no thread for signals: \(String(cString: strerror(failed)))")
        }
        pthread_detach(thread)
    }

    private final class Reader {
        let readEnd: Int32
        let signals: StopSignals
        init(readEnd: Int32, signals: StopSignals) { (self.readEnd, self.signals) = (readEnd, signals) }
    }

    private let onHangup = Mutex<(@Sendable () -> Void)?>(nil)

    func whenHungUp(_ action: @escaping @Sendable () -> Void) { onHangup.withLock { $0 = action } }

    private func hangup() { onHangup.withLock { $0 }?() }

    private func stop() {
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if !state.isStopped { state.waiting.append(continuation) }
                return state.isStopped
            }
            if isStopped { continuation.resume() }
        }
    }
}
