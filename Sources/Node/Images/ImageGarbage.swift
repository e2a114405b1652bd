internal import API
internal import Client
internal import Runtime

/// Removes images that nothing uses when the disk gets full, those first that were used longest ago.
/// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-garbage-collection
actor ImageGarbage {
    /// Seconds that an image stays at least, and between two looks.
    static let minimumAge = 120.0
    static let interval = 300.0

    private let services: NodeServices
    private var seen: [String: (first: Time, used: Time)] = [:]
    private var next = Time.now

    init(_ services: NodeServices) { self.services = services }

    /// - Parameter isUrgent: the node is short of disk: everything unused goes at once.
    /// - Returns: whether something was removed.
    @discardableResult
    func collect(isUrgent: Bool = false) async -> Bool {
        let now = Time.now
        guard isUrgent || next <= now else { return false }
        next = now.adding(seconds: Self.interval)
        let (driver, configuration) = (services.driver, services.configuration)
        let directory = configuration.dataDirectory
        do {
            let images = try await driver.listImages()
            let used = Set(
                try await driver.listContainers(ContainerFilter()).flatMap { [$0.imageRef, $0.image.image] })
            for image in images {
                let isUsed = used.contains(image.id) || !used.isDisjoint(with: image.repoTags + image.repoDigests)
                var entry = seen[image.id] ?? (now, now)
                if isUsed { entry.used = now }
                seen[image.id] = entry
            }
            let ids = Set(images.map(\.id))
            seen = seen.filter { ids.contains($0.key) }
            guard let disk = try await blocking({ FileSystemInfo(directory) }), disk.size > 0 else { return false }
            let percent = 100 - disk.available * 100 / disk.size
            guard isUrgent || percent >= configuration.imageHighPercent else { return false }
            var excess = isUrgent ? Int.max : disk.size / 100 * (100 - configuration.imageLowPercent) - disk.available
            var removed = false
            let unused = images.filter { image in
                !image.pinned && !image.repoTags.contains(PauseImage.name)
                    && seen[image.id].map { $0.used < now } ?? true
            }.sorted { (seen[$0.id]?.used ?? now) < (seen[$1.id]?.used ?? now) }
            for image in unused where excess > 0 {
                if !isUrgent, let first = seen[image.id]?.first, now - first < Self.minimumAge { continue }
                try await driver.removeImage(ImageSpec(image.id))
                seen[image.id] = nil
                removed = true
                excess -= Int(clamping: image.size)
            }
            if excess > 0, !isUrgent {
                services.nodeEvent(
                    .warning, "FreeDiskSpaceFailed",
                    "Failed to garbage collect required amount of images. Attempted to free \(excess) bytes, but only found 0 bytes eligible to free."
                )
            }
            return removed
        } catch {
            services.nodeEvent(.warning, "ImageGCFailed", "\(error)")
            return false
        }
    }
}
