/// The values of `format` that are checked in custom resources; others say nothing
/// (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation).
enum SchemaFormat {
    static func accepts(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time", "datetime": Time(text) != nil
        case "date": text.utf8.count == 10 && Time(text + "T00:00:00Z") != nil
        case "ipv4": text.contains(".") && !text.contains(":") && IPAddress(text) != nil
        case "ipv6": text.contains(":") && IPAddress(text) != nil
        case "cidr": IPBlock(text) != nil
        case "byte": Base64Text.isValid(text)
        case "hostname": Format.dns1123Subdomain.problems(text.lowercased()).isEmpty
        default: patterns[format].map { $0.matches(text) } ?? true
        }
    }

    private static let patterns: [String: Pattern] = [
        "uuid": #"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"#,
        "uuid3": #"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"#,
        "uuid4": #"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"#,
        "uuid5": #"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"#,
        "mac": #"^(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}$"#,
        "email": #"^[^@\s]+@[^@\s]+$"#,
        "uri": #"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"#,
        "hexcolor": #"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"#,
        "duration": #"^\s*[+-]?(\d+(\.\d+)?\s*[a-zA-Zµ]+\s*)+$"#,
    ].compactMapValues { Pattern($0) }
}
