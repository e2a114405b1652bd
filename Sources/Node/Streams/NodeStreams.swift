public import API
public import Client
internal import JSON
internal import NIOCore
internal import Runtime
internal import Synchronization

/// The streams behind `kubectl logs`, `exec` and `attach`.
extension NodeAgent: NodeConnection {
    public func logs(
        namespace: String, pod name: String, container: String, _ options: LogOptions
    ) async throws(StatusError) -> AsyncThrowingStream<[UInt8], any Error> {
        let worker = try worker(namespace, name)
        let pod = worker.pod
        guard let spec = pod.containerSpec(named: container) else {
            throw .badRequest("container \(container) is not valid for pod \(name)")
        }
        let instances = await worker.instances(of: container)
        let path: String
        var followed: UInt32?
        let directory = "\(configuration.logDirectory(pod))/\(container)"
        if options.previous {
            let count = pod.containerStatus(container)["restartCount"].int ?? 0
            let latest = instances.first.map { Int($0.attempt) } ?? count
            path = "\(directory)/\(latest - 1).log"
            guard latest > 0, await exists(path) else {
                throw .badRequest("previous terminated container \"\(container)\" in pod \"\(name)\" not found")
            }
        } else {
            guard let latest = instances.first(where: { $0.status.state != .created }) else {
                let count = pod.containerStatus(container)["restartCount"].int ?? 0
                path = "\(directory)/\(count).log"
                guard await exists(path) else { throw await Self.waiting(worker, spec) }
                return await stream(path, options, worker, followed: nil, directory)
            }
            path = "\(directory)/\(latest.attempt).log"
            followed = latest.attempt
        }
        return await stream(path, options, worker, followed: followed, directory)
    }

    private func stream(
        _ path: String, _ options: LogOptions, _ worker: PodWorker, followed: UInt32?, _ directory: String
    ) async -> AsyncThrowingStream<[UInt8], any Error> {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var sources: [any Sendable] = []
        if options.follow, followed != nil {
            let mask = FileWatcher.modified | FileWatcher.created | FileWatcher.closed | FileWatcher.moved
            if let watch = services.watcher?.watch(directory, mask, { _, _ in continuation.yield() }) {
                sources.append(watch)
            }
            sources.append(Observation(worker) { continuation.yield() })
        }
        let attempt = Mutex(followed)
        let container = String(directory.split(separator: "/").last ?? "")
        let reader = LogReader(
            path: path, options,
            state: { [weak worker] in
                guard let followed = attempt.withLock({ $0 }), let worker else { return .ended }
                let (state, next) = await worker.logState(of: container, after: followed)
                if let next {
                    attempt.withLock { $0 = next }
                    return .continued("\(directory)/\(next).log")
                }
                return state
            }, signals: signals, sources: sources)
        return AsyncThrowingStream { try await reader.next() }
    }

    private func exists(_ path: String) async -> Bool { (try? await blocking { Files.exists(path) }) ?? false }

    private static func waiting(_ worker: PodWorker, _ container: ContainerSpec) async -> StatusError {
        let pod = worker.pod
        // The worker knows before the API does.
        let reason =
            await worker.waiting[container.name]?.reason
            ?? pod.containerStatus(container.name)["state"]["waiting"]["reason"].string ?? "ContainerCreating"
        let why = reason == "ImagePullBackOff" || reason == "ErrImagePull" ? "trying and failing to pull image" : reason
        return .badRequest("container \"\(container.name)\" in pod \"\(pod.name)\" is waiting to start: \(why)")
    }

    public func exec(
        namespace: String, pod: String, container: String, _ options: ExecOptions
    ) async throws(StatusError) -> any ContainerStream {
        let id = try await runningContainer(namespace, pod, container)
        do {
            let stream = try await services.driver.exec(
                container: id, command: options.command, streams: StreamSelection(options))
            return RuntimeContainerStream(stream)
        } catch {
            throw .internalError("error executing command in container: \(error)")
        }
    }

    public func attach(
        namespace: String, pod: String, container: String, _ options: ExecOptions
    ) async throws(StatusError) -> any ContainerStream {
        let id = try await runningContainer(namespace, pod, container)
        do {
            return RuntimeContainerStream(
                try await services.driver.attach(container: id, streams: StreamSelection(options)))
        } catch {
            throw .internalError("error attaching to container: \(error)")
        }
    }

    public func portForward(namespace: String, pod: String, port: Int) async throws(StatusError) -> any ContainerStream
    {
        let sandbox = try await readySandbox(namespace, pod)
        do {
            return RuntimeContainerStream(
                try await services.driver.portForward(podSandbox: sandbox, port: Int32(clamping: port)))
        } catch {
            throw .internalError("error forwarding port \(port) to pod \(pod): \(error)")
        }
    }

    public func streamingURL(
        namespace: String, pod: String, _ session: StreamingSession
    ) async throws(StatusError) -> String {
        let asked: RuntimeSession
        switch session {
        case .exec(let container, let options):
            let id = try await runningContainer(namespace, pod, container)
            asked = .exec(container: id, command: options.command, StreamSelection(options))
        case .attach(let container, let options):
            asked = .attach(
                container: try await runningContainer(namespace, pod, container), StreamSelection(options))
        case .portForward:
            asked = .portForward(podSandbox: try await readySandbox(namespace, pod))
        }
        do {
            return try await services.driver.streamingURL(asked)
        } catch {
            throw .internalError("unable to upgrade connection: \(error)")
        }
    }

    private func readySandbox(_ namespace: String, _ name: String) async throws(StatusError) -> String {
        guard let sandbox = try await worker(namespace, name).runtime.readySandbox else {
            throw .internalError("unable to do port forwarding: pod \(name) is not running")
        }
        return sandbox.id
    }

    private func runningContainer(_ namespace: String, _ name: String, _ container: String) async throws(StatusError)
        -> String
    {
        let worker = try worker(namespace, name)
        guard worker.pod.containerSpec(named: container) != nil else {
            throw .badRequest("container \(container) is not valid for pod \(name)")
        }
        guard let instance = await worker.instances(of: container).first, instance.status.state == .running else {
            throw StatusError(
                code: 500, reason: "InternalError",
                message: "unable to upgrade connection: container not found (\"\(container)\")")
        }
        return instance.id
    }

    private func worker(_ namespace: String, _ name: String) throws(StatusError) -> PodWorker {
        guard let worker = findWorker(namespace, name) else {
            throw .notFound(group: "", resource: "pods", name)
        }
        return worker
    }
}

extension PodWorker {
    var runningContainers: [String] { runtime.running.map(\.status.metadata.name) }

    /// How the log of an instance goes on; `next` is the instance after it, when there is one.
    func logState(of name: String, after attempt: UInt32) -> (LogState, next: UInt32?) {
        let instances = runtime.containers[name] ?? []
        if instances.contains(where: {
            $0.attempt == attempt && ($0.status.state == .running || $0.status.state == .unknown)
        }) {
            return (.writing, nil)
        }
        if let next = instances.last(where: { $0.attempt > attempt && $0.status.state != .created }) {
            return (.writing, next.attempt)
        }
        let pod = pod
        guard let container = pod.containerSpec(named: name), !pod.isBeingDeleted, failure == nil,
            pod.phase != "Succeeded", pod.phase != "Failed", container.role != .ephemeral,
            !PodPlan.isDone(container, pod, runtime)
        else { return (.ended, nil) }
        return (.paused, nil)
    }
}

/// An observer of a worker that leaves when it is let go.
private final class Observation: Sendable {
    private let worker: PodWorker
    private let id: Int

    init(_ worker: PodWorker, _ observer: @escaping @Sendable () -> Void) {
        self.worker = worker
        id = worker.observe(observer)
    }
    deinit { worker.removeObserver(id) }
}

extension StreamSelection {
    fileprivate init(_ options: ExecOptions) {
        self.init(stdin: options.stdin, stdout: options.stdout, stderr: options.stderr, tty: options.tty)
    }
}

/// A runtime's stream in the terms of the API server.
private final class RuntimeContainerStream: ContainerStream {
    private let stream: any RuntimeStream

    init(_ stream: any RuntimeStream) { self.stream = stream }

    func writeStdin(_ bytes: [UInt8]) async throws { try await stream.write(ByteBuffer(bytes: bytes)) }
    func closeStdin() async throws { try await stream.closeStdin() }
    func resize(width: Int, height: Int) async throws {
        try await stream.resize(TerminalSize(width: UInt16(clamping: width), height: UInt16(clamping: height)))
    }
    var output: AsyncThrowingStream<ContainerOutput, any Error> {
        let stream = stream
        return AsyncThrowingStream {
            switch try await stream.read() {
            case .stdout(let bytes): .stdout(Array(bytes.readableBytesView))
            case .stderr(let bytes): .stderr(Array(bytes.readableBytesView))
            case .status(let bytes): .status(Array(bytes.readableBytesView))
            case nil: nil
            }
        }
    }
    func close() {
        let stream = stream
        Task { await stream.close() }
    }
}
