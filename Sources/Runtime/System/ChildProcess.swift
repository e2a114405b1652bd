import Glibc
import NIOCore
import NIOPosix

/// A program started by this one, in a process group of its own, so that the terminal's Ctrl-C does not reach it.
struct ChildProcess: Sendable {
    let pid: pid_t

    /// - Parameter output: where its stdout and stderr go; closed here by the caller. stdin is empty.
    init(_ path: String, _ arguments: [String], output: Int32) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Whatever it starts may outlive us and must not hold our files and sockets.
        for file in Files.openFiles where file > 2 { posix_spawn_file_actions_addclose(&actions, file) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, &attributes, &argv, environ)
        guard error == 0 else {
            throw RuntimeError(.internal, "cannot start \(path): \(String(cString: strerror(error)))")
        }
        self.pid = pid
    }

    /// Blocks until it has ended. Call it once. 128 + n when signal n ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }

    /// Runs a program to its end and returns its exit code and all it wrote.
    static func run(_ path: String, _ arguments: [String]) async throws -> (exitCode: Int32, output: String) {
        try await NIOThreadPool.singleton.runIfActive {
            var pipes: [Int32] = [0, 0]
            guard pipe(&pipes) == 0 else { throw Files.failure("cannot start \(path)") }
            defer { close(pipes[0]) }
            let child: ChildProcess
            do {
                defer { close(pipes[1]) }
                child = try ChildProcess(path, arguments, output: pipes[1])
            }
            let output = Files.readToEnd(pipes[0])
            return (child.wait(), String(decoding: output, as: UTF8.self))
        }
    }
}
