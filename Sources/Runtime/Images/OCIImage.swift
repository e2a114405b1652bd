import Glibc

/// An image made here, for pause and for tests: one uncompressed layer, this host's processor.
/// https://github.com/opencontainers/image-spec
public struct OCIImage: Sendable {
    public var layer: TarArchive
    public var entrypoint: [String] = []
    public var cmd: [String] = []
    public var env: [String] = []
    public var user = ""
    public var workingDir = ""

    public init(layer: TarArchive) { self.layer = layer }

    /// An OCI image layout as a tar archive, for `ImageImporter`.
    /// - Parameter name: a full reference, e.g. localhost/segler/pause:1.
    public func archive(name: String) -> [UInt8] {
        let layer = Blob("application/vnd.oci.image.layer.v1.tar", layer.bytes)
        let config = Blob(
            "application/vnd.oci.image.config.v1+json",
            """
            {"architecture": \(quoted(Self.architecture)), "os": "linux",
            "config": {"Entrypoint": \(list(entrypoint)), "Cmd": \(list(cmd)), "Env": \(list(env)),
            "User": \(quoted(user)), "WorkingDir": \(quoted(workingDir))},
            "rootfs": {"type": "layers", "diff_ids": [\(quoted(layer.digest))]}}
            """)
        let manifest = Blob(
            "application/vnd.oci.image.manifest.v1+json",
            """
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {\(config.descriptor)}, "layers": [{\(layer.descriptor)}]}
            """)
        // containerd takes the image's whole name from the first of these, other tools from the second.
        let index = """
            {"schemaVersion": 2, "manifests": [{\(manifest.descriptor),
            "annotations": {"io.containerd.image.name": \(quoted(name)),
            "org.opencontainers.image.ref.name": \(quoted(name))}}]}
            """
        var tar = TarArchive()
        tar.addFile("oci-layout", Array(#"{"imageLayoutVersion": "1.0.0"}"#.utf8))
        tar.addFile("index.json", Array(index.utf8))
        tar.addDirectory("blobs")
        tar.addDirectory("blobs/sha256")
        for blob in [manifest, config, layer] { tar.addFile("blobs/sha256/\(blob.hex)", blob.content) }
        return tar.bytes
    }

    private func list(_ strings: [String]) -> String { "[\(strings.map(quoted).joined(separator: ", "))]" }

    private struct Blob {
        let mediaType: String
        let content: [UInt8]
        let hex: String
        var digest: String { "sha256:\(hex)" }

        init(_ mediaType: String, _ content: [UInt8]) {
            self.mediaType = mediaType
            self.content = content
            hex = SHA256.hex(content)
        }

        init(_ mediaType: String, _ text: String) { self.init(mediaType, Array(text.utf8)) }

        /// The fields of a content descriptor.
        var descriptor: String {
            "\"mediaType\": \(quoted(mediaType)), \"digest\": \(quoted(digest)), \"size\": \(content.count)"
        }
    }

    /// In Go's words, as images have it.
    static var architecture: String {
        var host = utsname()
        uname(&host)
        let machine = withUnsafeBytes(of: host.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return ["x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"][machine] ?? machine
    }
}
