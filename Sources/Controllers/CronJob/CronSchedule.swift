internal import API

extension CronSchedule {
    /// The first moment after this one (seconds since 1970); nil when there is none within five years, such as of `0 0 30 2 *`.
    func next(after moment: Int, in zone: TimeZone) -> Int? {
        let masks: [UInt64]
        switch kind {
        case .every(let seconds): return moment + seconds
        case .fields(let fields): masks = fields
        }
        func has(_ field: Int, _ value: Int) -> Bool { masks[field] & (1 << UInt64(value)) != 0 }
        var at = moment + zone.offset(at: moment)
        at = moment + 60 - ((at % 60) + 60) % 60
        let end = moment + 5 * 366 * 86400
        while at <= end {
            let local = CivilTime(at + zone.offset(at: at))
            if !has(3, local.month) || !isDay(local, has, masks) {
                at = startOfNextDay(at, local, zone)
            } else if !has(1, local.hour) {
                at += 3600 - local.secondOfDay % 3600
            } else if !has(0, local.minute) {
                at += 60
            } else {
                return at
            }
        }
        return nil
    }

    /// Where both the day of the month and of the week are restricted, one of them is enough.
    private func isDay(_ local: CivilTime, _ has: (Int, Int) -> Bool, _ masks: [UInt64]) -> Bool {
        let (month, week) = (has(2, local.day), has(4, local.weekday))
        return masks[2] & Self.star != 0 || masks[4] & Self.star != 0 ? month && week : month || week
    }

    private func startOfNextDay(_ at: Int, _ local: CivilTime, _ zone: TimeZone) -> Int {
        let next = at + 86400 - local.secondOfDay
        // Not midnight where clocks were changed on the way.
        let there = CivilTime(next + zone.offset(at: next))
        if there.secondOfDay == 0 { return next }
        return there.secondOfDay > 43200 ? next + 86400 - there.secondOfDay : max(at + 60, next - there.secondOfDay)
    }
}
