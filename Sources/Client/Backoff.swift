/// Growing delays between attempts, in seconds, with jitter so that many clients do not come back at once.
public struct Backoff: Sendable {
    public let initial: Double
    public let maximum: Double
    public let factor: Double
    /// A delay is lengthened by a random part of itself, up to this share.
    public let jitter: Double
    private var upcoming: Double

    public init(initial: Double, maximum: Double, factor: Double = 2, jitter: Double = 0) {
        (self.initial, self.maximum, self.factor, self.jitter) = (initial, maximum, factor, jitter)
        upcoming = initial
    }

    /// How long to wait now; the next delay is `factor` times as long.
    public mutating func next() -> Double {
        let delay = upcoming
        upcoming = min(maximum, upcoming * factor)
        return jitter > 0 ? delay * (1 + Double.random(in: 0...jitter)) : delay
    }

    /// The last attempt succeeded.
    public mutating func reset() { upcoming = initial }

    /// The delay after so many failures (the first is 0), without jitter.
    public func delay(afterFailures failures: Int) -> Double {
        var delay = initial
        for _ in 0..<max(0, failures) where delay < maximum { delay *= factor }
        return min(maximum, delay)
    }
}
