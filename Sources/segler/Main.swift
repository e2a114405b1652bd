// The segler command: parses arguments, says in one line what is wrong, and wires the modules together. No logic.

internal import ArgumentParser
internal import Glibc

struct Segler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segler",
        abstract: "A small Kubernetes: control plane, node and console in one program.",
        version: "segler 0.1 (Kubernetes API \(Versions.kubernetes))",
        subcommands: [
            ServerCommand.self, AgentCommand.self, ImageCommand.self, TemplateCommand.self, TokenCommand.self,
            SecretsCommand.self,
        ])
}

/// What stops the program: one line that says what is wrong and what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String
    /// 1: it could not be done. 2: it was asked for wrongly.
    var exitCode: Int32 = 1

    init(_ description: String, exitCode: Int32 = 1) { (self.description, self.exitCode) = (description, exitCode) }
}

@main
enum Main {
    static func main() async {
        do {
            var command = try Segler.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            stop(failure.description, failure.exitCode)
        } catch {
            switch Segler.exitCode(for: error) {
            case .success:  // Help and version are no errors.
                Output.line(Segler.fullMessage(for: error))
                exit(0)
            case .validationFailure: stop("\(Segler.message(for: error)) (segler --help explains)", 2)
            default: stop("\(error)", 1)
            }
        }
    }

    private static func stop(_ message: String, _ code: Int32) -> Never {
        Output.error(message.split(separator: "\n").joined(separator: " "))
        exit(code)
    }
}

/// Whole lines, unbuffered: what is printed is there, even when the next thing is a crash.
enum Output {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    /// For people, beside what is printed for programs.
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
    static func error(_ text: String) { write("segler: \(text)\n", to: STDERR_FILENO) }

    /// Rows of as many columns as the first, which is their heading.
    static func table(_ rows: [[String]]) {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            line(String(cells.joined(separator: "   ").reversed().drop { $0 == " " }.reversed()))
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }
}
