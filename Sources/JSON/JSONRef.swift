/// A position in a document; cheap to copy, and it keeps the document alive.
///
/// What is not there is a ref of kind `.missing`, so that reads chain: `pod["spec"]["nodeName"].string`.
public struct JSONRef: Sendable {
    public enum Kind: Sendable { case missing, null, bool, number, string, array, object }

    /// Nil of a missing thing.
    let document: JSONDocument?
    let index: Int

    init(document: JSONDocument?, index: Int) {
        self.document = document
        self.index = index
    }

    public static let missing = JSONRef(document: nil, index: 0)

    var word: UInt64? { document?.tape[index] }

    public var kind: Kind {
        switch word?.kind {
        case nil: .missing
        case Word.null: .null
        case Word.true, Word.false: .bool
        case Word.number: .number
        case Word.array: .array
        case Word.object: .object
        default: .string
        }
    }

    public var exists: Bool { document != nil }

    /// Whether this is null or missing, which mean the same in most Kubernetes fields.
    public var isNull: Bool { word.map { $0.kind == Word.null } ?? true }

    /// The member of this name; the last one when there are several.
    public subscript(_ key: String) -> JSONRef {
        guard let document, let found = key.withBytes({ document.member(index, $0) }) else {
            return JSONRef(document: nil, index: 0)
        }
        return document.ref(found)
    }

    /// The element at this index, counted from zero. It walks there: use `elements` to visit all.
    public subscript(_ index: Int) -> JSONRef {
        guard let document, document.tape[self.index].kind == Word.array, 0..<count ~= index else {
            return JSONRef(document: nil, index: 0)
        }
        var at = self.index + 2
        for _ in 0..<index { at = document.next(at) }
        return document.ref(at)
    }

    public var string: String? {
        guard let document else { return nil }
        let word = document.tape[index]
        guard word.kind == Word.string || word.kind == Word.escaped else { return nil }
        return document.string(word)
    }

    /// The value of a number that is written as an integer and fits; nil of `1.0` and `1e2`.
    public var int: Int? { numberText { Bytes.int($0) } }

    /// The nearest `Double` of a number; nil when that is infinite.
    public var double: Double? {
        numberText { Double(String(decoding: $0, as: UTF8.self)) }.flatMap { $0.isFinite ? $0 : nil }
    }

    public var bool: Bool? {
        switch word?.kind {
        case Word.true: true
        case Word.false: false
        default: nil
        }
    }

    /// The number of elements or members, repeated names included; 0 of anything else.
    public var count: Int {
        guard let word, word.isContainer else { return 0 }
        return word.length
    }

    /// Whether this is a string of exactly these bytes; makes no String.
    public func equals(_ text: String) -> Bool {
        guard let document else { return false }
        return text.withBytes { document.equals(document.tape[index], $0) }
    }

    /// Where this value's text is in `JSONDocument.bytes`; empty of a missing thing.
    public var byteRange: Range<Int> {
        guard let document else { return 0..<0 }
        let word = document.tape[index]
        switch word.kind {
        case Word.array, Word.object: return word.start..<document.tape[index + 1].start
        case Word.string, Word.escaped: return word.start - 1..<word.start + word.length + 1
        default: return word.start..<word.start + word.length
        }
    }

    /// The exact text of this value; empty of a missing thing.
    public var rawBytes: ArraySlice<UInt8> { document?.bytes[byteRange] ?? [] }

    private func numberText<R>(_ read: (UnsafeBufferPointer<UInt8>) -> R?) -> R? {
        guard let document else { return nil }
        let word = document.tape[index]
        guard word.kind == Word.number else { return nil }
        return document.bytes.withUnsafeBufferPointer { read($0.extracting(word.start..<word.start + word.length)) }
    }
}

extension JSONRef: CustomStringConvertible {
    /// The text of this value.
    public var description: String { exists ? String(decoding: rawBytes, as: UTF8.self) : "missing" }
}
