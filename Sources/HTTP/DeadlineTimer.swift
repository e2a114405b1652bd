internal import NIOCore

/// One timer for a connection, whose deadline is moved with every request: moving it later costs a store, because the
/// timer that is already running looks at the deadline when it fires.
struct DeadlineTimer {
    private(set) var deadline = NIODeadline.distantFuture
    private var scheduled: (at: NIODeadline, timer: Scheduled<Void>)?

    /// `fire` is called when the timer runs; it must call `isDue` and do nothing if that says no.
    mutating func set(
        _ deadline: NIODeadline, on eventLoop: any EventLoop, _ fire: @autoclosure () -> @Sendable () -> Void
    ) {
        self.deadline = deadline
        if let scheduled {
            if scheduled.at <= deadline { return }
            scheduled.timer.cancel()
            self.scheduled = nil
        }
        guard deadline < .distantFuture else { return }
        scheduled = (deadline, eventLoop.scheduleTask(deadline: deadline, fire()))
    }

    /// Whether the deadline has come; else the timer runs on.
    mutating func isDue(on eventLoop: any EventLoop, _ fire: @autoclosure () -> @Sendable () -> Void) -> Bool {
        scheduled = nil
        if deadline <= .now() { return true }
        set(deadline, on: eventLoop, fire())
        return false
    }

    mutating func cancel() {
        scheduled?.timer.cancel()
        scheduled = nil
        deadline = .distantFuture
    }
}
