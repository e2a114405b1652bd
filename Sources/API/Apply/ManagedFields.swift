public import JSON

/// Who owns which fields: `metadata.managedFields`
/// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
public struct ManagedFields: Sendable {
    public struct Entry: Sendable, Equatable {
        public var manager: String
        public var isApply: Bool
        public var apiVersion: String
        public var subresource: String
        /// RFC 3339; empty when the first apply changed nothing.
        public var time: String
        public var fields: FieldSet

        /// The same entry. An applier keeps its entry when it changes to another version of the API.
        func isOf(_ other: Entry) -> Bool {
            manager == other.manager && isApply == other.isApply && subresource == other.subresource
                && (isApply || apiVersion == other.apiVersion)
        }

        var encoded: JSONValue {
            var object: JSONObject = [:]
            object.reserveCapacity(7)
            object["manager"] = .string(manager)
            object["operation"] = isApply ? "Apply" : "Update"
            object["apiVersion"] = .string(apiVersion)
            if !time.isEmpty { object["time"] = .string(time) }
            object["fieldsType"] = "FieldsV1"
            object["fieldsV1"] = .object(fields.tree)
            if !subresource.isEmpty { object["subresource"] = .string(subresource) }
            return .object(object)
        }

        /// As conflicts name the manager.
        var description: String {
            var text = "\"\(manager)\""
            if !subresource.isEmpty { text += " with subresource \"\(subresource)\"" }
            return isApply ? text : text + " using \(apiVersion)"
        }

        /// The order of entries in an object: appliers first, then by time.
        fileprivate static func precedes(_ a: Entry, _ b: Entry) -> Bool {
            if a.isApply != b.isApply { return a.isApply }
            if a.time != b.time { return a.time < b.time }
            if a.manager != b.manager { return a.manager < b.manager }
            if a.apiVersion != b.apiVersion { return a.apiVersion < b.apiVersion }
            return a.subresource < b.subresource
        }
    }

    public internal(set) var entries: [Entry] = []

    public init() {}

    /// Nil when an entry cannot be understood. `trusted` for what this server wrote.
    init?(_ value: JSONValue, trusted: Bool) {
        guard case .array(let list) = value else {
            if value.isNull { return }
            return nil
        }
        entries.reserveCapacity(list.count)
        for item in list {
            guard let operation = item["operation"].string, operation == "Apply" || operation == "Update",
                let apiVersion = item["apiVersion"].string, !apiVersion.isEmpty, item["fieldsType"] == "FieldsV1"
            else { return nil }
            let fields: FieldSet
            if trusted, case .object(let tree) = item["fieldsV1"] {
                fields = FieldSet(tree: tree)
            } else if item["fieldsV1"].isNull {
                fields = FieldSet()
            } else {
                guard let parsed = FieldSet(parsing: item["fieldsV1"]) else { return nil }
                fields = parsed
            }
            entries.append(
                Entry(
                    manager: item["manager"].string ?? "", isApply: operation == "Apply", apiVersion: apiVersion,
                    subresource: item["subresource"].string ?? "", time: item["time"].string ?? "", fields: fields))
        }
    }

    /// Writes the list into the object, or takes it away when nobody owns anything.
    func write(to object: inout JSONValue) {
        if entries.isEmpty {
            object["metadata"].remove("managedFields")
        } else {
            object["metadata"]["managedFields"] = .array(entries.sorted(by: Entry.precedes).map(\.encoded))
        }
    }

    /// Fields that others changed or removed are theirs no more.
    mutating func take(_ comparison: Comparison) {
        for index in entries.indices {
            entries[index].fields.subtract(comparison.changed)
            entries[index].fields.subtract(comparison.removed)
        }
        entries.removeAll(where: \.fields.isEmpty)
    }

    static let maximumUpdaters = 10

    /// Of more than ten updaters the oldest are joined, one entry for each version of the API.
    mutating func joinOldUpdaters() {
        var count = entries.reduce(0) { $1.isApply ? $0 : $0 + 1 }
        if count <= Self.maximumUpdaters { return }
        let oldest = entries.filter { !$0.isApply }.sorted { ($0.time, $0.manager) < ($1.time, $1.manager) }
        var first: [String: Entry] = [:]
        for entry in oldest where count > Self.maximumUpdaters {
            guard let earlier = first[entry.apiVersion] else {
                first[entry.apiVersion] = entry
                continue
            }
            let bucket = Entry(
                manager: "ancient-changes", isApply: false, apiVersion: entry.apiVersion, subresource: "",
                time: entry.time,
                fields: entry.fields)
            entries.removeAll { $0.isOf(entry) && !$0.isOf(bucket) }
            if let index = entries.firstIndex(where: { $0.isOf(bucket) }) {
                entries[index].fields.formUnion(entry.fields)
                entries[index].time = entry.time
            } else {
                entries.removeAll { $0.isOf(earlier) }
                entries.append(bucket)
                entries[entries.count - 1].fields.formUnion(earlier.fields)
            }
            count -= 1
        }
    }

    /// True when two objects differ in nothing but the times of their entries.
    public static func onlyTimesDiffer(_ a: JSONValue, _ b: JSONValue) -> Bool {
        guard case .object(let left) = a, case .object(let right) = b, left.count == right.count else { return false }
        for (key, value) in left where key != "metadata" { if right[key] != value { return false } }
        guard case .object(let mine)? = left["metadata"], case .object(let theirs)? = right["metadata"],
            mine.count == theirs.count
        else { return false }
        for (key, value) in mine where key != "managedFields" { if theirs[key] != value { return false } }
        guard let first = mine["managedFields"]?.array, let second = theirs["managedFields"]?.array,
            first.count == second.count
        else { return false }
        func withoutTime(_ entry: JSONValue) -> JSONValue {
            var entry = entry
            entry.remove("time")
            return entry
        }
        let rest = second.map(withoutTime)
        return first.map(withoutTime).allSatisfy(rest.contains)
    }
}
