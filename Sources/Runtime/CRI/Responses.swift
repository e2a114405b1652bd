// From the CRI's messages to the module's types.

extension RuntimeStatus {
    init(_ response: Runtime_V1_StatusResponse) {
        func condition(_ type: String) -> RuntimeCondition {
            guard let condition = response.status.conditions.first(where: { $0.type == type }) else {
                return RuntimeCondition(
                    status: false, reason: "Unknown", message: "the container runtime does not report \(type)")
            }
            return RuntimeCondition(
                status: condition.status, reason: condition.reason, message: condition.message)
        }
        self.init(runtimeReady: condition("RuntimeReady"), networkReady: condition("NetworkReady"))
        runtimeHandlers = response.runtimeHandlers.map {
            RuntimeHandler(
                name: $0.name, recursiveReadOnlyMounts: $0.features.recursiveReadOnlyMounts,
                userNamespaces: $0.features.userNamespaces)
        }
        supplementalGroupsPolicy = response.features.supplementalGroupsPolicy
    }
}

extension PodSandboxMetadata {
    init(_ metadata: Runtime_V1_PodSandboxMetadata) {
        self.init(
            name: metadata.name, uid: metadata.uid, namespace: metadata.namespace, attempt: metadata.attempt)
    }
}

extension PodSandbox {
    init(_ sandbox: Runtime_V1_PodSandbox) {
        self.init(
            id: sandbox.id, metadata: PodSandboxMetadata(sandbox.metadata),
            state: PodSandboxState(rawValue: Int(sandbox.state)) ?? .notReady, createdAt: sandbox.createdAt,
            labels: sandbox.labels, annotations: sandbox.annotations, runtimeHandler: sandbox.runtimeHandler)
    }
}

extension PodSandboxStatus {
    init(_ status: Runtime_V1_PodSandboxStatus) {
        self.init(
            id: status.id, metadata: PodSandboxMetadata(status.metadata),
            state: PodSandboxState(rawValue: Int(status.state)) ?? .notReady, createdAt: status.createdAt)
        ips = ([status.network.ip] + status.network.additionalIps.map(\.ip)).filter { !$0.isEmpty }
        if status.linux.namespaces.hasOptions { namespaces = NamespaceOption(status.linux.namespaces.options) }
        labels = status.labels
        annotations = status.annotations
        runtimeHandler = status.runtimeHandler
    }
}

extension NamespaceOption {
    init(_ options: Runtime_V1_NamespaceOption) {
        self.init()
        network = Mode(rawValue: options.network.rawValue) ?? .pod
        pid = Mode(rawValue: options.pid.rawValue) ?? .pod
        ipc = Mode(rawValue: options.ipc.rawValue) ?? .pod
        targetID = options.targetID
        if options.hasUsernsOptions, options.usernsOptions.mode == .pod {
            user = UserNamespace(
                uids: options.usernsOptions.uids.map(IDMapping.init),
                gids: options.usernsOptions.gids.map(IDMapping.init))
        }
    }
}

extension IDMapping {
    init(_ mapping: Runtime_V1_IDMapping) {
        self.init(hostID: mapping.hostID, containerID: mapping.containerID, length: mapping.length)
    }
}

extension ContainerMetadata {
    init(_ metadata: Runtime_V1_ContainerMetadata) { self.init(name: metadata.name, attempt: metadata.attempt) }
}

extension ContainerState {
    init(_ state: Int32) { self = Self(rawValue: Int(state)) ?? .unknown }
}

extension Container {
    init(_ container: Runtime_V1_Container) {
        self.init(
            id: container.id, podSandboxID: container.podSandboxID, metadata: ContainerMetadata(container.metadata),
            image: ImageSpec(container.image), imageRef: container.imageRef, state: ContainerState(container.state),
            createdAt: container.createdAt, labels: container.labels, annotations: container.annotations)
    }
}

extension ContainerStatus {
    init(_ status: Runtime_V1_ContainerStatus) {
        self.init(
            id: status.id, metadata: ContainerMetadata(status.metadata), state: ContainerState(status.state),
            createdAt: status.createdAt, image: ImageSpec(status.image))
        startedAt = status.startedAt
        finishedAt = status.finishedAt
        exitCode = status.exitCode
        imageRef = status.imageRef
        reason = status.reason
        message = status.message
        labels = status.labels
        annotations = status.annotations
        mounts = status.mounts.map(Mount.init)
        logPath = status.logPath
        if status.resources.hasLinux { resources = LinuxContainerResources(status.resources.linux) }
        if status.user.hasLinux {
            user = ContainerUser(
                uid: status.user.linux.uid, gid: status.user.linux.gid,
                supplementalGroups: status.user.linux.supplementalGroups)
        }
    }
}

extension Mount {
    init(_ mount: Runtime_V1_Mount) {
        self.init(containerPath: mount.containerPath, hostPath: mount.hostPath, readonly: mount.readonly)
        recursiveReadOnly = mount.recursiveReadOnly
        selinuxRelabel = mount.selinuxRelabel
        propagation = Propagation(rawValue: Int(mount.propagation)) ?? .private
        if mount.hasImage { image = ImageSpec(mount.image) }
        imageSubPath = mount.imageSubPath
    }
}

extension LinuxContainerResources {
    init(_ resources: Runtime_V1_LinuxContainerResources) {
        self.init()
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuShares = resources.cpuShares
        memoryLimitInBytes = resources.memoryLimitInBytes
        memorySwapLimitInBytes = resources.memorySwapLimitInBytes
        oomScoreAdj = resources.oomScoreAdj
        cpusetCpus = resources.cpusetCpus
        cpusetMems = resources.cpusetMems
        hugepageLimits = resources.hugepageLimits.map { HugepageLimit(pageSize: $0.pageSize, limit: $0.limit) }
        unified = resources.unified
    }
}

extension ImageSpec {
    init(_ spec: Runtime_V1_ImageSpec) {
        self.init(
            spec.image, annotations: spec.annotations, userSpecifiedImage: spec.userSpecifiedImage,
            runtimeHandler: spec.runtimeHandler)
    }
}

extension Image {
    init(_ image: Runtime_V1_Image) {
        self.init(id: image.id)
        repoTags = image.repoTags
        repoDigests = image.repoDigests
        size = image.size
        uid = image.hasUid ? image.uid.value : nil
        username = image.username
        pinned = image.pinned
    }
}

extension FilesystemUsage {
    init(_ usage: Runtime_V1_FilesystemUsage) {
        self.init(
            timestamp: usage.timestamp, mountpoint: usage.fsID.mountpoint,
            usedBytes: usage.hasUsedBytes ? usage.usedBytes.value : nil,
            inodesUsed: usage.hasInodesUsed ? usage.inodesUsed.value : nil)
    }
}

extension ContainerStats {
    init(_ stats: Runtime_V1_ContainerStats) {
        self.init(id: stats.attributes.id, metadata: ContainerMetadata(stats.attributes.metadata))
        labels = stats.attributes.labels
        if stats.hasCpu { cpu = CPUUsage(stats.cpu) }
        if stats.hasMemory { memory = MemoryUsage(stats.memory) }
        if stats.hasWritableLayer { writableLayer = FilesystemUsage(stats.writableLayer) }
    }
}

extension CPUUsage {
    init(_ usage: Runtime_V1_CpuUsage) {
        self.init(
            timestamp: usage.timestamp,
            usageCoreNanoSeconds: usage.hasUsageCoreNanoSeconds ? usage.usageCoreNanoSeconds.value : nil,
            usageNanoCores: usage.hasUsageNanoCores ? usage.usageNanoCores.value : nil)
    }
}

extension MemoryUsage {
    init(_ usage: Runtime_V1_MemoryUsage) {
        self.init(timestamp: usage.timestamp)
        workingSetBytes = usage.hasWorkingSetBytes ? usage.workingSetBytes.value : nil
        availableBytes = usage.hasAvailableBytes ? usage.availableBytes.value : nil
        usageBytes = usage.hasUsageBytes ? usage.usageBytes.value : nil
        rssBytes = usage.hasRssBytes ? usage.rssBytes.value : nil
        pageFaults = usage.hasPageFaults ? usage.pageFaults.value : nil
        majorPageFaults = usage.hasMajorPageFaults ? usage.majorPageFaults.value : nil
    }
}

extension ContainerEvent {
    init(_ event: Runtime_V1_ContainerEventResponse) {
        self.init(
            kind: Kind(rawValue: Int(event.containerEventType)) ?? .created, containerID: event.containerID,
            createdAt: event.createdAt,
            podSandboxStatus: event.hasPodSandboxStatus ? PodSandboxStatus(event.podSandboxStatus) : nil,
            containersStatuses: event.containersStatuses.map(ContainerStatus.init))
    }
}
