public import API
public import JSON

/// What the API server asks of the node that a Pod runs on: the streams behind `kubectl logs`, `exec`, `attach` and
/// `port-forward`. The agent implements it; in one process it is called directly.
public protocol NodeConnection: Sendable {
    /// Log text in pieces, already cut to the options. Ends when the log does, or with the container when following.
    func logs(namespace: String, pod: String, container: String, _ options: LogOptions) async throws(StatusError)
        -> AsyncThrowingStream<[UInt8], any Error>
    func exec(namespace: String, pod: String, container: String, _ options: ExecOptions) async throws(StatusError)
        -> any ContainerStream
    func attach(namespace: String, pod: String, container: String, _ options: ExecOptions) async throws(StatusError)
        -> any ContainerStream
    /// One connection to a port of the Pod; what the port sends is its output's `stdout`.
    func portForward(namespace: String, pod: String, port: Int) async throws(StatusError) -> any ContainerStream
    /// Where the node's runtime speaks a session's own protocol: an http URL for one request that upgrades to SPDY/3.1.
    func streamingURL(namespace: String, pod: String, _ session: StreamingSession) async throws(StatusError) -> String
    /// What the node's containers use now. Measures for a second if nobody asked lately.
    func statistics() async throws(StatusError) -> NodeStatistics
    /// What the node answers on a path of its own API, e.g. /stats/summary.
    func answer(path: String) async throws(StatusError) -> NodeAnswer
}

public struct NodeStatistics: Sendable {
    /// stats.k8s.io/v1alpha1 Summary.
    public var summary: JSONValue
    /// Seconds over which the rates in it were measured.
    public var window: Double

    public init(summary: JSONValue, window: Double) { (self.summary, self.window) = (summary, window) }
}

public struct NodeAnswer: Sendable {
    public var contentType: String
    public var body: [UInt8]

    public init(contentType: String, body: [UInt8]) { (self.contentType, self.body) = (contentType, body) }
}

/// A session whose bytes are passed on as they are.
public enum StreamingSession: Sendable {
    case exec(container: String, ExecOptions)
    case attach(container: String, ExecOptions)
    case portForward
}

/// `PodLogOptions` (core/v1).
public struct LogOptions: Sendable {
    public var follow = false
    public var previous = false
    public var timestamps = false
    public var tailLines: Int?
    public var sinceSeconds: Int?
    public var sinceTime: Time?
    public var limitBytes: Int?
    /// nil: both.
    public var stream: Stream?

    public enum Stream: String, Sendable {
        case stdout, stderr
    }

    public init() {}
}

/// `PodExecOptions` and `PodAttachOptions` (core/v1).
public struct ExecOptions: Sendable {
    public var command: [String] = []
    public var stdin = false
    public var stdout = false
    public var stderr = false
    public var tty = false
    public init() {}
}

/// A process's streams in both directions.
public protocol ContainerStream: Sendable {
    /// Waits until the process takes the bytes.
    func writeStdin(_ bytes: [UInt8]) async throws
    /// The process reads end of file.
    func closeStdin() async throws
    func resize(width: Int, height: Int) async throws
    /// Ends when the process has ended and everything was read; the last element is its status.
    var output: AsyncThrowingStream<ContainerOutput, any Error> { get }
    func close()
}

public enum ContainerOutput: Sendable {
    case stdout([UInt8])
    case stderr([UInt8])
    /// A `Status` object (meta/v1): Success, or Failure with the cause ExitCode.
    case status([UInt8])
}
