// JSON: the only JSON code of the program; RFC 8259, strict, without Foundation.
//
// Bytes become a tape (`JSONDocument`), which is read in place (`JSONRef`). What is to be edited becomes a tree
// (`JSONValue`), and text is made by a `JSONWriter`. Strings and keys are compared byte by byte, as every other
// Kubernetes program does, never by Unicode equivalence.

/// Bounds that a document from a stranger must keep.
public struct JSONLimits: Sendable {
    /// How many arrays and objects may be open at once. More than 1,000 counts as 1,000, so that walking a tree of any
    /// accepted document fits on a thread's stack.
    public var maxDepth = 256
    /// The longest text, in bytes. More than 256 MiB counts as 256 MiB, which is what a tape can address.
    public var maxBytes = 16 << 20

    public init() {}

    public init(maxDepth: Int = 256, maxBytes: Int = 16 << 20) {
        self.maxDepth = maxDepth
        self.maxBytes = maxBytes
    }

    public static let `default` = JSONLimits()
}

/// Why a text is not an acceptable JSON document, and where.
public struct JSONError: Error, CustomStringConvertible, Sendable, Equatable {
    public enum Kind: Sendable {
        case unexpectedEnd, invalidCharacter, controlCharacter, invalidUTF8, invalidEscape, invalidNumber
        case tooDeep, tooLarge, trailingData
    }

    public let kind: Kind
    /// Where reading stopped, in bytes from the start of the text.
    public let offset: Int

    init(_ kind: Kind, _ offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    public var description: String {
        let what =
            switch kind {
            case .unexpectedEnd: "unexpected end of JSON input"
            case .invalidCharacter: "invalid character in JSON"
            case .controlCharacter: "control character in JSON string"
            case .invalidUTF8: "invalid UTF-8 in JSON string"
            case .invalidEscape: "invalid escape in JSON string"
            case .invalidNumber: "invalid number in JSON"
            case .tooDeep: "JSON nested too deeply"
            case .tooLarge: "JSON text too long"
            case .trailingData: "data after the end of the JSON value"
            }
        return "\(what) at byte \(offset)"
    }
}
