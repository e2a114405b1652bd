internal import JSON

extension Kinds {
    /// Every group's declarations. A new built-in kind is a few lines in one of them.
    static let declarations = [
        meta, core, admissionRegistration, apiExtensions, apiRegistration, apps, authentication, authorization,
        autoscaling, batch, certificates, coordination, discovery, events, flowControl, metrics, networking, node,
        policy,
        rbac, resource, scheduling, storage, templates,
    ]

    /// Says what is wrong with a value of a type.
    typealias Check = @Sendable (_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) -> Void
    typealias UpdateCheck =
        @Sendable (_ new: JSONValue, _ old: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) -> Void

    /// Defaults that depend on other fields, by type.
    static let defaults = merge([coreDefaults, workloadDefaults, autoscalingDefaults, otherDefaults])

    /// Checks across fields, by type.
    static let checks: [String: Check] = merge([
        metaChecks, podChecks, containerChecks, flowControlChecks, registrationChecks, definitionChecks, deviceChecks,
        volumeChecks, schedulingChecks, coreChecks, serviceChecks,
        workloadChecks, jobChecks,
        autoscalingChecks, rbacChecks, storageChecks, networkingChecks, quotaChecks, admissionChecks, templateChecks,
    ])

    /// Checks of an object against the one it replaces, by type.
    static let updateChecks: [String: UpdateCheck] = merge([
        workloadUpdateChecks, storageUpdateChecks, nodeUpdateChecks, networkingUpdateChecks, definitionUpdateChecks,
        templateUpdateChecks,
    ])

    private static func merge<T>(_ groups: [[String: T]]) -> [String: T] {
        groups.reduce(into: [:]) { all, group in all.merge(group) { first, _ in first } }
    }
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
