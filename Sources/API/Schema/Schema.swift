public import JSON

/// The type of a field. Scalars carry Kubernetes' own notions (`quantity`, `intOrString`, ...) so that one walk can
/// check and canonicalise them.
public indirect enum FieldType: Sendable, Hashable {
    case string, bool, int32, int64, double
    /// Base64 text.
    case bytes
    case quantity, intOrString
    /// RFC 3339 with seconds, and with microseconds.
    case time, microTime
    /// Any JSON, kept as it is.
    case any
    case list(FieldType)
    /// String keys.
    case map(FieldType)
    /// An object type, by its index in `Schema.types`.
    case object(Int)
}

/// How a list merges, from `x-kubernetes-list-type` (KEP-555): whole, by value, or by key fields.
public enum ListType: Sendable, Hashable {
    case atomic
    case set
    case map(keys: [String])
}

/// How a strategic merge patch treats a field (`x-kubernetes-patch-strategy`, `x-kubernetes-patch-merge-key`).
public struct PatchStrategy: Sendable, Hashable {
    public var merge = false
    public var mergeKey: String?
    public var retainKeys = false
}

/// A check on one value that needs nothing but the value.
public enum Rule: Sendable, Hashable {
    case oneOf([String])
    case minimum(Int)
    case range(Int, Int)
    /// A port number, or the name of one.
    case port
    case format(Format)
}

public struct Field: Sendable {
    public let name: String
    public internal(set) var type: FieldType
    /// Absent or empty is an error (`FieldValueRequired`).
    public internal(set) var isRequired = false
    /// A zero value is kept as written; without it zero means absent (a Go pointer against a plain `omitempty` field).
    public internal(set) var keepsZero = false
    public internal(set) var defaultValue: JSONValue?
    /// A change is an error: `FieldValueInvalid`, or `FieldValueForbidden` for a fixed field.
    public internal(set) var isImmutable = false
    public internal(set) var isFixed = false
    /// Required, as OpenAPI says it, but what is wrong with its absence is found by another rule.
    public internal(set) var isUnchecked = false
    /// Null is a value like others (custom resources).
    public internal(set) var isNullable = false
    /// What is below is checked by a function of the type that holds the field, and by nothing else.
    public internal(set) var isUnvalidated = false
    /// Items of a set, or keys of a list that is a map, may stand in it once only.
    public internal(set) var isUnique = false
    /// A map or object that server-side apply owns as a whole (`x-kubernetes-map-type: atomic`).
    public internal(set) var isAtomic = false
    public internal(set) var listType = ListType.atomic
    public internal(set) var patch = PatchStrategy()
    public internal(set) var rules: [Rule] = []
    public internal(set) var documentation: String?
    /// The field's numbers in protobuf, outermost message first; empty where it has none or they are not declared.
    var protobuf: [Int] = []
}

/// Fields of which an object may have one; the first in this order counts.
struct Union: Sendable {
    let fields: [String]
    let isRequired: Bool
}

/// An object type: its fields, in the order in which they were declared.
public struct TypeSchema: Sendable {
    /// Qualified by group and version: `core.v1.PodSpec`.
    public let name: String
    public internal(set) var fields: [Field] = []
    public internal(set) var isAtomic = false
    /// Unknown fields are kept (custom resources with `x-kubernetes-preserve-unknown-fields`).
    public internal(set) var preservesUnknownFields = false
    public internal(set) var documentation: String?
    /// A custom resource's: any value is decoded, and checked by the structural schema of the whole object afterwards.
    var isCustom = false
    var structural: StructuralSchema?
    /// The JSON of the schema that a custom resource was declared with; empty for built-in types.
    public internal(set) var published: [UInt8] = []
    var index: [String: Int] = [:]
    /// The same fields by their protobuf numbers.
    var protobuf: [Int: ProtobufNode] = [:]
    /// The fields with a default, so that filling them in does not visit the others.
    var defaulted: [Int] = []
    /// What a declaration cannot say: defaults that depend on other fields, and checks across fields.
    var fillDefaults: (@Sendable (inout JSONObject) -> Void)?
    var check: Kinds.Check?
    var checkUpdate: Kinds.UpdateCheck?
    var unions: [Union] = []

    public func field(_ name: String) -> Field? { index[name].map { fields[$0] } }

    mutating func seal() {
        index = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
        for (position, field) in fields.enumerated() where !field.protobuf.isEmpty {
            ProtobufNode.insert(position, at: field.protobuf[...], into: &protobuf)
        }
        defaulted = fields.indices.filter { fields[$0].defaultValue != nil }
    }
}

/// A closed set of types that refer to each other by index.
public struct Schema: Sendable {
    public internal(set) var types: [TypeSchema] = []
    var index: [String: Int] = [:]

    public subscript(id: Int) -> TypeSchema { types[id] }
    public func type(named name: String) -> Int? { index[name] }
}

/// A column of `kubectl get`: a path into the object, or the name of a function in the server's Tables.
public struct Column: Sendable {
    public let name: String
    public let type: String
    public let format: String
    public let source: String
    /// 0 is always shown, 1 only with `-o wide`.
    public let priority: Int

    public init(name: String, type: String, format: String = "", source: String, priority: Int) {
        (self.name, self.type, self.format, self.source, self.priority) = (name, type, format, source, priority)
    }
}

public struct Subresource: Sendable {
    public let name: String
    public let group: String
    public let version: String
    public let kind: String
    public let verbs: Set<String>
}

/// One resource of one API version: everything the generic handler, discovery, OpenAPI and tables need to serve it.
public struct ResourceDefinition: Sendable {
    public internal(set) var group: String
    public internal(set) var version: String
    /// Plural, as in paths.
    public internal(set) var name: String
    public internal(set) var singular: String
    public internal(set) var kind: String
    public internal(set) var isNamespaced: Bool
    public internal(set) var verbs: Set<String>
    public internal(set) var shortNames: [String] = []
    public internal(set) var categories: [String] = []
    public internal(set) var subresources: [Subresource] = []
    public internal(set) var columns: [Column] = []
    /// The index of the kind's type in `schema`.
    public internal(set) var type: Int
    /// `metadata.generation` counts changes outside metadata and status.
    public internal(set) var tracksGeneration = false
    public internal(set) var nameFormat = Format.dns1123Subdomain
    /// The apiVersion of the definition whose form the store keeps; nil when it is this one.
    public internal(set) var storedVersion: String?
    /// How often an update reports what is wrong with its metadata: upstream looks at it generically and again in the rules
    /// of most kinds, and clients see each finding as often. (Checks of the metadata itself, checks of its change.)
    public internal(set) var metadataChecks = (whole: 2, change: 2)
    /// Field paths that field selectors may name, besides metadata.name and metadata.namespace.
    public internal(set) var selectableFields: [String] = []
    /// Declared by a CustomResourceDefinition.
    public internal(set) var isCustom = false
    /// The kind of lists; empty: the kind's name with `List` behind it.
    public internal(set) var listKind = ""
    /// Where the numbers of replicas are; nil: where built-in workloads have them.
    public internal(set) var scale: ScalePaths?

    public var apiVersion: String { group.isEmpty ? version : group + "/" + version }
    /// `pods`, `deployments.apps`: one store serves all versions of a resource.
    public var groupResource: String { group.isEmpty ? name : name + "." + group }
    public var groupKind: String { group.isEmpty ? kind : kind + "." + group }
    public func subresource(_ name: String) -> Subresource? { subresources.first { $0.name == name } }
    public var hasStatus: Bool { subresource("status") != nil }
}
