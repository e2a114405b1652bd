import Glibc
import Testing

@testable import Runtime

@Suite(.serialized)
struct ImageTests {
    @Test func anArchiveIsImportedAndItsImageCanBeRemoved() async throws {
        try await TestNode.with { node in
            let path = "\(node.directory)/other.tar"
            try Files.write(TestNode.busybox().archive(name: "registry.example/other:2"), to: path)
            #expect(try await node.importer.importImage(archive: path) == ["registry.example/other:2"])
            let image = try #require(try await node.driver.imageStatus("registry.example/other:2"))
            #expect(image.id.hasPrefix("sha256:") && image.size > 0)
            #expect(image.repoTags.contains("registry.example/other:2"))
            #expect(try await node.driver.listImages().contains { $0.id == image.id })
            #expect(try await node.driver.imageFsInfo().first?.mountpoint.hasPrefix(node.directory) == true)
            try await node.driver.removeImage("registry.example/other:2")
            try await node.driver.removeImage("registry.example/other:2")
            #expect(try await node.driver.imageStatus("registry.example/other:2") == nil)
        }
    }

    @Test func whatIsNoArchiveIsRefused() async throws {
        try await TestNode.with { node in
            let path = "\(node.directory)/no.tar"
            try Files.write("this is not an archive", to: path)
            let error = await #expect(throws: RuntimeError.self) {
                try await node.importer.importImage(archive: path)
            }
            #expect(error?.message.hasPrefix("cannot import \(path)") == true)
        }
    }

    @Test func anImageIsPulledFromARegistryOnLocalhost() async throws {
        try await TestNode.with { node in
            let port = 30000 + Int(getpid()) % 10000
            let registry = try Self.startRegistry(node, port: port)
            defer {
                kill(registry.pid, SIGKILL)
                _ = registry.wait()
            }
            let name = "localhost:\(port)/test/pulled:1"
            let ctr = ["--address", node.configuration.socketPath, "--namespace", "k8s.io", "images"]
            let path = try #require(Files.program("ctr"))
            try await node.importer.importImage(TestNode.busybox(), name: name)
            _ = try await eventually("the registry takes the image") {
                let push = try await ChildProcess.run(path, ctr + ["push", "--plain-http", name])
                return push.exitCode == 0 ? true : nil
            }
            let local = try #require(try await node.driver.imageStatus(ImageSpec(TestNode.image)))
            try await node.driver.removeImage(ImageSpec(local.id))
            try await node.driver.removeImage(ImageSpec(name))
            #expect(try await node.driver.imageStatus(ImageSpec(name)) == nil)

            let id = try await node.driver.pullImage(ImageSpec(name))
            let image = try #require(try await node.driver.imageStatus(ImageSpec(name)))
            #expect(image.id == id)
            #expect(image.repoDigests.first?.hasPrefix("localhost:\(port)/test/pulled@sha256:") == true)

            let error = await #expect(throws: RuntimeError.self) {
                try await node.driver.pullImage(ImageSpec("localhost:\(port)/test/none:1"))
            }
            #expect(error?.code == .notFound)
        }
    }

    private static func startRegistry(_ node: TestNode, port: Int) throws -> ChildProcess {
        let path = "\(node.directory)/registry.yml"
        try Files.write(
            """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: "\(node.directory)/registry"}}
            http: {addr: "127.0.0.1:\(port)"}

            """, to: path)
        let program = try #require(Files.program("docker-registry"), "docker-registry is not installed")
        let output = open("\(node.directory)/registry.log", O_WRONLY | O_CREAT, 0o600)
        defer { close(output) }
        return try ChildProcess(program, ["serve", path], output: output)
    }
}
