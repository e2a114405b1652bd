import API
import Testing

@testable import Controllers

@Suite struct CronScheduleTests {
    private func times(_ schedule: String, _ zone: String = "UTC", after: String, count: Int = 3) throws -> [String] {
        let (schedule, zone) = (try CronSchedule(schedule), try #require(TimeZone(named: zone)))
        var at = try #require(Time(after)).secondsSince1970
        return (0..<count).compactMap { _ in
            guard let next = schedule.next(after: at, in: zone) else { return nil }
            at = next
            return Time(secondsSince1970: next).description
        }
    }

    @Test(arguments: [
        ("*/15 * * * *", ["2026-01-30T10:15:00Z", "2026-01-30T10:30:00Z", "2026-01-30T10:45:00Z"]),
        ("5/20 10 * * *", ["2026-01-30T10:05:00Z", "2026-01-30T10:25:00Z", "2026-01-30T10:45:00Z"]),
        ("0 0 31 * *", ["2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]),
        ("0 12 * feb-MAR mon", ["2026-02-02T12:00:00Z", "2026-02-09T12:00:00Z", "2026-02-16T12:00:00Z"]),
        // Either of the days is enough when both are restricted.
        ("0 0 1 * 0", ["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z", "2026-02-15T00:00:00Z"]),
        ("0 0 29 2 *", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "2036-02-29T00:00:00Z"]),
        ("@hourly", ["2026-01-30T11:00:00Z", "2026-01-30T12:00:00Z", "2026-01-30T13:00:00Z"]),
        ("@weekly", ["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z", "2026-02-15T00:00:00Z"]),
        ("@every 1h30m", ["2026-01-30T11:30:30Z", "2026-01-30T13:00:30Z", "2026-01-30T14:30:30Z"]),
        ("1,31 8-9 * * *", ["2026-01-31T08:01:00Z", "2026-01-31T08:31:00Z", "2026-01-31T09:01:00Z"]),
    ])
    func aScheduleComesUpWhenCronSays(schedule: String, expected: [String]) throws {
        #expect(try times(schedule, after: "2026-01-30T10:00:30Z") == expected)
    }

    @Test(arguments: [
        "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *",
        "*/0 * * * *", "a * * * *", "@never", "@every x", "-1 * * * *", "1-2-3 * * * *",
    ])
    func whatIsNoScheduleIsRefused(text: String) {
        #expect(throws: CronSchedule.Problem.self) { try CronSchedule(text) }
    }

    @Test func aDateThatNeverIsNeverComesUp() throws {
        #expect(try CronSchedule("0 0 30 2 *").next(after: 1_800_000_000, in: .utc) == nil)
    }

    @Test func aTimeZoneMovesWithItsSummerTime() throws {
        #expect(
            try times("30 6 * * *", "Europe/Berlin", after: "2026-03-28T00:00:00Z")
                == ["2026-03-28T05:30:00Z", "2026-03-29T04:30:00Z", "2026-03-30T04:30:00Z"])
        // 02:30 does not exist on 29 March.
        #expect(
            try times("30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00:00Z")
                == ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"])
        // Far beyond what the file lists, by the rule at its end.
        #expect(
            try times("0 12 1 7,12 *", "Europe/Berlin", after: "2090-05-01T00:00:00Z", count: 2)
                == ["2090-07-01T10:00:00Z", "2090-12-01T11:00:00Z"])
        #expect(
            try times("0 0 1 1 *", "Australia/Sydney", after: "2060-05-01T00:00:00Z", count: 1)
                == ["2060-12-31T13:00:00Z"])
        #expect(
            try times("0 0 * * *", "Asia/Kolkata", after: "2026-01-01T00:00:00Z", count: 1) == ["2026-01-01T18:30:00Z"])
    }

    @Test(arguments: ["Nowhere/Land", "../../../etc/passwd", "/etc/passwd", ""])
    func whatIsNoTimeZoneIsNone(name: String) { #expect(TimeZone(named: name) == nil) }

    @Test func aBrokenZoneFileIsNoTimeZone() {
        for length in [0, 3, 4, 44, 60] {
            var bytes = Array("TZif2".utf8) + [UInt8](repeating: 0xFF, count: 200)
            bytes.removeLast(bytes.count - min(bytes.count, length))
            #expect(TimeZone(tzif: bytes) == nil)
        }
    }

    @Test func theNewestOfManyMissedStartsIsMadeUpFor() throws {
        let since = try #require(Time("2026-01-01T00:00:30Z")).secondsSince1970
        let now = try #require(Time("2026-03-01T12:34:56Z")).secondsSince1970
        let minutes = try MissedStarts(CronSchedule("* * * * *"), in: .utc, since: since, now: now)
        #expect(minutes.mostRecent.map { Time(secondsSince1970: $0).description } == "2026-03-01T12:34:00Z")
        #expect(minutes.count > MissedStarts.many)
        // At uneven distances.
        let days = try MissedStarts(CronSchedule("0 10 1,2 * *"), in: .utc, since: since, now: now)
        #expect(days.mostRecent.map { Time(secondsSince1970: $0).description } == "2026-03-01T10:00:00Z")
        #expect(try MissedStarts(CronSchedule("0 0 * * *"), in: .utc, since: now, now: now + 60).mostRecent == nil)
    }
}
