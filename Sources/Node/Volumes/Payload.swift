internal import API
internal import JSON

/// The files of a volume that the agent writes itself.
struct Payload: Sendable {
    struct File: Sendable, Equatable {
        var bytes: [UInt8]
        var mode: UInt32
        var owner: UInt32?
    }
    /// By their path within the volume, e.g. `conf/app.ini`.
    var files: [String: File] = [:]

    /// Puts the keys of a ConfigMap or Secret at their paths (`items`), or all of them under their own names.
    mutating func add(
        _ contents: [String: [UInt8]], items: JSONRef, defaultMode: UInt32, isOptional: Bool, source: String
    ) throws(VolumeError) {
        if items.count == 0 {
            for (key, bytes) in contents { files[key] = File(bytes: bytes, mode: defaultMode) }
            return
        }
        for item in items.elements {
            let key = item["key"].string ?? ""
            guard let bytes = contents[key] else {
                if isOptional { continue }
                throw VolumeError(
                    "\(source) references non-existent \(source.hasPrefix("secret") ? "secret" : "config") key: \(key)")
            }
            files[item["path"].string ?? key] = File(bytes: bytes, mode: item["mode"].mode ?? defaultMode)
        }
    }
}

extension JSONRef {
    /// File permissions.
    var mode: UInt32? { int.map { UInt32(truncatingIfNeeded: $0) & 0o777 } }
}

/// ConfigMaps, Secrets, fields and tokens as files.
enum PayloadSources {
    /// Reads one ConfigMap or Secret; nothing when it is optional and not there.
    static func add(
        _ kind: ReferencedData.Kind, named name: String, _ source: JSONRef, mode: UInt32, to payload: inout Payload,
        _ context: VolumeContext
    ) async throws {
        let isOptional = source["optional"].bool ?? false
        let found = try await context.client.contents(kind, namespace: context.pod.namespace, name: name)
        guard let contents = found else {
            if isOptional { return }
            throw VolumeError("\(kind == .configMap ? "configmap" : "secret") \"\(name)\" not found")
        }
        try payload.add(
            contents, items: source["items"], defaultMode: mode, isOptional: isOptional,
            source: kind == .configMap ? "configmap" : "secret")
    }

    static func addFields(_ items: JSONRef, mode: UInt32, to payload: inout Payload, _ context: VolumeContext) throws {
        for item in items.elements {
            let path = item["path"].string ?? ""
            let text: String?
            if item["fieldRef"].exists {
                text = context.fields.value(item["fieldRef"]["fieldPath"].string ?? "")
            } else {
                let reference = item["resourceFieldRef"]
                guard let container = context.pod.containerSpec(named: reference["containerName"].string ?? "") else {
                    throw VolumeError("cannot find container of the resourceFieldRef for \(path)")
                }
                text = resourceFieldValue(reference, container: container.spec, allocatable: context.allocatable)
            }
            guard let text else { throw VolumeError("the field for \(path) is not supported") }
            payload.files[path] = .init(bytes: Array(text.utf8), mode: item["mode"].mode ?? mode)
        }
    }

    static func addToken(_ source: JSONRef, mode: UInt32, to payload: inout Payload, _ context: VolumeContext)
        async throws
    {
        let token = try await context.tokens.token(
            for: context.pod, audience: source["audience"].string ?? "",
            expirationSeconds: source["expirationSeconds"].int ?? 3600, context.client)
        // Readable for the user that the containers run as, and for nobody else where there is only one.
        let users = Set(
            context.pod.allContainers.map { SecurityContextReader(context.pod, $0)["runAsUser"].int ?? -1 })
        var file = Payload.File(bytes: Array(token.utf8), mode: mode)
        if context.fsGroup != nil {
            file.mode = 0o600
        } else if users.count == 1, let user = users.first, user >= 0 {
            (file.mode, file.owner) = (0o600, UInt32(truncatingIfNeeded: user))
        }
        payload.files[source["path"].string ?? "token"] = file
    }
}
