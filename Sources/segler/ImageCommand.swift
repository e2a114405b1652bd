internal import ArgumentParser
internal import Glibc
internal import Runtime

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Work with the images of this machine's node.", subcommands: [Import.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Import the images of a tar archive, so that Pods can use them without a registry.",
            discussion:
                "FILE is what `docker save`, podman, skopeo or buildah write: a docker archive or an OCI layout.")

        @Argument(help: "The archive.")
        var file: String

        @Option(help: "The data directory of the server whose node gets the images.")
        var dataDir = "/var/lib/segler"

        func run() async throws {
            var info = stat()
            guard stat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
                throw Failure("there is no file \(file)")
            }
            guard info.st_size > 0 else { throw Failure("\(file) is empty: it holds no image") }
            var directory = dataDir
            if let absolute = realpath(dataDir, nil) {
                directory = String(cString: absolute)
                free(absolute)
            } else {
                throw Failure("there is no data directory \(dataDir): name the server's with --data-dir")
            }
            do {
                let configuration = try ContainerdConfiguration(dataDirectory: directory)
                guard stat(configuration.socketPath, &info) == 0 else {
                    throw Failure(
                        "no server with a node is running on \(dataDir): start `segler server`, or name its --data-dir")
                }
                for name in try await ImageImporter(configuration).importImage(archive: file) { Output.line(name) }
            } catch let error as RuntimeError {
                throw Failure("\(error)")
            }
        }
    }
}
