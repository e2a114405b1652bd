public import NIOCore

/// A live connection to a process (exec, attach) or a port (port-forward).
///
/// One task reads until `read()` gives nil; others may write meanwhile. Nothing is read ahead of the reader beyond a few
/// hundred KiB: a slow reader slows the process down. Always call `close()`, also after an error.
public protocol RuntimeStream: Sendable {
    /// The next piece of output, nil when the other side has ended the session. One reader at a time.
    /// - Throws: `RuntimeError` with `unavailable` when the connection broke, `CancellationError` when cancelled.
    func read() async throws -> RuntimeStreamChunk?

    /// Sends to the process's stdin, or to the port. Returns when there is room for more.
    func write(_ bytes: ByteBuffer) async throws

    /// Half-closes: the process reads end-of-file, the port sees FIN; output goes on. Nothing may be written after it.
    func closeStdin() async throws

    /// Tells the terminal its size. Without effect unless the session has a tty.
    func resize(_ size: TerminalSize) async throws

    /// Drops the connection. The process of an exec may live on (the runtime decides). May be called at any time, twice.
    func close() async
}

public enum RuntimeStreamChunk: Sendable, Equatable {
    /// stdout, both outputs of a tty, or what a port sent.
    case stdout(ByteBuffer)
    case stderr(ByteBuffer)
    /// The error stream, whole, when it ends: for exec and attach a `Status` object as JSON (protocol
    /// v4.channel.k8s.io), e.g. `{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"3"}]},…}`;
    /// for port-forward a text.
    case status(ByteBuffer)
}

/// Which of a process's streams to connect.
public struct StreamSelection: Sendable, Equatable {
    public var stdin: Bool
    public var stdout: Bool
    /// Must be false with `tty`, which has one output only.
    public var stderr: Bool
    public var tty: Bool

    public init(stdin: Bool = false, stdout: Bool = true, stderr: Bool = true, tty: Bool = false) {
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr && !tty
        self.tty = tty
    }
}

/// In characters.
public struct TerminalSize: Sendable, Equatable {
    public var width: UInt16
    public var height: UInt16

    public init(width: UInt16, height: UInt16) {
        self.width = width
        self.height = height
    }
}
