/// An immutable parsed document: the bytes, and a tape of positions over them.
public final class JSONDocument: Sendable {
    public let bytes: [UInt8]
    let tape: [UInt64]

    /// Reads exactly one JSON value. A name may occur twice in an object: the last one counts, and `duplicateFields`
    /// finds them.
    public init(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        self.bytes = bytes
        self.tape = try TapeParser.tape(of: bytes, limits: limits)
    }

    private init(_ bytes: [UInt8], tape: [UInt64]) { (self.bytes, self.tape) = (bytes, tape) }

    /// The same with a tape of just the room it needs: for documents that are kept. (Parsing reserves some four times that.)
    /// The array or object under `path` is folded: it is parsed anew whenever somebody asks for it.
    public func trimmed(folding path: String...) -> JSONDocument {
        let whole = JSONDocument(bytes, tape: tape.withUnsafeBufferPointer { Array($0) })
        var found = root
        for name in path { found = found[name] }
        guard found.document === self, tape[found.index].isContainer else { return whole }
        let (range, first, after) = (found.byteRange, found.index, end(found.index))
        guard range.count <= Word.maxLength else { return whole }
        var folded: [UInt64] = []
        folded.reserveCapacity(tape.count - (after - first) + 1)
        folded += tape[..<first]
        folded.append(Word.make(Word.folded, range.lowerBound, range.count))
        folded += tape[after...]
        var at = 0
        while at < folded.count {
            guard folded[at].isContainer else {
                at += 1
                continue
            }
            let (start, end) = (folded[at + 1].start, folded[at + 1].length)
            if end >= after { folded[at + 1] = Word.make(0, start, end - (after - first) + 1) }
            at += 2
        }
        return JSONDocument(bytes, tape: folded)
    }

    public var root: JSONRef { JSONRef(document: self, index: 0) }

    /// What stands at `index`; what is folded there is unfolded.
    @inline(__always)
    func ref(_ index: Int) -> JSONRef {
        tape[index].kind == Word.folded ? unfolded(tape[index]) : JSONRef(document: self, index: index)
    }

    func unfolded(_ word: UInt64) -> JSONRef {
        // It was parsed before, so it can be again.
        let part = try? JSONDocument(Array(bytes[word.start..<word.start + word.length]))
        return part?.root ?? .missing
    }
}

/// One entry of the tape: from the low end 32 bits position, 28 bits length, 4 bits kind.
///
/// - Of null, booleans and numbers: the position and length of the text; of strings that between the quotes.
/// - Of arrays and objects: the position of the bracket and, as length, the number of elements or members. A second entry
///   follows, with the position after the closing bracket and, as length, the index of the entry after the last one
///   within. Then come the elements, or names and values in turn.
enum Word {
    static let null: UInt64 = 0
    static let `false`: UInt64 = 1
    static let `true`: UInt64 = 2
    static let number: UInt64 = 3
    static let string: UInt64 = 4
    /// A string that has escapes.
    static let escaped: UInt64 = 5
    /// An array or object whose entries were left out: the position and length of its text.
    static let folded: UInt64 = 6
    static let array: UInt64 = 7
    static let object: UInt64 = 8

    static let maxLength = 1 << 28 - 1

    @inline(__always)
    static func make(_ kind: UInt64, _ start: Int, _ length: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: start) | UInt64(truncatingIfNeeded: length) << 32 | kind << 60
    }
}

extension UInt64 {
    @inline(__always) var kind: UInt64 { self >> 60 }
    @inline(__always) var start: Int { Int(truncatingIfNeeded: self & 0xFFFF_FFFF) }
    @inline(__always) var length: Int { Int(truncatingIfNeeded: self >> 32 & 0xFFF_FFFF) }
    @inline(__always) var isContainer: Bool { self >= Word.array << 60 }
}

extension JSONDocument {
    /// The index of the entry after the last one within the array or object at `index`.
    @inline(__always)
    func end(_ container: Int) -> Int { tape[container + 1].length }

    /// The index of the entry after the value at `index`.
    @inline(__always)
    func next(_ index: Int) -> Int {
        tape[index].isContainer ? end(index) : index + 1
    }

    /// The index of the value that the object at `index` has under this name, or nil.
    func member(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            tape.withUnsafeBufferPointer { tape in
                guard tape[index].kind == Word.object else { return nil }
                let end = tape[index + 1].length
                // Kind and length of the name's entry, when it is written without escapes.
                let plain = Word.make(Word.string, 0, name.count) >> 32
                var found: Int?
                var at = index + 2
                while at < end {
                    let key = tape[at]
                    at += 2
                    if key >> 32 == plain {
                        if Bytes.equal(bytes.from(key.start), name.from(0), name.count) { found = at - 1 }
                    } else if key.kind == Word.escaped, equals(key, name) {
                        found = at - 1
                    }
                    if tape[at - 1].isContainer { at = tape[at].length }
                }
                return found
            }
        }
    }

    /// The text between a string's quotes, unescaped.
    func string(_ word: UInt64) -> String {
        bytes.withUnsafeBufferPointer { bytes in
            let text = bytes.extracting(word.start..<word.start + word.length)
            return word.kind == Word.escaped ? Bytes.unescaped(text) : String(decoding: text, as: UTF8.self)
        }
    }

    func equals(_ word: UInt64, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if word.kind == Word.string {
            return word.length == text.count
                && bytes.withUnsafeBufferPointer { Bytes.equal($0.from(word.start), text.from(0), text.count) }
        }
        return word.kind == Word.escaped && string(word).equals(text)
    }
}
