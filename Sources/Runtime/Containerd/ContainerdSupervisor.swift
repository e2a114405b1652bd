import Glibc
import NIOCore
import NIOPosix

/// Keeps a containerd of our own running: starts it, takes over one that still runs from last time, starts it again when
/// it dies, and ends it on `stop()`. Pods never depend on it: their shims live on through all of that.
///
/// Under systemd the unit needs `KillMode=process` and `Delegate=yes`, or systemd ends the pods with the service.
public actor ContainerdSupervisor {
    public nonisolated let configuration: ContainerdConfiguration
    /// Speaks to the supervised containerd; calls fail with `unavailable` while it is down.
    public nonisolated let driver: CRIRuntime

    private let containerd: String
    private let log: @Sendable (String) -> Void
    /// The containerd we started, if we did: one that was taken over is not our child.
    private var child: (process: ChildProcess, exit: EventLoopFuture<Int32>)?
    private var watch: Task<Void, Never>?
    private var stopping = false
    /// Succeeds when `stopping` becomes true.
    private var stopped: EventLoopPromise<Void>

    /// How long it may take until it answers.
    private static let startTimeout = Duration.seconds(60)
    private static let longestBackOff = Duration.seconds(30)

    /// - Parameter log: told in one line when containerd dies or does not start again.
    /// - Throws: a `RuntimeError` that says what to install when containerd, runc or the CNI plugins are missing.
    public init(
        _ configuration: ContainerdConfiguration, log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let containerd = Files.program("containerd")
        var missing: [String] = []
        if containerd == nil || Files.program("ctr") == nil { missing.append("containerd") }
        if Files.program("runc") == nil { missing.append("runc") }
        if configuration.host.cniBinDirectory == nil { missing.append("containernetworking-plugins") }
        guard let containerd, missing.isEmpty else {
            throw RuntimeError(
                .failedPrecondition,
                "not installed: \(missing.joined(separator: ", ")); "
                    + "install with: apt-get install -y --no-install-recommends \(missing.joined(separator: " "))")
        }
        guard geteuid() == 0 else { throw RuntimeError(.permissionDenied, "running containers needs root") }
        self.configuration = configuration
        self.containerd = containerd
        self.log = log
        driver = CRIRuntime(socketPath: configuration.socketPath)
        stopped = MultiThreadedEventLoopGroup.singleton.any().makePromise()
    }

    /// Starts or takes over containerd and returns when it answers.
    /// - Throws: `RuntimeError` with the end of its log when it does not.
    public func start() async throws {
        guard watch == nil else { return }
        for directory in [
            configuration.stateDirectory, configuration.rootDirectory, configuration.cniConfDirectory,
            configuration.certsDirectory,
        ] { try Files.makeDirectory(directory, mode: 0o711) }
        let toml = configuration.toml
        let current = Files.readText(configuration.configPath) == toml
        // With another configuration than ours it must start anew.
        if !current, let pid = listener { await end(pid) }
        if !current { try Files.write(toml, to: configuration.configPath) }
        if stopping {
            stopping = false
            stopped = MultiThreadedEventLoopGroup.singleton.any().makePromise()
        }
        try await launch()
        watch = Task { await supervise() }
    }

    deinit { stopped.succeed() }

    /// Ends containerd; pods go on. Returns when it has ended.
    public func stop() async {
        let pid = listener
        await release()
        if let pid { await end(pid) }
    }

    /// Lets it run on and stops watching it, for a process that is to be replaced.
    public func release() async {
        stopping = true
        stopped.succeed()
        watch?.cancel()
        await driver.close()
        await watch?.value
        watch = nil
    }

    // MARK: Running it

    private func launch() async throws {
        if listener == nil { try spawn() }
        let deadline = ContinuousClock.now + Self.startTimeout
        while true {
            do {
                _ = try await driver.status()
                return
            } catch let error as RuntimeError {
                if listener == nil, let child, kill(child.process.pid, 0) != 0 {
                    let code = try await child.exit.get()
                    self.child = nil
                    throw RuntimeError(.unavailable, "containerd ended with exit code \(code): \(lastLogLine)")
                }
                guard ContinuousClock.now < deadline else {
                    throw RuntimeError(.unavailable, "containerd does not answer: \(error.message)")
                }
            }
            // No event tells when a socket begins to listen or when the CRI plugin has loaded what it kept.
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func spawn() throws {
        if let length = Files.length(configuration.logPath), length > 10 << 20 {
            rename(configuration.logPath, configuration.logPath + ".1")
        }
        let output = open(configuration.logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard output >= 0 else { throw Files.failure("cannot write \(configuration.logPath)") }
        defer { close(output) }
        let process = try ChildProcess(
            containerd, ["--config", configuration.configPath, "--log-level", "warn"], output: output)
        let exit = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Int32.self)
        // A thread that sleeps in waitpid(2) for as long as the child lives.
        let reaper = NIOThreadPool(numberOfThreads: 1)
        reaper.start()
        reaper.submit { _ in
            exit.succeed(process.wait())
            reaper.shutdownGracefully { _ in }
        }
        child = (process, exit.futureResult)
    }

    /// Waits for its end and starts it again, with growing pauses while it keeps ending early.
    private func supervise() async {
        var backOff = Duration.milliseconds(50)
        while true {
            let since = ContinuousClock.now
            let end = await untilEnded()
            if stopping { return }
            log("containerd \(end); starting it again")
            if since.duration(to: .now) > .seconds(60) { backOff = .milliseconds(50) }
            repeat {
                try? await Task.sleep(for: backOff)
                backOff = min(backOff * 2, Self.longestBackOff)
            } while await !relaunch()
        }
    }

    /// Returns what became of it, or when we are to stop.
    private func untilEnded() async -> String {
        if let child {
            let first = child.exit.eventLoop.makePromise(of: Int32?.self)
            child.exit.whenSuccess { first.succeed($0) }
            stopped.futureResult.whenSuccess { first.succeed(nil) }
            let code = try? await first.futureResult.get()
            if code != nil { self.child = nil }
            return "ended with exit code \(code ?? -1)"
        }
        // Not our child: its end is the end of our connection.
        while !stopping, listener != nil {
            await driver.untilDisconnected()
            try? await Task.sleep(for: .milliseconds(50))
        }
        return "ended"
    }

    private func relaunch() async -> Bool {
        if stopping { return true }
        do {
            try await launch()
            return true
        } catch {
            if !stopping { log("\(error)") }
            return false
        }
    }

    /// SIGTERM, and after ten seconds SIGKILL; returns when it is gone.
    private func end(_ pid: pid_t) async {
        kill(pid, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(10)
        while kill(pid, 0) == 0 {
            if ContinuousClock.now > deadline { kill(pid, SIGKILL) }
            // It need not be our child, so there is no event. Not cancellable: the next one must find it gone.
            await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
    }

    /// The process that listens on our socket, nil when there is none.
    private var listener: pid_t? { UnixSocket.listener(at: configuration.socketPath) }

    private var lastLogLine: Substring {
        (Files.readText(configuration.logPath) ?? "").split(separator: "\n").last ?? ""
    }
}
