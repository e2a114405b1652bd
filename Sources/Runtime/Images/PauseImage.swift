import Glibc

/// The image of the sandboxes' first process: the program segler-pause and nothing else.
public enum PauseImage {
    public static let name = "localhost/segler/pause:1"

    /// Makes and imports it if the runtime lacks it. Call it before the first sandbox, and again if it was removed; image
    /// garbage collection must spare it.
    /// - Parameter program: the file of segler-pause; by default what `SEGLER_PAUSE` names, else the one beside this
    ///   program.
    public static func provide(_ importer: ImageImporter, driver: CRIRuntime, program: String? = nil) async throws {
        if try await driver.imageStatus(ImageSpec(name)) != nil { return }
        let path = program ?? defaultProgram
        guard let content = Files.read(path) else {
            throw RuntimeError(
                .failedPrecondition, "cannot read \(path): set SEGLER_PAUSE to where the program segler-pause is")
        }
        var layer = TarArchive()
        layer.addFile("pause", content, mode: 0o755)
        var image = OCIImage(layer: layer)
        image.entrypoint = ["/pause"]
        image.user = "65535:65535"
        try await importer.importImage(image, name: name)
    }

    private static var defaultProgram: String {
        if let path = getenv("SEGLER_PAUSE") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/segler-pause"
    }
}
