/// A container runtime, as the node agent sees it.
///
/// A pod is a *sandbox* (the namespaces its containers share: network, IPC, hostname, perhaps PID) and the *containers*
/// in it. A driver keeps both, with the labels and annotations they were made with, until they are removed: the agent
/// holds no state of its own and finds its pods again by listing. The semantics are those of the CRI
/// (https://kubernetes.io/docs/concepts/architecture/cri/); a driver for another engine keeps these promises:
///
/// - **Idempotence.** `stop…` and `remove…` of something already stopped or gone succeed. `stopPodSandbox` may be called
///   many times; `removePodSandbox` and `removeContainer` kill what still runs.
/// - **Names.** (namespace, name, uid, attempt) of a sandbox and (name, attempt) of a container within it are unique; a
///   second create with the same metadata throws `alreadyExists` or a message that says so.
/// - **Restarts.** Containers outlive the runtime and this process. After either was restarted the same IDs are valid.
/// - **Cancellation.** Cancelling the calling task ends the call with `CancellationError`; what the runtime was doing may
///   or may not be undone, so the caller lists again.
/// - **Errors.** Every failure is a `RuntimeError` with a gRPC code: `notFound` for unknown IDs, `unavailable` while the
///   runtime cannot be reached, `deadlineExceeded` when it took too long, `unimplemented` for what it cannot do.
///
/// A driver is called from many tasks at once and must not block the thread it is called on.
public protocol RuntimeDriver: Sendable {
    // MARK: The runtime

    /// Name and version, e.g. "containerd" and "1.6.20"; the node shows them as `containerd://1.6.20`.
    func version() async throws -> RuntimeVersion

    /// Whether containers can be run (`runtimeReady`) and pods get addresses (`networkReady`), and why not.
    func status() async throws -> RuntimeStatus

    // MARK: Sandboxes

    /// Creates and starts a sandbox and returns its ID. On return it is ready and has its addresses.
    /// - Parameter runtimeHandler: the handler of the pod's RuntimeClass; "" for the default.
    func runPodSandbox(_ config: PodSandboxConfig, runtimeHandler: String) async throws -> String

    /// Kills the sandbox's containers and gives its addresses back. Its logs and status stay until it is removed.
    func stopPodSandbox(id: String) async throws

    /// Removes the sandbox and everything in it.
    func removePodSandbox(id: String) async throws

    /// - Throws: `RuntimeError` with code `notFound` if there is no such sandbox.
    func podSandboxStatus(id: String) async throws -> PodSandboxStatus

    /// The sandboxes that match all fields of the filter, ready or not.
    func listPodSandbox(_ filter: PodSandboxFilter) async throws -> [PodSandbox]

    // MARK: Containers

    /// Creates a container in a sandbox, without starting it, and returns its ID. The image must be on the node.
    /// - Parameter sandboxConfig: what the sandbox was made with.
    func createContainer(
        _ config: ContainerConfig, inPodSandbox sandboxID: String, sandboxConfig: PodSandboxConfig
    ) async throws -> String

    func startContainer(id: String) async throws

    /// Sends the stop signal, waits up to `timeout` seconds, then kills. 0 kills at once. Returns when it has stopped.
    func stopContainer(id: String, timeout: Int64) async throws

    func removeContainer(id: String) async throws

    func listContainers(_ filter: ContainerFilter) async throws -> [Container]

    /// - Throws: `RuntimeError` with code `notFound` if there is no such container.
    func containerStatus(id: String) async throws -> ContainerStatus

    /// Changes the limits of a running container; zero and "" leave a limit as it is.
    func updateContainerResources(id: String, _ resources: LinuxContainerResources) async throws

    /// Runs a command in a container and waits for it.
    /// - Parameter timeout: seconds; 0 waits for ever. On expiry the command is killed and `deadlineExceeded` thrown.
    /// - Returns: its exit code and output. The runtime cuts each of stdout and stderr off at 16 MiB or less.
    func execSync(container id: String, command: [String], timeout: Int64) async throws -> ExecSyncResult

    /// Makes the runtime open the container's log file anew; called after the file was renamed (rotation).
    func reopenContainerLog(id: String) async throws

    // MARK: Images

    /// Pulls an image and returns its ID as `imageStatus` gives it.
    /// - Parameter auth: credentials for its registry, or nil.
    func pullImage(_ image: ImageSpec, auth: AuthConfig?, sandboxConfig: PodSandboxConfig?) async throws -> String

    /// What is known of an image on this node, by name or ID; nil if it is not here.
    func imageStatus(_ image: ImageSpec) async throws -> Image?

    func listImages() async throws -> [Image]

    /// Removes an image with all its tags. Removing one that is not there succeeds.
    func removeImage(_ image: ImageSpec) async throws

    /// What images take of each file system they are kept on.
    func imageFsInfo() async throws -> [FilesystemUsage]

    // MARK: Statistics and events

    /// - Throws: `RuntimeError` with code `notFound` if there is no such container.
    func containerStats(id: String) async throws -> ContainerStats

    /// The statistics of all running containers that match all fields of the filter.
    func listContainerStats(_ filter: ContainerFilter) async throws -> [ContainerStats]

    /// Containers and sandboxes being created, started, stopped and deleted from now on, or nil when this runtime has no
    /// events and the caller must list. The stream ends by throwing: `unimplemented` where events are switched off,
    /// `unavailable` when the runtime goes away (then list and ask again).
    func containerEvents() async throws -> AsyncThrowingStream<ContainerEvent, any Error>?

    // MARK: Streams

    /// Runs a command in a running container and connects to it.
    /// The last thing read is `.status` with a `Status` object as JSON: Success, or Failure with the cause `ExitCode`.
    func exec(container id: String, command: [String], streams: StreamSelection) async throws -> any RuntimeStream

    /// Connects to the first process of a running container. What it wrote before is not repeated.
    /// `streams.tty` must equal the container's `tty`.
    func attach(container id: String, streams: StreamSelection) async throws -> any RuntimeStream

    /// Opens one TCP connection to a port of the sandbox on its loopback address. What is read as `.stdout` comes from
    /// that port; a `.status` holds a line of text saying why the connection failed.
    func portForward(podSandbox id: String, port: Int32) async throws -> any RuntimeStream

    /// Where a client that speaks SPDY/3.1 itself connects: an http URL for one request, good for a minute or so.
    /// - Throws: `unimplemented` where the runtime has no such server.
    func streamingURL(_ session: RuntimeSession) async throws -> String
}

/// What a streaming URL is for.
public enum RuntimeSession: Sendable {
    case exec(container: String, command: [String], StreamSelection)
    case attach(container: String, StreamSelection)
    /// The client names the ports.
    case portForward(podSandbox: String)
}

extension RuntimeDriver {
    public func streamingURL(_ session: RuntimeSession) async throws -> String {
        throw RuntimeError(.unimplemented, "this container runtime has no streaming server")
    }

    public func runPodSandbox(_ config: PodSandboxConfig) async throws -> String {
        try await runPodSandbox(config, runtimeHandler: "")
    }

    public func listPodSandbox() async throws -> [PodSandbox] { try await listPodSandbox(PodSandboxFilter()) }

    public func listContainers() async throws -> [Container] { try await listContainers(ContainerFilter()) }

    public func pullImage(_ image: ImageSpec) async throws -> String {
        try await pullImage(image, auth: nil, sandboxConfig: nil)
    }
}
