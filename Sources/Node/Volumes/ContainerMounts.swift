internal import API
internal import Glibc
internal import JSON
internal import Runtime

/// What is mounted into one container: its volumes, /etc/hosts, and the file for its last words.
struct ContainerMounts: Sendable {
    let pod: Object
    let container: ContainerSpec
    let attempt: UInt32
    let volumes: [String: MountedVolume]
    let podIPs: [String]
    let environment: [EnvironmentVariable]
    let configuration: NodeConfiguration

    private var podDirectory: String { configuration.podDirectory(pod.uid) }

    func make() async throws -> [Mount] {
        try await blocking { try makeBlocking() }
    }

    private func makeBlocking() throws -> [Mount] {
        var mounts: [Mount] = []
        for (index, spec) in container.spec["volumeMounts"].elements.enumerated() {
            mounts.append(try volumeMount(spec, index))
        }
        if !mounts.contains(where: { $0.containerPath == "/etc/hosts" }) {
            let path = podDirectory + "/etc-hosts"
            let host = pod.isHostNetwork ? Files.text("/etc/hosts") ?? "" : nil
            try Files.makeDirectories(podDirectory)
            let text = hostsFile(pod, podIPs: podIPs, configuration, host: host)
            if Files.text(path) != text { try Files.write(path, text.utf8) }
            mounts.append(Mount(containerPath: "/etc/hosts", hostPath: path))
        }
        let messagePath = container.spec["terminationMessagePath"].string ?? "/dev/termination-log"
        if !messagePath.isEmpty {
            let directory = "\(podDirectory)/containers/\(container.name)"
            try Files.makeDirectories(directory)
            let path = "\(directory)/\(attempt)"
            // A container made by an attempt that was cut off has this very file mounted already.
            if !Files.exists(path) { try Files.write(path, [], mode: 0o666) }
            mounts.append(Mount(containerPath: messagePath, hostPath: path))
        }
        return mounts
    }

    private func volumeMount(_ spec: JSONRef, _ index: Int) throws -> Mount {
        let name = spec["name"].string ?? ""
        let mounted = try found(name, isDevice: false)
        let volume = pod.spec["volumes"].elements.first { $0["name"].equals(name) } ?? .missing
        var hostPath = mounted.path
        var subPath = spec["subPath"].string ?? ""
        if let expression = spec["subPathExpr"].string, !expression.isEmpty {
            let variables = Dictionary(environment.map { ($0.key, $0.value) }) { $1 }
            subPath = expandVariables(expression) { variables[$0] }
        }
        if !subPath.isEmpty { hostPath = try bindSubPath(subPath, of: mounted.path, name, index) }
        let kind = VolumeKinds.kind(of: volume)
        var mount = Mount(
            containerPath: spec["mountPath"].string ?? "", hostPath: hostPath,
            readonly: spec["readOnly"].bool ?? false || mounted.isReadOnly || kind?.isReadOnly ?? false)
        if !mount.containerPath.hasPrefix("/") { mount.containerPath = "/" + mount.containerPath }
        switch spec["mountPropagation"].string {
        case "Bidirectional": mount.propagation = .bidirectional
        case "HostToContainer": mount.propagation = .hostToContainer
        default: mount.propagation = .private
        }
        // Mounts travel only between peers; what is the node's own, its administrator decides.
        if mount.propagation != .private, hostPath.hasPrefix(podDirectory + "/") { try Mounts.share(hostPath) }
        mount.recursiveReadOnly = spec["recursiveReadOnly"].equals("Enabled")
        return mount
    }

    private func found(_ name: String, isDevice: Bool) throws -> MountedVolume {
        guard let volume = volumes[name] else { throw ConfigurationError("volume \"\(name)\" is not set up") }
        guard volume.isDevice == isDevice else {
            throw ConfigurationError(
                isDevice
                    ? "volume \(name) has volumeMode Filesystem, but is specified in volumeDevices"
                    : "volume \(name) has volumeMode Block, but is specified in volumeMounts")
        }
        return volume
    }

    /// The block devices of the container.
    func devices() throws -> [Device] {
        try container.spec["volumeDevices"].elements.map { spec in
            let volume = try found(spec["name"].string ?? "", isDevice: true)
            return Device(
                containerPath: spec["devicePath"].string ?? "", hostPath: volume.path,
                permissions: volume.isReadOnly ? "mr" : "mrw")
        }
    }

    /// Bind-mounts the part of the volume at a path of the agent's own.
    private func bindSubPath(_ subPath: String, of volume: String, _ name: String, _ index: Int) throws -> String {
        let handle: Int32
        do {
            handle = try Files.openInside(volume, subPath, makesDirectories: true)
        } catch let error as PathEscape {
            throw ConfigurationError(
                "failed to prepare subPath for volumeMount \"\(name)\" of container \"\(container.name)\": subPath \(error)"
            )
        }
        defer { close(handle) }
        let opened = Files.handlePath(handle)
        let target = "\(podDirectory)/volume-subpaths/\(name)/\(container.name)/\(index)"
        if Mounts.isMountPoint(target) { try Mounts.unmountAll(below: target) }
        if Files.isDirectory(opened) {
            try Files.makeDirectories(target)
        } else {
            try Files.makeDirectories(target.parentPath)
            if !Files.exists(target) { try Files.write(target, []) }
        }
        try Mounts.bind(opened, at: target)
        return target
    }
}
