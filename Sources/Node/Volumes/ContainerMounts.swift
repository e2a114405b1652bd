internal import API
internal import Glibc
internal import JSON
internal import Runtime

/// What is mounted into one container: its volumes, /etc/hosts, and the file for its last words.
struct ContainerMounts: Sendable {
    let pod: Object
    let container: ContainerSpec
    let attempt: UInt32
    /// Where the pod's volumes are on the host.
    let volumePaths: [String: String]
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
        guard let volumePath = volumePaths[name] else { throw ConfigurationError("volume \"\(name)\" is not set up") }
        let volume = pod.spec["volumes"].elements.first { $0["name"].equals(name) } ?? .missing
        var hostPath = volumePath
        var subPath = spec["subPath"].string ?? ""
        if let expression = spec["subPathExpr"].string, !expression.isEmpty {
            let variables = Dictionary(environment.map { ($0.key, $0.value) }) { $1 }
            subPath = expandVariables(expression) { variables[$0] }
        }
        if !subPath.isEmpty { hostPath = try bindSubPath(subPath, of: volumePath, name, index) }
        let kind = VolumeKinds.kind(of: volume)
        var mount = Mount(
            containerPath: spec["mountPath"].string ?? "", hostPath: hostPath,
            readonly: spec["readOnly"].bool ?? false || kind?.isReadOnly ?? false)
        if !mount.containerPath.hasPrefix("/") { mount.containerPath = "/" + mount.containerPath }
        switch spec["mountPropagation"].string {
        case "Bidirectional": mount.propagation = .bidirectional
        case "HostToContainer": mount.propagation = .hostToContainer
        default: mount.propagation = .private
        }
        mount.recursiveReadOnly = spec["recursiveReadOnly"].equals("Enabled")
        return mount
    }

    /// Bind-mounts the part of the volume at a path of the agent's own. What a container put there meanwhile, say a
    /// symbolic link out of the volume, is found out on the opened file, so that it cannot change afterwards.
    private func bindSubPath(_ subPath: String, of volume: String, _ name: String, _ index: Int) throws -> String {
        guard !subPath.hasPrefix("/"), !subPath.split(separator: "/").contains("..") else {
            throw ConfigurationError("subPath \"\(subPath)\" must stay within the volume")
        }
        guard let root = Files.realPath(volume) else { throw SystemError("open", volume) }
        let wanted = root + "/" + subPath
        if !Files.exists(wanted) {
            // Made only below what really is in the volume.
            var existing = wanted.parentPath
            while existing.count > root.count, !Files.exists(existing) { existing = existing.parentPath }
            try requireInside(Files.realPath(existing), root, subPath)
            try Files.makeDirectories(wanted, mode: 0o750)
        }
        let descriptor = open(wanted, openAsPath | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", wanted) }
        defer { close(descriptor) }
        let opened = "/proc/self/fd/\(descriptor)"
        try requireInside(Files.readLink(opened), root, subPath)
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

    private func requireInside(_ path: String?, _ root: String, _ subPath: String) throws {
        guard let path, path == root || path.hasPrefix(root + "/") else {
            throw ConfigurationError("subPath \"\(subPath)\" leads out of the volume")
        }
    }
}

/// open(2): only a handle; nothing is read. The header's macro is not imported.
private let openAsPath: Int32 = 0o10000000

extension Files {
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
