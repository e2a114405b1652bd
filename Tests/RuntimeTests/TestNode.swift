import Glibc
import NIOCore
import Synchronization
import Testing

@testable import Runtime

/// A containerd of a test's own with a network of its own; everything is removed at the end.
struct TestNode: Sendable {
    let configuration: ContainerdConfiguration
    let supervisor: ContainerdSupervisor
    let directory: String
    let bridge: String
    let subnet: String
    let logged = Logged()
    var driver: CRIRuntime { supervisor.driver }
    var importer: ImageImporter { ImageImporter(configuration, driver: driver) }

    static let image = "localhost/test/busybox:1"
    private static let count = Atomic(0)

    /// Runs the body on a node whose containerd is up and has the images.
    static func with(_ body: (TestNode) async throws -> Void) async throws {
        try #require(geteuid() == 0, "these tests run containers, which needs root")
        let node = try TestNode()
        do {
            try await node.start()
            try await body(node)
        } catch {
            await node.tearDown()
            throw error
        }
        await node.tearDown()
    }

    private init() throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let name = "segler-test-\(getpid())-\(number)"
        directory = "/tmp/\(name)"
        bridge = "sgt\(getpid() % 100_000)x\(number)"
        subnet = "10.\(192 + Int(getpid()) % 60).\(number)"
        configuration = try ContainerdConfiguration(dataDirectory: directory, stateDirectory: "/run/\(name)")
        let logged = logged
        supervisor = try ContainerdSupervisor(configuration) { logged.add($0) }
    }

    private func start() async throws {
        let network = CNIConfiguration(
            bridge: bridge, podCIDRs: ["\(subnet).0/24"], ipMasq: false, dataDirectory: directory,
            binDirectory: configuration.host.cniBinDirectory)
        try network.write(to: configuration.cniConfDirectory)
        try await supervisor.start()
        try await PauseImage.provide(importer, driver: driver)
        try await importer.importImage(Self.busybox(), name: Self.image)
    }

    static func busybox() throws -> OCIImage {
        var layer = TarArchive()
        for directory in ["bin", "etc", "tmp", "proc", "sys", "dev"] { layer.addDirectory(directory) }
        layer.addFile("bin/busybox", try #require(Files.read("/bin/busybox")), mode: 0o755)
        for applet in ["sh", "cat", "sleep", "stty", "nc", "wc", "head", "true", "grep", "ps", "touch", "id"] {
            layer.addSymbolicLink("bin/\(applet)", to: "busybox")
        }
        layer.addFile("etc/passwd", Array("root:x:0:0::/:/bin/sh\n".utf8))
        var image = OCIImage(layer: layer)
        image.entrypoint = ["/bin/sh", "-c"]
        image.env = ["PATH=/bin"]
        return image
    }

    private func tearDown() async {
        // A test may have killed it.
        _ = try? await eventually { try? await driver.version() }
        for sandbox in (try? await driver.listPodSandbox()) ?? [] {
            try? await driver.stopPodSandbox(id: sandbox.id)
            try? await driver.removePodSandbox(id: sandbox.id)
        }
        await supervisor.stop()
        _ = try? await run("ip", "link", "delete", bridge)
        // Left over only when a test failed half-way.
        for line in (Files.readText("/proc/mounts") ?? "").split(separator: "\n").reversed() {
            let path = line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            if path.hasPrefix(directory) || path.hasPrefix(configuration.stateDirectory) {
                umount2(path, Int32(MNT_DETACH))
            }
        }
        _ = try? await run("rm", "-rf", directory, configuration.stateDirectory)
    }

    // MARK: What tests do again and again

    @discardableResult
    func run(_ program: String, _ arguments: String...) async throws -> String {
        let path = try #require(Files.program(program), "\(program) is not installed")
        let (code, output) = try await ChildProcess.run(path, arguments)
        guard code == 0 else { throw RuntimeError(.internal, "\(program) \(arguments): \(code) \(output)") }
        return output
    }

    func sandboxConfig(_ name: String = "pod") -> PodSandboxConfig {
        var config = PodSandboxConfig(
            metadata: PodSandboxMetadata(name: name, uid: "uid-\(name)", namespace: "default"))
        config.hostname = name
        config.logDirectory = "\(directory)/logs/\(name)"
        config.labels = ["app": name]
        return config
    }

    /// A sandbox with one running container in it.
    func runPod(
        _ command: String, name: String = "pod", sandbox editSandbox: (inout PodSandboxConfig) -> Void = { _ in },
        container editContainer: (inout ContainerConfig) -> Void = { _ in }
    ) async throws -> (sandbox: String, container: String) {
        var sandboxConfig = sandboxConfig(name)
        editSandbox(&sandboxConfig)
        let sandbox = try await driver.runPodSandbox(sandboxConfig)
        var config = ContainerConfig(metadata: ContainerMetadata(name: "main"), image: ImageSpec(Self.image))
        config.args = [command]
        config.logPath = "main/0.log"
        config.labels = ["part": "main"]
        editContainer(&config)
        try Files.makeDirectory("\(sandboxConfig.logDirectory)/main")
        let container = try await driver.createContainer(config, inPodSandbox: sandbox, sandboxConfig: sandboxConfig)
        try await driver.startContainer(id: container)
        return (sandbox, container)
    }

    func untilExited(_ container: String) async throws -> ContainerStatus {
        try await eventually { () -> ContainerStatus? in
            let status = try await driver.containerStatus(id: container)
            return status.state == .exited ? status : nil
        }
    }

    /// What a command wrote to stdout.
    func output(in container: String, _ command: String) async throws -> String {
        let result = try await driver.execSync(container: container, command: ["/bin/sh", "-c", command], timeout: 20)
        return String(decoding: result.stdout, as: UTF8.self)
    }
}

/// Lines the supervisor has logged.
final class Logged: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

/// Asks again until there is an answer; fails after 30 seconds.
func eventually<T>(
    _ what: String = "it happens", _ ask: () async throws -> T?, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> T {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if let answer = try await ask() { return answer }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try #require(nil as T?, "waited 30 s until \(what)", sourceLocation: sourceLocation)
}

extension RuntimeStream {
    /// Reads to the end.
    func readAll() async throws -> (stdout: String, stderr: String, status: String) {
        var (stdout, stderr, status) = (ByteBuffer(), ByteBuffer(), ByteBuffer())
        while let chunk = try await read() {
            switch chunk {
            case .stdout(let bytes): stdout.writeImmutableBuffer(bytes)
            case .stderr(let bytes): stderr.writeImmutableBuffer(bytes)
            case .status(let bytes): status.writeImmutableBuffer(bytes)
            }
        }
        return (String(buffer: stdout), String(buffer: stderr), String(buffer: status))
    }

    func write(_ text: String) async throws { try await write(ByteBuffer(string: text)) }
}
