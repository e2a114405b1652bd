internal import API
internal import Client
internal import JSON
internal import Runtime

/// Why a container cannot be made from its spec for now: the reason and message of its waiting state.
struct ConfigurationError: Error, CustomStringConvertible {
    var reason = "CreateContainerConfigError"
    let message: String

    init(_ message: String) { self.message = message }
    var description: String { message }
}

/// The ConfigMaps and Secrets of a pod's namespace, as far as its containers name them: fetched before, so that the
/// configuration is a function of values.
struct ReferencedData: Sendable {
    enum Kind: String, Sendable {
        case configMap = "configmaps"
        case secret = "secrets"
    }
    struct Key: Hashable, Sendable {
        let kind: Kind
        let name: String
    }
    private var objects: [Key: [String: [UInt8]]] = [:]

    /// nil: there is no such object.
    subscript(_ kind: Kind, _ name: String) -> [String: [UInt8]]? {
        get { objects[Key(kind: kind, name: name)] }
        set { objects[Key(kind: kind, name: name)] = newValue }
    }

    static func contents(_ object: Object, _ kind: Kind) -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        if kind == .configMap {
            for (key, value) in object["data"].members { contents[key] = Array((value.string ?? "").utf8) }
        }
        for (key, value) in object[kind == .configMap ? "binaryData" : "data"].members {
            contents[key] = Base64Text.decode(value.string ?? "") ?? []
        }
        return contents
    }

    /// What the containers of a pod name in `env` and `envFrom`.
    static func references(in container: JSONRef) -> Set<Key> {
        var keys: Set<Key> = []
        func add(_ kind: Kind, _ reference: JSONRef) {
            if let name = reference["name"].string, !name.isEmpty { keys.insert(Key(kind: kind, name: name)) }
        }
        for entry in container["env"].elements {
            add(.configMap, entry["valueFrom"]["configMapKeyRef"])
            add(.secret, entry["valueFrom"]["secretKeyRef"])
        }
        for entry in container["envFrom"].elements {
            add(.configMap, entry["configMapRef"])
            add(.secret, entry["secretRef"])
        }
        return keys
    }
}

extension ObjectClient {
    /// What a ConfigMap or Secret holds; nil when there is none of that name.
    func contents(
        _ kind: ReferencedData.Kind, namespace: String, name: String
    ) async throws(StatusError) -> [String: [UInt8]]? {
        let resource: ResourceName = kind == .configMap ? .configMaps : .secrets
        do throws(StatusError) {
            return ReferencedData.contents(try await get(resource, namespace: namespace, name: name), kind)
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }
}

/// What `fieldRef` can tell of a pod, as it runs on this node.
struct PodFields: Sendable {
    let pod: Object
    let nodeName: String
    let hostIPs: [String]
    let podIPs: [String]

    /// nil: no such field. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-fieldRef
    func value(_ path: String) -> String? {
        if let key = subscripted(path, "metadata.labels") { return pod.label(key) ?? "" }
        if let key = subscripted(path, "metadata.annotations") { return pod.annotation(key) ?? "" }
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "metadata.labels": return Self.lines(pod.metadata["labels"])
        case "metadata.annotations": return Self.lines(pod.metadata["annotations"])
        case "spec.nodeName": return nodeName
        case "spec.serviceAccountName": return pod["spec"]["serviceAccountName"].string ?? ""
        case "status.hostIP": return hostIPs.first ?? ""
        case "status.hostIPs": return hostIPs.joined(separator: ",")
        case "status.podIP": return podIPs.first ?? ""
        case "status.podIPs": return podIPs.joined(separator: ",")
        default: return nil
        }
    }

    private func subscripted(_ path: String, _ map: String) -> String? {
        guard path.hasPrefix(map + "['"), path.hasSuffix("']") else { return nil }
        return String(path.dropFirst(map.count + 2).dropLast(2))
    }

    /// A map as the downward API writes it into a file: sorted lines of `key="value"`.
    private static func lines(_ map: JSONRef) -> String {
        map.members.map { "\($0.key)=\(quoted($0.value.string ?? ""))" }.sorted().joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

/// The value of a `resourceFieldRef`: a request or limit of a container, in units of the divisor, rounded up. Where there
/// is no limit, what the node can give.
func resourceFieldValue(_ reference: JSONRef, container: JSONRef, allocatable: [String: Quantity]) -> String? {
    let parts = (reference["resource"].string ?? "").split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "limits" || parts[0] == "requests" else { return nil }
    let text = container["resources"][parts[0]][parts[1]].string
    let quantity = text.flatMap { Quantity($0) } ?? (parts[0] == "limits" ? allocatable[parts[1]] : nil) ?? .zero
    let divisor = reference["divisor"].string.flatMap { Quantity($0) } ?? .zero
    if parts[1] == "cpu" {
        let unit = divisor == .zero ? 1000 : max(1, divisor.milliValue)
        return String((quantity.milliValue + unit - 1) / unit)
    }
    let unit = divisor == .zero ? 1 : max(1, divisor.value)
    return String((quantity.value + unit - 1) / unit)
}

/// The variables that a container sees.
struct EnvironmentBuilder {
    let fields: PodFields
    let data: ReferencedData
    let allocatable: [String: Quantity]
    /// Where the Services of the namespace are; variables of the spec go before them.
    let services: [String: String]
    /// Those that `fileKeyRef`s name, as far as they are there.
    var files: [EnvFile.Key: [String: String]] = [:]

    /// In the order of the spec; a later variable replaces an earlier one of its name.
    func variables(of container: JSONRef) throws(ConfigurationError) -> [EnvironmentVariable] {
        var values: [String: String] = [:]
        var order: [String] = []
        func set(_ name: String, _ value: String) {
            if values.updateValue(value, forKey: name) == nil { order.append(name) }
        }
        for source in container["envFrom"].elements {
            let prefix = source["prefix"].string ?? ""
            for (key, value) in try contents(of: source).sorted(by: { $0.key < $1.key }) {
                set(prefix + key, String(decoding: value, as: UTF8.self))
            }
        }
        for entry in container["env"].elements {
            guard let name = entry["name"].string else { continue }
            if let text = entry["value"].string, !text.isEmpty {
                set(name, expandVariables(text) { values[$0] ?? services[$0] })
            } else if entry["valueFrom"].exists {
                if let value = try value(from: entry["valueFrom"], container) { set(name, value) }
            } else {
                set(name, "")
            }
        }
        let own = order.map { EnvironmentVariable($0, values[$0] ?? "") }
        return own
            + services.filter { values[$0.key] == nil }.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
    }

    private func contents(of source: JSONRef) throws(ConfigurationError) -> [String: [UInt8]] {
        for (field, kind) in [("configMapRef", ReferencedData.Kind.configMap), ("secretRef", .secret)] {
            let reference = source[field]
            guard reference.exists else { continue }
            let name = reference["name"].string ?? ""
            if let contents = data[kind, name] { return contents }
            if reference["optional"].bool == true { return [:] }
            throw ConfigurationError(notFound(kind, name))
        }
        return [:]
    }

    private func notFound(_ kind: ReferencedData.Kind, _ name: String) -> String {
        "\(kind == .configMap ? "configmap" : "secret") \"\(name)\" not found"
    }

    /// nil: left out, being optional.
    private func value(from source: JSONRef, _ container: JSONRef) throws(ConfigurationError) -> String? {
        for (field, kind) in [("configMapKeyRef", ReferencedData.Kind.configMap), ("secretKeyRef", .secret)] {
            let reference = source[field]
            guard reference.exists else { continue }
            let (name, key) = (reference["name"].string ?? "", reference["key"].string ?? "")
            if let value = data[kind, name]?[key] { return String(decoding: value, as: UTF8.self) }
            if reference["optional"].bool == true { return nil }
            guard data[kind, name] != nil else { throw ConfigurationError(notFound(kind, name)) }
            throw ConfigurationError(
                "couldn't find key \(key) in \(kind == .configMap ? "ConfigMap" : "Secret") \(fields.pod.namespace)/\(name)"
            )
        }
        if source["fileKeyRef"].exists {
            let reference = source["fileKeyRef"]
            let (file, key) = (EnvFile.Key(reference), reference["key"].string ?? "")
            if let value = files[file]?[key] { return value }
            if reference["optional"].bool == true { return nil }
            throw ConfigurationError(
                files[file] == nil
                    ? "file \(file.path) not found in volume \(file.volume)"
                    : "environment variable key \(key) not found in file \(file.path)")
        }
        if source["fieldRef"].exists {
            let path = source["fieldRef"]["fieldPath"].string ?? ""
            guard let value = fields.value(path) else { throw ConfigurationError("unsupported fieldPath: \(path)") }
            return value
        }
        if source["resourceFieldRef"].exists {
            let reference = source["resourceFieldRef"]
            let name = reference["containerName"].string ?? ""
            let other = fields.pod.containerSpec(named: name)?.spec ?? container
            guard let value = resourceFieldValue(reference, container: other, allocatable: allocatable) else {
                throw ConfigurationError("unsupported container resource: \(reference["resource"].string ?? "")")
            }
            return value
        }
        return nil
    }
}
