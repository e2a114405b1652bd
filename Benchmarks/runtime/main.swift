// Pods as the container runtime makes them when nobody else has a part in it: sandbox, container, start, by CRI alone.
//
//   bench-runtime SOCKET IMAGE COUNT PARALLEL [CGROUP]
//
// Prints one JSON line: the seconds until all run, and those of each; then takes them away.
import Foundation
import Runtime

let arguments = CommandLine.arguments
guard arguments.count >= 5, let count = Int(arguments[3]), let parallel = Int(arguments[4]), count > 0, parallel > 0
else {
    FileHandle.standardError.write(Data("usage: bench-runtime SOCKET IMAGE COUNT PARALLEL [CGROUP]\n".utf8))
    exit(2)
}
let (socket, image) = (arguments[1], arguments[2])
let group = arguments.count > 5 ? arguments[5] : ""
let driver = CRIRuntime(socketPath: socket)
let clock = ContinuousClock()

@Sendable func start(_ number: Int) async throws -> (sandbox: String, seconds: Double) {
    let begin = clock.now
    let uid = UUID().uuidString.lowercased()
    var sandbox = PodSandboxConfig(metadata: .init(name: "bench-\(number)", uid: uid, namespace: "bench", attempt: 0))
    sandbox.hostname = "bench-\(number)"
    sandbox.logDirectory = NSTemporaryDirectory() + "/bench-runtime/\(uid)"
    if !group.isEmpty { sandbox.cgroupParent = "/\(group)/pod\(uid)" }
    try FileManager.default.createDirectory(atPath: sandbox.logDirectory + "/main", withIntermediateDirectories: true)
    let id = try await driver.runPodSandbox(sandbox, runtimeHandler: "")
    var container = ContainerConfig(metadata: .init(name: "main", attempt: 0), image: ImageSpec(image))
    container.command = ["sleep", "3600"]
    container.logPath = "main/0.log"
    let made = try await driver.createContainer(container, inPodSandbox: id, sandboxConfig: sandbox)
    try await driver.startContainer(id: made)
    return (id, (clock.now - begin) / .seconds(1))
}

@Sendable func each<Result: Sendable>(_ numbers: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Result)
    async throws
    -> [Result]
{
    try await withThrowingTaskGroup(of: Result.self) { tasks in
        var results: [Result] = []
        for number in numbers {
            if number >= parallel, let result = try await tasks.next() { results.append(result) }
            tasks.addTask { try await body(number) }
        }
        for try await result in tasks { results.append(result) }
        return results
    }
}

do {
    let begin = clock.now
    let made = try await each(0..<count) { try await start($0) }
    let all = (clock.now - begin) / .seconds(1)
    let line: [String: Any] = ["all": all, "each": made.map(\.seconds).sorted()]
    print(String(decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self))
    _ = try await each(0..<count) { number in
        try await driver.stopPodSandbox(id: made[number].sandbox)
        try await driver.removePodSandbox(id: made[number].sandbox)
    }
    try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "/bench-runtime")
} catch {
    FileHandle.standardError.write(Data("bench-runtime: \(error)\n".utf8))
    exit(1)
}
