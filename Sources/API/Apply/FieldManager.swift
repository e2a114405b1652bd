public import JSON

/// Keeps `metadata.managedFields` right for one request: who writes, through what, and when.
/// Server-side apply is KEP-555; the rules of merging are those of structured-merge-diff.
public struct FieldManager: Sendable {
    private let schema: Schema
    private let type: Int
    private let apiVersion: String
    private let manager: String
    private let subresource: String
    private let now: Time

    /// `type` is the kind's in `schema`. An empty manager is known as `unknown`.
    public init(
        _ schema: Schema, type: Int, apiVersion: String, manager: String, subresource: String? = nil, time: Time = .now
    ) {
        (self.schema, self.type, self.apiVersion) = (schema, type, apiVersion)
        self.manager = manager.isEmpty ? "unknown" : manager
        self.subresource = subresource ?? ""
        now = time
    }

    private func entry(isApply: Bool, manager: String? = nil, time: String? = nil, _ fields: FieldSet)
        -> ManagedFields.Entry
    {
        ManagedFields.Entry(
            manager: manager ?? self.manager, isApply: isApply, apiVersion: apiVersion, subresource: subresource,
            time: time ?? now.description, fields: fields)
    }

    // MARK: Updates

    /// Gives the fields in which `new` differs from `old` (nil: it is created) to the manager. A list that the request
    /// itself brings is taken as it is, an empty one (`[]` or `[{}]`) ends the tracking of the object.
    public func update(_ new: inout JSONValue, old: JSONValue?) {
        let live = old?["metadata"]["managedFields"] ?? .null
        let given = new["metadata"]["managedFields"]
        var managed: ManagedFields
        var isGiven = false
        if subresource.isEmpty, case .array(let list) = given, list.isEmpty || list == [.object([:])] {
            managed = ManagedFields()
            isGiven = true
        } else if subresource.isEmpty, !given.isNull, given != live,
            let parsed = ManagedFields(given, trusted: false), !parsed.entries.isEmpty
        {
            managed = parsed
            isGiven = true
        } else {
            managed = ManagedFields(live, trusted: true) ?? ManagedFields()
        }
        // Nothing is known about older fields: an update does not begin to track.
        if managed.entries.isEmpty, old != nil {
            new["metadata"].remove("managedFields")
            return
        }
        let comparison = Comparer(schema).compare(old ?? .object([:]), new, type: type)
        if comparison.isEmpty, !isGiven {
            if live.isNull { new["metadata"].remove("managedFields") } else { new["metadata"]["managedFields"] = live }
            return
        }
        record(comparison, in: &managed, manager: manager)
        managed.joinOldUpdaters()
        managed.write(to: &new)
    }

    private func record(_ comparison: Comparison, in managed: inout ManagedFields, manager: String) {
        managed.take(comparison)
        if comparison.changed.isEmpty { return }
        let mine = entry(isApply: false, manager: manager, comparison.changed)
        if let index = managed.entries.firstIndex(where: mine.isOf) {
            managed.entries[index].fields.formUnion(comparison.changed)
            managed.entries[index].time = now.description
        } else {
            managed.entries.append(mine)
        }
    }

    // MARK: Apply

    /// The object that comes of applying a configuration to `live` (nil: there is none), with its managed fields; not
    /// yet decoded or defaulted.
    ///
    /// 409 with a cause for each field that others own and the configuration changes, unless `force`; 500, as upstream
    /// answers, when the configuration has fields that its kind has not.
    public func apply(_ configuration: JSONValue, to live: JSONValue?, force: Bool) throws(StatusError) -> JSONValue {
        if !configuration["metadata"]["managedFields"].isNull {
            throw .badRequest("metadata.managedFields must be nil")
        }
        var parsed = AppliedConfiguration(schema)
        let fields = parsed.fields(of: configuration, type: type)
        if !parsed.errors.isEmpty { throw malformed(configuration, parsed.errors) }

        var managed = ManagedFields(live?["metadata"]["managedFields"] ?? .null, trusted: true) ?? ManagedFields()
        var current = live ?? .object([:])
        current["metadata"].remove("managedFields")
        if managed.entries.isEmpty, live != nil {
            record(
                Comparer(schema).compare(.object([:]), current, type: type), in: &managed, manager: "before-first-apply"
            )
        }
        var result = try apply(configuration, fields, to: current, managed, force: force)
        if manager == "kubectl", result["metadata"]["annotations"].has(LastApplied.annotation) {
            result["metadata"]["annotations"][LastApplied.annotation] = .string(LastApplied.text(configuration))
        }
        return result
    }

    private func apply(
        _ configuration: JSONValue, _ fields: FieldSet, to live: JSONValue, _ before: ManagedFields, force: Bool
    ) throws(StatusError) -> JSONValue {
        var managed = before
        let merge = ApplyMerge(schema)
        var object = merge.merge(configuration, into: live, type: type)
        var mine = entry(isApply: true, time: "", fields)
        if let index = managed.entries.firstIndex(where: mine.isOf) {
            let last = managed.entries.remove(at: index)
            mine.time = last.time
            var owned = fields
            for entry in managed.entries { owned.formUnion(entry.fields) }
            object = merge.prune(object, last: last.fields, owned: owned, type: type)
        }
        let comparison = Comparer(schema).compare(live, object, type: type)
        var conflicts: [(ManagedFields.Entry, FieldSet)] = []
        for entry in managed.entries {
            let taken = entry.fields.intersection(comparison.changed)
            if !taken.isEmpty { conflicts.append((entry, taken)) }
        }
        if !force, !conflicts.isEmpty { try refuse(conflicts, live) }
        managed.take(comparison)
        if object != live { mine.time = now.description }
        mine.fields.subtract(Self.unowned)
        if !mine.fields.isEmpty { managed.entries.append(mine) }
        managed.write(to: &object)
        return object
    }

    private static let unowned = FieldSet(
        tree: [
            "f:apiVersion": FieldSet.member, "f:kind": FieldSet.member,
            "f:metadata": .object(
                Comparison.unowned.sorted().reduce(into: [".": FieldSet.member]) { $0["f:" + $1] = FieldSet.member }),
        ])

    /// `kubectl apply --server-side` may change what `kubectl apply` set before: the annotation of the latter says what
    /// that was.
    private func refuse(_ conflicts: [(ManagedFields.Entry, FieldSet)], _ live: JSONValue) throws(StatusError) {
        var conflicts = conflicts
        if manager == "kubectl", let own = LastApplied.fields(of: live, schema, type) {
            for index in conflicts.indices { conflicts[index].1.subtract(own) }
            conflicts.removeAll(where: \.1.isEmpty)
            if conflicts.isEmpty { return }
        }
        var lines: [String] = []
        var causes: [StatusError.Cause] = []
        for (entry, fields) in conflicts.sorted(by: { $0.0.manager < $1.0.manager }) {
            let paths = fields.paths.map(PathElement.description).sorted()
            lines.append("conflicts with \(entry.description):")
            lines += paths.map { "- " + $0 }
            causes += paths.map {
                .init(field: $0, reason: "FieldManagerConflict", message: "conflict with \(entry.description)")
            }
        }
        var error = StatusError(
            code: 409, reason: "Conflict",
            message: causes.count == 1
                ? "Apply failed with 1 conflict: \(causes[0].message): \(causes[0].field)"
                : "Apply failed with \(causes.count) conflicts: \(lines.joined(separator: "\n"))")
        error.causes = causes
        throw error
    }

    private func malformed(_ configuration: JSONValue, _ errors: [String]) -> StatusError {
        let metadata = configuration["metadata"]
        let about =
            "\(metadata["namespace"].string ?? "")/\(metadata["name"].string ?? ""); \(apiVersion), Kind=\(configuration["kind"].string ?? "")"
        let list = errors.count == 1 ? errors[0] : "errors:\n" + errors.map { "  " + $0 }.joined(separator: "\n")
        return StatusError(code: 500, reason: "", message: "failed to create typed patch object (\(about)): \(list)")
    }
}

/// What client-side `kubectl apply` remembers in an object.
private enum LastApplied {
    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"

    /// The fields that it set and that are still as it set them.
    static func fields(of live: JSONValue, _ schema: Schema, _ type: Int) -> FieldSet? {
        guard let text = live["metadata"]["annotations"][annotation].string,
            let configuration = try? JSONValue(parsing: Array(text.utf8))
        else { return nil }
        var parsed = AppliedConfiguration(schema)
        var fields = parsed.fields(of: configuration, type: type)
        guard parsed.errors.isEmpty else { return nil }
        let comparison = Comparer(schema).compare(configuration, live, type: type)
        fields.subtract(comparison.changed)
        fields.subtract(comparison.removed)
        return fields
    }

    static func text(_ configuration: JSONValue) -> String {
        var configuration = configuration
        configuration["metadata"]["annotations"].remove(annotation)
        configuration["metadata"].remove("managedFields")
        return String(decoding: sorted(configuration).encoded(), as: UTF8.self) + "\n"
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let items): return .array(items.map(sorted))
        case .object(let members):
            var object = JSONObject()
            for (key, value) in members { object[key] = sorted(value) }
            object.sortKeys()
            return .object(object)
        default: return value
        }
    }
}
