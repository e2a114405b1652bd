internal import Synchronization

/// Says that something was written which what is kept of it does not know yet. Raised at first.
final class StaleFlag: Sendable {
    private let isRaised = Atomic(true)

    func raise() { isRaised.store(true, ordering: .releasing) }
    /// True when it was raised.
    func lower() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }
}
