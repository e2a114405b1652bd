internal import API
internal import JSON
internal import Runtime

/// The labels and annotations by which containers are found again, the same as upstream's.
enum RuntimeLabels {
    static let podName = "io.kubernetes.pod.name"
    static let podNamespace = "io.kubernetes.pod.namespace"
    static let podUID = "io.kubernetes.pod.uid"
    static let containerName = "io.kubernetes.container.name"

    static let containerHash = "io.kubernetes.container.hash"
    static let restartCount = "io.kubernetes.container.restartCount"
    static let terminationMessagePath = "io.kubernetes.container.terminationMessagePath"
    static let terminationMessagePolicy = "io.kubernetes.container.terminationMessagePolicy"
    static let gracePeriod = "io.kubernetes.pod.terminationGracePeriod"

    static func labels(of pod: Object) -> [String: String] {
        [podName: pod.name, podNamespace: pod.namespace, podUID: pod.uid]
    }
}

extension PodSandboxConfig {
    /// - Parameter attempt: one more than the pod's last sandbox, from 0.
    init(_ pod: Object, attempt: UInt32, _ configuration: NodeConfiguration, hostDNS: DNSConfig) {
        self.init(metadata: .init(name: pod.name, uid: pod.uid, namespace: pod.namespace, attempt: attempt))
        hostname = pod.isHostNetwork ? "" : podHostname(pod, configuration)
        logDirectory = configuration.logDirectory(pod)
        dnsConfig = DNSConfig(pod, configuration, host: hostDNS)
        labels = RuntimeLabels.labels(of: pod)
        for (key, value) in pod.metadata["labels"].members { labels[key] = value.string }
        for (key, value) in pod.metadata["annotations"].members { annotations[key] = value.string }
        if !pod.isHostNetwork {
            portMappings = pod.allContainers.flatMap { $0.spec["ports"].elements.compactMap(PortMapping.init) }
        }
        for entry in pod.spec["securityContext"]["sysctls"].elements {
            if let name = entry["name"].string { sysctls[sysctlName(name)] = entry["value"].string ?? "" }
        }
        securityContext = LinuxSandboxSecurityContext(pod, seccompDirectory: configuration.seccompDirectory)
    }
}

extension PortMapping {
    /// nil: the port is not one of the host's.
    init?(_ port: JSONRef) {
        guard let containerPort = port["containerPort"].int, let hostPort = port["hostPort"].int, hostPort > 0 else {
            return nil
        }
        let name = port["protocol"].string
        self.init(
            protocol: name == "UDP" ? .udp : name == "SCTP" ? .sctp : .tcp,
            containerPort: Int32(truncatingIfNeeded: containerPort), hostPort: Int32(truncatingIfNeeded: hostPort),
            hostIP: port["hostIP"].string ?? "")
    }
}

/// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-hostname-and-subdomain-field
func podHostname(_ pod: Object, _ configuration: NodeConfiguration) -> String {
    var name = pod.spec["hostname"].string ?? ""
    if name.isEmpty { name = pod.name }
    if let override = pod.spec["hostnameOverride"].string { return override }
    if name.utf8.count > 63 {
        name = String(decoding: name.utf8.prefix(63), as: UTF8.self)
        while let last = name.last, last == "-" || last == "." { name.removeLast() }
    }
    if pod.spec["setHostnameAsFQDN"].bool == true, let domain = podDomain(pod, configuration) {
        return name + "." + domain
    }
    return name
}

/// The kernel takes at most 64 characters for a host's name.
func checkHostname(_ pod: Object, _ configuration: NodeConfiguration) throws(ConfigurationError) {
    let name = podHostname(pod, configuration)
    guard name.utf8.count > 64, !pod.isHostNetwork else { return }
    throw ConfigurationError(
        "Failed to construct FQDN from Pod hostname and cluster domain, FQDN \(name) is too long "
            + "(64 characters is the max, \(name.utf8.count) characters requested)")
}

/// The domain of a pod with a subdomain.
func podDomain(_ pod: Object, _ configuration: NodeConfiguration) -> String? {
    guard let subdomain = pod.spec["subdomain"].string, !subdomain.isEmpty else { return nil }
    return "\(subdomain).\(pod.namespace).svc.\(configuration.clusterDomain)"
}

/// What a container is made from besides its spec.
struct ContainerInputs {
    var attempt: UInt32
    /// What the runtime calls the image.
    var imageRef: String
    var image: Image?
    var environment: [EnvironmentVariable]
    /// Volumes, /etc/hosts and the termination message.
    var mounts: [Mount]
    var devices: [Device] = []
    var memoryCapacity: Int
}

extension ContainerConfig {
    init(
        _ container: ContainerSpec, of pod: Object, _ inputs: ContainerInputs, _ configuration: NodeConfiguration
    ) throws(ConfigurationError) {
        let spec = container.spec
        self.init(metadata: .init(name: container.name, attempt: inputs.attempt), image: ImageSpec(inputs.imageRef))
        image.userSpecifiedImage = container.image
        let variables = Dictionary(inputs.environment.map { ($0.key, $0.value) }) { $1 }
        let expand = { (list: JSONRef) in
            list.elements.map { expandVariables($0.string ?? "") { variables[$0] } }
        }
        command = expand(spec["command"])
        args = expand(spec["args"])
        workingDir = spec["workingDir"].string ?? ""
        envs = inputs.environment
        mounts = inputs.mounts
        devices = inputs.devices
        labels = RuntimeLabels.labels(of: pod)
        labels[RuntimeLabels.containerName] = container.name
        annotations = [
            RuntimeLabels.containerHash: container.hash,
            RuntimeLabels.restartCount: String(inputs.attempt),
            RuntimeLabels.terminationMessagePath: spec["terminationMessagePath"].string ?? "/dev/termination-log",
            RuntimeLabels.terminationMessagePolicy: spec["terminationMessagePolicy"].string ?? "File",
            RuntimeLabels.gracePeriod: String(pod.spec["terminationGracePeriodSeconds"].int ?? 30),
        ]
        logPath = "\(container.name)/\(inputs.attempt).log"
        stdin = spec["stdin"].bool ?? false
        stdinOnce = spec["stdinOnce"].bool ?? false
        tty = spec["tty"].bool ?? false
        resources = LinuxContainerResources(container, of: pod, memoryCapacity: inputs.memoryCapacity)
        securityContext = try LinuxContainerSecurityContext(
            pod, container, image: inputs.image, seccompDirectory: configuration.seccompDirectory)
        if let signal = spec["lifecycle"]["stopSignal"].string, !signal.isEmpty { stopSignal = signal }
    }
}
