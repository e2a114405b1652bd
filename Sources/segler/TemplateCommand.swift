internal import API
internal import ArgumentParser
internal import Client
internal import Glibc
internal import JSON

struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Work with Templates: applications as objects with parameters.",
        subcommands: [Process.self])

    struct Process: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "process",
            abstract: "Put values in the places of a Template's parameters, and print the objects.",
            discussion: """
                What is printed can be applied: segler template process -f shop.yaml -p HOST=shop.example.com | kubectl apply -f -
                NAME is a Template that the cluster keeps: segler template process shop -n openshift -p HOST=...
                Parameters that are not given have the Template's value, or one that is made up where the Template says how.
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable { case json, yaml }

        @Argument(help: "The name of a Template in the cluster.")
        var name: String?

        @Option(
            name: [.customShort("f"), .long], help: "The file with the Template, in YAML or JSON; - is standard input.")
        var file: String?

        @Option(name: [.customShort("n"), .long], help: "Where NAME is; by default the kubeconfig's namespace.")
        var namespace: String?

        @Option(help: "Where the cluster is; by default as kubectl finds it, or the server on this machine.")
        var kubeconfig: String?

        @Option(
            name: [.customShort("p"), .long],
            help: ArgumentHelp("A parameter's value; may be repeated.", valueName: "name=value"))
        var param: [String] = []

        @Option(help: ArgumentHelp("A file with a name=value in each line; # begins a comment.", valueName: "file"))
        var paramFile: [String] = []

        @Option(
            name: [.customShort("l"), .long],
            help: ArgumentHelp("A label for every object; may be repeated.", valueName: "key=value"))
        var label: [String] = []

        @Flag(help: "List the parameters instead.")
        var parameters = false

        @Option(name: [.customShort("o"), .long], help: "json or yaml. JSON is YAML too.")
        var output = Format.json

        func run() async throws {
            let given = try await value()
            do throws(Template.Failure) {
                let template = try Template(given)
                if parameters { return list(template.parameters) }
                var random = SystemRandomNumberGenerator()
                let (objects, message, _) = try template.process(
                    values: try values(), labels: try pairs(label, "--label"), using: &random)
                let list: JSONValue = ["kind": "List", "apiVersion": "v1", "items": .array(objects)]
                Output.line(output == .json ? list.description : YAML.text(list))
                if !message.isEmpty { Output.note(message) }
            } catch {
                throw Failure("\(file ?? name ?? ""): \(error)")
            }
        }

        func validate() throws {
            if (name == nil) == (file == nil) {
                throw ValidationError("Give the name of a Template in the cluster, or a file with -f.")
            }
        }

        private func value() async throws -> JSONValue {
            if let file {
                do throws(Template.Failure) { return try read(file) } catch { throw Failure("\(file): \(error)") }
            }
            let config = try Kubeconfig.load(kubeconfig, agent: "segler-template")
            let resource = ResourceName("templates", group: "template.openshift.io")
            let found: Object
            do throws(StatusError) {
                found = try await config.client.get(
                    resource, namespace: namespace ?? config.namespace, name: name ?? "")
            } catch { throw Failure(error.message) }
            return found.value
        }

        private func list(_ parameters: [Template.Parameter]) {
            let rows =
                [["NAME", "DESCRIPTION", "GENERATOR", "VALUE"]]
                + parameters.map {
                    [$0.name, $0.description, $0.generator, $0.generator.isEmpty ? $0.value : $0.from]
                }
            Output.table(rows)
        }

        private func read(_ file: String) throws(Template.Failure) -> JSONValue {
            let bytes = try Self.contents(of: file)
            do {
                return try bytes.first == UInt8(ascii: "{") ? JSONValue(parsing: bytes) : YAML.value(bytes)
            } catch {
                throw Template.Failure(description: "\(error)")
            }
        }

        /// Files first, then what stands on the command line.
        private func values() throws(Template.Failure) -> [String: String] {
            var values: [String: String] = [:]
            for path in paramFile {
                let text = String(decoding: try Self.contents(of: path), as: UTF8.self)
                let lines = text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") && !$0.isEmpty }
                values.merge(try pairs(lines, path)) { $1 }
            }
            return values.merging(try pairs(param, "--param")) { $1 }
        }

        private func pairs(_ texts: [String], _ place: String) throws(Template.Failure) -> [String: String] {
            var pairs: [String: String] = [:]
            for text in texts {
                guard let mark = text.firstIndex(of: "="), mark != text.startIndex else {
                    throw Template.Failure(description: "\(place): \"\(text)\" is not of the form name=value")
                }
                pairs[String(text[..<mark])] = String(text[text.index(after: mark)...])
            }
            return pairs
        }

        private static func contents(of path: String) throws(Template.Failure) -> [UInt8] {
            let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw Template.Failure(description: "\(path): \(String(cString: strerror(errno)))")
            }
            defer { if descriptor != STDIN_FILENO { close(descriptor) } }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Glibc.read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw Template.Failure(description: "\(path): \(String(cString: strerror(errno)))")
                }
                if count == 0 { return bytes }
                bytes += chunk[..<count]
            }
        }
    }
}
