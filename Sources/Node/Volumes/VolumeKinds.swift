internal import API
internal import Client
internal import JSON

/// A way to bring files into a pod: one of the fields of `Volume` (core/v1). A kind is a file in this folder and a line
/// in `VolumeKinds.all`.
///
/// `setUp` is called before the pod's first container starts and again from time to time while it runs, also after a
/// restart of the agent: it makes things so, and leaves alone what is so already.
protocol VolumeKind: Sendable {
    /// The field of `Volume` that chooses this kind.
    static var field: String { get }
    /// Whether what it shows may change while the pod runs, so that `setUp` is worth repeating.
    static var isRefreshed: Bool { get }
    /// Whether containers may only read it, whatever they ask for.
    static var isReadOnly: Bool { get }

    /// Makes the volume.
    /// - Throws: `VolumeError` when it cannot be made for now; the pod waits and it is tried again.
    static func setUp(_ volume: JSONRef, _ context: VolumeContext) async throws -> MountedVolume
}

/// A volume that containers can have.
struct MountedVolume: Sendable, Equatable {
    /// On the host.
    var path: String
    var isReadOnly = false
    /// A block device, for `volumeDevices`.
    var isDevice = false
}

extension VolumeKind {
    static var isRefreshed: Bool { false }
    /// What the agent writes itself is not for others to change.
    static var isReadOnly: Bool { isRefreshed }
}

enum VolumeKinds {
    static let all: [any VolumeKind.Type] = [
        EmptyDirVolume.self, HostPathVolume.self, ConfigMapVolume.self, SecretVolume.self, DownwardAPIVolume.self,
        ProjectedVolume.self, PersistentVolumeClaimVolume.self, EphemeralVolume.self,
    ]

    static func kind(of volume: JSONRef) -> (any VolumeKind.Type)? { all.first { volume[$0.field].exists } }

    /// Why no kind is found for a volume or PersistentVolume.
    static func unsupported(_ volume: JSONRef) -> String {
        let others: Set = [
            "name", "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName",
            "mountOptions", "volumeMode", "nodeAffinity", "volumeAttributesClassName",
        ]
        let kind = volume.members.first { !others.contains($0.key) && !$0.value.isNull }?.key ?? "unknown"
        if kind == "image" { return "image volumes need containerd 2.1 or newer, which this node does not drive yet" }
        return "no volume plugin matched: volumes of type \(kind) are not supported by this node"
    }
}

/// Why a volume cannot be had for now.
struct VolumeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What a volume is made for and with.
struct VolumeContext: Sendable {
    let pod: Object
    let fields: PodFields
    let allocatable: [String: Quantity]
    let nodeLabels: [String: String]
    /// DIR/pods/UID
    let podDirectory: String
    let client: any ObjectClient
    let tokens: TokenCache

    /// Where a volume of this kind is kept, e.g. DIR/pods/UID/volumes/kubernetes.io~configmap/NAME.
    func directory(_ kind: String, _ volume: JSONRef) -> String {
        "\(podDirectory)/volumes/kubernetes.io~\(kind)/\(volume["name"].string ?? "")"
    }

    /// The group that owns the pod's files, if it says so.
    var fsGroup: UInt32? { pod.spec["securityContext"]["fsGroup"].int.map(UInt32.init(truncatingIfNeeded:)) }
}

/// Sets up the volumes of a pod that its containers mount.
struct Volumes: Sendable {
    let context: VolumeContext

    /// By the volumes' names.
    func setUp() async throws -> [String: MountedVolume] {
        var paths: [String: MountedVolume] = [:]
        for volume in context.pod.spec["volumes"].elements {
            let name = volume["name"].string ?? ""
            guard let kind = VolumeKinds.kind(of: volume) else {
                throw VolumeError(
                    "MountVolume.SetUp failed for volume \"\(name)\" : \(VolumeKinds.unsupported(volume))")
            }
            do {
                paths[name] = try await kind.setUp(volume, context)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw VolumeError("MountVolume.SetUp failed for volume \"\(name)\" : \(error)")
            }
        }
        return paths
    }

    /// Writes anew what may have changed.
    func refresh() async throws {
        for volume in context.pod.spec["volumes"].elements {
            guard let kind = VolumeKinds.kind(of: volume), kind.isRefreshed else { continue }
            _ = try await kind.setUp(volume, context)
        }
    }

    static func needRefresh(_ pod: Object) -> Bool {
        pod.spec["volumes"].elements.contains { VolumeKinds.kind(of: $0)?.isRefreshed ?? false }
    }
}
