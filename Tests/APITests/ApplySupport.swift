import JSON
import Testing

@testable import API

/// An object that several managers write, without a server around it.
struct ManagedObject {
    private static let kinds = Result { try BuiltInKinds() }
    private let schema: Schema
    let definition: ResourceDefinition
    var value: JSONValue?

    init(_ kind: String) throws {
        let kinds = try Self.kinds.get()
        schema = kinds.schema
        definition = try #require(kinds.resources.first { $0.kind == kind && $0.storedVersion == nil })
    }

    private func manager(_ name: String, _ subresource: String?, _ second: Int) -> FieldManager {
        FieldManager(
            schema, type: definition.type, apiVersion: definition.apiVersion, manager: name,
            subresource: subresource, time: Time(secondsSince1970: second))
    }

    private func decode(_ value: JSONValue) throws -> JSONValue {
        var decoder = Decoder(schema)
        return try decoder.decode(JSONDocument(value.encoded()).root, type: definition.type)
    }

    private func whole(_ value: JSONValue) -> JSONValue {
        var value = value
        value["apiVersion"] = .string(definition.apiVersion)
        value["kind"] = .string(definition.kind)
        if !value["metadata"].has("name") { value["metadata"]["name"] = "x" }
        return value
    }

    mutating func apply(
        _ configuration: JSONValue, as name: String, force: Bool = false, subresource: String? = nil, at second: Int = 0
    ) throws {
        var merged = try manager(name, subresource, second).apply(whole(configuration), to: value, force: force)
        let managed = merged["metadata"].remove("managedFields")
        merged = try decode(merged)
        if let managed { merged["metadata"]["managedFields"] = managed }
        value = merged
    }

    /// A create when there is nothing yet, else an update.
    mutating func update(_ new: JSONValue, as name: String, subresource: String? = nil, at second: Int = 0) throws {
        let given = new["metadata"]["managedFields"]
        var object = try decode(whole(new))
        if !given.isNull { object["metadata"]["managedFields"] = given }
        manager(name, subresource, second).update(&object, old: value)
        value = object
    }

    mutating func edit(
        as name: String, subresource: String? = nil, at second: Int = 0, _ change: (inout JSONValue) -> Void
    ) throws {
        var copy = value ?? [:]
        change(&copy)
        try update(copy, as: name, subresource: subresource, at: second)
    }

    /// What the manager owns, as `managedFields` shows it; nil when it has no entry.
    func fields(of name: String) -> JSONValue? { entry(name).map { $0["fieldsV1"] } }
    func entry(_ name: String) -> JSONValue? {
        value?["metadata"]["managedFields"].array?.first { $0["manager"].string == name }
    }
    var managers: [String] { (value?["metadata"]["managedFields"].array ?? []).compactMap { $0["manager"].string } }
}
