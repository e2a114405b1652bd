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

    /// What is wrong with the text; empty when nothing is.
    public func problems(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        switch self {
        case .dns1123Label:
            if bytes.count > 63 { return ["must be no more than 63 bytes"] }
            return Self.isLabel(bytes[...])
                ? []
                : [
                    "a lowercase RFC 1123 label must consist of lower case letters, digits or '-', and must start and end with a letter or digit (e.g. 'my-name', or '123-abc')"
                ]
        case .dns1123Subdomain:
            if bytes.count > 253 { return ["must be no more than 253 bytes"] }
            return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
                ? []
                : [
                    "a lowercase RFC 1123 subdomain must consist of lower case letters, digits, '-' or '.', and must start and end with a letter or digit (e.g. 'example.com')"
                ]
        case .dns1035Label:
            if bytes.count > 63 { return ["must be no more than 63 bytes"] }
            return Self.isLabel(bytes[...]) && (97...122).contains(bytes.first ?? 0)
                ? []
                : ["a DNS-1035 label must consist of lower case letters, digits or '-', and start with a letter"]
        case .qualifiedName:
            var name = bytes[...]
            if let slash = bytes.firstIndex(of: UInt8(ascii: "/")) {
                let prefix = String(decoding: bytes[..<slash], as: UTF8.self)
                if prefix.isEmpty { return ["prefix part must be non-empty"] }
                let wrong = Format.dns1123Subdomain.problems(prefix)
                if !wrong.isEmpty { return wrong.map { "prefix part " + $0 } }
                name = bytes[(slash + 1)...]
            }
            if name.isEmpty { return ["name part must be non-empty"] }
            if name.count > 63 { return ["name part must be no more than 63 bytes"] }
            return Self.isName(name)
                ? []
                : [
                    "name part must consist of letters, digits, '-', '_' or '.', and must start and end with a letter or digit (e.g. 'MyName', or 'my.name', or '123-abc')"
                ]
        case .labelValue:
            if bytes.count > 63 { return ["must be no more than 63 bytes"] }
            return bytes.isEmpty || Self.isName(bytes[...])
                ? []
                : [
                    "a valid label must be empty or consist of letters, digits, '-', '_' or '.', and must start and end with a letter or digit"
                ]
        case .portName:
            var wrong: [String] = []
            if bytes.count > 15 { wrong.append("must be no more than 15 characters") }
            if !bytes.allSatisfy({ Self.isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }) {
                wrong.append("must contain only lower case letters, digits and hyphens (-)")
            }
            if !bytes.contains(where: { (97...122).contains($0) }) { wrong.append("must contain at least one letter") }
            if text.contains("--") { wrong.append("must not contain consecutive hyphens") }
            if bytes.first == UInt8(ascii: "-") || bytes.last == UInt8(ascii: "-") {
                wrong.append("must not begin or end with a hyphen")
            }
            return wrong
        case .envVarName:
            return !bytes.isEmpty && bytes.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }
                ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
        case .pathSegment:
            if text == "." || text == ".." { return ["may not be '\(text)'"] }
            return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
        case .labels, .annotations, .configMapKeys: return []
        }
    }

    /// The checks of maps; scalars go through `problems`.
    func check(_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        switch (self, value) {
        case (.labels, .object(let map)):
            for (key, item) in map {
                for problem in Format.qualifiedName.problems(key) { errors.append(.invalid(path, .string(key), problem)) }
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
                let bytes = Array(key.utf8)
                if bytes.count > 253 {
                    errors.append(.invalid(path.entry(key), .string(key), "must be no more than 253 bytes"))
                } else if bytes.isEmpty || key == "." || key.hasPrefix("..")
                    || !bytes.allSatisfy({ Self.isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 })
                {
                    errors.append(
                        .invalid(
                            path.entry(key), .string(key),
                            "a valid config key must consist of letters, digits, '-', '_' or '.', and may not be '.' or begin with '..'"))
                }
            }
        case (_, .string(let text)):
            for problem in problems(text) { errors.append(.invalid(path, value, problem)) }
        default: break
        }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (65...90).contains(byte) }

    private static func isLabel(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 253 else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }
}
