internal import JSON

/// https://kubernetes.io/docs/concepts/storage/volumes/#configmap
enum ConfigMapVolume: VolumeKind {
    static let field = "configMap"
    static let isRefreshed = true

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let source = volume["configMap"]
        var payload = Payload()
        try await PayloadSources.add(
            .configMap, named: source["name"].string ?? "", source, mode: source["defaultMode"].mode ?? 0o644,
            to: &payload, context)
        return try await AtomicWriter.write(
            payload, to: context.directory("configmap", volume), inMemory: false, context)
    }
}

/// https://kubernetes.io/docs/concepts/storage/volumes/#secret
enum SecretVolume: VolumeKind {
    static let field = "secret"
    static let isRefreshed = true

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let source = volume["secret"]
        var payload = Payload()
        try await PayloadSources.add(
            .secret, named: source["secretName"].string ?? "", source, mode: source["defaultMode"].mode ?? 0o644,
            to: &payload, context)
        return try await AtomicWriter.write(payload, to: context.directory("secret", volume), inMemory: true, context)
    }
}

/// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
enum DownwardAPIVolume: VolumeKind {
    static let field = "downwardAPI"
    static let isRefreshed = true

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let source = volume["downwardAPI"]
        var payload = Payload()
        try PayloadSources.addFields(
            source["items"], mode: source["defaultMode"].mode ?? 0o644, to: &payload, context)
        return try await AtomicWriter.write(
            payload, to: context.directory("downward-api", volume), inMemory: true, context)
    }
}

/// Several sources in one directory. https://kubernetes.io/docs/concepts/storage/projected-volumes/
enum ProjectedVolume: VolumeKind {
    static let field = "projected"
    static let isRefreshed = true

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let mode = volume["projected"]["defaultMode"].mode ?? 0o644
        var payload = Payload()
        for source in volume["projected"]["sources"].elements {
            for (field, kind) in [("configMap", ReferencedData.Kind.configMap), ("secret", .secret)] {
                let reference = source[field]
                guard reference.exists else { continue }
                try await PayloadSources.add(
                    kind, named: reference["name"].string ?? "", reference, mode: mode, to: &payload, context)
            }
            try PayloadSources.addFields(source["downwardAPI"]["items"], mode: mode, to: &payload, context)
            for kind in ["clusterTrustBundle", "podCertificate"] where source[kind].exists {
                throw VolumeError("projected volumes with a \(kind) are not supported by this node")
            }
            if source["serviceAccountToken"].exists {
                try await PayloadSources.addToken(source["serviceAccountToken"], mode: mode, to: &payload, context)
            }
        }
        return try await AtomicWriter.write(
            payload, to: context.directory("projected", volume), inMemory: true, context)
    }
}
