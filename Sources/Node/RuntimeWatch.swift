internal import API
internal import Client
internal import Runtime

/// Looks for what happened in the runtime that nobody was told of: by its events where it has them, and by one list of
/// all pods' containers now and then.
actor RuntimeWatch {
    /// Ends of containers are also seen by their logs, so this list is the second net. Seconds.
    static let interval = 10.0

    private let driver: any RuntimeDriver
    private let log: NodeLog
    private let changed: @Sendable (_ podUIDs: Set<String>) -> Void
    private let returned: @Sendable () -> Void
    /// The states of everything of a pod, by its uid.
    private var known: [String: [String: Int]] = [:]
    private var wasDown = false

    /// - Parameters:
    ///   - changed: called with the pods whose sandboxes or containers are not as they were.
    ///   - returned: called when the runtime answers again.
    init(
        _ driver: any RuntimeDriver, _ log: @escaping NodeLog, changed: @escaping @Sendable (Set<String>) -> Void,
        returned: @escaping @Sendable () -> Void
    ) {
        (self.driver, self.log, self.changed, self.returned) = (driver, log, changed, returned)
    }

    func run() async {
        async let events: Void = followEvents()
        while !Task.isCancelled {
            do {
                let states = try await Self.states(driver)
                if wasDown { returned() }
                wasDown = false
                let uids = Set(states.keys).union(known.keys).filter { states[$0] != known[$0] }
                known = states
                if !uids.isEmpty { changed(uids) }
            } catch {
                if !wasDown, !Task.isCancelled { log("the container runtime does not answer: \(error)") }
                wasDown = true
            }
            try? await Task.sleep(for: .seconds(wasDown ? 0.5 : Self.interval))
        }
        await events
    }

    private static func states(_ driver: any RuntimeDriver) async throws -> [String: [String: Int]] {
        var states: [String: [String: Int]] = [:]
        for sandbox in try await driver.listPodSandbox() {
            states[sandbox.metadata.uid, default: [:]][sandbox.id] = sandbox.state.rawValue
        }
        for container in try await driver.listContainers() {
            guard let uid = container.labels[RuntimeLabels.podUID] else { continue }
            states[uid, default: [:]][container.id] = container.state.rawValue
        }
        return states
    }

    private func followEvents() async {
        while !Task.isCancelled {
            do {
                guard let events = try await driver.containerEvents() else { return }
                for try await event in events {
                    guard let uid = event.podSandboxStatus?.metadata.uid else { continue }
                    changed([uid])
                }
            } catch let error as RuntimeError where error.code == .unimplemented {
                return
            } catch {}
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
