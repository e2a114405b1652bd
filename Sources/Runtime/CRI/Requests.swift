// From the module's types to the CRI's messages.

import SwiftProtobuf

extension Runtime_V1_Int64Value {
    init(_ value: Int64) {
        self.init()
        self.value = value
    }
}

extension Runtime_V1_StateValue {
    init(_ state: some RawRepresentable<Int>) {
        self.init()
        self.state = Int32(state.rawValue)
    }
}

extension Runtime_V1_PodSandboxFilter {
    init(_ filter: PodSandboxFilter) {
        self.init()
        id = filter.id ?? ""
        if let state = filter.state { self.state = .init(state) }
        labelSelector = filter.labelSelector
    }
}

extension Runtime_V1_ContainerFilter {
    init(_ filter: ContainerFilter) {
        self.init()
        id = filter.id ?? ""
        podSandboxID = filter.podSandboxID ?? ""
        if let state = filter.state { self.state = .init(state) }
        labelSelector = filter.labelSelector
    }
}

extension Runtime_V1_PodSandboxConfig {
    init(_ config: PodSandboxConfig) {
        self.init()
        metadata.name = config.metadata.name
        metadata.uid = config.metadata.uid
        metadata.namespace = config.metadata.namespace
        metadata.attempt = config.metadata.attempt
        hostname = config.hostname
        logDirectory = config.logDirectory
        if let dns = config.dnsConfig {
            dnsConfig.servers = dns.servers
            dnsConfig.searches = dns.searches
            dnsConfig.options = dns.options
        }
        portMappings = config.portMappings.map { mapping in
            .with {
                $0.protocol = Int32(mapping.protocol.rawValue)
                $0.containerPort = mapping.containerPort
                $0.hostPort = mapping.hostPort
                $0.hostIp = mapping.hostIP
            }
        }
        labels = config.labels
        annotations = config.annotations
        linux.cgroupParent = config.cgroupParent
        linux.sysctls = config.sysctls
        linux.securityContext = .init(config.securityContext)
        if let overhead = config.overhead { linux.overhead = .init(overhead) }
        if let resources = config.resources { linux.resources = .init(resources) }
    }
}

extension Runtime_V1_LinuxSandboxSecurityContext {
    init(_ context: LinuxSandboxSecurityContext) {
        self.init()
        namespaceOptions = .init(context.namespaceOptions)
        if let selinux = context.selinuxOptions { selinuxOptions = .init(selinux) }
        if let user = context.runAsUser { runAsUser = .init(user) }
        if let group = context.runAsGroup { runAsGroup = .init(group) }
        readonlyRootfs = context.readonlyRootfs
        supplementalGroups = context.supplementalGroups
        supplementalGroupsPolicy = Int32(context.supplementalGroupsPolicy.rawValue)
        privileged = context.privileged
        if let profile = context.seccomp { seccomp = .init(profile) }
        if let profile = context.apparmor { apparmor = .init(profile) }
    }
}

extension Runtime_V1_NamespaceOption {
    init(_ options: NamespaceOption) {
        self.init()
        network = .init(options.network)
        pid = .init(options.pid)
        ipc = .init(options.ipc)
        targetID = options.targetID
        if let user = options.user {
            usernsOptions.uids = user.uids.map(Runtime_V1_IDMapping.init)
            usernsOptions.gids = user.gids.map(Runtime_V1_IDMapping.init)
        }
    }
}

extension Runtime_V1_NamespaceMode {
    init(_ mode: NamespaceOption.Mode) { self = Self(rawValue: mode.rawValue) ?? .pod }
}

extension Runtime_V1_IDMapping {
    init(_ mapping: IDMapping) {
        self.init()
        hostID = mapping.hostID
        containerID = mapping.containerID
        length = mapping.length
    }
}

extension Runtime_V1_SELinuxOption {
    init(_ option: SELinuxOption) {
        self.init()
        user = option.user
        role = option.role
        type = option.type
        level = option.level
    }
}

extension Runtime_V1_SecurityProfile {
    init(_ profile: SecurityProfile) {
        self.init()
        switch profile {
        case .runtimeDefault: profileType = .runtimeDefault
        case .unconfined: profileType = .unconfined
        case .localhost(let ref):
            profileType = .localhost
            localhostRef = ref
        }
    }
}

extension Runtime_V1_LinuxContainerResources {
    init(_ resources: LinuxContainerResources) {
        self.init()
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuShares = resources.cpuShares
        memoryLimitInBytes = resources.memoryLimitInBytes
        memorySwapLimitInBytes = resources.memorySwapLimitInBytes
        oomScoreAdj = resources.oomScoreAdj
        cpusetCpus = resources.cpusetCpus
        cpusetMems = resources.cpusetMems
        hugepageLimits = resources.hugepageLimits.map { limit in
            .with {
                $0.pageSize = limit.pageSize
                $0.limit = limit.limit
            }
        }
        unified = resources.unified
    }
}

extension Runtime_V1_ContainerConfig {
    init(_ config: ContainerConfig) {
        self.init()
        metadata.name = config.metadata.name
        metadata.attempt = config.metadata.attempt
        image = .init(config.image)
        command = config.command
        args = config.args
        workingDir = config.workingDir
        envs = config.envs.map { env in
            .with {
                $0.key = env.key
                $0.value = env.value
            }
        }
        mounts = config.mounts.map(Runtime_V1_Mount.init)
        devices = config.devices.map { device in
            .with {
                $0.containerPath = device.containerPath
                $0.hostPath = device.hostPath
                $0.permissions = device.permissions
            }
        }
        cdiDevices = config.cdiDevices.map { name in .with { $0.name = name } }
        labels = config.labels
        annotations = config.annotations
        logPath = config.logPath
        stdin = config.stdin
        stdinOnce = config.stdinOnce
        tty = config.tty
        linux.resources = .init(config.resources)
        linux.securityContext = .init(config.securityContext)
        if let signal = config.stopSignal.flatMap(signals.firstIndex(of:)) { stopSignal = Int32(signal) }
    }
}

/// The CRI's enum Signal: a name's index is its number.
private let signals: [String] =
    [
        "RUNTIME_DEFAULT", "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL",
        "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGSEGV",
        "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1",
        "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ", "SIGRTMIN",
    ] + (1...15).map { "SIGRTMIN+\($0)" } + (1...14).reversed().map { "SIGRTMAX-\($0)" } + ["SIGRTMAX"]

extension Runtime_V1_Mount {
    init(_ mount: Mount) {
        self.init()
        containerPath = mount.containerPath
        hostPath = mount.hostPath
        readonly = mount.readonly
        recursiveReadOnly = mount.recursiveReadOnly
        selinuxRelabel = mount.selinuxRelabel
        propagation = Int32(mount.propagation.rawValue)
        if let image = mount.image { self.image = .init(image) }
        imageSubPath = mount.imageSubPath
    }
}

extension Runtime_V1_LinuxContainerSecurityContext {
    init(_ context: LinuxContainerSecurityContext) {
        self.init()
        capabilities.addCapabilities = context.addCapabilities
        capabilities.dropCapabilities = context.dropCapabilities
        privileged = context.privileged
        namespaceOptions = .init(context.namespaceOptions)
        if let selinux = context.selinuxOptions { selinuxOptions = .init(selinux) }
        if let user = context.runAsUser { runAsUser = .init(user) }
        if let group = context.runAsGroup { runAsGroup = .init(group) }
        runAsUsername = context.runAsUsername
        readonlyRootfs = context.readonlyRootfs
        supplementalGroups = context.supplementalGroups
        supplementalGroupsPolicy = Int32(context.supplementalGroupsPolicy.rawValue)
        noNewPrivs = context.noNewPrivs
        maskedPaths = context.maskedPaths
        readonlyPaths = context.readonlyPaths
        if let profile = context.seccomp { seccomp = .init(profile) }
        if let profile = context.apparmor { apparmor = .init(profile) }
    }
}

extension Runtime_V1_ImageSpec {
    init(_ spec: ImageSpec) {
        self.init()
        image = spec.image
        annotations = spec.annotations
        userSpecifiedImage = spec.userSpecifiedImage
        runtimeHandler = spec.runtimeHandler
    }
}

extension Runtime_V1_AuthConfig {
    init(_ config: AuthConfig) {
        self.init()
        username = config.username
        password = config.password
        auth = config.auth
        serverAddress = config.serverAddress
        identityToken = config.identityToken
        registryToken = config.registryToken
    }
}
