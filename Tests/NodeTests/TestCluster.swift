import API
import Client
import ClientTesting
import Glibc
import JSON
import Synchronization
import Testing

@testable import Node
@testable import Runtime

/// The API that an agent under test sees: in memory, with tokens and with graceful deletion.
struct TestAPI: ObjectClient {
    let memory = MemoryAPI()

    func get(_ resource: ResourceName, namespace: String?, name: String) async throws(StatusError) -> Object {
        try await memory.get(resource, namespace: namespace, name: name)
    }
    func list(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions
    ) async throws(StatusError) -> ObjectList {
        try await memory.list(resource, namespace: namespace, options)
    }
    func create(
        _ resource: ResourceName, namespace: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object { try await memory.create(resource, namespace: namespace, object) }
    func create(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        guard subresource == "token" else {
            return try await memory.create(
                resource, namespace: namespace, name: name, subresource: subresource, object)
        }
        let pod = object["spec"]["boundObjectRef"]["name"].string ?? ""
        let answer: JSONValue = ["status": ["token": .string("token of \(name) for \(pod)")]]
        do { return try Object(parsing: answer.encoded()) } catch { throw .internalError("\(error)") }
    }
    func update(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ object: JSONValue
    ) async throws(StatusError) -> Object {
        try await memory.update(resource, namespace: namespace, name: name, subresource: subresource, object)
    }
    func patch(
        _ resource: ResourceName, namespace: String?, name: String, subresource: String?, _ type: PatchType,
        _ patch: JSONValue
    ) async throws(StatusError) -> Object {
        try await memory.patch(resource, namespace: namespace, name: name, subresource: subresource, type, patch)
    }
    func delete(
        _ resource: ResourceName, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws(StatusError) -> Object? {
        try await memory.delete(resource, namespace: namespace, name: name, options)
    }
    func watch(
        _ resource: ResourceName, namespace: String?, _ options: ListOptions, resourceVersion: String
    ) async throws(StatusError) -> AsyncThrowingStream<WatchEvent, any Error> {
        try await memory.watch(resource, namespace: namespace, options, resourceVersion: resourceVersion)
    }
}

/// A containerd of the test's own, an API in memory, and an agent between them that can be stopped and started.
final class TestCluster: Sendable {
    static let image = "localhost/test/busybox:1"
    private static let count = Atomic(0)

    let api = TestAPI()
    let configuration: NodeConfiguration
    let containerd: ContainerdConfiguration
    let supervisor: ContainerdSupervisor
    let directory: String
    private let bridge: String
    private let subnet: String
    private let running = Mutex<(agent: NodeAgent, task: Task<Void, Never>)?>(nil)
    let logged = Mutex<[String]>([])

    var driver: CRIRuntime { supervisor.driver }

    static func with(_ body: (TestCluster) async throws -> Void) async throws {
        try #require(geteuid() == 0, "these tests run containers, which needs root")
        let cluster = try TestCluster()
        do {
            try await cluster.start()
            try await body(cluster)
        } catch {
            await cluster.tearDown()
            throw error
        }
        await cluster.tearDown()
    }

    private init() throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let name = "segler-node-\(getpid())-\(number)"
        directory = "/tmp/\(name)"
        bridge = "sgn\(getpid() % 100_000)x\(number)"
        subnet = "10.\(100 + Int(getpid()) % 90).\(number)"
        containerd = try ContainerdConfiguration(dataDirectory: directory, stateDirectory: "/run/\(name)")
        supervisor = try ContainerdSupervisor(containerd) { _ in }
        configuration = NodeConfiguration(
            nodeName: "node-1", dataDirectory: directory, podCIDR: "\(subnet).0/24", nodeAddress: "192.0.2.1")
    }

    private func start() async throws {
        let network = CNIConfiguration(
            bridge: bridge, podCIDRs: ["\(subnet).0/24"], ipMasq: false, dataDirectory: directory,
            binDirectory: containerd.host.cniBinDirectory)
        try network.write(to: containerd.cniConfDirectory)
        try await supervisor.start()
        let importer = ImageImporter(containerd, driver: driver)
        try await PauseImage.provide(importer, driver: driver)
        try await importer.importImage(Self.busybox(), name: Self.image)
        startAgent()
        await api.memory.wait { $0.object(.nodes, "node-1") != nil }
    }

    static func busybox() throws -> OCIImage {
        var layer = TarArchive()
        for directory in ["bin", "etc", "tmp", "proc", "sys", "dev"] { layer.addDirectory(directory) }
        layer.addFile("bin/busybox", try #require(Node.Files.read("/bin/busybox")), mode: 0o755)
        let applets = [
            "sh", "cat", "sleep", "wc", "true", "id", "ls", "hostname", "env", "kill", "touch", "httpd", "mkdir",
        ]
        for applet in applets { layer.addSymbolicLink("bin/\(applet)", to: "busybox") }
        layer.addFile("etc/passwd", Array("root:x:0:0::/:/bin/sh\n".utf8))
        var image = OCIImage(layer: layer)
        image.entrypoint = ["/bin/sh", "-c"]
        image.env = ["PATH=/bin"]
        return image
    }

    // MARK: The agent

    var agent: NodeAgent {
        get throws { try #require(running.withLock { $0?.agent }) }
    }

    func startAgent() {
        let agent = NodeAgent(configuration: configuration, client: api, runtime: driver) { [weak self] line in
            self?.logged.withLock { $0.append(line) }
        }
        let task = Task { await agent.run() }
        running.withLock { $0 = (agent, task) }
    }

    /// As a crash or the end of the process would: what it was doing is broken off.
    func stopAgent() async {
        let task = running.withLock { running in
            defer { running = nil }
            return running?.task
        }
        task?.cancel()
        await task?.value
    }

    private func tearDown() async {
        await stopAgent()
        _ = try? await eventually { try? await driver.version() }
        for sandbox in (try? await driver.listPodSandbox()) ?? [] {
            try? await driver.stopPodSandbox(id: sandbox.id)
            try? await driver.removePodSandbox(id: sandbox.id)
        }
        await supervisor.stop()
        _ = try? await ChildProcess.run("/sbin/ip", ["link", "delete", bridge])
        for point in Mounts.points(below: directory).reversed()
            + Mounts.points(below: containerd.stateDirectory).reversed()
        {
            umount2(point, Int32(MNT_DETACH))
        }
        _ = try? await ChildProcess.run("/bin/rm", ["-rf", directory, containerd.stateDirectory])
    }

    // MARK: Pods

    /// A pod bound to the node, with one container that runs the script.
    @discardableResult
    func run(
        _ name: String, _ script: String, spec: JSONValue = [:], container: JSONValue = [:], metadata: JSONValue = [:]
    ) -> Object {
        var main: JSONValue = ["name": "main", "image": .string(Self.image), "args": [.string(script)]]
        for (key, value) in container.object ?? JSONObject() { main[key] = value }
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": "default", "generation": 1],
            "spec": ["nodeName": "node-1", "restartPolicy": "Always", "containers": [main]],
        ]
        for (key, value) in metadata.object ?? JSONObject() { pod["metadata"][key] = value }
        for (key, value) in spec.object ?? JSONObject() { pod["spec"][key] = value }
        return api.memory.put(.pods, pod)
    }

    func pod(_ name: String) -> Object? { api.memory.object(.pods, "default/\(name)") }

    /// Waits until the pod is so, at most 30 seconds.
    @discardableResult
    func wait(
        _ name: String, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation,
        until test: @escaping @Sendable (Object) -> Bool
    ) async throws -> Object {
        do {
            return try await eventually(sourceLocation: sourceLocation) { pod(name).flatMap { test($0) ? $0 : nil } }
        } catch {
            Issue.record(
                "\(what): status \(pod(name).map { "\($0["status"])" } ?? "no pod"), log \(logged.withLock { $0 })",
                sourceLocation: sourceLocation)
            throw error
        }
    }

    @discardableResult
    func waitUntilRunning(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Object {
        try await wait(name, "runs", sourceLocation: sourceLocation) {
            $0.phase == "Running" && $0.condition("Ready")["status"].equals("True")
        }
    }

    /// Asks for the pod's end, as `kubectl delete` does.
    func delete(_ name: String, grace: Int) async throws {
        try await api.modify(.pods, namespace: "default", name: name) { pod in
            pod["metadata"]["deletionTimestamp"] = .string(Time.now.adding(seconds: Double(grace)).description)
            pod["metadata"]["deletionGracePeriodSeconds"] = .int(grace)
            return true
        }
    }

    func waitUntilGone(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            _ = try await eventually(sourceLocation: sourceLocation) { pod(name) == nil ? true : nil }
        } catch {
            Issue.record("still there: \(logged.withLock { $0 })", sourceLocation: sourceLocation)
            throw error
        }
    }

    func events(_ name: String) -> [String] {
        api.memory.objects(.events).filter { $0["involvedObject"]["name"].equals(name) }
            .map { "\($0["reason"].string ?? ""): \($0["message"].string ?? "")" }
    }

    func waitForEvent(_ name: String, _ prefix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws
    {
        _ = try await eventually("an event \(prefix)", sourceLocation: sourceLocation) {
            events(name).first { $0.hasPrefix(prefix) }
        }
    }

    func logs(_ name: String, container: String = "main", _ options: LogOptions = LogOptions()) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in try await agent.logs(namespace: "default", pod: name, container: container, options) {
            bytes += piece
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Object {
    func container(_ name: String = "main") -> JSONRef { containerStatus(name) }
}

/// Asks again until there is an answer; fails after 30 seconds.
func eventually<T>(
    _ what: String = "it happens", sourceLocation: SourceLocation = #_sourceLocation, _ ask: () async throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if let answer = try await ask() { return answer }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try #require(nil as T?, "waited 30 s until \(what)", sourceLocation: sourceLocation)
}
