internal import API
internal import Client
internal import Glibc

/// Reads a container's log, cut to the options; at the end it waits for more when following. Every `next` reads only as
/// much as it gives, so a slow reader costs no memory.
actor LogReader {
    private var path: String
    private let options: LogOptions
    private let since: Time?
    private let state: @Sendable () async -> LogState
    private let signals: AsyncStream<Void>
    private var signal: AsyncStream<Void>.Iterator
    /// Keeps the sources of the signals alive.
    private let sources: [any Sendable]

    private var file: LogFile?
    private var carry: [UInt8] = []
    private var continuesLine = false
    private var remaining: Int
    private var hasEnded = false

    init(
        path: String, _ options: LogOptions, state: @escaping @Sendable () async -> LogState,
        signals: AsyncStream<Void>,
        sources: [any Sendable]
    ) {
        (self.path, self.options, self.state) = (path, options, state)
        (self.signals, self.sources) = (signals, sources)
        signal = signals.makeAsyncIterator()
        since = options.sinceTime ?? options.sinceSeconds.map { Time.now.adding(seconds: -Double($0)) }
        remaining = options.limitBytes ?? .max
    }

    /// The next piece, nil at the end.
    func next() async throws -> [UInt8]? {
        if file == nil {
            let (path, tail) = (path, options.tailLines)
            file = try await blocking { try LogFile(path, tailLines: tail) }
        }
        while !hasEnded, remaining > 0 {
            try Task.checkCancellation()
            guard let file else { return nil }
            let chunk = try await blocking { try file.read() }
            if !chunk.isEmpty {
                let out = convert(chunk)
                if !out.isEmpty { return out }
                continue
            }
            guard options.follow else { break }
            // Asked before the last read, so that nothing written before the end is missed.
            let state = await state()
            if state != .writing {
                let rest = try await blocking { try file.read() }
                let out = convert(rest)
                if !out.isEmpty { return out }
                if !rest.isEmpty { continue }
                switch state {
                case .ended: hasEnded = true
                case .continued(let path):
                    // What the next instance says comes after what this one said.
                    guard let next = try? await blocking({ try LogFile(path, tailLines: nil) }) else { break }
                    (self.path, self.file, carry) = (path, next, [])
                    continue
                case .writing, .paused: break
                }
                if hasEnded { continue }
            }
            let path = path
            if let newer = try await blocking({ try file.reopenedIfRotated(path) }) {
                self.file = newer
                carry = []
                continue
            }
            var iterator = signal
            let more: Void? = await iterator.next(isolation: self)
            signal = iterator
            if more == nil { break }
        }
        return nil
    }

    private func convert(_ chunk: [UInt8]) -> [UInt8] {
        carry += chunk
        var out: [UInt8] = []
        var start = carry.startIndex
        while let end = carry[start...].firstIndex(of: UInt8(ascii: "\n")) {
            append(carry[start..<end], to: &out)
            start = end + 1
            if remaining <= 0 { break }
        }
        carry.removeFirst(start)
        return out
    }

    private func append(_ line: ArraySlice<UInt8>, to out: inout [UInt8]) {
        guard let entry = LogLine(line) else { return }
        if let stream = options.stream, !entry.stream.elementsEqual(stream.rawValue.utf8) { return }
        if let since, let time = Time(String(decoding: entry.time, as: UTF8.self)), time < since { return }
        var text: [UInt8] = []
        if options.timestamps, !continuesLine {
            text += entry.time
            text.append(UInt8(ascii: " "))
        }
        text += entry.text
        if !entry.isPartial { text.append(UInt8(ascii: "\n")) }
        continuesLine = entry.isPartial
        out += text.prefix(remaining)
        remaining -= min(remaining, text.count)
    }
}

/// What is to be expected of a log that was read to its end.
enum LogState: Sendable, Equatable {
    /// The container may still write.
    case writing
    /// It has ended, and is to be started again.
    case paused
    /// It was started again, and writes there.
    case continued(String)
    case ended
}

/// An open log file. Used by one reader at a time.
final class LogFile: Sendable {
    private let descriptor: Int32
    private let inode: UInt64

    init(_ path: String, tailLines: Int?) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        var info = stat()
        fstat(descriptor, &info)
        inode = UInt64(info.st_ino)
        if let tailLines { lseek(descriptor, off_t(LogTail.offset(descriptor, lines: tailLines)), SEEK_SET) }
    }

    deinit { close(descriptor) }

    /// What comes next, up to 64 KiB; nothing at the end.
    func read() throws -> [UInt8] {
        let size = 64 << 10
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let result = Glibc.read(descriptor, buffer.baseAddress, size)
            guard result >= 0 else { throw SystemError("read", "the container's log") }
            count = result
        }
    }

    /// The file that is now under the name, when this one was renamed.
    func reopenedIfRotated(_ path: String) throws -> LogFile? {
        var info = stat()
        guard stat(path, &info) == 0, UInt64(info.st_ino) != inode else { return nil }
        return try LogFile(path, tailLines: nil)
    }
}
