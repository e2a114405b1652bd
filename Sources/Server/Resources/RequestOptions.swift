internal import API
internal import HTTP
internal import JSON
internal import Store

/// The parameters of a query string, decoded once.
struct Query: Sendable {
    private var values: [(name: String, value: String)] = []

    init(_ text: String?) {
        guard let text, !text.isEmpty else { return }
        for part in text.split(separator: "&") {
            let at = part.firstIndex(of: "=")
            let name = PercentEncoding.decode(at.map { part[..<$0] } ?? part, plusIsSpace: true)
            let value = at.map { PercentEncoding.decode(part[part.index(after: $0)...], plusIsSpace: true) } ?? ""
            if let name, let value { values.append((name, value)) }
        }
    }

    subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }
    func all(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }
    func flag(_ name: String) -> Bool {
        guard let value = self[name]?.lowercased() else { return false }
        return value == "" || value == "true" || value == "1"
    }
    func int(_ name: String) throws(StatusError) -> Int? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw .badRequest("the parameter \(name) must be a number, not \"\(text)\"")
        }
        return number
    }
}

/// meta/v1 ListOptions.
struct ListRequest: Sendable {
    var labels = LabelSelector.everything
    var fields = FieldSelector.everything
    var limit = 0
    var continuation: String?
    var resourceVersion = ""
    var resourceVersionMatch = ""
    var watch = false
    var allowWatchBookmarks = false
    var sendInitialEvents: Bool?
    /// Seconds; nil: the server chooses.
    var timeout: Int?
    /// The fields of custom resources may become selectable at any time: they are read from the objects.
    var readsFields = false

    init() {}

    init(_ query: Query, _ resource: ResourceDefinition) throws(StatusError) {
        if let text = query["labelSelector"] { labels = try LabelSelector(parsing: text) }
        if let text = query["fieldSelector"] {
            fields = try FieldSelector(parsing: text) { field in
                field == "metadata.name" || (field == "metadata.namespace" && resource.isNamespaced)
                    || resource.selectableFields.contains(field)
            }
        }
        readsFields = resource.isCustom
        limit = try query.int("limit") ?? 0
        if limit < 0 { limit = 0 }
        continuation = query["continue"].flatMap { $0.isEmpty ? nil : $0 }
        resourceVersion = query["resourceVersion"] ?? ""
        resourceVersionMatch = query["resourceVersionMatch"] ?? ""
        watch = query.flag("watch")
        allowWatchBookmarks = query.flag("allowWatchBookmarks")
        sendInitialEvents = query["sendInitialEvents"].map { _ in query.flag("sendInitialEvents") }
        timeout = try query.int("timeoutSeconds")
    }

    /// The revision that the request names: nil for none, 0 for any.
    func revision() throws(StatusError) -> Int64? {
        if resourceVersion.isEmpty { return nil }
        guard let revision = Int64(resourceVersion), revision >= 0 else {
            throw .badRequest(
                "Invalid value: \"\(resourceVersion)\": resourceVersion must be a number as lists and objects carry it")
        }
        return revision
    }

    var selects: Bool { !labels.isEmpty || !fields.isEmpty }

    func matches(_ object: StoredObject) -> Bool {
        (labels.isEmpty || labels.matches(object.attributes.label))
            && (fields.isEmpty || fields.matches { field($0, object) })
    }

    private func field(_ name: String, _ object: StoredObject) -> String {
        let slash = object.key.lastIndex(of: "/")
        switch name {
        case "metadata.name": return String(slash.map { object.key[object.key.index(after: $0)...] } ?? object.key[...])
        case "metadata.namespace": return String(slash.map { object.key[..<$0] } ?? "")
        default:
            guard readsFields else { return object.attributes.field(name) ?? "" }
            return (try? JSONDocument(object.bytes)).map { SelectableField.text(name, of: $0.root) } ?? ""
        }
    }
}

/// meta/v1 CreateOptions, UpdateOptions, PatchOptions.
struct WriteOptions: Sendable {
    enum FieldValidation: String {
        case ignore = "Ignore"
        case warn = "Warn"
        case strict = "Strict"
    }
    var isDryRun = false
    var fieldValidation = FieldValidation.warn
    /// Empty when the request does not say.
    var fieldManager = ""
    /// A patch that changes the uid is invalid; a whole object with another uid is a conflict.
    var isPatch = false
    /// The version in which the object came.
    var apiVersion = ""
    /// Nil when the request does not say.
    var force: Bool?
    /// What the client calls itself, up to a slash: its name as a manager when it does not give one.
    var userAgent = ""
    /// What `managedFields` notes as the subresource, where that is not the one that is written (scale).
    var managedSubresource: String?

    /// Who owns the fields that the request sets.
    var manager: String { fieldManager.isEmpty ? userAgent : fieldManager }

    /// For a part of this process.
    init(manager: String = "") { fieldManager = manager }

    init(_ query: Query, kind: String, userAgent: String? = nil) throws(StatusError) {
        let path = FieldPath("dryRun")
        let dryRun = query.all("dryRun").filter { !$0.isEmpty }
        if let wrong = dryRun.first(where: { $0 != "All" }) {
            throw .invalid(
                kind: kind, group: "meta.k8s.io", "", [.notSupported(path, .array([.string(wrong)]), ["All"])])
        }
        isDryRun = !dryRun.isEmpty
        if let text = query["fieldValidation"], !text.isEmpty {
            guard let validation = FieldValidation(rawValue: text) else {
                throw .invalid(
                    kind: kind, group: "meta.k8s.io", "",
                    [.notSupported(FieldPath("fieldValidation"), .string(text), ["Ignore", "Strict", "Warn"])])
            }
            fieldValidation = validation
        }
        fieldManager = query["fieldManager"] ?? ""
        if fieldManager.utf8.count > 128 {
            throw .invalid(
                kind: kind, group: "meta.k8s.io", "", [.tooLong(FieldPath("fieldManager"), maximum: 128)])
        }
        if !fieldManager.unicodeScalars.allSatisfy(\.isPrintable) {
            throw .invalid(
                kind: kind, group: "meta.k8s.io", "",
                [.invalid(FieldPath("fieldManager"), .string(fieldManager), "should only contain printable characters")]
            )
        }
        if query["force"] != nil { force = query.flag("force") }
        guard let userAgent, fieldManager.isEmpty else { return }
        for scalar in userAgent.unicodeScalars.prefix(while: { $0 != "/" }) where scalar.isPrintable {
            if self.userAgent.utf8.count + UTF8.width(scalar) > 128 { break }
            self.userAgent.unicodeScalars.append(scalar)
        }
    }
}

extension Unicode.Scalar {
    /// As Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the space.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.encode(scalar)?.count ?? 0 }
}
