internal import JSON

/// Reads the declarations of Kinds/. The notation, a line each:
///
///     group NAME VERSION ALIAS                         the group and version of what follows; ALIAS qualifies its types
///     resource PLURAL KIND namespaced|cluster [...]    a served resource: verbs= short= categories= singular= fields=
///                                                      (selectable) name= (format of names), `generation`, stored= (the
///                                                      apiVersion that the store keeps, when it is another),
///                                                      checks=N,M (how often metadata is checked on updates)
///       sub NAME [GROUP/VERSION.KIND] VERBS            a subresource
///       column NAME TYPE SOURCE [wide]                 a column: a path, `path|text when absent`, or a function's name with
///                                                      the path it reads, `age` or `labels(.spec.selector)`; `_` in NAME
///                                                      stands for a space; TYPE `name` is the object's name
///     kind NAME                                        a type with apiVersion, kind and metadata
///     type NAME [atomic]
///       oneof[!] FIELD|FIELD...                        at most one of the fields; `!` exactly one
///       NAME[!] TYPE [= DEFAULT] [RULES] [@N] [# text] a field; `!` required; N its protobuf number, N.M within the message N
///                                                      that JSON leaves out
///
/// TYPE is string bool int32 int64 double bytes quantity intstr time microtime any, the name of a type (qualified by
/// another group's alias where it is not of this group), `[TYPE]` a list, `{TYPE}` a map; a leading `*` keeps a zero
/// value that would otherwise count as absent. DEFAULT is JSON without spaces, or a bare word. RULES are enum(A|B),
/// min(N), range(N,M), port, format(NAME), immutable (a change is invalid), fixed (a change is forbidden), unchecked (a
/// required field whose absence is found by its other rules or by a function), unvalidated (what is below is seen by a
/// function alone), unique, atomic, set, map(KEYS), patch,
/// patch(KEY), retainKeys.
struct DeclarationReader {
    private(set) var schema = Schema()
    private(set) var resources: [ResourceDefinition] = []
    private var group = "", version = "", alias = ""
    /// Types that were named before they were declared, by full name.
    private var currentType: Int?

    struct Failure: Error, CustomStringConvertible {
        let line: Substring
        let reason: String
        var description: String { "declaration `\(line)`: \(reason)" }
    }

    mutating func read(_ text: String) throws {
        for line in text.split(separator: "\n") { try read(line: line) }
    }

    /// Closes the set: every type named anywhere must have been declared.
    mutating func finish() throws {
        for id in schema.types.indices {
            guard !schema.types[id].fields.isEmpty || declared.contains(id) else {
                throw Failure(line: Substring(schema.types[id].name), reason: "is named but never declared")
            }
            schema.types[id].seal()
            schema.types[id].fillDefaults = Kinds.defaults[schema.types[id].name]
            schema.types[id].check = Kinds.checks[schema.types[id].name]
            schema.types[id].checkUpdate = Kinds.updateChecks[schema.types[id].name]
        }
    }
    private var declared: Set<Int> = []

    private mutating func read(line: Substring) throws {
        var words = line.split(separator: " ")
        if let comment = words.firstIndex(of: "#") { words.removeSubrange(comment...) }
        guard let first = words.first else { return }
        func need(_ count: Int) throws {
            if words.count < count { throw Failure(line: line, reason: "too few words") }
        }
        if line.hasPrefix(" ") {
            switch first {
            case "sub":
                try need(3)
                try readSubresource(words, line)
            case "column":
                try need(4)
                resources[resources.count - 1].columns.append(
                    Column(
                        name: String(words[1].replacing("_", with: " ")),
                        type: words[2] == "name" ? "string" : String(words[2]),
                        format: words[2] == "name" ? "name" : "", source: String(words[3]),
                        priority: words.last == "wide" ? 1 : 0))
            case "oneof", "oneof!":
                try need(2)
                guard let currentType else { throw Failure(line: line, reason: "a union outside a type") }
                schema.types[currentType].unions.append(
                    Union(fields: words[1].split(separator: "|").map(String.init), isRequired: first.hasSuffix("!")))
            default:
                try need(2)
                try readField(words, line)
            }
            return
        }
        switch first {
        case "group":
            try need(4)
            (group, version, alias) = (words[1] == "core" ? "" : String(words[1]), String(words[2]), String(words[3]))
        case "resource":
            try need(4)
            try readResource(words, line)
        case "kind", "type":
            try need(2)
            let id = typeID("\(alias).\(version).\(words[1])")
            guard declared.insert(id).inserted else { throw Failure(line: line, reason: "declared twice") }
            currentType = id
            schema.types[id].isAtomic = words.contains("atomic")
            if let text = line.split(separator: " # ").dropFirst().first {
                schema.types[id].documentation = String(text)
            }
            if first == "kind" {
                let meta = FieldType.object(typeID("meta.v1.ObjectMeta"))
                schema.types[id].fields = [
                    Field(
                        name: "apiVersion", type: .string,
                        documentation: "The group and version of the API that the object is written in."),
                    Field(name: "kind", type: .string, documentation: "What the object is."),
                    Field(
                        name: "metadata", type: meta, defaultValue: .object([:]),
                        documentation: "The object's name, labels and the like.",
                        protobuf: [1]),
                ]
            }
        default: throw Failure(line: line, reason: "unknown word \(first)")
        }
    }

    private mutating func typeID(_ name: String) -> Int {
        if let id = schema.index[name] { return id }
        schema.types.append(TypeSchema(name: name))
        schema.index[name] = schema.types.count - 1
        return schema.types.count - 1
    }

    private mutating func readResource(_ words: [Substring], _ line: Substring) throws {
        let kind = String(words[2])
        var resource = ResourceDefinition(
            group: group, version: version, name: String(words[1]), singular: kind.lowercased(), kind: kind,
            isNamespaced: words[3] == "namespaced",
            verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            type: typeID("\(alias).\(version).\(kind)"))
        for word in words.dropFirst(4) {
            let (key, value) = word.splitOnce("=")
            let list = value.split(separator: ",").map(String.init)
            switch key {
            case "verbs": resource.verbs = Set(list)
            case "short": resource.shortNames = list
            case "categories": resource.categories = list
            case "singular": resource.singular = String(value)
            case "fields": resource.selectableFields = list
            case "generation": resource.tracksGeneration = true
            case "stored": resource.storedVersion = String(value)
            case "checks":
                let counts = list.compactMap { Int($0) }
                guard counts.count == 2 else { throw Failure(line: line, reason: "checks= takes two numbers") }
                resource.metadataChecks = (counts[0], counts[1])
            case "name":
                guard let format = Format(rawValue: String(value)) else {
                    throw Failure(line: line, reason: "unknown format \(value)")
                }
                resource.nameFormat = format
            default: throw Failure(line: line, reason: "unknown option \(key)")
            }
        }
        resources.append(resource)
    }

    private mutating func readSubresource(_ words: [Substring], _ line: Substring) throws {
        let parent = resources[resources.count - 1]
        var (group, version, kind) = (parent.group, parent.version, parent.kind)
        if words.count > 3 {
            let (groupName, rest) = words[2].splitOnce("/")
            let (versionName, kindName) = rest.splitOnce(".")
            (group, version, kind) = (String(groupName), String(versionName), String(kindName))
        }
        resources[resources.count - 1].subresources.append(
            Subresource(
                name: String(words[1]), group: group, version: version, kind: kind,
                verbs: Set(words[words.count - 1].split(separator: ",").map(String.init))))
    }

    private mutating func readField(_ words: [Substring], _ line: Substring) throws {
        guard let currentType else { throw Failure(line: line, reason: "a field outside a type") }
        var typeName = words[1]
        var field = Field(name: String(words[0].drop(suffix: "!")), type: .any)
        field.isRequired = words[0].hasSuffix("!")
        if typeName.hasPrefix("*") {
            field.keepsZero = true
            typeName = typeName.dropFirst()
        }
        field.type = try parseType(typeName, line)
        var rest = words.dropFirst(2)
        if rest.first == "=" {
            guard let text = rest.dropFirst().first else { throw Failure(line: line, reason: "no default behind =") }
            field.defaultValue = (try? JSONValue(parsing: Array(text.utf8))) ?? .string(String(text))
            rest = rest.dropFirst(2)
        }
        for word in rest { try apply(word, to: &field, line) }
        if let text = line.split(separator: " # ").dropFirst().first { field.documentation = String(text) }
        schema.types[currentType].fields.append(field)
    }

    private func apply(_ word: Substring, to field: inout Field, _ line: Substring) throws {
        if word.hasPrefix("@") {
            field.protobuf = word.dropFirst().split(separator: ".").compactMap { Int($0) }
            return
        }
        let (name, argument) = word.drop(suffix: ")").splitOnce("(")
        let numbers = argument.split(separator: ",").compactMap { Int($0) }
        switch (name, numbers.count) {
        case ("enum", _):
            field.rules.append(
                .oneOf(argument.split(separator: "|", omittingEmptySubsequences: false).map(String.init)))
        case ("min", 1): field.rules.append(.minimum(numbers[0]))
        case ("range", 2): field.rules.append(.range(numbers[0], numbers[1]))
        case ("port", _): field.rules.append(.port)
        case ("immutable", _): field.isImmutable = true
        case ("fixed", _): field.isFixed = true
        case ("unchecked", _): field.isUnchecked = true
        case ("unvalidated", _): field.isUnvalidated = true
        case ("unique", _): field.isUnique = true
        case ("atomic", _): field.isAtomic = true
        case ("set", _): field.listType = .set
        case ("map", _): field.listType = .map(keys: argument.split(separator: ",").map(String.init))
        case ("patch", _):
            field.patch.merge = true
            if !argument.isEmpty { field.patch.mergeKey = String(argument) }
        case ("retainKeys", _): field.patch.retainKeys = true
        case ("replace", _): break
        case ("format", _):
            guard let format = Format(rawValue: String(argument)) else {
                throw Failure(line: line, reason: "unknown format \(argument)")
            }
            field.rules.append(.format(format))
        default: throw Failure(line: line, reason: "unknown rule \(word)")
        }
    }

    private mutating func parseType(_ name: Substring, _ line: Substring) throws -> FieldType {
        if name.hasPrefix("["), name.hasSuffix("]") { return .list(try parseType(name.dropFirst().dropLast(), line)) }
        if name.hasPrefix("{"), name.hasSuffix("}") { return .map(try parseType(name.dropFirst().dropLast(), line)) }
        switch name {
        case "string": return .string
        case "bool": return .bool
        case "int32": return .int32
        case "int64": return .int64
        case "double": return .double
        case "bytes": return .bytes
        case "quantity": return .quantity
        case "intstr": return .intOrString
        case "time": return .time
        case "microtime": return .microTime
        // JSON Schema's own unions (a schema or a list, a schema or a bool); checked where schemas are compiled.
        case "any", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray": return .any
        default:
            let parts = name.split(separator: ".")
            switch parts.count {
            case 1: return .object(typeID("\(alias).\(version).\(name)"))
            case 2: return .object(typeID("\(parts[0]).v1.\(parts[1])"))
            default: return .object(typeID(String(name)))
            }
        }
    }
}

extension StringProtocol {
    /// The parts before and behind the first separator; the second is empty when there is none.
    package func splitOnce(_ separator: Character) -> (SubSequence, SubSequence) {
        guard let at = firstIndex(of: separator) else { return (self[...], self[endIndex...]) }
        return (self[..<at], self[index(after: at)...])
    }

    func drop(suffix: Character) -> SubSequence { last == suffix ? dropLast() : self[...] }
}
