/// The members of an object, in the order of their insertion. Equality ignores the order.
///
/// Small objects are searched in turn. Above 16 members there is a hash index, and removing leaves a hole until half
/// the entries are holes: so no sequence of edits costs more than its length.
public struct JSONObject: Sendable {
    public typealias Element = (key: String, value: JSONValue)

    struct Entry: Sendable {
        let key: String
        var value: JSONValue
    }

    /// Nil is a hole; only where there is an index.
    private(set) var entries: [Entry?] = []
    private var index: [ByteKey: Int]?
    public private(set) var count = 0

    private static let indexAbove = 16

    public init() {}

    public var isEmpty: Bool { count == 0 }
    public var keys: [String] { map(\.key) }

    /// Nil when absent; setting nil removes. A new name goes to the end.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).flatMap { entries[$0]?.value } }
        set {
            if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
        }
        _modify {
            let position = position(of: key)
            var value: JSONValue?
            if let position {
                value = entries[position]?.value
                entries[position]?.value = .null  // gives up this reference, so that the edit is in place
            }
            defer {
                switch (position, value) {
                case (let position?, let value?): entries[position]?.value = value
                case (let position?, nil): remove(at: position)
                case (nil, let value?): append(key, value)
                case (nil, nil): break
                }
            }
            yield &value
        }
    }

    /// As the subscript above with null for an absent member, which is added only when the edit leaves more than null.
    subscript(orNull key: String) -> JSONValue {
        get { self[key] ?? .null }
        _modify {
            let position = position(of: key)
            var value = JSONValue.null
            if let position, let entry = entries[position] {
                value = entry.value
                entries[position]?.value = .null
            }
            defer {
                if let position {
                    entries[position]?.value = value
                } else if !value.isNull {
                    append(key, value)
                }
            }
            yield &value
        }
    }

    /// The value that was there before.
    @discardableResult
    public mutating func updateValue(_ value: JSONValue, forKey key: String) -> JSONValue? {
        guard let position = position(of: key) else {
            append(key, value)
            return nil
        }
        let old = entries[position]?.value
        entries[position]?.value = value
        return old
    }

    /// The value that was there.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        position(of: key).flatMap { remove(at: $0) }
    }

    public mutating func reserveCapacity(_ capacity: Int) {
        entries.reserveCapacity(capacity)
        if capacity > Self.indexAbove { index?.reserveCapacity(capacity) }
    }

    /// Orders the members of this object (not of those within) by the bytes of their names.
    public mutating func sortKeys() {
        entries.removeAll { $0 == nil }
        entries.sort { a, b in
            guard let a, let b else { return false }
            return a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
        }
        reindex()
    }

    private func position(of key: String) -> Int? {
        if let index { return index[ByteKey(key)] }
        return entries.firstIndex { $0?.key.sameBytes(key) ?? false }
    }

    /// Adds a name that is known to be new.
    mutating func append(_ key: String, _ value: JSONValue) {
        entries.append(Entry(key: key, value: value))
        count += 1
        if index != nil {
            index?[ByteKey(key)] = entries.count - 1
        } else if count > Self.indexAbove {
            reindex()
        }
    }

    @discardableResult
    private mutating func remove(at position: Int) -> JSONValue? {
        guard let entry = entries[position] else { return nil }
        count -= 1
        if index == nil {
            entries.remove(at: position)
        } else {
            entries[position] = nil
            index?[ByteKey(entry.key)] = nil
            if count * 2 < entries.count {
                entries.removeAll { $0 == nil }
                reindex()
            }
        }
        return entry.value
    }

    /// Makes the index anew, when there are no holes.
    private mutating func reindex() {
        index = nil
        guard count > Self.indexAbove else { return }
        var index: [ByteKey: Int] = [:]
        index.reserveCapacity(count)
        for (position, entry) in entries.enumerated() {
            if let entry { index[ByteKey(entry.key)] = position }
        }
        self.index = index
    }
}

extension JSONObject: Sequence {
    public struct Iterator: IteratorProtocol {
        var entries: IndexingIterator<[Entry?]>

        public mutating func next() -> Element? {
            while let entry = entries.next() {
                if let entry { return (entry.key, entry.value) }
            }
            return nil
        }
    }

    public var underestimatedCount: Int { count }
    public func makeIterator() -> Iterator { Iterator(entries: entries.makeIterator()) }
}

extension JSONObject: Equatable {
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.allSatisfy { key, value in b[key] == value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

/// A string that is equal and hashed by its bytes.
struct ByteKey: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ByteKey, b: ByteKey) -> Bool { a.text.sameBytes(b.text) }

    func hash(into hasher: inout Hasher) {
        text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
