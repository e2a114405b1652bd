internal import API
internal import Client
internal import Glibc
internal import JSON

/// The volume that a claim is bound to. https://kubernetes.io/docs/concepts/storage/persistent-volumes/
enum PersistentVolumeClaimVolume: VolumeKind {
    static let field = "persistentVolumeClaim"

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let source = volume["persistentVolumeClaim"]
        let claim = try await Claims.get(source["claimName"].string ?? "", context)
        return try await Claims.setUp(claim, readOnly: source["readOnly"].bool ?? false, context)
    }
}

/// A claim of the pod's own, which a controller makes.
/// https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
enum EphemeralVolume: VolumeKind {
    static let field = "ephemeral"

    static func claimName(_ volume: JSONRef, _ pod: Object) -> String {
        "\(pod.name)-\(volume["name"].string ?? "")"
    }

    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume {
        let claim = try await Claims.get(claimName(volume, context.pod), context)
        let owners = claim.metadata["ownerReferences"].elements
        guard owners.contains(where: { $0["controller"].bool == true && $0["uid"].equals(context.pod.uid) }) else {
            throw VolumeError(
                "PVC \"\(claim.namespace)/\(claim.name)\" was not created for pod \"\(context.pod.namespace)/\(context.pod.name)\" "
                    + "(pod is not owner)")
        }
        return try await Claims.setUp(claim, readOnly: false, context)
    }
}

/// From claims to what they are bound to.
enum Claims {
    static func get(_ name: String, _ context: VolumeContext) async throws -> Object {
        try await find(.persistentVolumeClaims, context.pod.namespace, name, "persistentvolumeclaim", context)
    }

    private static func find(
        _ resource: ResourceName, _ namespace: String?, _ name: String, _ kind: String, _ context: VolumeContext
    ) async throws -> Object {
        do throws(StatusError) {
            return try await context.client.get(resource, namespace: namespace, name: name)
        } catch {
            guard error.code == 404 else { throw error }
            throw VolumeError("\(kind) \"\(name)\" not found")
        }
    }

    static func setUp(_ claim: Object, readOnly: Bool, _ context: VolumeContext) async throws -> MountedVolume {
        let key = "\(claim.namespace)/\(claim.name)"
        guard !claim.isBeingDeleted else {
            throw VolumeError("can't start pod because PVC \(key) is being deleted")
        }
        guard claim["status"]["phase"].equals("Bound"), let name = claim["spec"]["volumeName"].string, !name.isEmpty
        else { throw VolumeError("PVC \(key) is not bound") }
        let volume = try await find(.persistentVolumes, nil, name, "persistentvolume", context)
        guard volume["spec"]["claimRef"]["uid"].equals(claim.uid) else {
            throw VolumeError("PV \(name) is not bound to PVC \(key)")
        }
        let required = volume["spec"]["nodeAffinity"]["required"]
        if required.exists, !Admission.matches(required, context.nodeLabels, context.fields.nodeName) {
            throw VolumeError("PV \(name): no matching NodeSelectorTerms: it cannot be used on this node")
        }
        return try await setUp(volume, name, readOnly: readOnly, context)
    }

    private static func setUp(
        _ volume: Object, _ name: String, readOnly: Bool, _ context: VolumeContext
    ) async throws -> MountedVolume {
        let spec = volume["spec"]
        let isBlock = spec["volumeMode"].equals("Block")
        if spec["hostPath"].exists, !isBlock {
            var mounted = try await HostPathVolume.setUp(spec, context)
            mounted.isReadOnly = readOnly
            return mounted
        }
        guard let path = spec["local"]["path"].string else {
            throw VolumeError("PV \(name): \(VolumeKinds.unsupported(spec))")
        }
        let (group, changes) = (context.fsGroup, context.pod.spec["securityContext"]["fsGroupChangePolicy"].string)
        return try await blocking {
            var info = stat()
            guard stat(path, &info) == 0 else { throw VolumeError("path \"\(path)\" does not exist") }
            let isDevice = info.st_mode & S_IFMT == S_IFBLK
            if isBlock {
                guard isDevice else { throw VolumeError("PV \(name): \(path) is not a block device") }
            } else {
                guard !isDevice else {
                    throw VolumeError(
                        "PV \(name): \(path) is a block device: mount its file system and name the directory")
                }
                if let group, !readOnly {
                    try Files.setGroup(
                        group, of: path, readOnly: false, onlyOnMismatch: changes == "OnRootMismatch")
                }
            }
            return MountedVolume(path: path, isReadOnly: readOnly, isDevice: isBlock)
        }
    }
}
