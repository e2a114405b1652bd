// Reading and editing a tree in place.

extension JSONValue {
    /// The member of this name; `.null` when absent or when this is not an object.
    ///
    /// Setting makes an object out of null, adds the name at the end when it is new, and stores even `.null`. It does
    /// nothing to a value that is neither an object nor null. Writing further down (`pod["spec"]["nodeName"] = "a"`)
    /// makes the objects on the way; an edit that leaves nothing but null (such as `remove`) makes none.
    public subscript(_ key: String) -> JSONValue {
        get {
            if case .object(let members) = self { members[key] ?? .null } else { .null }
        }
        set {
            withObject { $0.updateValue(newValue, forKey: key) }
        }
        _modify {
            var members: JSONObject
            let wasNull: Bool
            switch self {
            case .object(let object): (members, wasNull) = (object, false)
            case .null: (members, wasNull) = (JSONObject(), true)
            default:
                var lost = JSONValue.null
                yield &lost
                return
            }
            self = .null  // gives up this reference, so that the edit is in place
            defer { self = wasNull && members.isEmpty ? .null : .object(members) }
            yield &members[orNull: key]
        }
    }

    /// The element at this index; `.null` when there is none. Setting an element that is not there does nothing.
    public subscript(_ index: Int) -> JSONValue {
        get {
            if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .null }
        }
        _modify {
            guard case .array(var elements) = self, elements.indices.contains(index) else {
                var lost = JSONValue.null
                yield &lost
                return
            }
            self = .null
            defer { self = .array(elements) }
            yield &elements[index]
        }
    }

    /// Whether this is an object with a member of this name, be it null.
    public func has(_ key: String) -> Bool {
        if case .object(let members) = self { members[key] != nil } else { false }
    }

    /// Removes the member of this name, and returns its value.
    @discardableResult
    public mutating func remove(_ key: String) -> JSONValue? {
        guard case .object = self else { return nil }
        return withObject { $0.removeValue(forKey: key) } ?? nil
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The value of a number that is written as an integer and fits; nil of `1.0` and `1e2`.
    public var int: Int? { if case .number(let value) = self { value.int } else { nil } }
    /// The nearest `Double` of a number; nil when that is infinite.
    public var double: Double? {
        if case .number(let value) = self, value.double.isFinite { value.double } else { nil }
    }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements; nil of anything but an array. Can be edited in place: `value.array?.append(1)`. Setting an array
    /// replaces any value; setting nil makes null of an array and nothing of others.
    public var array: [JSONValue]? {
        get { if case .array(let elements) = self { elements } else { nil } }
        _modify {
            var elements = array
            if elements != nil { self = .null }
            defer { if let elements { self = .array(elements) } }
            yield &elements
        }
    }

    /// The members; nil of anything but an object. Can be edited in place, as `array`.
    public var object: JSONObject? {
        get { if case .object(let members) = self { members } else { nil } }
        _modify {
            var members = object
            if members != nil { self = .null }
            defer { if let members { self = .object(members) } }
            yield &members
        }
    }

    public var isNull: Bool { if case .null = self { true } else { false } }

    /// Whether this is `[]` or `{}`.
    public var isEmptyContainer: Bool {
        switch self {
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }

    /// Edits the members of an object, or of one made out of null; nil of anything else.
    @discardableResult
    private mutating func withObject<R>(_ edit: (inout JSONObject) -> R) -> R? {
        var members: JSONObject
        switch self {
        case .object(let object): members = object
        case .null: members = JSONObject()
        default: return nil
        }
        self = .null
        defer { self = .object(members) }
        return edit(&members)
    }
}
