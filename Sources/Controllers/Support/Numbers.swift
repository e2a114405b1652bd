internal import API
internal import JSON

extension JSONRef {
    /// A number, or a percentage of `total`, as `maxSurge` and `maxUnavailable` have it; nil when neither.
    func scaled(of total: Int, roundUp: Bool) -> Int? {
        if let int { return int }
        guard let text = string, text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return nil }
        let product = percent * total
        return roundUp ? (product + 99) / 100 : product / 100
    }
}

extension JSONValue {
    /// The same without what says nothing (null, `{}`, `[]`), its members in the order of their names: equal things have
    /// one text, whoever wrote them.
    var canonical: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.canonical))
        case .object(let members):
            var result = JSONObject()
            for (key, value) in members {
                let value = value.canonical
                if !value.isNull, !value.isEmptyContainer { result[key] = value }
            }
            result.sortKeys()
            return .object(result)
        default: return self
        }
    }

    /// A short name for a state of things, in letters that make no words (as upstream's, from FNV-1a): stable across
    /// versions and machines. `collisions` gives another name to the same.
    func hashName(collisions: Int) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in canonical.encoded() + Array(collisions == 0 ? "" : String(collisions)).map({ $0.asciiValue ?? 0 }) {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(String(hash).unicodeScalars.map { letters[Int($0.value) % letters.count] })
    }
}

extension Comparable {
    func clamped(to bounds: ClosedRange<Self>) -> Self { min(max(self, bounds.lowerBound), bounds.upperBound) }
}
