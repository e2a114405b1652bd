public import NIOCore
public import NIOPosix
import SwiftProtobuf

/// The driver for runtimes that speak the CRI, runtime.v1: containerd 1.6 and later, CRI-O.
public final class CRIRuntime: RuntimeDriver {
    private let channel: GRPCChannel
    private let group: any EventLoopGroup

    /// How long a call may take that has no time limit of its own.
    private static let timeout = TimeAmount.minutes(2)

    /// - Parameter socketPath: the runtime's unix socket. It need not exist yet: every call connects if necessary.
    public init(socketPath: String, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.group = group
        channel = GRPCChannel(socketPath: socketPath, group: group)
    }

    /// Closes the connection. Calls under way fail; a later call connects again.
    public func close() async { await channel.close() }

    /// Returns when the connection is lost, at once if there is none to be had.
    func untilDisconnected() async { await channel.untilDisconnected() }

    private func runtime<Response: Message & Sendable>(
        _ method: String, _ request: some Message, timeout: TimeAmount? = CRIRuntime.timeout
    ) async throws -> Response {
        try await channel.unary("runtime.v1.RuntimeService/\(method)", request, timeout: timeout)
    }

    private func images<Response: Message & Sendable>(
        _ method: String, _ request: some Message, timeout: TimeAmount? = CRIRuntime.timeout
    ) async throws -> Response {
        try await channel.unary("runtime.v1.ImageService/\(method)", request, timeout: timeout)
    }

    // MARK: The runtime

    public func version() async throws -> RuntimeVersion {
        let response: Runtime_V1_VersionResponse = try await runtime(
            "Version", Runtime_V1_VersionRequest.with { $0.version = "v1" })
        return RuntimeVersion(
            runtimeName: response.runtimeName, runtimeVersion: response.runtimeVersion,
            runtimeApiVersion: response.runtimeApiVersion)
    }

    public func status() async throws -> RuntimeStatus {
        RuntimeStatus(try await runtime("Status", Runtime_V1_StatusRequest()))
    }

    // MARK: Sandboxes

    public func runPodSandbox(_ config: PodSandboxConfig, runtimeHandler: String) async throws -> String {
        let request = Runtime_V1_RunPodSandboxRequest.with {
            $0.config = .init(config)
            $0.runtimeHandler = runtimeHandler
        }
        let response: Runtime_V1_RunPodSandboxResponse = try await runtime(
            "RunPodSandbox", request, timeout: .minutes(4))
        return response.podSandboxID
    }

    public func stopPodSandbox(id: String) async throws {
        let _: Runtime_V1_Empty = try await runtime("StopPodSandbox", Runtime_V1_PodSandboxRequest(id))
    }

    public func removePodSandbox(id: String) async throws {
        let _: Runtime_V1_Empty = try await runtime("RemovePodSandbox", Runtime_V1_PodSandboxRequest(id))
    }

    public func podSandboxStatus(id: String) async throws -> PodSandboxStatus {
        let response: Runtime_V1_PodSandboxStatusResponse = try await runtime(
            "PodSandboxStatus", Runtime_V1_PodSandboxRequest(id))
        return PodSandboxStatus(response.status)
    }

    public func listPodSandbox(_ filter: PodSandboxFilter) async throws -> [PodSandbox] {
        let response: Runtime_V1_ListPodSandboxResponse = try await runtime(
            "ListPodSandbox", Runtime_V1_ListPodSandboxRequest.with { $0.filter = .init(filter) })
        return response.items.map(PodSandbox.init)
    }

    // MARK: Containers

    public func createContainer(
        _ config: ContainerConfig, inPodSandbox sandboxID: String, sandboxConfig: PodSandboxConfig
    ) async throws -> String {
        let request = Runtime_V1_CreateContainerRequest.with {
            $0.podSandboxID = sandboxID
            $0.config = .init(config)
            $0.sandboxConfig = .init(sandboxConfig)
        }
        let response: Runtime_V1_CreateContainerResponse = try await runtime("CreateContainer", request)
        return response.containerID
    }

    public func startContainer(id: String) async throws {
        let _: Runtime_V1_Empty = try await runtime("StartContainer", Runtime_V1_ContainerRequest(id))
    }

    public func stopContainer(id: String, timeout: Int64) async throws {
        let request = Runtime_V1_StopContainerRequest.with {
            $0.containerID = id
            $0.timeout = timeout
        }
        let _: Runtime_V1_Empty = try await runtime(
            "StopContainer", request, timeout: .seconds(max(0, timeout)) + Self.timeout)
    }

    public func removeContainer(id: String) async throws {
        let _: Runtime_V1_Empty = try await runtime("RemoveContainer", Runtime_V1_ContainerRequest(id))
    }

    public func listContainers(_ filter: ContainerFilter) async throws -> [Container] {
        let response: Runtime_V1_ListContainersResponse = try await runtime(
            "ListContainers", Runtime_V1_ListContainersRequest.with { $0.filter = .init(filter) })
        return response.containers.map(Container.init)
    }

    public func containerStatus(id: String) async throws -> ContainerStatus {
        let response: Runtime_V1_ContainerStatusResponse = try await runtime(
            "ContainerStatus", Runtime_V1_ContainerRequest(id))
        return ContainerStatus(response.status)
    }

    public func updateContainerResources(id: String, _ resources: LinuxContainerResources) async throws {
        let request = Runtime_V1_UpdateContainerResourcesRequest.with {
            $0.containerID = id
            $0.linux = .init(resources)
        }
        let _: Runtime_V1_Empty = try await runtime("UpdateContainerResources", request)
    }

    public func execSync(container id: String, command: [String], timeout: Int64) async throws -> ExecSyncResult {
        let request = Runtime_V1_ExecSyncRequest.with {
            $0.containerID = id
            $0.cmd = command
            $0.timeout = timeout
        }
        do {
            let response: Runtime_V1_ExecSyncResponse = try await runtime(
                "ExecSync", request, timeout: timeout > 0 ? .seconds(timeout) + Self.timeout : nil)
            return ExecSyncResult(
                stdout: [UInt8](response.stdout), stderr: [UInt8](response.stderr), exitCode: response.exitCode)
        } catch let error as RuntimeError where error.code == .unknown && error.message.contains("deadline exceeded") {
            throw RuntimeError(.deadlineExceeded, error.message)  // containerd 1.6 gives the reason in words only
        }
    }

    public func reopenContainerLog(id: String) async throws {
        let _: Runtime_V1_Empty = try await runtime("ReopenContainerLog", Runtime_V1_ContainerRequest(id))
    }

    // MARK: Images

    public func pullImage(
        _ image: ImageSpec, auth: AuthConfig?, sandboxConfig: PodSandboxConfig?
    ) async throws -> String {
        let request = Runtime_V1_PullImageRequest.with {
            $0.image = .init(image)
            if let auth { $0.auth = .init(auth) }
            if let sandboxConfig { $0.sandboxConfig = .init(sandboxConfig) }
        }
        let response: Runtime_V1_PullImageResponse = try await images("PullImage", request, timeout: nil)
        return response.imageRef
    }

    public func imageStatus(_ image: ImageSpec) async throws -> Image? {
        let response: Runtime_V1_ImageStatusResponse = try await images(
            "ImageStatus", Runtime_V1_ImageRequest.with { $0.image = .init(image) })
        return response.hasImage ? Image(response.image) : nil
    }

    public func listImages() async throws -> [Image] {
        let response: Runtime_V1_ListImagesResponse = try await images("ListImages", Runtime_V1_ListImagesRequest())
        return response.images.map(Image.init)
    }

    public func removeImage(_ image: ImageSpec) async throws {
        let _: Runtime_V1_Empty = try await images(
            "RemoveImage", Runtime_V1_ImageRequest.with { $0.image = .init(image) })
    }

    public func imageFsInfo() async throws -> [FilesystemUsage] {
        let response: Runtime_V1_ImageFsInfoResponse = try await images(
            "ImageFsInfo", Runtime_V1_ImageFsInfoRequest())
        return response.imageFilesystems.map(FilesystemUsage.init)
    }

    // MARK: Statistics and events

    public func containerStats(id: String) async throws -> ContainerStats {
        let response: Runtime_V1_ContainerStatsResponse = try await runtime(
            "ContainerStats", Runtime_V1_ContainerRequest(id))
        return ContainerStats(response.stats)
    }

    public func listContainerStats(_ filter: ContainerFilter) async throws -> [ContainerStats] {
        let request = Runtime_V1_ListContainerStatsRequest.with {
            $0.filter.id = filter.id ?? ""
            $0.filter.podSandboxID = filter.podSandboxID ?? ""
            $0.filter.labelSelector = filter.labelSelector
        }
        let response: Runtime_V1_ListContainerStatsResponse = try await runtime("ListContainerStats", request)
        return response.stats.map(ContainerStats.init)
    }

    /// nil with containerd before 1.7, which has no such call. A runtime where events are switched off ends the stream with
    /// `unimplemented`: there is no telling before, since a runtime that has events says nothing until there is one.
    public func containerEvents() async throws -> AsyncThrowingStream<ContainerEvent, any Error>? {
        let version = try await version()
        let numbers = version.runtimeVersion.split(separator: ".").compactMap { Int($0) }
        if version.runtimeName == "containerd", numbers.count >= 2, (numbers[0], numbers[1]) < (1, 7) { return nil }
        let channel = channel
        return AsyncThrowingStream { continuation in
            let call = Task {
                do {
                    try await channel.call(
                        "runtime.v1.RuntimeService/GetContainerEvents", Runtime_V1_GetEventsRequest(), timeout: nil
                    ) { bytes in
                        let event = try Runtime_V1_ContainerEventResponse(serializedBytes: bytes)
                        continuation.yield(ContainerEvent(event))
                    }
                    throw RuntimeError(.unavailable, "the container runtime ended the stream of events")
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in call.cancel() }
        }
    }

    // MARK: Streams

    public func exec(
        container id: String, command: [String], streams: StreamSelection
    ) async throws -> any RuntimeStream {
        let url = try await streamingURL(.exec(container: id, command: command, streams))
        return try await SPDYStream.connect(to: url, .channels(streams), group: group)
    }

    public func attach(container id: String, streams: StreamSelection) async throws -> any RuntimeStream {
        let url = try await streamingURL(.attach(container: id, streams))
        return try await SPDYStream.connect(to: url, .channels(streams), group: group)
    }

    public func portForward(podSandbox id: String, port: Int32) async throws -> any RuntimeStream {
        let url = try await streamingURL(.portForward(podSandbox: id))
        return try await SPDYStream.connect(to: url, .port(port), group: group)
    }

    public func streamingURL(_ session: RuntimeSession) async throws -> String {
        let response: Runtime_V1_StreamResponse
        switch session {
        case .exec(let container, let command, let streams):
            let request = Runtime_V1_ExecRequest.with {
                $0.containerID = container
                $0.cmd = command
                $0.tty = streams.tty
                $0.stdin = streams.stdin
                $0.stdout = streams.stdout
                $0.stderr = streams.stderr && !streams.tty
            }
            response = try await runtime("Exec", request)
        case .attach(let container, let streams):
            let request = Runtime_V1_AttachRequest.with {
                $0.containerID = container
                $0.tty = streams.tty
                $0.stdin = streams.stdin
                $0.stdout = streams.stdout
                $0.stderr = streams.stderr && !streams.tty
            }
            response = try await runtime("Attach", request)
        case .portForward(let sandbox):
            response = try await runtime(
                "PortForward", Runtime_V1_PortForwardRequest.with { $0.podSandboxID = sandbox })
        }
        return response.url
    }
}

extension Runtime_V1_PodSandboxRequest {
    fileprivate init(_ id: String) {
        self.init()
        podSandboxID = id
    }
}

extension Runtime_V1_ContainerRequest {
    fileprivate init(_ id: String) {
        self.init()
        containerID = id
    }
}
