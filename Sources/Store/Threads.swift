import Glibc

public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Wakes one waiting thread; a ring before the wait is kept.
///
/// @unchecked: every access to `rung` is under the mutex; the mutex and condition never move.
final class Doorbell: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var rung = false

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func ring() {
        pthread_mutex_lock(mutex)
        let wasRung = rung
        rung = true
        pthread_mutex_unlock(mutex)
        if !wasRung { pthread_cond_signal(condition) }
    }

    /// Returns after a ring or the time, whichever comes first; nil: no time limit.
    func wait(seconds: Double? = nil) {
        pthread_mutex_lock(mutex)
        defer {
            rung = false
            pthread_mutex_unlock(mutex)
        }
        guard let seconds else {
            while !rung { pthread_cond_wait(condition, mutex) }
            return
        }
        let deadline = monotonicSeconds() + seconds
        var time = timespec(tv_sec: Int(deadline), tv_nsec: Int((deadline - deadline.rounded(.down)) * 1e9))
        while !rung, pthread_cond_timedwait(condition, mutex, &time) == 0 {}
    }
}

/// Runs a closure on a thread of its own. False if the system has no more threads.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let start = Unmanaged.passRetained(Start(body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, start.toOpaque())
    guard status == 0 else {
        start.release()
        return false
    }
    pthread_detach(thread)
    return true
}
