/// Labels and field-selector fields of an object, kept beside its bytes so that selectors never parse.
///
/// Packed into one buffer, since there is one for each object in memory: pairs sorted by key, each as the lengths of key
/// and value (LEB128) and their UTF-8. Without labels and fields there is no buffer.
public struct Attributes: Sendable, Equatable {
    public var labels: Pairs
    public var fields: Pairs

    public init(labels: [String: String] = [:], fields: [String: String] = [:]) {
        self.labels = Pairs(labels)
        self.fields = Pairs(fields)
    }

    public func label(_ key: String) -> String? { labels[key] }
    public func field(_ key: String) -> String? { fields[key] }

    /// Keys with their values, in byte order of the keys.
    public struct Pairs: Sendable, Equatable, Sequence {
        private var packed: [UInt8] = []

        public init(_ pairs: [String: String] = [:]) {
            guard !pairs.isEmpty else { return }
            let sorted = pairs.sorted { compareBytes($0.key, $1.key) < 0 }
            packed.reserveCapacity(sorted.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 })
            for (key, value) in sorted {
                append(length: key.utf8.count)
                append(length: value.utf8.count)
                packed.append(contentsOf: key.utf8)
                packed.append(contentsOf: value.utf8)
            }
        }

        public var isEmpty: Bool { packed.isEmpty }

        public subscript(key: String) -> String? {
            if packed.isEmpty { return nil }
            return withBytes(of: key) { wanted in
                packed.withUnsafeBufferPointer { packed in
                    var position = 0
                    while let pair = Pair(in: packed, at: &position) {
                        if equal(packed[pair.key], wanted) {
                            return String(decoding: packed[pair.value], as: UTF8.self)
                        }
                    }
                    return nil
                }
            }
        }

        public func makeIterator() -> Iterator { Iterator(packed: packed) }

        public struct Iterator: IteratorProtocol {
            let packed: [UInt8]
            var position = 0

            public mutating func next() -> (key: String, value: String)? {
                packed.withUnsafeBufferPointer { packed in
                    Pair(in: packed, at: &position).map { pair in
                        (
                            String(decoding: packed[pair.key], as: UTF8.self),
                            String(decoding: packed[pair.value], as: UTF8.self)
                        )
                    }
                }
            }
        }

        private mutating func append(length: Int) {
            var rest = length
            while rest >= 0x80 {
                packed.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            packed.append(UInt8(rest))
        }
    }
}

/// Where one pair lies in the packed buffer.
private struct Pair {
    let key: Range<Int>
    let value: Range<Int>

    init?(in packed: UnsafeBufferPointer<UInt8>, at position: inout Int) {
        guard position < packed.count else { return nil }
        let keyLength = Self.length(in: packed, at: &position)
        let valueLength = Self.length(in: packed, at: &position)
        key = position..<position + keyLength
        value = key.upperBound..<key.upperBound + valueLength
        position = value.upperBound
    }

    private static func length(in packed: UnsafeBufferPointer<UInt8>, at position: inout Int) -> Int {
        var length = 0
        var shift = 0
        while true {
            let byte = packed[position]
            position += 1
            length |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return length }
            shift += 7
        }
    }
}
