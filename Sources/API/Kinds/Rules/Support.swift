internal import JSON

// What the checks of all groups share.
extension JSONValue {
    var text: String { string ?? "" }
    var items: [JSONValue] { array ?? [] }
    var members: JSONObject { object ?? [:] }
    /// A member that is there and not null.
    func given(_ key: String) -> Bool { !self[key].isNull }
}

extension [FieldError] {
    mutating func require(_ value: JSONValue, _ key: String, _ path: FieldPath) {
        if value[key].isNull || value[key] == "" || value[key].isEmptyContainer { append(.required(path[key])) }
    }
    /// The same, found at a path that is not the field's own.
    mutating func require(_ value: JSONValue, _ key: String, at path: FieldPath) {
        if value[key].text.isEmpty { append(.required(path)) }
    }
    mutating func check(_ format: Format, _ value: JSONValue, _ path: FieldPath) {
        if !value.isNull { format.check(value, path, &self) }
    }
    /// Text that is one of a few words; absence passes.
    mutating func check(_ value: JSONValue, isOneOf words: [String], _ path: FieldPath) {
        if let text = value.string, !words.contains(text) { append(.notSupported(path, value, words)) }
    }
    mutating func nonNegative(_ value: JSONValue, _ path: FieldPath) {
        if let number = value.int, number < 0 { append(.invalid(path, value, "must be greater than or equal to 0")) }
    }
    /// A number or `N%`; `atMostAll` refuses more than 100%.
    mutating func numberOrPercent(_ value: JSONValue, _ path: FieldPath, atMostAll: Bool = false) {
        switch value {
        case .number: nonNegative(value, path)
        case .string(let text):
            guard let percent = Kinds.percent(value) else {
                append(
                    .invalid(
                        path, value, "\(text): a valid percent string must be a number followed by a % (e.g. '10%')"))
                return
            }
            if atMostAll, percent > 100 { append(.invalid(path, value, "must not be greater than 100%")) }
        default: break
        }
    }
    mutating func quantity(_ value: JSONValue, _ path: FieldPath, wholeUnits: Bool = false) {
        guard let quantity = value.string.flatMap(Quantity.init) else { return }
        if quantity.isNegative { append(.invalid(path, value, "must be greater than or equal to 0")) }
        if wholeUnits, quantity.milliValue % 1000 != 0 { append(.invalid(path, value, "must be an integer")) }
    }
}

extension Kinds {
    /// The number in `25%`.
    static func percent(_ value: JSONValue) -> Int? {
        guard let text = value.string, text.hasSuffix("%"), text.utf8.dropLast().allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return Int(text.dropLast())
    }

    /// Whether a number or percentage is zero.
    static func isZero(_ value: JSONValue) -> Bool { value.int == 0 || percent(value) == 0 }

    /// What a selector object selects.
    static func selector(_ value: JSONValue) -> LabelSelector {
        guard let root = try? JSONDocument(value.encoded()).root else { return .nothing }
        return LabelSelector(root)
    }

    static func matches(_ selector: JSONValue, _ labels: JSONValue) -> Bool {
        Self.selector(selector).matches { labels[$0].string }
    }

    static func isEmptySelector(_ selector: JSONValue) -> Bool {
        selector["matchLabels"].members.isEmpty && selector["matchExpressions"].items.isEmpty
    }
}
