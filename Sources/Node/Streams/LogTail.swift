internal import Glibc

/// Finding one's place in a log file from its end.
enum LogTail {
    /// Where the last `lines` lines begin. Blocks.
    static func offset(_ descriptor: Int32, lines: Int) -> Int {
        var end = Int(lseek(descriptor, 0, SEEK_END))
        guard lines > 0, end > 0 else { return max(0, end) }
        let size = end
        var found = 0
        let block = 64 << 10
        var buffer = [UInt8](repeating: 0, count: block)
        while end > 0 {
            let start = max(0, end - block)
            let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, end - start, start) }
            guard count > 0 else { return 0 }
            for index in stride(from: count - 1, through: 0, by: -1) where buffer[index] == UInt8(ascii: "\n") {
                // The newline at the very end belongs to the last line.
                if start + index == size - 1 { continue }
                found += 1
                if found == lines { return start + index + 1 }
            }
            end = start
        }
        return 0
    }

    /// The text of the last lines, at most so many bytes of it: what a container that failed leaves as its last words.
    static func text(_ path: String, lines: Int, bytes: Int) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        lseek(descriptor, off_t(offset(descriptor, lines: lines)), SEEK_SET)
        var raw: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while raw.count < 1 << 20 {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { break }
            raw += buffer[..<count]
        }
        var text: [UInt8] = []
        for line in raw.split(separator: UInt8(ascii: "\n")) {
            guard let line = LogLine(line) else { continue }
            text += line.text
            if !line.isPartial { text.append(UInt8(ascii: "\n")) }
        }
        return String(decoding: text.suffix(bytes), as: UTF8.self)
    }
}
