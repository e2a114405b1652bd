internal import JSON

/// Named formats of values. The rules and their wording of what is wrong follow apimachinery's `validation` package
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
public enum Format: String, Sendable {
    case dns1123Label = "dns1123label"
    case dns1123Subdomain = "dns1123subdomain"
    case dns1035Label = "dns1035label"
    case qualifiedName
    case labelValue
    case portName
    case envVarName
    /// A name that may stand as one segment of a path: anything but `.`, `..`, and text with `/` or `%`.
    case pathSegment
    /// A map of label keys to label values.
    case labels
    /// A map whose keys are qualified names, at most 256 KiB in all.
    case annotations
    /// A map whose keys are file names of ConfigMaps and Secrets.
    case configMapKeys

    /// An IPv4 or IPv6 address, and a block of them.
    case ip, cidr
    /// A path without `..`: from the root of a file system, below a directory, and below one without a first name in `..`.
    case hostPath, relativePath, localPath
    case absolutePath
    case httpHeaderName
    /// `example.com/name`.
    case domainPath
    /// A DNS name of at least three labels.
    case fullyQualifiedName
    /// A DNS name whose first label may be `*`.
    case wildcardHost
    /// The id of a Linux user or group.
    case userID

    /// What is wrong with the text, one entry for each of upstream's findings; empty when nothing is.
    public func problems(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        func tooLong(_ maximum: Int) -> [String] {
            bytes.count > maximum ? ["must be no more than \(maximum) bytes"] : []
        }
        func unless(_ isRight: Bool, _ problem: String) -> [String] { isRight ? [] : [problem] }
        switch self {
        case .dns1123Label:
            return tooLong(63)
                + unless(
                    Self.isLabel(bytes[...]),
                    "a lowercase RFC 1123 label must consist of lower case letters, digits or '-', and must start and end with a letter or digit (e.g. 'my-name', or '123-abc')"
                )
        case .dns1123Subdomain:
            return tooLong(253)
                + unless(
                    Self.isSubdomain(bytes[...]),
                    "a lowercase RFC 1123 subdomain must consist of lower case letters, digits, '-' or '.', and must start and end with a letter or digit (e.g. 'example.com')"
                )
        case .dns1035Label:
            return tooLong(63)
                + unless(
                    Self.isLabel(bytes[...]) && (97...122).contains(bytes.first ?? 0),
                    "a DNS-1035 label must consist of lower case letters, digits or '-', and start with a letter")
        case .qualifiedName:
            let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard parts.count <= 2, let name = parts.last else {
                return [
                    "a qualified name must be a name, with an optional DNS subdomain and '/' before it (e.g. 'example.com/MyName')"
                ]
            }
            var wrong: [String] = []
            if parts.count == 2 {
                let prefix = String(decoding: parts[0], as: UTF8.self)
                wrong +=
                    prefix.isEmpty
                    ? ["prefix part must be non-empty"]
                    : Format.dns1123Subdomain.problems(prefix).map { "prefix part " + $0 }
            }
            if name.isEmpty { wrong.append("name part must be non-empty") }
            if name.count > 63 { wrong.append("name part must be no more than 63 bytes") }
            return wrong
                + unless(
                    Self.isName(name),
                    "name part must consist of letters, digits, '-', '_' or '.', and must start and end with a letter or digit (e.g. 'MyName', or 'my.name', or '123-abc')"
                )
        case .labelValue:
            return tooLong(63)
                + unless(
                    bytes.isEmpty || Self.isName(bytes[...]),
                    "a valid label must be empty or consist of letters, digits, '-', '_' or '.', and must start and end with a letter or digit"
                )
        case .portName:
            return unless(bytes.count <= 15, "must be no more than 15 characters")
                + unless(
                    bytes.allSatisfy { Self.isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") },
                    "must contain only lower case letters, digits and hyphens (-)")
                + unless(bytes.contains { (97...122).contains($0) }, "must contain at least one letter")
                + unless(!text.contains("--"), "must not contain consecutive hyphens")
                + unless(
                    bytes.first != UInt8(ascii: "-") && bytes.last != UInt8(ascii: "-"),
                    "must not begin or end with a hyphen")
        case .envVarName:
            return unless(
                !bytes.isEmpty && bytes.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") },
                "a valid environment variable name must consist only of printable ASCII characters other than '='")
        case .pathSegment:
            if text == "." || text == ".." { return ["may not be '\(text)'"] }
            return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
        case .ip:
            return unless(IPAddress(text) != nil, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        case .cidr:
            return unless(IPBlock(text) != nil, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
        case .hostPath: return unless(!Self.climbs(text), "must not contain '..'")
        case .relativePath:
            return unless(!text.hasPrefix("/"), "must be a relative path")
                + unless(!Self.climbs(text), "must not contain '..'")
        case .localPath:
            return Format.relativePath.problems(text)
                + unless(!text.hasPrefix("..") || text.hasPrefix("../"), "must not start with '..'")
        case .absolutePath: return unless(text.hasPrefix("/"), "must be an absolute path")
        case .httpHeaderName:
            return unless(
                !bytes.isEmpty && bytes.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") },
                "a valid HTTP header must consist of letters, digits or '-'")
        case .domainPath:
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                return ["must be a domain-prefixed path (such as \"acme.io/foo\")"]
            }
            return Format.dns1123Subdomain.problems(String(parts[0]))
                + unless(
                    parts[1].utf8.allSatisfy { Self.isAlphanumeric($0) || "/-._~%!$&'()*+,;=:@".utf8.contains($0) },
                    "invalid path")
        case .fullyQualifiedName:
            let wrong = Format.dns1123Subdomain.problems(text)
            return wrong.isEmpty
                ? unless(
                    text.split(separator: ".").count >= 3,
                    "should be a domain with at least three segments separated by dots") : wrong
        case .wildcardHost:
            return text.contains("*")
                ? unless(
                    text.hasPrefix("*.") && Self.isSubdomain(bytes.dropFirst(2)),
                    "a wildcard DNS name starts with '*.' before a subdomain")
                : Format.dns1123Subdomain.problems(text)
        case .labels, .annotations, .configMapKeys, .userID: return []
        }
    }

    private static func climbs(_ path: String) -> Bool { path.split(separator: "/").contains("..") }

    /// The checks of maps; scalars go through `problems`.
    func check(_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        switch (self, value) {
        case (.labels, .object(let map)):
            for (key, item) in map {
                for problem in Format.qualifiedName.problems(key) {
                    errors.append(.invalid(path, .string(key), problem))
                }
                for problem in Format.labelValue.problems(item.string ?? "") {
                    errors.append(.invalid(path, item, problem))
                }
            }
        case (.annotations, .object(let map)):
            var size = 0
            for (key, item) in map {
                for problem in Format.qualifiedName.problems(key.lowercased()) {
                    errors.append(.invalid(path, .string(key), problem))
                }
                size += key.utf8.count + (item.string?.utf8.count ?? 0)
            }
            if size > 256 << 10 { errors.append(.tooLong(path, maximum: 256 << 10)) }
        case (.configMapKeys, .object(let map)):
            for (key, _) in map {
                for problem in Self.configMapKeyProblems(key) {
                    errors.append(.invalid(path.entry(key), .string(key), problem))
                }
            }
        case (.configMapKeys, .string(let key)):
            for problem in Self.configMapKeyProblems(key) { errors.append(.invalid(path, value, problem)) }
        case (.userID, .number(let number)):
            if let id = number.int, !(0...Int(Int32.max)).contains(id) {
                errors.append(.invalid(path, value, "must be between 0 and \(Int32.max), inclusive"))
            }
        case (_, .string(let text)):
            for problem in problems(text) { errors.append(.invalid(path, value, problem)) }
        default: break
        }
    }

    /// The name of a file of a ConfigMap or Secret.
    static func configMapKeyProblems(_ key: String) -> [String] {
        var wrong: [String] = []
        if key.utf8.count > 253 { wrong.append("must be no more than 253 bytes") }
        if key.isEmpty || !key.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }) {
            wrong.append("a valid config key must consist of letters, digits, '-', '_' or '.'")
        }
        if key == "." || key.hasPrefix("..") { wrong.append("must not be '.' or start with '..'") }
        return wrong
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte)
    }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (65...90).contains(byte) }

    private static func isLabel(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 253 else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isSubdomain(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }
}
