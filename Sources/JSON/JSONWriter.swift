/// Appends JSON text to a byte buffer. It sets the commas; that names and values alternate is up to the caller.
public struct JSONWriter: Sendable {
    public var bytes: [UInt8] = []
    /// Whether a value ended just before, so that a comma must come before the next.
    @usableFromInline var afterValue = false

    public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    public mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        afterValue = false
    }

    public mutating func string(_ value: String) {
        beginValue()
        bytes.append(UInt8(ascii: "\""))
        value.withBytes { appendEscaped($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func int(_ value: Int) {
        beginValue()
        bytes.append(contentsOf: String(value).utf8)
    }

    public mutating func number(_ value: JSONNumber) {
        beginValue()
        bytes.append(contentsOf: value.text.utf8)
    }

    public mutating func bool(_ value: Bool) {
        beginValue()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    public mutating func null() {
        beginValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A value whose text is there already. The caller vouches that it is one JSON value.
    @inlinable
    public mutating func raw(_ text: some Collection<UInt8>) {
        beginValue()
        bytes.append(contentsOf: text)
    }

    public mutating func value(_ value: JSONValue) { value.write(to: &self) }

    /// Copies the text of the value; null for a missing one.
    public mutating func value(_ value: JSONRef) {
        if value.exists { raw(value.rawBytes) } else { null() }
    }

    @usableFromInline
    mutating func beginValue() {
        if afterValue { bytes.append(UInt8(ascii: ",")) }
        afterValue = true
    }

    private mutating func begin(_ bracket: UInt8) {
        beginValue()
        bytes.append(bracket)
        afterValue = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        afterValue = true
    }

    /// Escapes what RFC 8259, section 7 demands, and nothing else.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var plain = 0  // where the bytes begin that are not yet appended
        var at = 0
        while at < text.count {
            while at + 8 <= text.count {
                let stops = Bytes.stops(Bytes.load(text.from(0), at))
                if stops != 0 {
                    at += stops.trailingZeroBitCount >> 3
                    break
                }
                at += 8
            }
            guard at < text.count else { break }
            let byte = text[at]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: text.extracting(plain..<at))
                appendEscape(byte)
                plain = at + 1
            }
            at += 1
        }
        bytes.append(contentsOf: text.extracting(plain..<text.count))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x20...: bytes.append(byte)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(UInt8(ascii: byte < 0x10 ? "0" : "1"))
            bytes.append(Array("0123456789abcdef".utf8)[Int(byte & 0xF)])
        }
    }
}
