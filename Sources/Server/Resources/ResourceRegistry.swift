internal import API
internal import JSON
internal import Store
internal import Synchronization

/// A resource with the types it is described by and what is particular about it. A class, because every request passes it
/// on many times.
final class ServedResource: Sendable {
    let definition: ResourceDefinition
    let schema: Schema
    let strategy: any Strategy
    /// Every path into the store begins with this.
    let storeName: String
    /// Stored objects may have an older form: they are decoded before anybody sees them.
    let rereads: Bool
    /// Nothing is created any more.
    let isTerminating: Bool
    /// Why the resource cannot be served, if it cannot.
    let refusal: String?
    /// Said to everyone who uses the resource; empty: nothing.
    let warning: String
    /// The same resource in the version whose form is kept, when that is another.
    private let other: ServedResource?

    init(definition: ResourceDefinition, schema: Schema, strategy: any Strategy, stored: ResourceDefinition? = nil) {
        (self.definition, self.schema, self.strategy) = (definition, schema, strategy)
        storeName = (stored ?? definition).groupResource
        other = stored.map { ServedResource(definition: $0, schema: schema, strategy: strategy) }
        rereads = definition.conversion != nil
        (isTerminating, refusal, warning) = (false, nil, "")
    }

    init(
        custom version: CustomResource.Version, rereads: Bool, isTerminating: Bool, stored: ServedResource? = nil,
        refusal: String? = nil
    ) {
        (definition, schema, warning) = (version.definition, version.schema, version.warning)
        strategy = DefaultStrategy(needsRevision: true)
        storeName = definition.groupResource
        (self.rereads, self.isTerminating, self.refusal, other) = (rereads, isTerminating, refusal, stored)
    }

    var stored: ServedResource { other ?? self }
    var kind: String { definition.kind }
    func key(_ namespace: String?, _ name: String) -> String {
        definition.isNamespaced ? "\(namespace ?? "")/\(name)" : name
    }
}

/// All resources that are served now. Looked up on every request; replaced as a whole when custom resources come and go.
final class ResourceRegistry: Sendable {
    struct Key: Hashable {
        let group: Substring, version: Substring, name: Substring
    }
    struct Contents: Sendable {
        var byPath: [Key: ServedResource] = [:]
        /// Any version, for the index of stored objects and for owner references.
        var byGroupResource: [String: ServedResource] = [:]
        /// In the order of declaration, as discovery lists them.
        var all: [ServedResource] = []

        mutating func add(_ resource: ServedResource) {
            let definition = resource.definition
            byPath[Key(group: definition.group[...], version: definition.version[...], name: definition.name[...])] =
                resource
            // The first version declared is the one that is stored, unless it says otherwise.
            if byGroupResource[definition.groupResource] == nil, definition.storedVersion == nil {
                byGroupResource[definition.groupResource] = resource
            }
            all.append(resource)
        }
    }
    private struct State {
        var builtIn = Contents()
        var custom: [ServedResource] = []
        /// Built-in, and not served yet.
        var withheld: [ServedResource] = []
        var served = Contents()

        mutating func compose() {
            served = builtIn
            for resource in custom { served.add(resource) }
        }
    }
    private let state: Mutex<State>
    var builtIn: [ServedResource] { state.withLock { $0.builtIn.all } }

    /// Groups beyond Kubernetes' own API, or that are answered from what nodes say: served where there is a node (`offerAll`),
    /// so that a server alone is exactly an API server.
    static let optional: Set = ["metrics.k8s.io", "template.openshift.io"]

    init(_ kinds: BuiltInKinds) {
        var state = State()
        for definition in kinds.resources {
            let stored = definition.storedVersion.flatMap { version in
                kinds.resources.first { $0.kind == definition.kind && $0.apiVersion == version }
            }
            let resource = ServedResource(
                definition: definition, schema: kinds.schema, strategy: Strategies.of(stored ?? definition),
                stored: stored)
            if Self.optional.contains(definition.group) {
                state.withheld.append(resource)
            } else {
                state.builtIn.add(resource)
            }
        }
        state.compose()
        self.state = Mutex(state)
    }

    /// Serves what was withheld.
    func offerAll() {
        state.withLock { state in
            for resource in state.withheld { state.builtIn.add(resource) }
            state.withheld = []
            state.compose()
        }
    }

    /// Serves these beside the built-in kinds, and no other custom ones.
    func replaceCustom(_ resources: [ServedResource]) {
        state.withLock { state in
            state.custom = resources
            state.compose()
        }
    }

    var all: [ServedResource] { state.withLock { $0.served.all } }

    func find(group: Substring, version: Substring, name: Substring) -> ServedResource? {
        state.withLock { $0.served.byPath[Key(group: group, version: version, name: name)] }
    }

    func find(groupResource: String) -> ServedResource? { state.withLock { $0.served.byGroupResource[groupResource] } }

    func hasGroupVersion(_ group: Substring, _ version: Substring) -> Bool {
        state.withLock { state in
            state.served.all.contains { $0.definition.group == group && $0.definition.version == version }
        }
    }

    /// What selectors need of an object, kept beside its bytes.
    func attributes(groupResource: String, _ object: JSONRef) -> Attributes {
        let resource = find(groupResource: groupResource)
        return attributes(resource, object)
    }

    func attributes(_ resource: ServedResource?, _ object: JSONRef) -> Attributes {
        var labels: [String: String] = [:]
        for (key, value) in object["metadata"]["labels"].members { labels[key] = value.string }
        var fields: [String: String] = [:]
        for path in resource?.definition.selectableFields ?? [] where resource?.definition.isCustom != true {
            let value = SelectableField.value(path, of: object)
            if !value.isEmpty { fields[path] = value }
        }
        return Attributes(labels: labels, fields: fields)
    }
}

/// The text by which a field selector compares.
enum SelectableField {
    static func value(_ path: String, of object: JSONRef) -> String {
        switch path {
        case "source": return object["source"]["component"].string ?? object["reportingComponent"].string ?? ""
        case "status.successful": return String(object["status"]["succeeded"].int ?? 0)
        case "status.replicas": return String(object["status"]["replicas"].int ?? 0)
        case "spec.unschedulable", "spec.hostNetwork":
            return object["spec"][String(path.dropFirst(5))].bool == true ? "true" : "false"
        default: return text(path, of: object)
        }
    }

    /// What stands under a path of names.
    static func text(_ path: String, of object: JSONRef) -> String {
        let ref = path.split(separator: ".").reduce(object) { $0[String($1)] }
        if let text = ref.string { return text }
        if let flag = ref.bool { return flag ? "true" : "false" }
        return ref.int.map(String.init) ?? ""
    }
}
