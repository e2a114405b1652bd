internal import API

/// Which start of a schedule is due.
struct MissedStarts {
    enum Problem: Error, CustomStringConvertible {
        case never
        var description: String { "the schedule never comes up" }
    }
    /// Above this many missed starts users are told.
    static let many = 100

    /// The newest start that is not later than now, in seconds since 1970; nil when none was missed.
    let mostRecent: Int?
    let count: Int

    /// `since`: the last start, or when the CronJob was made.
    init(_ schedule: CronSchedule, in zone: TimeZone, since: Int, now: Int) throws(Problem) {
        guard let first = schedule.next(after: since, in: zone) else { throw .never }
        guard first <= now else {
            (mostRecent, count) = (nil, 0)
            return
        }
        guard let second = schedule.next(after: first, in: zone), second <= now else {
            (mostRecent, count) = (first, 1)
            return
        }
        // Starts that lie long back are counted by the distance of the first two, instead of one by one.
        let distance = max(1, second - first)
        count = (now - first) / distance + 1
        var latest = first
        var next = schedule.next(after: max(first, first + (count - 2) * distance - 1), in: zone)
        while let start = next, start <= now {
            latest = start
            next = schedule.next(after: start, in: zone)
        }
        if latest == first {
            // The distances differ; the estimate was too far.
            next = second
            while let start = next, start <= now {
                latest = start
                next = schedule.next(after: start, in: zone)
            }
        }
        mostRecent = latest
    }
}
