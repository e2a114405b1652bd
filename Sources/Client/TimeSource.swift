public import API
internal import Synchronization

/// Time as controllers see it. Injected, so that a test decides when an hour has passed.
public protocol TimeSource: Sendable {
    /// The wall clock: what timestamps in objects say. It may jump.
    var now: Time { get }
    /// Seconds since some fixed moment; never goes back. What delays and deadlines are computed with.
    var uptime: Double { get }
    /// Returns once `uptime` has reached the deadline; throws only `CancellationError`.
    func sleep(until deadline: Double) async throws
}

/// The machine's own clocks.
public struct SystemTime: TimeSource {
    private static let start = ContinuousClock.now

    public init() {}
    public var now: Time { .now }
    public var uptime: Double { (ContinuousClock.now - Self.start) / .seconds(1) }
    public func sleep(until deadline: Double) async throws {
        try await Task.sleep(until: Self.start + .seconds(deadline), clock: .continuous)
    }
}

extension TimeSource {
    public func sleep(seconds: Double) async throws { try await sleep(until: uptime + seconds) }
}
