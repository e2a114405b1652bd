/// Makes the tape of a text in one pass. See `Word` for what it holds.
///
/// It works on bare pointers: every read is guarded by `at < end`, and every write by the one check of free space at the
/// start of each value.
struct TapeParser {
    private let base: UnsafePointer<UInt8>
    private let end: Int
    private let maxDepth: Int
    private let words: UnsafeMutableBufferPointer<UInt64>
    private var at = 0
    private var used = 0

    static func tape(of bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> [UInt64] {
        let maxBytes = max(0, min(limits.maxBytes, Word.maxLength))
        guard bytes.count <= maxBytes else { throw JSONError(.tooLarge, maxBytes) }
        // Kubernetes objects need an entry for every eight to ten bytes. Texts that are denser are read once more with
        // room for the worst: an entry a byte, and one for each container that is still open.
        let maxDepth = max(0, min(limits.maxDepth, 1000))
        if let tape = try attempt(bytes, maxDepth, capacity: bytes.count / 6 + 16) { return tape }
        return try attempt(bytes, maxDepth, capacity: bytes.count + maxDepth + 8) ?? []
    }

    /// Nil when the tape has not enough room.
    private static func attempt(_ bytes: [UInt8], _ maxDepth: Int, capacity: Int) throws(JSONError) -> [UInt64]? {
        var result = Result<Bool, JSONError>.failure(JSONError(.unexpectedEnd, 0))
        let tape = [UInt64](unsafeUninitializedCapacity: capacity) { words, count in
            bytes.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
                var parser = TapeParser(base: base, end: bytes.count, maxDepth: maxDepth, words: words)
                do throws(JSONError) {
                    result = .success(try parser.document())
                    count = parser.used
                } catch {
                    result = .failure(error)
                }
            }
        }
        return try result.get() ? tape : nil
    }

    private init(base: UnsafePointer<UInt8>, end: Int, maxDepth: Int, words: UnsafeMutableBufferPointer<UInt64>) {
        self.base = base
        self.end = end
        self.maxDepth = maxDepth
        self.words = words
    }

    /// Reads the whole text; false when the tape is full.
    private mutating func document() throws(JSONError) -> Bool {
        var container = -1  // the index of the innermost open container, whose second entry holds that of its parent
        var depth = 0
        value: while true {
            // A turn writes at most a container's two entries and the first name in it.
            guard used + 4 <= words.count else { return false }
            try skipSpace()
            switch base[at] {
            case UInt8(ascii: "\""):
                try string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = base[at] == UInt8(ascii: "{")
                depth += 1
                guard depth <= maxDepth else { throw JSONError(.tooDeep, at) }
                words[used] = Word.make(isObject ? Word.object : Word.array, at, 0)
                words[used + 1] = UInt64(UInt32(truncatingIfNeeded: container))
                container = used
                used += 2
                at += 1
                try skipSpace()
                guard base[at] != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { break }
                words[container] += 1 << 32
                if isObject { try name() }
                continue value
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let start = at
                at = try Self.numberEnd(base, at, end)
                words[used] = Word.make(Word.number, start, at - start)
                used += 1
            case UInt8(ascii: "t"): try literal("true", Word.true)
            case UInt8(ascii: "f"): try literal("false", Word.false)
            case UInt8(ascii: "n"): try literal("null", Word.null)
            default: throw JSONError(.invalidCharacter, at)
            }
            // After a value, or at the end of an empty container.
            while container >= 0 {
                try skipSpace()
                let isObject = words[container].kind == Word.object
                switch base[at] {
                case UInt8(ascii: ","):
                    at += 1
                    words[container] += 1 << 32
                    if isObject {
                        try skipSpace()
                        try name()
                    }
                    continue value
                case isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                    at += 1
                    let parent = Int32(truncatingIfNeeded: words[container + 1])
                    words[container + 1] = Word.make(0, at, used)
                    container = Int(parent)
                    depth -= 1
                default:
                    throw JSONError(.invalidCharacter, at)
                }
            }
            while at < end {
                guard isSpace(base[at]) else { throw JSONError(.trailingData, at) }
                at += 1
            }
            return true
        }
    }

    /// Leaves `at` at a byte that is not white space.
    @inline(__always)
    private mutating func skipSpace() throws(JSONError) {
        while at < end {
            if !isSpace(base[at]) { return }
            at += 1
        }
        throw JSONError(.unexpectedEnd, end)
    }

    @inline(__always)
    private func isSpace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
    }

    /// A member's name and the colon.
    @inline(__always)
    private mutating func name() throws(JSONError) {
        guard base[at] == UInt8(ascii: "\"") else { throw JSONError(.invalidCharacter, at) }
        try string()
        try skipSpace()
        guard base[at] == UInt8(ascii: ":") else { throw JSONError(.invalidCharacter, at) }
        at += 1
    }

    private mutating func literal(_ text: StaticString, _ kind: UInt64) throws(JSONError) {
        let start = at
        for offset in 0..<text.utf8CodeUnitCount {
            guard at < end else { throw JSONError(.unexpectedEnd, end) }
            guard base[at] == text.utf8Start[offset] else { throw JSONError(.invalidCharacter, at) }
            at += 1
        }
        words[used] = Word.make(kind, start, at - start)
        used += 1
    }

    /// Where the number that starts at `start` ends.
    static func numberEnd(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) throws(JSONError) -> Int {
        var at = start
        func isDigit() -> Bool { at < end && base[at] &- 0x30 <= 9 }
        func digits() throws(JSONError) {
            guard at < end else { throw JSONError(.unexpectedEnd, end) }
            guard isDigit() else { throw JSONError(.invalidNumber, at) }
            while isDigit() { at += 1 }
        }
        if base[at] == UInt8(ascii: "-") { at += 1 }
        if at < end, base[at] == UInt8(ascii: "0") {
            at += 1
            guard !isDigit() else { throw JSONError(.invalidNumber, at) }
        } else {
            try digits()
        }
        if at < end, base[at] == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if at < end, base[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < end, base[at] == UInt8(ascii: "+") || base[at] == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        return at
    }

    /// A string, from its opening quote.
    private mutating func string() throws(JSONError) {
        at += 1
        let start = at
        var kind = Word.string
        while true {
            while at + 8 <= end {
                let stops = Bytes.stops(Bytes.load(base, at))
                if stops != 0 {
                    at += stops.trailingZeroBitCount >> 3
                    break
                }
                at += 8
            }
            guard at < end else { throw JSONError(.unexpectedEnd, end) }
            switch base[at] {
            case UInt8(ascii: "\""):
                words[used] = Word.make(kind, start, at - start)
                used += 1
                at += 1
                return
            case UInt8(ascii: "\\"):
                kind = Word.escaped
                try escape()
            case 0x80...: try multibyte()
            case ..<0x20: throw JSONError(.controlCharacter, at)
            default: at += 1
            }
        }
    }

    private mutating func escape() throws(JSONError) {
        guard at + 1 < end else { throw JSONError(.unexpectedEnd, end) }
        switch base[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            for digit in at + 2..<at + 6 {
                guard digit < end else { throw JSONError(.unexpectedEnd, end) }
                guard Bytes.hexValue(base[digit]) < 16 else { throw JSONError(.invalidEscape, at) }
            }
            at += 6
        default: throw JSONError(.invalidEscape, at)
        }
    }

    /// One scalar above U+007F, well formed by the Unicode Standard's table 3-7.
    private mutating func multibyte() throws(JSONError) {
        let lead = base[at]
        let (length, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw JSONError(.invalidUTF8, at)
        }
        guard at + length <= end, second.contains(base[at + 1]) else { throw JSONError(.invalidUTF8, at) }
        for next in 2..<length where base[at + next] & 0xC0 != 0x80 { throw JSONError(.invalidUTF8, at) }
        at += length
    }
}
