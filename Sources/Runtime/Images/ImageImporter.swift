import Glibc

/// Brings image archives into containerd, for nodes without a registry.
public struct ImageImporter: Sendable {
    private let configuration: ContainerdConfiguration
    private let driver: CRIRuntime

    public init(_ configuration: ContainerdConfiguration, driver: CRIRuntime? = nil) {
        self.configuration = configuration
        self.driver = driver ?? CRIRuntime(socketPath: configuration.socketPath)
    }

    /// Imports every image of an archive as written by `docker save`, `podman save`, `skopeo` or `buildah` (docker-archive
    /// or OCI layout), and returns their names when pods can use them.
    /// - Throws: `RuntimeError` with what was wrong with the archive.
    public func importImage(archive path: String) async throws -> [String] {
        guard Files.exists(path) else { throw RuntimeError(.notFound, "there is no file \(path)") }
        guard let ctr = Files.program("ctr") else {
            throw RuntimeError(.failedPrecondition, "not installed: ctr; install with: apt-get install -y containerd")
        }
        let arguments = [
            "--address", configuration.socketPath, "--namespace", "k8s.io", "images", "import", "--snapshotter",
            configuration.snapshotter, path,
        ]
        let (exitCode, output) = try await ChildProcess.run(ctr, arguments)
        guard exitCode == 0 else {
            let reason = output.split(separator: "\n").last.map(String.init) ?? "exit code \(exitCode)"
            throw RuntimeError(.invalidArgument, "cannot import \(path): \(reason)")
        }
        // One line an image: unpacking NAME (sha256:…)...done
        let names = output.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("unpacking ") else { return nil }
            return line.dropFirst("unpacking ".count).prefix { $0 != " " }.description
        }
        for name in names { try await waitUntilSeen(name) }
        return names
    }

    /// Imports an image made here.
    public func importImage(_ image: OCIImage, name: String) async throws {
        let path = "\(configuration.dataDirectory)/import-\(getpid())-\(SHA256.hex(Array(name.utf8)).prefix(8)).tar"
        try Files.write(image.archive(name: name), to: path, mode: 0o600)
        defer { unlink(path) }
        _ = try await importImage(archive: path)
    }

    /// The CRI plugin learns of images by containerd's own events, a moment after the import.
    private func waitUntilSeen(_ name: String) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try await driver.imageStatus(ImageSpec(name)) == nil {
            guard ContinuousClock.now < deadline else {
                throw RuntimeError(.internal, "\(name) was imported, but the container runtime does not see it")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
