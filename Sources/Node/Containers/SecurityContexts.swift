internal import API
internal import JSON
internal import Runtime

/// Reads a field of the container's security context, else of the pod's.
struct SecurityContextReader {
    let pod: JSONRef
    let container: JSONRef

    init(_ pod: Object, _ container: ContainerSpec) {
        self.pod = pod.spec["securityContext"]
        self.container = container.spec["securityContext"]
    }

    subscript(_ field: String) -> JSONRef { container[field].isNull ? pod[field] : container[field] }
}

extension SecurityProfile {
    /// - Parameter directory: where profiles of type Localhost are, for seccomp.
    init?(_ profile: JSONRef, directory: String) {
        switch profile["type"].string {
        case "RuntimeDefault": self = .runtimeDefault
        case "Unconfined": self = .unconfined
        case "Localhost": self = .localhost(directory + (profile["localhostProfile"].string ?? ""))
        default: return nil
        }
    }
}

extension SELinuxOption {
    init?(_ options: JSONRef) {
        guard options.exists else { return nil }
        self.init(
            user: options["user"].string ?? "", role: options["role"].string ?? "", type: options["type"].string ?? "",
            level: options["level"].string ?? "")
    }
}

extension NamespaceOption {
    init(_ pod: Object) {
        self.init()
        if pod.isHostNetwork { network = .node }
        if pod.spec["hostIPC"].bool == true { ipc = .node }
        if pod.spec["hostPID"].bool == true {
            pid = .node
        } else if pod.spec["shareProcessNamespace"].bool == true {
            pid = .pod
        }
    }
}

extension Object {
    /// The groups that every process of the pod belongs to.
    var supplementalGroups: [Int64] {
        let context = spec["securityContext"]
        let groups = [context["fsGroup"]] + Array(context["supplementalGroups"].elements)
        return groups.compactMap { $0.int.map(Int64.init) }
    }
    var supplementalGroupsPolicy: SupplementalGroupsPolicy {
        spec["securityContext"]["supplementalGroupsPolicy"].equals("Strict") ? .strict : .merge
    }
}

extension LinuxSandboxSecurityContext {
    init(_ pod: Object, seccompDirectory: String) {
        self.init()
        let context = pod.spec["securityContext"]
        namespaceOptions = NamespaceOption(pod)
        privileged = pod.allContainers.contains { $0.spec["securityContext"]["privileged"].bool == true }
        runAsUser = context["runAsUser"].int.map(Int64.init)
        if runAsUser != nil { runAsGroup = context["runAsGroup"].int.map(Int64.init) }
        supplementalGroups = pod.supplementalGroups
        supplementalGroupsPolicy = pod.supplementalGroupsPolicy
        selinuxOptions = SELinuxOption(context["seLinuxOptions"])
        seccomp = .runtimeDefault
    }
}

extension LinuxContainerSecurityContext {
    /// - Parameter imageUser: what the image says; nil where the spec names a user.
    init(
        _ pod: Object, _ container: ContainerSpec, image: Image?, seccompDirectory: String
    ) throws(ConfigurationError) {
        self.init()
        let context = SecurityContextReader(pod, container)
        namespaceOptions = NamespaceOption(pod)
        if container.role == .ephemeral, let target = container.spec["targetContainerName"].string, !target.isEmpty {
            namespaceOptions.pid = .target
        }
        privileged = context.container["privileged"].bool ?? false
        addCapabilities = context.container["capabilities"]["add"].elements.compactMap(\.string)
        dropCapabilities = context.container["capabilities"]["drop"].elements.compactMap(\.string)
        readonlyRootfs = context.container["readOnlyRootFilesystem"].bool ?? false
        noNewPrivs = context.container["allowPrivilegeEscalation"].bool == false
        runAsUser = context["runAsUser"].int.map(Int64.init)
        if runAsUser == nil {
            // The runtime takes the image's user only when it is told so.
            if let uid = image?.uid { runAsUser = uid } else { runAsUsername = image?.username ?? "" }
        }
        if let group = context["runAsGroup"].int {
            runAsGroup = Int64(group)
            if runAsUser == nil, runAsUsername.isEmpty { runAsUser = 0 }
        }
        supplementalGroups = pod.supplementalGroups
        supplementalGroupsPolicy = pod.supplementalGroupsPolicy
        selinuxOptions = SELinuxOption(context["seLinuxOptions"])
        seccomp = privileged ? .unconfined : SecurityProfile(context["seccompProfile"], directory: seccompDirectory)
        apparmor = SecurityProfile(context["appArmorProfile"], directory: "")
        if privileged || context.container["procMount"].equals("Unmasked") { (maskedPaths, readonlyPaths) = ([], []) }
        if context["runAsNonRoot"].bool == true { try requireNonRoot(pod, container, image) }
    }

    private func requireNonRoot(
        _ pod: Object, _ container: ContainerSpec, _ image: Image?
    ) throws(ConfigurationError) {
        let place = "(pod: \"\(pod.name)_\(pod.namespace)(\(pod.uid))\", container: \(container.name))"
        if SecurityContextReader(pod, container)["runAsUser"].int == 0 {
            throw ConfigurationError("container's runAsUser breaks non-root policy \(place)")
        }
        if runAsUser == nil, !runAsUsername.isEmpty {
            throw ConfigurationError(
                "container has runAsNonRoot and image has non-numeric user (\(runAsUsername)), cannot verify user is non-root "
                    + place)
        }
        if (runAsUser ?? 0) == 0 {
            throw ConfigurationError("container has runAsNonRoot and image will run as root \(place)")
        }
    }
}
