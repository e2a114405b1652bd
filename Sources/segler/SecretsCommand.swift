internal import ArgumentParser
internal import Glibc
internal import Server
internal import Store
internal import TLS

struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "How Secrets are kept on the disk: encrypted, with keys in DATA-DIR/secrets.keys.",
        subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Make a new key, encrypt all Secrets with it, and forget the old one.",
            discussion: """
                Works beside a running server and without one. Cut off at any moment it is finished by the next start of the \
                server. Keep copies of secrets.keys apart from copies of the store: each is useless without the other.
                """)

        @Option(help: "The server's data directory.")
        var dataDir = "/var/lib/segler"

        /// Seconds that the server may take.
        private static let patience = 60

        func run() async throws {
            guard access(dataDir + "/store.db", F_OK) == 0 else {
                throw Failure("there is no store in \(dataDir): give the server's --data-dir", exitCode: 2)
            }
            do {
                let keys = try SecretKeys(directory: dataDir)
                try keys.add()
                if let server = DirectoryLock.holder(dataDir) {
                    guard kill(server, SIGHUP) == 0 else {
                        throw Failure(
                            "the server (process \(server)) cannot be told: \(String(cString: strerror(errno)))")
                    }
                    try await wait(for: keys)
                } else {
                    let lock = try DirectoryLock(dataDir)
                    defer { withExtendedLifetime(lock) {} }
                    let backend = try SQLiteBackend(path: dataDir + "/store.db", seal: keys)
                    defer { backend.close() }
                    try backend.load { _ in }
                    try keys.dropOld()
                }
                Output.line("all Secrets are encrypted with the key \(keys.newest)")
            } catch let error as TLSError {
                throw Failure("\(error)")
            } catch let error as BackendError {
                throw Failure(error.message)
            }
        }

        private func wait(for keys: SecretKeys) async throws {
            for _ in 0..<Self.patience * 10 {
                try keys.reload()
                if keys.count == 1 { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw Failure(
                "the server has not taken the new key within \(Self.patience) s: its standard error says why; it tries again when it starts"
            )
        }
    }
}
