internal import API
internal import Glibc
internal import JSON

/// Files with variables, which one container writes for another (`fileKeyRef`).
/// https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-via-file
enum EnvFile {
    struct Key: Hashable, Sendable {
        let volume: String
        let path: String

        init(_ reference: JSONRef) {
            (volume, path) = (reference["volumeName"].string ?? "", reference["path"].string ?? "")
        }
    }
    /// Upstream's bound for a file, in bytes.
    static let limit = 64 << 10

    /// The files that a container names; one that is not there is left out.
    static func read(_ container: JSONRef, _ volumes: [String: MountedVolume]) throws -> [Key: [String: String]] {
        var files: [Key: [String: String]] = [:]
        for entry in container["env"].elements {
            let reference = entry["valueFrom"]["fileKeyRef"]
            guard reference.exists else { continue }
            let key = Key(reference)
            guard files[key] == nil, let volume = volumes[key.volume] else { continue }
            let handle: Int32
            do {
                handle = try Files.openInside(volume.path, key.path)
            } catch let error as SystemError where error.errno == ENOENT {
                continue
            } catch {
                throw ConfigurationError("couldn't open file \(key.path) of volume \(key.volume): \(error)")
            }
            defer { close(handle) }
            guard let bytes = Files.read(Files.handlePath(handle), limit: limit) else {
                throw ConfigurationError("couldn't read file \(key.path) of volume \(key.volume)")
            }
            guard let variables = parse(String(decoding: bytes, as: UTF8.self)) else {
                throw ConfigurationError(
                    "couldn't parse env file \(key.path) of volume \(key.volume): every line must be NAME='value', a comment or empty"
                )
            }
            files[key] = variables
        }
        return files
    }

    /// Assignments as the shell writes them, with values in single quotes that may go over several lines, comments and
    /// empty lines; nil for anything else.
    static func parse(_ text: String) -> [String: String]? {
        var variables: [String: String] = [:]
        var rest = text[...]
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard let first = rest.first else { return variables }
            if first == "#" {
                rest = rest.drop { !$0.isNewline }
                continue
            }
            let name = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.hasPrefix("='") else { return nil }
            let value = rest.dropFirst(2).prefix { $0 != "'" }
            guard value.endIndex < rest.endIndex else { return nil }
            variables[String(name)] = String(value)
            rest = rest[value.endIndex...].dropFirst()
            let end = rest.prefix { !$0.isNewline }
            guard end.first(where: { !$0.isWhitespace }) ?? "#" == "#" else { return nil }
            rest = rest[end.endIndex...]
        }
    }
}
