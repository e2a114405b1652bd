internal import API
internal import ArgumentParser
internal import Client
internal import JSON
internal import TLS

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Tokens with which other machines join the cluster as nodes.",
        discussion: "Each is a Secret of kube-system; kubeadm's tokens are of the same kind.",
        subcommands: [Create.self, List.self, Delete.self])

    static let namespace = "kube-system"
    static let type = "bootstrap.kubernetes.io/token"
    static let prefix = "bootstrap-token-"
    /// Who may ask for a node's certificate, and gets it (see the cluster's roles).
    static let nodes = "system:bootstrappers:segler:nodes"

    struct Cluster: ParsableArguments {
        @Option(help: "Where the cluster is; by default as kubectl finds it, or the server on this machine.")
        var kubeconfig: String?

        func ask<Answer: Sendable>(
            _ question: (any ObjectClient) async throws(StatusError) -> Answer
        ) async throws -> Answer {
            let client = try Kubeconfig.load(kubeconfig, agent: "segler-token").client
            do throws(StatusError) { return try await question(client) } catch { throw Failure(error.message) }
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, alone, so that a file can take it.",
            discussion:
                "On the other machine: segler agent --server https://THIS:6443 --ca-file ca.crt --token-file FILE")

        @OptionGroup var cluster: Cluster

        @Option(help: ArgumentHelp("How long it lets nodes join, such as 30m or 24h; 0: for ever.", valueName: "time"))
        var ttl = "24h"

        @Option(help: "What it is for, for who reads the list.")
        var description: String?

        func run() async throws {
            guard let seconds = ttl == "0" ? 0 : Duration.seconds(of: ttl).map({ Int($0) }) else {
                throw Failure("--ttl \(ttl) is not a time such as 30m, 24h or 0", exitCode: 2)
            }
            let (id, secret) = (Self.text(6), Self.text(16))
            var data: JSONValue = [
                "token-id": .string(id), "token-secret": .string(secret), "usage-bootstrap-authentication": "true",
                "auth-extra-groups": .string(TokenCommand.nodes),
            ]
            if seconds > 0 {
                let end = Time(secondsSince1970: Time.now.secondsSince1970 + seconds)
                data["expiration"] = .string(end.description)
            }
            if let description { data["description"] = .string(description) }
            let object: JSONValue = [
                "apiVersion": "v1", "kind": "Secret", "type": .string(TokenCommand.type), "stringData": data,
                "metadata": ["name": .string(TokenCommand.prefix + id)],
            ]
            _ = try await cluster.ask { client throws(StatusError) in
                try await client.create(.secrets, namespace: TokenCommand.namespace, object)
            }
            Output.line("\(id).\(secret)")
        }

        /// Small letters and digits, each as likely as the others.
        private static func text(_ count: Int) -> String {
            let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
            var generator = SystemRandomNumberGenerator()
            return String((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show the tokens there are, without what makes them secret.")

        @OptionGroup var cluster: Cluster

        @Option(name: [.customShort("o"), .long], help: "text or json.")
        var output = Format.text

        func run() async throws {
            let secrets = try await cluster.ask { client throws(StatusError) in
                try await client.list(
                    .secrets, namespace: TokenCommand.namespace,
                    ListOptions(fieldSelector: FieldSelector("type", equals: TokenCommand.type))
                ).items
            }
            let fields = ["token-id", "expiration", "auth-extra-groups", "description"]
            let rows = secrets.map { secret in
                fields.map { field in
                    (secret["data"][field].string.flatMap { Base64.decode($0) }).map {
                        String(decoding: $0, as: UTF8.self)
                    } ?? ""
                }
            }
            if output == .json {
                let names = ["id", "expires", "groups", "description"]
                let values = rows.map { row in
                    zip(names, row).reduce(into: JSONValue.object([:])) { $0[$1.0] = .string($1.1) }
                }
                return Output.line(JSONValue.array(values).description)
            }
            if rows.isEmpty { return Output.note("There are no tokens; `segler token create` makes one.") }
            let named = rows.map { [$0[0], $0[1].isEmpty ? "never" : $0[1], $0[2], $0[3]] }
            Output.table([["ID", "EXPIRES", "GROUPS", "DESCRIPTION"]] + named)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Take tokens back. Nodes that have joined stay.")

        @OptionGroup var cluster: Cluster

        @Argument(help: "The part before the dot, or the whole token.")
        var ids: [String]

        func run() async throws {
            for id in ids {
                let name = TokenCommand.prefix + (id.split(separator: ".").first.map(String.init) ?? id)
                _ = try await cluster.ask { client throws(StatusError) in
                    try await client.delete(.secrets, namespace: TokenCommand.namespace, name: name, DeleteOptions())
                }
                Output.line("token \(name.dropFirst(TokenCommand.prefix.count)) deleted")
            }
        }
    }
}
