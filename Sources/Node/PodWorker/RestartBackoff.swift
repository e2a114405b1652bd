internal import API

/// How long a container that ends again and again is kept waiting: the first restart comes at once, the second after 10 s,
/// then twice as long each time up to 5 min. It starts over once a container has run for 10 min.
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
struct RestartBackoff: Sendable {
    static let initial = 10.0
    static let maximum = 300.0

    /// Seconds before the next restart.
    private(set) var delay: Double?
    private var lastRestart: Time?

    /// When a container that ended at `finishedAt` may be started again; nil for at once.
    func restartTime(finishedAt: Time) -> Time? {
        guard let delay, !hasExpired(finishedAt) else { return nil }
        return finishedAt.adding(seconds: delay)
    }

    mutating func restarted(finishedAt: Time, now: Time) {
        delay = delay.map { hasExpired(finishedAt) ? Self.initial : min(Self.maximum, $0 * 2) } ?? Self.initial
        lastRestart = now
    }

    private func hasExpired(_ finishedAt: Time) -> Bool {
        lastRestart.map { finishedAt - $0 > 2 * Self.maximum } ?? true
    }
}

/// A duration as Go prints it, to whole seconds: `10s`, `1m20s`, `5m0s`.
func goDuration(seconds: Double) -> String {
    let total = Int(seconds)
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    if hours > 0 { return "\(hours)h\(minutes)m\(rest)s" }
    return minutes > 0 ? "\(minutes)m\(rest)s" : "\(rest)s"
}
