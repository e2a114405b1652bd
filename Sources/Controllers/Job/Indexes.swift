/// A set of completion indexes, as `1,3-5,7` in a Job's status and success policy.
struct Indexes: Sendable, Equatable, CustomStringConvertible {
    private(set) var ranges: [ClosedRange<Int>] = []

    init() {}

    /// Text that makes no sense counts as empty, as upstream does: the pods say it anew. Indexes from `limit` on are dropped.
    init(_ text: String, below limit: Int = .max) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low >= 0,
                low <= high
            else {
                ranges = []
                return
            }
            if low < limit { ranges.append(low...min(high, limit - 1)) }
        }
        ranges = Self.merged(ranges)
    }

    init(_ numbers: some Sequence<Int>) { ranges = Self.merged(numbers.map { $0...$0 }) }

    private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        var result: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound + 1 {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    var count: Int { ranges.reduce(0) { $0 + $1.count } }
    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ index: Int) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < index { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(index)
    }

    func union(_ other: some Sequence<Int>) -> Indexes {
        var result = self
        result.ranges = Self.merged(ranges + other.map { $0...$0 })
        return result
    }

    /// How many are in both.
    func countCommon(with other: Indexes) -> Int {
        ranges.reduce(0) { sum, range in
            other.ranges.reduce(sum) { $0 + ($1.overlaps(range) ? $1.clamped(to: range).count : 0) }
        }
    }

    /// Two neighbours are written as `1,2`, three as `1-3`.
    var description: String {
        ranges.map { range in
            switch range.count {
            case 1: "\(range.lowerBound)"
            case 2: "\(range.lowerBound),\(range.upperBound)"
            default: "\(range.lowerBound)-\(range.upperBound)"
            }
        }.joined(separator: ",")
    }
}
