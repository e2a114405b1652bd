internal import JSON

extension Kinds {
    /// Every group's declarations. A new built-in kind is a few lines in one of them.
    static let declarations = [
        meta, core, admissionRegistration, apiExtensions, apiRegistration, apps, authentication, authorization,
        autoscaling, batch, certificates, coordination, discovery, events, flowControl, networking, node, policy, rbac,
        resource, scheduling, storage,
    ]

    /// Defaults that depend on other fields, by type.
    static let defaults: [String: @Sendable (inout JSONObject) -> Void] =
        coreDefaults

    /// Checks across fields, by type.
    static let checks: [String: @Sendable (JSONValue, FieldPath, inout [FieldError]) -> Void] =
        coreChecks
}

/// The built-in kinds: their types and the resources that serve them.
public struct BuiltInKinds: Sendable {
    public let schema: Schema
    public let resources: [ResourceDefinition]

    /// Fails only when a declaration is wrong, which every test would notice.
    public init() throws {
        var reader = DeclarationReader()
        for text in Kinds.declarations { try reader.read(text) }
        try reader.finish()
        schema = reader.schema
        resources = reader.resources
    }
}
