/// Writes tar archives (POSIX.1-1988 ustar: names up to 100 bytes). Times are zero, so equal content gives equal bytes.
public struct TarArchive: Sendable {
    private var blocks: [UInt8] = []

    public init() {}

    public mutating func addDirectory(_ name: String, mode: Int = 0o755) {
        addHeader(name.hasSuffix("/") ? name : name + "/", type: "5", mode: mode, size: 0)
    }

    public mutating func addFile(_ name: String, _ content: [UInt8], mode: Int = 0o644) {
        addHeader(name, type: "0", mode: mode, size: content.count)
        blocks += content
        blocks += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    public mutating func addSymbolicLink(_ name: String, to target: String) {
        addHeader(name, type: "2", mode: 0o777, size: 0, target: target)
    }

    /// The archive with its end mark.
    public var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 1024) }

    private mutating func addHeader(_ name: String, type: Character, mode: Int, size: Int, target: String = "") {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, _ length: Int) {
            let bytes = Array(text.utf8.prefix(length))
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, at: 0, 100)
        put(octal(mode, 7), at: 100, 8)
        put(octal(0, 7), at: 108, 8)  // uid
        put(octal(0, 7), at: 116, 8)  // gid
        put(octal(size, 11), at: 124, 12)
        put(octal(0, 11), at: 136, 12)  // mtime
        put("        ", at: 148, 8)  // the checksum counts as spaces
        put(String(type), at: 156, 1)
        put(target, at: 157, 100)
        put("ustar", at: 257, 5)
        put("00", at: 263, 2)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148, 8)
        blocks += header
    }
}
