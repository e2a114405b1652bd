/// Byte-level helpers on strings.
enum Bytes {
    @inline(__always)
    static func equal(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
        if count >= 8 {
            var at = 0
            while at < count - 8 {
                if load(a, at) != load(b, at) { return false }
                at += 8
            }
            return load(a, count - 8) == load(b, count - 8)
        }
        for at in 0..<count
        where a.load(fromByteOffset: at, as: UInt8.self) != b.load(fromByteOffset: at, as: UInt8.self) {
            return false
        }
        return true
    }

    /// Eight bytes, the first of them lowest.
    @inline(__always)
    static func load(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Has a bit set in the first of eight bytes that a JSON string does not hold as it is or that is not ASCII: quote,
    /// backslash, control characters, 0x80 and above. Bits above the lowest one set mean nothing.
    @inline(__always)
    static func stops(_ chunk: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (chunk ^ ones &* 0x22) &- ones
        let backslash = (chunk ^ ones &* 0x5C) &- ones
        let control = chunk &- ones &* 0x20
        return (quote | backslash | control | chunk) & 0x8080_8080_8080_8080
    }

    /// The text of a string whose escapes were checked by the parser. A surrogate without its other half becomes U+FFFD,
    /// as in Go's encoding/json.
    static func unescaped(_ text: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: text.count) { out in
            var from = 0
            var to = 0
            func put(_ byte: UInt8) {
                out[to] = byte
                to += 1
            }
            func unit(_ at: Int) -> UInt32 {
                var unit: UInt32 = 0
                for byte in text[at..<at + 4] { unit = unit << 4 | UInt32(hexValue(byte)) }
                return unit
            }
            while from < text.count {
                guard text[from] == UInt8(ascii: "\\") else {
                    put(text[from])
                    from += 1
                    continue
                }
                let letter = text[from + 1]
                from += 2
                switch letter {
                case UInt8(ascii: "b"): put(0x08)
                case UInt8(ascii: "f"): put(0x0C)
                case UInt8(ascii: "n"): put(0x0A)
                case UInt8(ascii: "r"): put(0x0D)
                case UInt8(ascii: "t"): put(0x09)
                case UInt8(ascii: "u"):
                    var scalar = unit(from)
                    from += 4
                    if scalar & 0xFC00 == 0xD800, from + 6 <= text.count, text[from] == UInt8(ascii: "\\"),
                        text[from + 1] == UInt8(ascii: "u"), unit(from + 2) & 0xFC00 == 0xDC00
                    {
                        scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(from + 2) & 0x3FF
                        from += 6
                    }
                    for byte in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter {
                        put(byte)
                    }
                default: put(letter)
                }
            }
            return to
        }
    }

    /// The value of a hexadecimal digit; 0xFF of any other byte.
    static func hexValue(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: 0xFF
        }
    }

    /// The integer that these bytes spell, if they are a JSON integer within `Int`.
    static func int(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let negative = text.first == UInt8(ascii: "-")
        var value = 0
        for byte in text.dropFirst(negative ? 1 : 0) {
            let digit = Int(byte) - 0x30
            guard 0...9 ~= digit else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = negative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// A pointer to the byte at `offset`, also when the buffer is empty and has no address.
    @inline(__always)
    func from(_ offset: Int) -> UnsafeRawPointer {
        guard let baseAddress else { return UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped }
        return UnsafeRawPointer(baseAddress + offset)
    }
}

extension String {
    /// The UTF-8 in place; in a copy where the string does not hold it contiguously.
    @inline(__always)
    func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
    }

    func equals(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        withBytes { $0.count == text.count && Bytes.equal($0.from(0), text.from(0), text.count) }
    }

    /// Whether both are the same bytes. `==` would also equate "é" with "e" and a combining accent.
    func sameBytes(_ other: String) -> Bool {
        utf8.count == other.utf8.count && other.withBytes { equals($0) }
    }
}
